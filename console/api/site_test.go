package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/calllog/format"
	"github.com/dualtone/dualtone/calllog/source"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/control/controltest"
	"github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/devstack/devstacktest"
	"github.com/dualtone/dualtone/notify"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/report"
	"github.com/dualtone/dualtone/report/delivery"
	"github.com/dualtone/dualtone/report/press"
	"github.com/dualtone/dualtone/routing"
)

var machine devstacktest.Machine

func TestMain(m *testing.M) { os.Exit(machine.Main(m)) }

// site is the API on a real database.
type site struct {
	*httptest.Server

	database string
	api      *api.API
	server   *console.Server
	office   *access.Office
	accounts *postgres.Accounts
	audit    *postgres.Audit
	people   *postgres.People
	router   *postgres.Router
	rollouts *postgres.Rollouts
	// dies: the server is lost between what it stores and its answer.
	dies atomic.Bool
	log  logged
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

type keys struct {
	requests *postgres.Requests
	// dies: the server is lost before it keeps an answer.
	dies *atomic.Bool
}

func (k keys) Claim(ctx context.Context, c api.Claim) (context.Context, *api.Answered, error) {
	ctx, found, err := k.requests.Claim(ctx, postgres.Claim(c))
	return ctx, (*api.Answered)(found), err
}

func (k keys) Hold(ctx context.Context) error { return k.requests.Hold(ctx) }

func (k keys) Keep(ctx context.Context, answer *api.Answered) error {
	if k.dies.Load() {
		return dualtone.ErrUnavailable
	}
	return k.requests.Keep(ctx, (*postgres.Answer)(answer))
}

type feed struct{ postgres.Feed }

func (f feed) After(ctx context.Context, id int64, limit int) ([]api.Event, error) {
	found, err := f.Changes(ctx, id, limit)
	var all []api.Event
	for _, e := range found {
		all = append(all, api.Event{ID: e.Serial, Action: e.Action, Object: e.Object, Actor: e.Actor, At: e.At})
	}
	return all, err
}

func (f feed) Last(ctx context.Context) (int64, error) {
	serial, _, err := f.Head(ctx)
	return serial, err
}

func (f feed) Wait(ctx context.Context, told func(*api.Event)) error {
	return f.Feed.Wait(ctx, func(string) { told(nil) })
}

// noPacks has no key to sign packs with.
type noPacks struct{}

func (noPacks) Packs(context.Context, string, plan.Hash) ([]evidence.Receipt, error) { return nil, nil }

func (noPacks) Refused() string { return "there is no key" }

func (noPacks) Make(context.Context, string, string, string, string) (string, error) {
	return "", dualtone.ErrInvalid
}

func (noPacks) Verify(in io.Reader, key string) (*evidence.Verdict, error) {
	public, err := evidence.ParsePublicKey([]byte(key))
	if err != nil {
		return nil, err
	}
	return evidence.Verify(in, public)
}

// carrier takes whatever it is given.
type carrier struct{}

func (carrier) Kind() string                               { return "desk" }
func (carrier) Compose(e rollout.Event) (string, error)    { return e.What, nil }
func (carrier) Carry(context.Context, rollout.Event) error { return nil }

// printer prints what it is asked, as two files where that is focus.
type printer struct{}

func (printer) Print(_ context.Context, j press.Job) ([]press.File, error) {
	one := press.File{Name: string(j.Request.Report) + "." + string(j.Format), Type: "text/plain", Write: func(w io.Writer) error {
		_, err := io.WriteString(w, string(j.Request.Question.Class))
		return err
	}}
	if j.Format == press.Focus {
		return []press.File{one, one}, nil
	}
	return []press.File{one}, nil
}

func newSite(t *testing.T) *site {
	t.Helper()
	database := machine.Database(t)
	pool, err := postgres.Open(t.Context(), database)
	must(t, err)
	t.Cleanup(pool.Close)
	_, err = postgres.Migrate(t.Context(), pool, nil)
	must(t, err)
	sessions, stop := postgres.NewSessions(pool)
	t.Cleanup(stop)
	s := &site{
		database: database, accounts: postgres.NewAccounts(pool), audit: postgres.NewAudit(pool), people: postgres.NewPeople(pool), rollouts: postgres.NewRollouts(pool), router: postgres.NewRouter(pool, "GB"),
	}
	s.office = &access.Office{Accounts: s.accounts, Tokens: s.accounts, Grants: s.accounts, Links: s.accounts, Now: time.Now}
	s.server = console.New(console.Config{
		MaxBody: 1 << 20, MaxUpload: 4 << 20, MaxConnections: 100, Idle: time.Hour, Lasts: time.Hour, PerSecond: 10_000, Burst: 10_000, SignIns: 1000,
	}, console.Stores{
		Accounts: s.accounts, Tokens: s.accounts, Grants: s.accounts, Sessions: sessions, Audit: s.audit,
	}, slog.New(slog.NewTextHandler(&s.log, nil)))
	calls, rollups, money := postgres.NewCalls(pool), postgres.NewRollups(pool), postgres.NewFinance(pool)
	s.api = api.Register(s.server, api.Desk{
		Plans: &control.Plans{
			Control: &control.Control{Client: controltest.NothingRuns{}}, Store: s.rollouts, Explanations: s.rollouts, Versions: postgres.NewPlans(pool), People: s.people, Now: time.Now,
		},
		People: s.people, Cohorts: postgres.NewCohorts(pool), Switches: postgres.NewSwitches(pool), Routes: s.router, Residents: s.people,
		Calls: calls, Stitches: postgres.NewStitches(calls), Closings: rollups, Audit: s.audit, Office: s.office,
		Feed: feed{postgres.Feed{Audit: s.audit}}, Keys: keys{postgres.NewRequests(pool), &s.dies}, Region: "GB", Deciding: routing.Options{Countries: []string{"GB"}}, Now: time.Now,
		Traffic: func(ctx context.Context, q report.Query, _ int) (report.Traffic, error) {
			return report.Make(ctx, rollups, q)
		},
		Accounting: func(context.Context, time.Time, time.Time, string, bool) (api.Accounting, error) {
			return api.Accounting{}, nil
		},
		Outcome: func(_ context.Context, name string) (*rehearsal.Outcome, error) {
			return nil, fmt.Errorf("rehearsal of plan %s: %w", name, dualtone.ErrNotFound)
		},
		Rehearsed: func(context.Context, *plan.Document) error { return nil },
		History: func(ctx context.Context, n dualtone.Number, before routing.Revision, limit int) ([]api.Revision, error) {
			found, err := s.router.History(ctx, postgres.RouteHistory{Number: n, Before: before, Limit: limit})
			var all []api.Revision
			for _, r := range found {
				all = append(all, api.Revision(r))
			}
			return all, err
		},
		Edges:   postgres.NewEdges(pool).Edges,
		Unheard: postgres.NewNotices(pool).Waiting,
		Finance: printer{}, Contracts: postgres.NewContracts(pool), Months: &control.Months{Source: money, Closings: money, Now: time.Now}, Connected: []string{"pbx"},
		Match: func(context.Context, string, bool, bool) (api.Matching, error) {
			return api.Matching{}, dualtone.ErrUnavailable
		},
		Check: func(context.Context) []api.Health { return nil },
		Reading: func(system, _, _, _ string) (source.Reading, error) {
			if system != "pbx" {
				return source.Reading{}, dualtone.ErrNotFound
			}
			f, err := format.Named("asterisk")
			return source.Reading{Format: &f, Options: format.Options{System: system, Zone: time.UTC, Country: "GB"}}, err
		},
		Log: calls, Settler: rollups, Care: postgres.NewCare(pool),
		Systems: func(context.Context) ([]api.System, error) { return nil, nil },
		Register: func(_ context.Context, name, _ string, _, _ bool) (api.System, error) {
			return api.System{Name: name}, nil
		},
		Kinds: func() []api.SystemKind { return nil },
		Rehearse: func(context.Context, api.Play) (rehearsal.Kept, error) {
			return rehearsal.Kept{}, dualtone.ErrUnavailable
		},
		Packs: noPacks{}, Canaries: s.rollouts, Notices: postgres.NewNotices(pool),
		Channels:   func() ([]notify.Channel, error) { return []notify.Channel{{Name: "desk", Carrier: carrier{}}}, nil },
		Deliveries: postgres.NewDeliveries(pool), Ways: delivery.Ways{Root: "/srv"}, Invoices: money,
		Serves: func(context.Context, routing.Revision) api.Served { return api.Served{} },
		Compare: func(context.Context, time.Time) error {
			return &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("crm.inside.test does not answer: %w", dualtone.ErrUnavailable)}
		},
		Decisions: func(ctx context.Context, q api.DecisionQuery) ([]api.Decision, error) {
			found, err := postgres.NewDecisions(pool).List(ctx, postgres.DecisionQuery(q))
			var all []api.Decision
			for _, d := range found {
				all = append(all, api.Decision(d))
			}
			return all, err
		},
	}, "test")
	s.Server = httptest.NewServer(s.server.Handler())
	t.Cleanup(s.Close)
	return s
}

