package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
)

// answering answers each datagram with what a function makes of it, until the test ends.
func answering(t *testing.T, answer func(n int, b []byte) []byte) string {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		b := make([]byte, 4096)
		for n := 0; ; n++ {
			got, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			if out := answer(n, b[:got]); out != nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

// redirect answers an INVITE of the prober as a route server does.
func redirect(b, target []byte) []byte {
	_, id, _ := bytes.Cut(b, []byte("Call-ID: "))
	return fmt.Appendf(nil, "SIP/2.0 302 Moved Temporarily\r\nCall-ID: %s\r\nContact: <%s>\r\n\r\n", id[:8], target)
}

func TestTheProberCountsWhatIsMissingAndWhatIsWrong(t *testing.T) { //nolint:paralleltest // A prober takes a processor.
	const asked = 80                         // no more than a socket holds while its reader waits for a processor
	for name, c := range map[string]struct { //nolint:paralleltest // As above.
		answer         func(n int, b []byte) []byte
		missing, wrong int
	}{
		"all right": {func(_ int, b []byte) []byte { return redirect(b, probedTarget(askedIn(b))) }, 0, 0},
		"one in ten lost": {func(n int, b []byte) []byte {
			if n%10 == 0 {
				return nil
			}
			return redirect(b, probedTarget(askedIn(b)))
		}, asked / 10, 0},
		"the other side": {func(_ int, b []byte) []byte { return redirect(b, probedTarget(askedIn(b)+1)) }, 0, asked},
	} {
		t.Run(name, func(t *testing.T) {
			d := &datagrams{to: answering(t, c.answer), told: sipTold, protocol: newSIPProtocol}
			p, err := d.ask(t.Context(), patient(openLoop(asked, time.Second)))
			if err != nil {
				t.Fatal(err)
			}
			if p.Asked != asked || p.Asked-p.Answered != c.missing || p.Wrong != c.wrong || p.right() != (c.missing+c.wrong == 0) {
				t.Errorf("got %+v", p)
			}
		})
	}
}

func TestAProberThatCouldNotKeepItsRateIsNotClean(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		p     probed
		clean bool
	}{
		"in time":                    {probed{Rate: 80, Asked: 80, Answered: 80, Seconds: 1}, true},
		"too slow":                   {probed{Rate: 80, Asked: 80, Answered: 80, Seconds: 1.05}, false},
		"in time, and one was wrong": {probed{Rate: 80, Asked: 80, Answered: 80, Wrong: 1, Seconds: 1}, false},
	} {
		if got := c.p.clean(); got != c.clean {
			t.Errorf("%s: clean is %t", name, got)
		}
	}
}

// patient waits as long as a machine that does other things may take.
func patient(p pace) pace {
	p.patience = 5 * time.Second
	return p
}

// askedIn is the question that an INVITE is.
func askedIn(b []byte) int {
	_, id, _ := bytes.Cut(b, []byte("Call-ID: "))
	n := 0
	for _, c := range id[:8] {
		n = 10*n + int(c-'0')
	}
	return n
}

func TestTheProberSeesASlowServer(t *testing.T) { //nolint:paralleltest // A prober takes a processor.
	const slow = 20 * time.Millisecond
	d := &datagrams{told: sipTold, protocol: newSIPProtocol, to: answering(t, func(_ int, b []byte) []byte {
		<-time.After(slow)
		return redirect(b, probedTarget(askedIn(b)))
	})}
	p, err := d.ask(context.WithoutCancel(t.Context()), patient(openLoop(10, time.Second)))
	if err != nil {
		t.Fatal(err)
	}
	if p.P50 < int(slow.Microseconds()) {
		t.Errorf("got a median of %d us", p.P50)
	}
}

func TestAQuestionInTheDNSIsAboutItsNumber(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 77_777, 89_999_999} {
		b := newDNSProtocol().question(n)
		const header = 12
		if index, ok := indexIn(b[header:]); !ok || index != probedIndex(n) {
			t.Errorf("question %d is about %d, want %d", n, index, probedIndex(n))
		}
	}
}

func TestTheProberOverHTTPCountsWhatIsWrong(t *testing.T) { //nolint:paralleltest // A prober takes a processor.
	const asked = 300
	// Bodies of 6 kB come in more than one piece.
	long := bytes.Repeat([]byte("x"), 6<<10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscan(r.URL.Query().Get("n"), &n)
		if n%10 == 0 {
			n++
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(long)+8))
		if n%10 == 5 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = fmt.Fprintf(w, "%s%08d", long, n)
	}))
	t.Cleanup(server.Close)
	l := &lookups{to: server.Listener.Addr().String(), path: "/?to=%s&n=%d", right: func(n int, body []byte) bool {
		return bytes.HasSuffix(body, fmt.Appendf(nil, "%08d", n))
	}}
	for _, at := range []pace{patient(openLoop(asked, time.Second)), patient(closedLoop(4, 200*time.Millisecond))} {
		p, err := l.ask(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		if p.Asked == 0 || p.Answered != p.Asked || abs(p.Wrong-p.Asked/5) > 1 || at.rate > 0 && p.Asked != asked {
			t.Errorf("got %+v", p)
		}
	}
}

func abs(n int) int { return max(n, -n) }
