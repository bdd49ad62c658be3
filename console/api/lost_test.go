package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/postgres"
)

// stored counts the entries of the audit that tell of what was stored.
func (s *site) stored(t *testing.T) int {
	t.Helper()
	found, err := s.audit.Entries(t.Context(), audit.Query{Outcomes: []audit.Outcome{audit.Changed}})
	must(t, err)
	return len(found)
}

// lost gives an order whose server is lost before it has kept the answer, and lets
// the time pass after which nobody waits for that server any more.
func (s *site) lost(t *testing.T, secret, method, path, text, key string) {
	t.Helper()
	s.dies.Store(true)
	got := s.ask(t, secret, method, path, text, "Idempotency-Key", key)
	s.dies.Store(false)
	if got.status != http.StatusServiceUnavailable {
		t.Errorf("%s %s, whose answer is lost: %d %s", method, path, got.status, got.text)
	}
	if got := s.ask(t, secret, method, path, text, "Idempotency-Key", key); got.status != http.StatusConflict || !strings.Contains(got.text, "is being done") {
		t.Errorf("%s %s, while it may still be done: %d %s", method, path, got.status, got.text)
	}
	pool, err := postgres.Open(t.Context(), s.database)
	must(t, err)
	defer pool.Close()
	_, err = pool.Exec(t.Context(), `UPDATE api_requests SET claimed = now() - interval '3 minutes' WHERE status IS NULL`)
	must(t, err)
}

// onceStored are orders by their operations, each of which stores all at once.
func (s *site) onceStored(t *testing.T, admin string) map[string]struct{ path, text string } {
	t.Helper()
	ask := func(method, path, text string) answer { return s.ask(t, admin, method, "/api/v1"+path, text) }
	now := time.Now().UTC()
	must(t, s.rollouts.KeepReadings(t.Context(), rollout.Reading{
		Plan: "emea", Stage: "pilot", Gate: rollout.ReconcilePrefix + string(plan.UserState), At: now, To: now, Ruling: rollout.GateFails,
		Differences: []rollout.Difference{{Key: "E1", Old: "on", New: "off"}},
	}))
	token := told[api.Issued](t, ask("POST", "/tokens", `{"name":"to end","roles":["viewer"]}`), http.StatusCreated)
	glass := told[access.Grant](t, ask("POST", "/glass", `{"reason":"drill"}`), http.StatusCreated)
	link := told[api.Shared](t, ask("POST", "/links", `{"path":"/plans/emea","reader":"board"}`), http.StatusCreated)
	s.ask(t, s.token(t, "cy", access.Operator), "POST", "/api/v1/canaries", `{"id":"lift","subject":"a lift","evidence":"letters"}`)
	ask("POST", "/routes", `{"reason":"begin","routes":[{"number":"+442079460999","plan":"old"}]}`)
	ask("POST", "/routes", `{"reason":"move","routes":[{"number":"+442079460999","plan":"new"}]}`)
	legs := told[api.Items[calllog.Kept]](t, ask("GET", "/legs", ""), http.StatusOK).Items
	ruled, free := "pbx/"+legs[2].Record, "pbx/"+legs[3].Record
	ask("POST", "/rulings", `{"leg":"`+ruled+`","apart":true,"reason":"seen"}`)
	row := told[api.Items[calllog.Quarantined]](t, ask("GET", "/quarantine", ""), http.StatusOK).Items[0].ID
	return map[string]struct{ path, text string }{
		"create-token":       {"/tokens", `{"name":"job","roles":["admin"]}`},
		"revoke-token":       {"/tokens/" + token.ID, ""},
		"break-glass":        {"/glass", `{"reason":"trunk down"}`},
		"end-glass":          {"/glass/" + glass.ID, ""},
		"share-link":         {"/links", `{"path":"/plans/emea","reader":"management"}`},
		"revoke-link":        {"/links/" + link.ID, ""},
		"create-account":     {"/accounts", `{"name":"new","kind":"service","roles":["viewer"]}`},
		"change-account":     {"/accounts/lee", `{"roles":["viewer"],"reason":"moved"}`},
		"create-cohort":      {"/cohorts", `{"name":"wave-9","users":["p1"]}`},
		"import-users":       {"/users", `{"csv":"id,name\np9,Zoe\n"}`},
		"record-canary":      {"/canaries", `{"id":"port","subject":"a door","evidence":"letters"}`},
		"confirm-canary":     {"/canaries/lift/confirm", `{}`},
		"explain-difference": {"/plans/emea/differences", `{"key":"E1","reason":"a recording","for":"2d"}`},
		"import-contracts":   {"/finance/contracts", `{"reason":"cheaper","text":` + strconv.Quote(strings.ReplaceAll(contracts, "30.00", "29.00")) + `}`},
		"close-period":       {"/closings", `{"name":"2027-03","from":"2027-03-01","to":"2027-03-31","reason":"year"}`},
		"change-routes":      {"/routes", `{"reason":"new desk","routes":[{"number":"+442079460888","plan":"new"}]}`},
		"rollback-routes":    {"/revisions/1/rollback", `{"reason":"wrong"}`},
		"rule-leg":           {"/rulings", `{"leg":"` + free + `","apart":true,"reason":"seen"}`},
		"withdraw-ruling":    {"/rulings/withdraw", `{"leg":"` + ruled + `","reason":"not so"}`},
		"fix-quarantined":    {"/quarantine/" + strconv.FormatInt(int64(row), 10) + "/fix", `{"dismiss":true,"reason":"a test call"}`},
	}
}

