package console_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/postgres"
)

func TestAForgedCookieIsNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "kim", access.Viewer)
	kim := s.signedIn(t, "kim")
	at, err := url.Parse(s.URL)
	must(t, err)
	for _, forged := range []string{"x", strings.Repeat("A", 43), kim.Jar.Cookies(at)[0].Value + "A", `' OR '1'='1`} {
		if got := s.do(t, browser(t), "GET", "/plans", nil, "Cookie", "dualtone="+url.QueryEscape(forged)); got.code != http.StatusUnauthorized {
			t.Errorf("%q: %s", forged, got.status)
		}
	}
	// What the database holds is a hash, so whoever reads it cannot sign in with it.
	var held string
	pool, err := postgres.Open(t.Context(), s.database)
	must(t, err)
	defer pool.Close()
	must(t, pool.QueryRow(t.Context(), "SELECT token FROM sessions").Scan(&held))
	if got := s.do(t, browser(t), "GET", "/plans", nil, "Cookie", "dualtone="+held); got.code != http.StatusUnauthorized {
		t.Errorf("what the database holds: %s", got.status)
	}
}

func TestPagesCannotReadTheCookieNorOtherSitesSendIt(t *testing.T) {
	t.Parallel()
	for secure, want := range map[bool][]string{false: {"dualtone=", "HttpOnly", "SameSite=Lax", "Path=/"}, true: {"__Host-dualtone=", "HttpOnly", "SameSite=Lax", "Path=/", "Secure"}} {
		s := newSite(t, func(c *console.Config) { c.Secure = secure })
		s.account(t, "kim", access.Viewer)
		got := s.do(t, browser(t), "POST", "/sign-in", url.Values{"name": {"kim"}, "password": {secret}}).header.Get("Set-Cookie")
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("the cookie is %s; want %s in it", got, w)
			}
		}
	}
}

func TestASessionThatWasPlantedIsWorthNothingAfterSigningIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "kim", access.Viewer)
	c := s.signedIn(t, "kim")
	at, err := url.Parse(s.URL)
	must(t, err)
	before := c.Jar.Cookies(at)[0].Value
	s.do(t, c, "POST", "/sign-in", url.Values{"name": {"kim"}, "password": {secret}})
	if after := c.Jar.Cookies(at)[0].Value; after == before {
		t.Error("the session keeps its name over a sign-in")
	}
	if got := s.do(t, browser(t), "GET", "/plans", nil, "Cookie", "dualtone="+before); got.code != http.StatusUnauthorized {
		t.Errorf("the session before: %s", got.status)
	}
}

func TestADisabledAccountIsOutAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "kim", access.Viewer)
	c := s.signedIn(t, "kim")
	held, err := s.accounts.Account(t.Context(), "kim")
	must(t, err)
	held.Disabled = true
	must(t, s.accounts.ChangeAccount(audit.Because(t.Context(), audit.Cause{Actor: "test"}), held))
	if got := s.do(t, c, "GET", "/plans", nil); got.code != http.StatusUnauthorized {
		t.Errorf("its session: %s", got.status)
	}
}

func TestAnotherSitesPostIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "pat", access.Planner)
	c := s.signedIn(t, "pat")
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
		if got := s.do(t, c, "POST", "/plans", url.Values{"reason": {"x"}}, header...); got.code != http.StatusForbidden {
			t.Errorf("%v: %s", header, got.status)
		}
	}
	if got := s.do(t, c, "POST", "/plans", url.Values{"reason": {"x"}}, "Sec-Fetch-Site", "same-origin"); got.code != http.StatusOK {
		t.Errorf("its own: %s", got.status)
	}
}

func TestATokenThatIsNoneLetsNobodyIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := audit.Because(t.Context(), audit.Cause{Actor: "test"})
	must(t, s.accounts.KeepAccount(ctx, access.Account{Name: "robot", Kind: access.Service, Source: access.Local, Roles: []access.Role{access.Viewer}, Created: time.Now(), By: "test"}))
	issue := func(made time.Time, lasts time.Duration) (access.Token, string) {
		office := access.Office{Accounts: s.accounts, Tokens: s.accounts, Grants: s.accounts, Now: func() time.Time { return made }}
		token, given, err := office.Issue(ctx, access.Actor{Name: "robot"}, access.Order{Name: "t", Roles: []access.Role{access.Viewer}, Expires: made.Add(lasts)})
		must(t, err)
		return token, given
	}
	now := time.Now()
	token, good := issue(now, time.Hour)
	_, expired := issue(now.Add(-2*time.Hour), time.Hour)
	try := func(given string) int {
		return s.do(t, browser(t), "GET", "/plans", nil, "Authorization", given).code
	}
	if got := try("Bearer " + good); got != http.StatusOK {
		t.Fatalf("a good token: %d", got)
	}
	if held, err := s.accounts.Token(t.Context(), token.ID); err != nil || held.LastUsed.IsZero() {
		t.Errorf("last used: %v, %v", held.LastUsed, err)
	}
	valid, another := issue(now, time.Hour)
	must(t, s.accounts.Revoke(ctx, token.ID, now))
	for name, given := range map[string]string{ //nolint:gosec // None of them lets anybody in.
		"revoked": "Bearer " + good, "expired": "Bearer " + expired, "changed": "Bearer " + another[:len(another)-1] + "0", "unknown": "Bearer dt_nobody_AAAA",
		"no secret": "Bearer dt_" + valid.ID, "empty": "Bearer ", "a password": "Basic a2ltOng=",
		"alg none": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
	} {
		if got := try(given); got != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, got)
		}
	}
	robot, err := s.accounts.Account(t.Context(), "robot")
	must(t, err)
	robot.Disabled = true
	must(t, s.accounts.ChangeAccount(ctx, robot))
	if got := try("Bearer " + another); got != http.StatusUnauthorized {
		t.Errorf("a token of a disabled account: %d", got)
	}
}

// still stops the clock, so that nothing that was taken comes back by itself.
func still(c *console.Config) {
	now := time.Now()
	c.Now = func() time.Time { return now }
}

func TestWhoeverGuessesAPasswordIsSlowedDown(t *testing.T) {
	t.Parallel()
	nat := func(c *console.Config) {
		still(c)
		c.SignIns, c.Proxies = 1, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} // the test is the proxy
	}
	try := func(s *site, name, from, password string) answer {
		return s.do(t, browser(t), "POST", "/sign-in", url.Values{"name": {name}, "password": {password}}, "X-Forwarded-For", from)
	}
	t.Run("of one account from everywhere", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, nat)
		s.account(t, "kim", access.Viewer)
		try(s, "kim", "192.0.2.1", "wrong")
		if got := try(s, "kim", "192.0.2.9", secret); got.code != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" {
			t.Errorf("the second attempt: %s", got.status)
		}
	})
	t.Run("of every account from one address", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, nat)
		s.account(t, "kim", access.Viewer)
		for i := range 10 {
			try(s, fmt.Sprintf("somebody-%d", i), "192.0.2.1", "wrong")
		}
		if got := try(s, "kim", "192.0.2.1", secret); got.code != http.StatusTooManyRequests {
			t.Errorf("attempt 11: %s", got.status)
		}
		if got := try(s, "kim", "192.0.2.2", secret); got.code != http.StatusSeeOther {
			t.Errorf("from elsewhere: %s", got.status)
		}
	})
}

func TestWhoeverGuessesTokensIsSlowedDown(t *testing.T) {
	t.Parallel()
	s := newSite(t, still, func(c *console.Config) { c.SignIns = 1 })
	try := func() int {
		return s.do(t, browser(t), "GET", "/plans", nil, "Authorization", "Bearer dt_nobody_AAAA").code
	}
	if first, second := try(), try(); first != http.StatusUnauthorized || second != http.StatusTooManyRequests {
		t.Errorf("two tokens that let nobody in: %d, %d", first, second)
	}
}

func TestTheFirstPasswordIsGivenOnceByWhoeverReadsTheTerminal(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	at := make(chan string, 1)
	s.console.TellSetup(func(address string) { at <- address })
	served(t, s)
	told, err := url.Parse(<-at)
	must(t, err)
	code, mine := told.Query().Get("code"), "a sentence of my own"
	give := func(code, password string) int {
		return s.do(t, browser(t), "POST", "/setup", url.Values{"code": {code}, "password": {password}}).code
	}
	for what, got := range map[string]int{"a guessed code": give("guessed", mine), "no code": give("", mine), "a short password": give(code, "short")} {
		if got < http.StatusBadRequest {
			t.Errorf("%s: %d", what, got)
		}
	}
	if got := give(code, mine); got != http.StatusSeeOther {
		t.Fatalf("the code of the terminal: %d", got)
	}
	if got := give(code, "a sentence of somebody else"); got != http.StatusNotFound {
		t.Errorf("the code a second time: %d", got)
	}
	if got := s.do(t, browser(t), "POST", "/sign-in", url.Values{"name": {console.Administrator}, "password": {mine}}); got.code != http.StatusSeeOther {
		t.Errorf("the administrator: %s", got.status)
	}
}

func TestAnOfficeBehindOneAddressSignsInAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, still, func(c *console.Config) { c.SignIns = 1 })
	s.account(t, "kim", access.Viewer)
	for range 12 {
		s.signedIn(t, "kim")
	}
}

