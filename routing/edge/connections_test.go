package edge_test

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/dualtone/dualtone/routing/edge"
)

func TestAPlaceIsGivenBackAndStrangersHaveFew(t *testing.T) {
	t.Parallel()
	const most = 16
	inner, err := edge.ListenTCP(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inner.Close() })
	core := coreOf(t, "sip", fixed())
	ln := &edge.Bounded{Listener: inner, Max: most, Access: loopback(t), Measures: core.Measures}
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	// enters reports whether a connection from an address got a place.
	enters := func(from string) (net.Conn, bool) {
		conn, err := dial(t, from, "tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		turned := make(chan struct{})
		go func() {
			defer close(turned)
			_, _ = conn.Read(make([]byte, 1)) // nobody writes
		}()
		select {
		case given := <-accepted:
			return given, true
		case <-turned:
			return nil, false
		}
	}
	last := map[string]net.Conn{}
	for from, want := range map[string]int{"127.0.0.1": most / 2, "127.0.0.9": most / 8} {
		got := 0
		for range most {
			if conn, ok := enters(from); ok {
				last[from] = conn
				got++
			}
		}
		if got != want {
			t.Errorf("%s has %d places of %d, want %d", from, got, most, want)
		}
	}
	for from, conn := range last {
		// Twice, as net/http may close.
		if err := errors.Join(conn.Close(), ignoreClosed(conn.Close())); err != nil {
			t.Fatal(err)
		}
		if _, ok := enters(from); !ok {
			t.Errorf("%s does not get back the place that it gave up", from)
		}
		if _, ok := enters(from); ok {
			t.Errorf("%s got a place more than it gave up", from)
		}
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