func TestWhatIsStoredAtOnceIsNotStoredAgainWhereItsAnswerIsLost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Roles()...)
	s.fill(t, admin)
	orders := s.onceStored(t, admin)
	elsewhere := map[string]string{
		"explain-call":    "reconciled days are tried beside the call log",
		"close-month":     "months are tried beside finance",
		"reopen-month":    "months are tried beside finance",
		"register-system": "no system is connected here",
	}
	for name, op := range s.api.Operations() {
		if op.Extensions["x-stored-at-once"] != true || elsewhere[op.OperationID] != "" {
			continue
		}
		o, known := orders[op.OperationID]
		if !known {
			t.Errorf("%s stores all at once and is not tried", name)
			continue
		}
		path := api.Prefix + o.path
		before := s.stored(t)
		s.lost(t, admin, op.Method, path, o.text, op.OperationID)
		after := s.stored(t)
		got := s.ask(t, admin, op.Method, path, o.text, "Idempotency-Key", op.OperationID)
		if after == before || got.status != http.StatusConflict || !strings.Contains(got.text, "its answer was lost") || s.stored(t) != after {
			t.Errorf("%s stored %d, then %d, and answers %d %s", name, after-before, s.stored(t)-after, got.status, got.text)
		}
	}
}

func TestWhatIsNotStoredAtOnceIsDoneToItsEndWhereItsAnswerIsLost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Admin)
	s.lost(t, admin, "POST", imports, rows(4), "file")
	got := told[api.CallsImported](t, s.ask(t, admin, "POST", imports, rows(4), "Idempotency-Key", "file"), http.StatusOK)
	legs := told[api.Items[calllog.Kept]](t, s.ask(t, admin, "GET", "/api/v1/legs", ""), http.StatusOK).Items
	if got.Total.New != 0 || len(legs) != 3 {
		t.Errorf("%d legs were new the second time, of %d", got.Total.New, len(legs))
	}
}

// A route that somebody else has changed since is not changed back.
func TestAnOrderThatWasLostUndoesNothingThatCameAfterIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, other := s.token(t, "ada", access.Admin), s.token(t, "bo", access.Admin)
	const order = `{"reason":"move","routes":[{"number":"+442079460001","plan":"new"}]}`
	s.lost(t, admin, "POST", "/api/v1/routes", order, "k")
	if got := s.ask(t, other, "POST", "/api/v1/routes", strings.Replace(order, `"new"`, `"old"`, 1)); got.status != http.StatusOK {
		t.Fatalf("the other: %d %s", got.status, got.text)
	}
	if got := s.ask(t, admin, "POST", "/api/v1/routes", order, "Idempotency-Key", "k"); got.status != http.StatusConflict {
		t.Errorf("again: %d %s", got.status, got.text)
	}
	found, err := s.router.Routes(t.Context(), []dualtone.Number{"+442079460001"})
	if err != nil || len(found) != 1 || found[0].Sides[0] != dualtone.Old {
		t.Errorf("the routes are %+v, %v", found, err)
	}
}