func TestWhoeverAsksTooOftenIsToldToWait(t *testing.T) {
	t.Parallel()
	s := newSite(t, still, func(c *console.Config) { c.PerSecond, c.Burst = 0.001, 2 })
	s.account(t, "kim", access.Viewer)
	s.account(t, "pat", access.Viewer)
	kim, pat := s.signedIn(t, "kim"), s.signedIn(t, "pat")
	var last answer
	for range 3 {
		last = s.do(t, kim, "GET", "/plans", nil)
	}
	if last.code != http.StatusTooManyRequests || last.header.Get("Retry-After") == "" {
		t.Errorf("the third request: %s", last.status)
	}
	if got := s.do(t, pat, "GET", "/plans", nil); got.code != http.StatusOK {
		t.Errorf("somebody else: %s", got.status)
	}
}

func TestWhereSomebodyGoesAfterSigningInIsOnThisServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "kim", access.Viewer)
	for next, want := range map[string]string{
		"/plans?x=1": "/plans?x=1", "https://evil.example/": "/", "//evil.example": "/", `/\evil.example`: "/", "javascript:alert(1)": "/", "": "/",
	} {
		got := s.do(t, browser(t), "POST", "/sign-in", url.Values{"name": {"kim"}, "password": {secret}, "next": {next}})
		if got.header.Get("Location") != want {
			t.Errorf("next %q: %s", next, got.header.Get("Location"))
		}
	}
}

// endless is a body without an end that tells how much of it was taken.
type endless struct{ taken atomic.Int64 }

func (e *endless) Read(b []byte) (int, error) {
	e.taken.Add(int64(len(b)))
	return len(b), nil
}

func TestAGigabyteIsRefusedWithoutReadingIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.console.Open("POST /taken", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			s.console.Refuse(w, r, err)
		}
	}))
	c := browser(t)
	const gigabyte = 1 << 30
	for name, length := range map[string]int64{"that says its length": gigabyte, "that does not": -1} {
		var sent endless
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/taken", io.LimitReader(&sent, gigabyte))
		must(t, err)
		r.ContentLength = length
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		got, err := c.Do(r)
		if err == nil {
			_ = got.Body.Close()
			if got.StatusCode < http.StatusBadRequest {
				t.Errorf("a body %s: %s", name, got.Status)
			}
		}
		const some = 64 << 20 // the sockets' buffers take a part
		if taken := sent.taken.Load(); taken > some {
			t.Errorf("a body %s: %d bytes were taken", name, taken)
		}
	}
}

// slow connects and begins a request that never ends.
func slow(t *testing.T, host, to string) net.Conn {
	t.Helper()
	conn := from(t, host, to)
	_, _ = fmt.Fprint(conn, "GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	return conn
}

// closed waits until a connection is closed without having been answered.
func closed(t *testing.T, conn net.Conn) bool {
	t.Helper()
	must(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err := conn.Read(make([]byte, 1))
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

func TestSlowConnectionsAreBoundedAndKeepNobodyOut(t *testing.T) {
	t.Parallel()
	// The benchmark does it with 10,000 of which 4096 are let in.
	const most, many = 400, 1000
	to := served(t, newSite(t, func(c *console.Config) { c.MaxConnections, c.PerAddress = most, most }))
	var all []net.Conn
	for i := range many { // from addresses of which each has fewer than it may
		all = append(all, slow(t, fmt.Sprintf("127.0.0.%d", 1+i%4), to))
	}
	// The slow ones fill every place, and make room for whoever asks.
	if got := ask(t, from(t, "127.0.0.1", to), "/livez"); got != http.StatusOK {
		t.Errorf("behind slow connections: %d", got)
	}
	for i, conn := range all[:many-most] {
		if !closed(t, conn) {
			t.Fatalf("slow connection %d of %d is open, and there is room for %d", i, many, most)
		}
	}
}

func TestAConnectionThatDoesNotAskIsClosed(t *testing.T) {
	t.Parallel()
	if conn := slow(t, "127.0.0.1", served(t, newSite(t))); !closed(t, conn) {
		t.Error("a request that does not end is waited for longer than a minute")
	}
}

func TestNobodyIsToldWhereTheDatabaseIs(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 5432}, Err: errors.New("connection refused")}
	p := console.ProblemOf(fmt.Errorf("failed to connect to user=dualtone: %w: %w", dualtone.ErrUnavailable, refused))
	if p.Status != http.StatusServiceUnavailable || strings.Contains(p.Detail, "10.0.0.7") || strings.Contains(p.Detail, "user=") {
		t.Errorf("%d: %s", p.Status, p.Detail)
	}
	throttled := console.ProblemOf(fmt.Errorf("sf-prod answers in 30s again: %w", dualtone.ErrUnavailable))
	if !strings.Contains(throttled.Detail, "sf-prod") {
		t.Errorf("what is away is not named: %s", throttled.Detail)
	}
}
