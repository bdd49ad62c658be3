package sbc_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/dualtone/dualtone/internal/realsbc"
)

// flood asks the edge ten times as often as it may decide, while the SBC has calls to
// route: every one goes through, by the edge or by the fallback.
func (w *world) flood(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	before := w.answers(t, "overloaded")
	all.Go(func() { w.ask(ctx, t, 10*capacity) })
	w.await(t, "the edge turns calls away", func() bool { return w.answers(t, "overloaded")-before > capacity })
	numbers, want := everybody(asked + "|" + fallback)
	began := time.Now()
	calls := w.call(t, burst{numbers: numbers, count: 120, rate: 20})
	turned := w.answers(t, "overloaded") - before
	stop()
	all.Wait()
	check(t, "flood", calls, want)
	if count(calls, fallback) == 0 || turned < 4*capacity*int(time.Since(began).Seconds()) {
		t.Errorf("the edge turned %d away in %s, and %d calls went by the fallback", turned, time.Since(began), count(calls, fallback))
	}
	w.awaitAsked(t, "+15551230006")
}

// ask asks so often in a second, over the interface of the SBC, and does not wait for
// the answers.
func (w *world) ask(ctx context.Context, t *testing.T, rate int) {
	t.Helper()
	send, finish := w.asker(ctx, t)
	defer finish()
	const every = 10 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := 0; ; {
		for range rate * int(every) / int(time.Second) {
			n++
			send(n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// asker is how one question is sent.
func (w *world) asker(ctx context.Context, t *testing.T) (send func(n int), finish func()) {
	t.Helper()
	switch w.lookup {
	case realsbc.HTTP:
		return w.askHTTP(ctx)
	case realsbc.ENUM:
		return datagrams(ctx, t, w.host.String()+":53", func(n int) []byte {
			q := new(dns.Msg)
			var name strings.Builder
			digits := fmt.Sprintf("1646%07d", n)
			for i := range digits {
				name.WriteString(digits[len(digits)-1-i:][:1] + ".")
			}
			b, err := q.SetQuestion(name.String()+zone+".", dns.TypeNAPTR).Pack()
			must(t, err)
			return b
		})
	case realsbc.SIP:
	}
	return datagrams(ctx, t, w.at.sip.String(), func(n int) []byte {
		return fmt.Appendf(nil, "INVITE sip:+15551230001@edge SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKflood%[1]d;rport\r\n"+
			"From: <sip:+1900%07[1]d@flood>;tag=f\r\nTo: <sip:+15551230001@edge>\r\nCall-ID: flood-%[1]d\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", n)
	})
}

func datagrams(ctx context.Context, t *testing.T, to string, question func(int) []byte) (send func(n int), finish func()) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", to)
	must(t, err)
	go func() { _, _ = io.Copy(io.Discard, conn) }() // until it is closed
	return func(n int) { _, _ = conn.Write(question(n)) }, func() { _ = conn.Close() }
}

// askHTTP asks over some connections that are kept, as a busy SBC does.
func (w *world) askHTTP(ctx context.Context) (send func(n int), finish func()) {
	const connections = 16
	queue := make(chan int, capacity)
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			for n := range queue {
				r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/rtjson?to=+15551230001&from=+1900%07d", w.at.http, n), http.NoBody)
				if err != nil {
					return
				}
				if answer, err := w.client.Do(r); err == nil {
					_, _ = io.Copy(io.Discard, answer.Body)
					_ = answer.Body.Close()
				}
			}
		})
	}
	send = func(n int) {
		select {
		case queue <- n:
		default: // Nobody is free to ask; a flood does not wait.
		}
	}
	return send, func() { close(queue); all.Wait() }
}
