package console_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/devstack/devstacktest"
	"github.com/dualtone/dualtone/internal/password"
	"github.com/dualtone/dualtone/postgres"
)

var machine devstacktest.Machine

func TestMain(m *testing.M) { os.Exit(machine.Main(m)) }

// site is a console on a real database, and somebody's browser.
type site struct {
	*httptest.Server

	console  *console.Server
	database string
	accounts *postgres.Accounts
	audit    *postgres.Audit
}

func newSite(t *testing.T, change ...func(*console.Config)) *site {
	t.Helper()
	database := machine.Database(t)
	pool, err := postgres.Open(t.Context(), database)
	must(t, err)
	defer pool.Close()
	_, err = postgres.Migrate(t.Context(), pool, nil)
	must(t, err)
	return siteOn(t, database, change...)
}

// siteOn is a console on the database of another one.
func siteOn(t *testing.T, database string, change ...func(*console.Config)) *site {
	t.Helper()
	pool, err := postgres.Open(t.Context(), database)
	must(t, err)
	t.Cleanup(pool.Close)
	sessions, stop := postgres.NewSessions(pool)
	t.Cleanup(stop)
	s := &site{database: database, accounts: postgres.NewAccounts(pool), audit: postgres.NewAudit(pool)}
	c := console.Config{
		MaxBody: 1 << 20, MaxConnections: 100, Idle: time.Hour, Lasts: time.Hour, PerSecond: 1000, Burst: 1000, SignIns: 20,
	}
	for _, f := range change {
		f(&c)
	}
	s.console = console.New(c, console.Stores{
		Accounts: s.accounts, Tokens: s.accounts, Grants: s.accounts, Sessions: sessions, Audit: s.audit,
		Ready: map[string]func(context.Context) error{"database": pool.Ping},
	}, slog.New(slog.DiscardHandler))
	s.console.Read("GET /plans", access.PlanRead, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := access.From(r.Context())
		_, _ = io.WriteString(w, "plans for "+who.Name)
	}))
	s.console.Write("POST /plans", access.PlanSubmit, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			console.ProblemOf(err).Write(w)
			return
		}
		_, _, err := s.console.Enter(r, access.Ask{Action: access.PlanSubmit, Object: "plan/spring", Reason: r.FormValue("reason")})
		if err != nil {
			console.ProblemOf(err).Write(w)
		}
	}))
	s.Server = httptest.NewServer(s.console.Handler())
	t.Cleanup(s.Close)
	return s
}

const secret = "a sentence as a password"

// hashed is made once, since it is made to take long.
var hashed = sync.OnceValue(func() string { return password.New().Hash(secret) })

// account makes an account that is known by the secret.
func (s *site) account(t *testing.T, name string, roles ...access.Role) {
	t.Helper()
	ctx := audit.Because(t.Context(), audit.Cause{Actor: "test"})
	must(t, s.accounts.KeepAccount(ctx, access.Account{
		Name: name, Kind: access.Person, Source: access.Local, Roles: roles, Password: hashed(), Created: time.Now(), By: "test",
	}))
}

// browser keeps cookies and follows no redirects.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// answer is a response whose body was read and closed.
type answer struct {
	code   int
	status string
	header http.Header
	text   string
}

func (s *site) do(t *testing.T, c *http.Client, method, path string, form url.Values, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(form.Encode()))
	must(t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for pair := range slices.Chunk(header, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	got, err := c.Do(r)
	must(t, err)
	defer func() { _ = got.Body.Close() }()
	b, err := io.ReadAll(got.Body)
	must(t, err)
	return answer{got.StatusCode, got.Status, got.Header, string(b)}
}

func (s *site) signedIn(t *testing.T, name string) *http.Client {
	t.Helper()
	c := browser(t)
	if got := s.do(t, c, "POST", "/sign-in", url.Values{"name": {name}, "password": {secret}}); got.code != http.StatusSeeOther {
		t.Fatalf("%s signs in: %s", name, got.status)
	}
	return c
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func TestWhoeverSignsInIsServedAndOthersAreAskedTo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "kim", access.Viewer)
	if a := s.do(t, browser(t), "GET", "/plans", nil, "Accept", "text/html"); a.code != http.StatusSeeOther || a.header.Get("Location") != "/sign-in?next=%2Fplans" {
		t.Errorf("a stranger's browser: %s to %s", a.status, a.header.Get("Location"))
	}
	if a := s.do(t, browser(t), "GET", "/plans", nil); a.code != http.StatusUnauthorized {
		t.Errorf("a stranger's program: %s", a.status)
	}
	kim := s.signedIn(t, "kim")
	if got := s.do(t, kim, "GET", "/plans", nil).text; got != "plans for kim" {
		t.Errorf("signed in: %q", got)
	}
	s.do(t, kim, "POST", "/sign-out", nil)
	if a := s.do(t, kim, "GET", "/plans", nil); a.code != http.StatusUnauthorized {
		t.Errorf("signed out: %s", a.status)
	}
}

func TestADeniedActionNamesTheMissingRoleAndStandsInTheAudit(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "kim", access.Viewer)
	s.account(t, "pat", access.Planner)
	got := s.do(t, s.signedIn(t, "kim"), "POST", "/plans", url.Values{"reason": {"x"}})
	if got.code != http.StatusForbidden || !strings.Contains(got.text, `"missing_roles":["planner","admin"]`) {
		t.Errorf("a viewer submits: %s %s", got.status, got.text)
	}
	if got := s.do(t, s.signedIn(t, "pat"), "POST", "/plans", url.Values{"reason": {"spring"}}); got.code != http.StatusOK {
		t.Errorf("a planner submits: %s", got.status)
	}
	entries, err := s.audit.Entries(t.Context(), audit.Query{Action: "plan.submit"})
	must(t, err)
	if len(entries) != 2 || entries[0].Actor != "kim" || entries[0].Outcome != audit.Denied ||
		entries[1].Actor != "pat" || entries[1].Outcome != audit.Allowed || entries[1].Role != "planner" || entries[1].Reason != "spring" || entries[1].Request == "" {
		t.Errorf("the audit: %+v", entries)
	}
}
