package sipedge

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone/routing/edge"
)

const (
	patience    = 10 * time.Second
	maxDatagram = 64 << 10
)

func listen(t *testing.T, address string, n int) []*net.UDPConn {
	t.Helper()
	all, err := edge.ListenUDP(t.Context(), address, n)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func serveUDP(t *testing.T, s *Server, conns []*net.UDPConn) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, conn := range conns {
		all.Go(func() {
			if err := s.ServeUDP(ctx, conn); err != nil {
				t.Errorf("serve: %v", err)
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); all.Wait() })
	t.Cleanup(stop)
	return stop
}

func dial(t *testing.T, network, address string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

func exchange(t *testing.T, conn net.Conn, message string) string {
	t.Helper()
	if _, err := conn.Write(wire(message)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, maxDatagram)
	n, err := conn.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func numbered(i int) string { return strings.Replace(invite, "314159", strconv.Itoa(i), 1) }

func TestCallsAreRedirectedOverUDP(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		s := newServer(t, both())
		conns := listen(t, address, 2)
		serveUDP(t, s, conns)
		conn := dial(t, "udp", conns[0].LocalAddr().String())
		if got := exchange(t, conn, invite); codeIn(got) != 302 {
			t.Errorf("%s: got\n%s", address, got)
		}
		for deadline := time.Now().Add(patience); s.Core.Measures.Counted(edge.Routed) != 1; runtime.Gosched() {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the answer was not counted", address)
			}
		}
	}
}

func TestTheAnswerGoesToThePortOfTheViaWithoutRport(t *testing.T) {
	t.Parallel()
	conns := listen(t, "127.0.0.1:0", 1)
	serveUDP(t, newServer(t, both()), conns)
	named := listen(t, "127.0.0.1:0", 1)[0]
	t.Cleanup(func() { _ = named.Close() })
	port := netip.MustParseAddrPort(named.LocalAddr().String()).Port()
	message := strings.Replace(invite, "127.0.0.1:5066;rport", fmt.Sprintf("127.0.0.1:%d", port), 1)
	if _, err := dial(t, "udp", conns[0].LocalAddr().String()).Write(wire(message)); err != nil {
		t.Fatal(err)
	}
	_ = named.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, maxDatagram)
	n, err := named.Read(b)
	if err != nil || codeIn(string(b[:n])) != 302 {
		t.Fatalf("%v\n%s", err, b[:n])
	}
}

func TestNoRequestIsLostWhileOneProcessTakesOverFromAnother(t *testing.T) {
	t.Parallel()
	address := listen(t, "127.0.0.1:0", 1)
	first := newServer(t, both())
	stopFirst := serveUDP(t, first, address)
	where := address[0].LocalAddr().String()
	// Each caller waits for its answer and never sends again: a lost request is
	// a call without an answer.
	var callers sync.WaitGroup
	const each = 300
	half := make(chan struct{}, 8)
	for c := range 8 {
		callers.Go(func() {
			for i := range each {
				conn, err := (&net.Dialer{}).DialContext(t.Context(), "udp", where)
				if err != nil {
					t.Error(err)
					return
				}
				_ = conn.SetDeadline(time.Now().Add(patience))
				b := make([]byte, maxDatagram)
				_, _ = conn.Write(wire(numbered(c*each + i)))
				if n, err := conn.Read(b); err != nil || codeIn(string(b[:n])) != 302 {
					t.Errorf("call %d: %v %s", i, err, b[:n])
				}
				_ = conn.Close()
				if i == each/3 {
					half <- struct{}{}
				}
			}
		})
	}
	<-half
	second := newServer(t, both())
	serveUDP(t, second, listen(t, where, 2))
	<-half
	stopFirst()
	callers.Wait()
	// An answer is counted after it was sent.
	var a, b uint64
	for end := time.Now().Add(patience); a+b != 8*each && time.Now().Before(end); <-time.After(time.Millisecond) {
		a, b = first.Core.Measures.Counted(edge.Routed), second.Core.Measures.Counted(edge.Routed)
	}
	if a+b != 8*each || a == 0 || b == 0 {
		t.Errorf("the first answered %d, the second %d of %d", a, b, 8*each)
	}
}

func serveStream(t *testing.T, s *Server, secure *tls.Config) (address string, stop func()) {
	t.Helper()
	ln, err := edge.ListenTCP(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = ln.Addr().String()
	if secure != nil {
		ln = tls.NewListener(ln, secure)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.ServeStream(ctx, ln) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(stop)
	return address, stop
}

// readAnswer reads one answer of a stream.
func readAnswer(t *testing.T, in *bufio.Reader) string {
	t.Helper()
	head, err := readHead(in, nil)
	if err != nil {
		t.Fatalf("%v after %q", err, head)
	}
	return string(head)
}

func TestManyRequestsInOneStreamAreAnsweredInOrder(t *testing.T) {
	t.Parallel()
	address, _ := serveStream(t, newServer(t, both()), nil)
	conn := dial(t, "tcp", address)
	var all strings.Builder
	for i := range 50 {
		all.WriteString("\n\n" + numbered(i))
	}
	// Torn apart at places that suit nobody.
	for text := wire(all.String()); len(text) > 0; {
		n := min(777, len(text))
		if _, err := conn.Write(text[:n]); err != nil {
			t.Fatal(err)
		}
		text = text[n:]
	}
	in := bufio.NewReader(conn)
	for i := range 50 {
		for {
			next, err := in.Peek(2)
			if err != nil {
				t.Fatal(err)
			}
			if string(next) != "\r\n" {
				break
			}
			_, _ = in.Discard(2)
		}
		got := readAnswer(t, in)
		if codeIn(got) != 302 || !strings.Contains(got, fmt.Sprintf("CSeq: %d INVITE", i)) {
			t.Fatalf("answer %d:\n%s", i, got)
		}
	}
}

func TestAStreamWhoseLengthIsUnknownIsRefusedAndClosed(t *testing.T) {
	t.Parallel()
	address, _ := serveStream(t, newServer(t, both()), nil)
	conn := dial(t, "tcp", address)
	got := exchange(t, conn, strings.Replace(invite, "Content-Length", "X-Length", 1))
	if codeIn(got) != 400 {
		t.Errorf("got\n%s", got)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is still open")
	}
}

func TestARequestThatWasSentBeforeAStopIsAnswered(t *testing.T) {
	t.Parallel()
	address, stop := serveStream(t, newServer(t, both()), nil)
	conn := dial(t, "tcp", address)
	if got := exchange(t, conn, numbered(1)); codeIn(got) != 302 {
		t.Fatal(got)
	}
	if _, err := conn.Write(wire(numbered(2))); err != nil {
		t.Fatal(err)
	}
	stop()
	if got := readAnswer(t, bufio.NewReader(conn)); codeIn(got) != 302 {
		t.Errorf("got\n%s", got)
	}
}

func TestCallsAreRedirectedOverTLSAndOnlyForThoseWithACertificate(t *testing.T) {
	t.Parallel()
	server, client := certificates(t)
	address, _ := serveStream(t, newServer(t, both()), server)
	secure := tls.Client(dial(t, "tcp", address), client)
	if got := exchange(t, secure, invite); codeIn(got) != 302 {
		t.Errorf("got\n%s", got)
	}
	anonymous := client.Clone()
	anonymous.Certificates = nil
	refused := tls.Client(dial(t, "tcp", address), anonymous)
	_, _ = refused.Write(wire(invite))
	if n, err := refused.Read(make([]byte, 100)); err == nil {
		t.Errorf("somebody without a certificate got %d bytes", n)
	}
}
