package console_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/dualtone/dualtone/console"
)

// served serves a site at a real socket until the test ends.
func served(t *testing.T, s *site) string {
	t.Helper()
	var listen net.ListenConfig
	ln, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.console.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	return ln.Addr().String()
}

// from connects from an address of this machine.
func from(t *testing.T, host, to string) net.Conn {
	t.Helper()
	dial := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
	conn, err := dial.DialContext(t.Context(), "tcp", to)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// ask asks for something that never ends, or at once, and returns the status; 0 for
// a connection that was closed instead.
func ask(t *testing.T, conn net.Conn, path string) int {
	t.Helper()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
		return 0
	}
	got, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	_ = got.Body.Close()
	return got.StatusCode
}

// lasting answers at once with the head of an answer that does not end before the
// server does, as live pages do.
func lasting(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// held asks for what lasts and returns once it is being answered.
func held(t *testing.T, host, to string) int {
	t.Helper()
	return followed(from(t, host, to))
}

// followed asks over a connection for what lasts.
func followed(conn net.Conn) int {
	if _, err := fmt.Fprint(conn, "GET /lasting HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return 0
	}
	var version string
	var status int
	if _, err := fmt.Fscan(conn, &version, &status); err != nil {
		return 0
	}
	return status
}

func TestOneAddressDoesNotTakeEveryPlace(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *console.Config) { c.MaxConnections, c.PerAddress = 8, 5 })
	s.console.Open("GET /lasting", http.HandlerFunc(lasting))
	to := served(t, s)
	for i := range 5 {
		if got := held(t, "127.0.0.2", to); got != http.StatusOK {
			t.Fatalf("live page %d of an address that may have 5: %d", i, got)
		}
	}
	if got := ask(t, from(t, "127.0.0.2", to), "/livez"); got != 0 {
		t.Errorf("an address that has all of its places in use is answered %d", got)
	}
	if got := ask(t, from(t, "127.0.0.3", to), "/livez"); got != http.StatusOK {
		t.Errorf("another address is answered %d", got)
	}
}

func TestOnlySoManyAreServedAtATime(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *console.Config) { c.MaxConnections, c.PerAddress = 4, 4 })
	s.console.Open("GET /lasting", http.HandlerFunc(lasting))
	to := served(t, s)
	first := from(t, "127.0.0.2", to)
	if got := followed(first); got != http.StatusOK {
		t.Fatalf("the first live page: %d", got)
	}
	for i := range 3 {
		if got := held(t, fmt.Sprintf("127.0.0.%d", 2+i), to); got != http.StatusOK {
			t.Fatalf("live page %d of 4: %d", i+2, got)
		}
	}
	more := from(t, "127.0.0.9", to)
	_, err := fmt.Fprint(more, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
	must(t, err)
	must(t, more.SetReadDeadline(time.Now().Add(time.Second)))
	if n, err := more.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a fifth connection: %d bytes, %v; it has to wait", n, err)
	}
	must(t, first.Close())
	must(t, more.SetReadDeadline(time.Time{}))
	if n, err := more.Read(make([]byte, 1)); n != 1 {
		t.Errorf("once there is room: %v", err)
	}
}

func TestAProxyHasAsManyConnectionsAsThereAre(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *console.Config) {
		c.MaxConnections, c.PerAddress, c.Proxies = 8, 2, []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}
	})
	s.console.Open("GET /lasting", http.HandlerFunc(lasting))
	to := served(t, s)
	for i := range 7 {
		if got := held(t, "127.0.0.2", to); got != http.StatusOK {
			t.Errorf("live page %d through a proxy: %d", i, got)
		}
	}
}

func TestWhoeverWaitsMakesRoomForWhoeverAsks(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(*console.Config){
		"of all":         func(c *console.Config) { c.MaxConnections, c.PerAddress = 4, 4 },
		"of one address": func(c *console.Config) { c.MaxConnections, c.PerAddress = 100, 4 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, place)
			s.console.Open("GET /lasting", http.HandlerFunc(lasting))
			to := served(t, s)
			if got := held(t, "127.0.0.1", to); got != http.StatusOK {
				t.Fatalf("a live page: %d", got)
			}
			idle := from(t, "127.0.0.1", to)
			if got := ask(t, idle, "/livez"); got != http.StatusOK {
				t.Fatalf("the first one: %d", got)
			}
			var slow []net.Conn
			for range 2 {
				conn := from(t, "127.0.0.1", to)
				_, _ = fmt.Fprint(conn, "GET /livez HTTP/1.1\r\nX-Slow: ") // and never ends
				slow = append(slow, conn)
			}
			// Every place is taken: by a live page, an idle connection and two slow ones.
			var quick []net.Conn
			for i := range 3 {
				conn := from(t, "127.0.0.1", to)
				if got := ask(t, conn, "/livez"); got != http.StatusOK {
					t.Errorf("new connection %d: %d", i, got)
				}
				quick = append(quick, conn)
			}
			for i, conn := range slow {
				if _, err := conn.Read(make([]byte, 1)); err == nil {
					t.Errorf("slow connection %d is answered", i)
				}
			}
			if got := ask(t, quick[2], "/livez"); got != http.StatusOK {
				t.Errorf("the newest one, asked again: %d", got)
			}
		})
	}
}

func TestOverTLSBrowsersSpeakHTTP2AndAreToldToStayThere(t *testing.T) {
	t.Parallel()
	// The certificate of package httptest.
	other := httptest.NewUnstartedServer(nil)
	other.StartTLS()
	t.Cleanup(other.Close)
	s := newSite(t, func(c *console.Config) {
		c.TLS = &tls.Config{Certificates: other.TLS.Certificates, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	})
	to := served(t, s)
	trusting, ok := other.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("httptest has no transport")
	}
	trusting = trusting.Clone()
	trusting.ForceAttemptHTTP2 = true
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+to+"/livez", http.NoBody)
	must(t, err)
	got, err := trusting.RoundTrip(r)
	must(t, err)
	_ = got.Body.Close()
	if got.StatusCode != http.StatusOK || got.ProtoMajor != 2 || got.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("over TLS: %s %s, %v", got.Proto, got.Status, got.Header)
	}
}
