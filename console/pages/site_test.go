package pages_test

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
	"sync/atomic"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/console/pages"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/control/controltest"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/devstack/devstacktest"
	"github.com/dualtone/dualtone/internal/password"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/report/press"
	"github.com/dualtone/dualtone/routing"
)

var machine devstacktest.Machine

func TestMain(m *testing.M) { os.Exit(machine.Main(m)) }

const secret = "a sentence that nobody guesses"

// site are the pages on a real database.
type site struct {
	*httptest.Server

	desk     *pages.Desk
	server   *console.Server
	accounts *postgres.Accounts
	audit    *postgres.Audit
	router   *postgres.Router
	told     []access.Grant
	ahead    atomic.Int64 // of the clock, in nanoseconds
	log      logged
}

// logged is what the log says.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (s *site) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// later moves the pages' clock.
func (s *site) later(by time.Duration) { s.ahead.Add(int64(by)) }

func newSite(t *testing.T, change ...func(*console.Config)) *site {
	t.Helper()
	pool, err := postgres.Open(t.Context(), machine.Database(t))
	must(t, err)
	t.Cleanup(pool.Close)
	_, err = postgres.Migrate(t.Context(), pool, nil)
	must(t, err)
	sessions, stop := postgres.NewSessions(pool)
	t.Cleanup(stop)
	s := &site{accounts: postgres.NewAccounts(pool), audit: postgres.NewAudit(pool), router: postgres.NewRouter(pool, "GB")}
	log := slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	t.Cleanup(func() {
		for line := range strings.Lines(s.log.String()) {
			if t.Failed() && !strings.Contains(line, "msg=request ") {
				t.Log(strings.TrimSpace(line))
			}
		}
	})
	c := console.Config{
		MaxBody: 1 << 20, MaxConnections: 100, Idle: time.Hour, Lasts: time.Hour, PerSecond: 10_000, Burst: 10_000, SignIns: 1000,
	}
	for _, f := range change {
		f(&c)
	}
	s.server = console.New(c, console.Stores{Accounts: s.accounts, Tokens: s.accounts, Grants: s.accounts, Sessions: sessions, Audit: s.audit}, log)
	calls, money := postgres.NewCalls(pool), postgres.NewFinance(pool)
	orders := &control.Control{Client: controltest.NothingRuns{}}
	s.desk = &pages.Desk{
		Plans:   &control.Plans{Control: orders, Store: postgres.NewRollouts(pool), Versions: postgres.NewPlans(pool), Now: time.Now},
		Control: orders, Outcome: s.neverRehearsed, People: postgres.NewPeople(pool), Cohorts: postgres.NewCohorts(pool),
		Switches: postgres.NewSwitches(pool), Calls: calls, Book: postgres.NewStitches(calls), Quarantine: calls, Care: postgres.NewCare(pool),
		Packs: packs{postgres.NewPacks(pool)}, Stage: unrehearsed{}, Match: nobodyMatches, Astray: s.astray, Replay: stillWrong,
		Routes: newRouteBook(s.router, postgres.NewEdges(pool)), Countries: []string{"GB"}, Reports: sums{postgres.NewRollups(pool)},
		Finance: &press.Desk{Source: money, Closings: money, Now: time.Now}, Months: &control.Months{Source: money, Closings: money, Now: time.Now},
		Office: &access.Office{Accounts: s.accounts, Tokens: s.accounts, Grants: s.accounts, Links: s.accounts, Now: time.Now, Tell: func(_ context.Context, g access.Grant) error {
			s.told = append(s.told, g)
			return nil
		}},
		Fleet: fleet{}, Audit: s.audit, Region: "GB", Now: s.now, Log: log,
	}
	s.desk.Register(s.server)
	s.Server = httptest.NewServer(s.server.Handler())
	t.Cleanup(s.Close)
	return s
}

// astray is told by the table that edges follow.
func (s *site) astray(ctx context.Context, list *cutover.UserList, known []cutover.PersonState) ([]routing.Stray, error) {
	return list.Astray(ctx, known, s.router, routing.Options{}, time.Now())
}

