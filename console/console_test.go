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
	accounts *postgres.Accounts
	audit    *postgres.Audit
}

func newSite(t *testing.T, change ...func(*console.Config)) *site {
	t.Helper()
	pool, err := postgres.Open(t.Context(), machine.Database(t))
	must(t, err)
	t.Cleanup(pool.Close)
	_, err = postgres.Migrate(t.Context(), pool, nil)
	must(t, err)
	sessions, stop := postgres.NewSessions(pool)
	t.Cleanup(stop)
	s := &site{accounts: postgres.NewAccounts(pool), audit: postgres.NewAudit(pool)}
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

func (s *site) do(t *testing.T, c *http.Client, method, path string, form url.Values, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(form.Encode()))
	must(t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := c.Do(r)
	must(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

func (s *site) signedIn(t *testing.T, name string) *http.Client {
	t.Helper()
	c := browser(t)
	if answer := s.do(t, c, "POST", "/sign-in", url.Values{"name": {name}, "password": {secret}}); answer.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s signs in: %s", name, answer.Status)
	}
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, answer *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(answer.Body)
	must(t, err)
	return string(b)
}

func TestWhoeverSignsInIsServedAndOthersAreAskedTo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "kim", access.Viewer)
	if a := s.do(t, browser(t), "GET", "/plans", nil, "Accept", "text/html"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/sign-in?next=%2Fplans" {
		t.Errorf("a stranger's browser: %s to %s", a.Status, a.Header.Get("Location"))
	}
	if a := s.do(t, browser(t), "GET", "/plans", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger's program: %s", a.Status)
	}
	kim := s.signedIn(t, "kim")
	if got := text(t, s.do(t, kim, "GET", "/plans", nil)); got != "plans for kim" {
		t.Errorf("signed in: %q", got)
	}
	s.do(t, kim, "POST", "/sign-out", nil)
	if a := s.do(t, kim, "GET", "/plans", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("signed out: %s", a.Status)
	}
}

func TestADeniedActionNamesTheMissingRoleAndStandsInTheAudit(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "kim", access.Viewer)
	s.account(t, "pat", access.Planner)
	answer := s.do(t, s.signedIn(t, "kim"), "POST", "/plans", url.Values{"reason": {"x"}})
	if got := text(t, answer); answer.StatusCode != http.StatusForbidden || !strings.Contains(got, `"missing_roles":["planner","admin"]`) {
		t.Errorf("a viewer submits: %s %s", answer.Status, got)
	}
	if answer := s.do(t, s.signedIn(t, "pat"), "POST", "/plans", url.Values{"reason": {"spring"}}); answer.StatusCode != http.StatusOK {
		t.Errorf("a planner submits: %s", answer.Status)
	}
	entries, err := s.audit.Entries(t.Context(), audit.Query{Action: "plan.submit"})
	must(t, err)
	if len(entries) != 2 || entries[0].Actor != "kim" || entries[0].Outcome != audit.Denied ||
		entries[1].Actor != "pat" || entries[1].Outcome != audit.Allowed || entries[1].Role != "planner" || entries[1].Reason != "spring" || entries[1].Request == "" {
		t.Errorf("the audit: %+v", entries)
	}
}
