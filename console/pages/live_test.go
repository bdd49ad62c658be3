package pages_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/internal/password"
)

// livePage is a browser that follows a plan.
type livePage struct{ *bufio.Reader }

// until reads until a frame says something.
func (l livePage) until(t *testing.T, words string) {
	t.Helper()
	for {
		line, err := l.ReadString('\n')
		if strings.Contains(line, words) {
			return
		}
		if err != nil {
			t.Fatalf("the stream ends before it says %q: %v", words, err)
		}
	}
}

// TestAnOfficeOf500FollowsAPlanBehindOneAddress has the limits of a console that was
// not told otherwise.
func TestAnOfficeOf500FollowsAPlanBehindOneAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *console.Config) { c.MaxConnections, c.PerSecond, c.Burst, c.SignIns = 4096, 50, 200, 10 })
	s.handIn(t, "spring", "ada")
	var listen net.ListenConfig
	ln, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	served := make(chan error, 1)
	go func() { served <- s.server.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		must(t, <-served)
	})

	const people, each = 10, 50
	hash := password.New().Hash(secret)
	var all []livePage
	for i := range people {
		name := fmt.Sprintf("visitor-%d", i)
		must(t, s.accounts.KeepAccount(audit.Because(t.Context(), audit.Cause{Actor: "test"}), access.Account{
			Name: name, Kind: access.Person, Source: access.Local, Roles: []access.Role{access.Viewer}, Password: hash, Created: time.Now(), By: "test",
		}))
		v := s.signIn(t, name)
		at, err := url.Parse(s.URL)
		must(t, err)
		cookie := v.http.Jar.Cookies(at)
		if len(cookie) == 0 {
			t.Fatalf("person %d of the office is not let in", i+1)
		}
		for range each {
			all = append(all, follow(t, ln.Addr().String(), "/plans/spring/live?stage=pilot&after=0", cookie[0]))
		}
	}
	must(t, s.desk.Plans.Store.PlaceHold(t.Context(), rollout.Hold{
		ID: "h1", Plan: "spring", Owner: "ada", Role: access.OperationsLead, Reason: "trunk alarm", Placed: time.Now().UTC(),
	}))
	for _, l := range all {
		l.until(t, "trunk alarm")
	}
}

// follow opens a live page and waits for its first frame.
func follow(t *testing.T, to, path string, cookie *http.Cookie) livePage {
	t.Helper()
	var dial net.Dialer
	conn, err := dial.DialContext(t.Context(), "tcp", to)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n", path, cookie)
	must(t, err)
	l := livePage{bufio.NewReader(conn)}
	l.until(t, "data: ")
	return l
}