// neverRehearsed is the outcome of plans that nobody rehearsed.
func (s *site) neverRehearsed(ctx context.Context, name string) (*rehearsal.Outcome, error) {
	if _, err := s.desk.Plans.Store.Plan(ctx, name); err != nil {
		return nil, err
	}
	return nil, rehearsal.ErrNone
}

// visitor is somebody's browser.
type visitor struct {
	site *site
	http *http.Client
}

// as signs somebody in who holds roles.
func (s *site) as(t *testing.T, name string, roles ...access.Role) visitor {
	t.Helper()
	ctx := audit.Because(t.Context(), audit.Cause{Actor: "test"})
	must(t, s.accounts.KeepAccount(ctx, access.Account{
		Name: name, Kind: access.Person, Source: access.Local, Roles: roles, Password: password.New().Hash(secret), Created: time.Now(), By: "test",
	}))
	return s.signIn(t, name)
}

func (s *site) signIn(t *testing.T, name string) visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	v := visitor{site: s, http: &http.Client{Jar: jar}}
	v.send(t, "/sign-in", url.Values{"name": {name}, "password": {secret}})
	return v
}

// answer is how a request ended.
type answer struct {
	status           int
	kind, path, text string
}

func (v visitor) do(t *testing.T, r *http.Request, err error) answer {
	t.Helper()
	must(t, err)
	r.Header.Set("Accept", "text/html")
	got, err := v.http.Do(r)
	must(t, err)
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(got.Body)
	must(t, err)
	return answer{got.StatusCode, got.Header.Get("Content-Type"), got.Request.URL.Path, string(text)}
}

func (v visitor) look(t *testing.T, path string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.site.URL+path, nil)
	return v.do(t, r, err)
}

func (v visitor) send(t *testing.T, path string, form url.Values) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.site.URL+path, strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return v.do(t, r, err)
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// shows fails unless a page is there and says all of it.
func shows(t *testing.T, got answer, words ...string) {
	t.Helper()
	if got.status != http.StatusOK {
		t.Errorf("%s is answered with %d: %s", got.path, got.status, got.text)
	}
	for _, w := range words {
		if !strings.Contains(got.text, w) {
			t.Errorf("%s does not say %q", got.path, w)
		}
	}
}

// packs are receipts, and no key to sign with.
type packs struct{ kept *postgres.Packs }

func (p packs) Packs(ctx context.Context, name string, hash plan.Hash) ([]evidence.Receipt, error) {
	return p.kept.Packs(ctx, name, hash)
}

func (packs) Refused() string { return "no key" }

func (packs) Make(context.Context, string, string, string, string) (string, error) {
	return "", dualtone.ErrInvalid
}

// handIn keeps a plan of one stage, as if its author had handed it in.
func (s *site) handIn(t *testing.T, name, author string, crew ...dualtone.PersonID) {
	t.Helper()
	text, err := os.ReadFile("sample.yaml")
	must(t, err)
	s.handInText(t, name, author, text, crew...)
}

// handInText keeps a plan of one stage, which stands in a text.
func (s *site) handInText(t *testing.T, name, author string, text []byte, crew ...dualtone.PersonID) {
	t.Helper()
	read := plan.Read(plan.Source{Name: "plan.yaml", Text: text, Now: time.Now()})
	d := read.Document
	d.Plan.Metadata.Name = name
	_, err := s.desk.Plans.Versions.Save(t.Context(), plan.Version{Name: name, Hash: d.Hash(), Document: d, Author: author, Saved: time.Now(), Source: string(text)})
	must(t, err)
	kept := rollout.Plan{Name: name, Hash: string(d.Hash()), Author: author, State: rollout.Completed, Since: time.Now(), Kept: time.Now()}
	must(t, s.desk.Plans.Store.KeepPlan(t.Context(), kept, []rollout.Stage{{ID: "pilot", Kind: "users", State: rollout.Pending}}, map[string][]dualtone.PersonID{"pilot": crew}))
}