// token is the secret of somebody who holds roles.
func (s *site) token(t *testing.T, name string, roles ...access.Role) string {
	t.Helper()
	ctx := audit.Because(t.Context(), audit.Cause{Actor: "test"})
	a := access.Account{Name: name, Kind: access.Service, Source: access.Local, Roles: roles, Created: time.Now(), By: "test"}
	must(t, s.accounts.KeepAccount(ctx, a))
	_, secret, err := s.office.Issue(ctx, access.Actor{Name: name}, access.Order{Name: "test", Roles: roles, Expires: time.Now().Add(time.Hour)})
	must(t, err)
	return secret
}

type answer struct {
	status int
	header http.Header
	text   string
}

func (s *site) ask(t *testing.T, secret, method, path, text string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(text))
	must(t, err)
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	if text != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for pair := range slices.Chunk(header, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	got, err := s.Client().Do(r)
	must(t, err)
	defer func() { _ = got.Body.Close() }()
	b, err := io.ReadAll(got.Body)
	must(t, err)
	return answer{got.StatusCode, got.Header, string(b)}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// request makes a request of an operation, in which say gives the texts.
func (s *site) request(op *huma.Operation, say func(name string, schema *huma.Schema) string) (path, text string) {
	path = api.Prefix + op.Path
	var query []string
	for _, p := range op.Parameters {
		value := "1"
		if p.Schema.Type == huma.TypeString || p.Schema.Type == "" {
			value = say(p.Name, p.Schema)
		}
		switch p.In {
		case "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", escape(value))
		case "query":
			if p.Required || say("optional", p.Schema) != "" && p.Schema.Type == huma.TypeString {
				query = append(query, p.Name+"="+escape(value))
			}
		}
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	if op.RequestBody != nil && op.RequestBody.Content["application/octet-stream"] != nil {
		return path, say("file", &huma.Schema{Type: huma.TypeString})
	}
	if op.RequestBody != nil {
		b, _ := json.Marshal(s.sample("", op.RequestBody.Content["application/json"].Schema, say))
		text = string(bytes.TrimSpace(b))
	}
	return path, text
}

// sample is a value that a schema takes.
func (s *site) sample(name string, schema *huma.Schema, say func(string, *huma.Schema) string) any {
	if schema.Ref != "" {
		schema = s.api.Schemas().SchemaFromRef(schema.Ref)
	}
	switch schema.Type {
	case huma.TypeObject:
		all := map[string]any{}
		for _, field := range append(schema.Required, "reason") {
			if p := schema.Properties[field]; p != nil {
				all[field] = s.sample(field, p, say)
			}
		}
		return all
	case huma.TypeArray:
		return []any{s.sample(name, schema.Items, say)}
	case huma.TypeInteger, huma.TypeNumber:
		return 1
	case huma.TypeBoolean:
		return true
	default:
		return say(name, schema)
	}
}
