package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/postgres"
)

func TestWhatIsKnownAlreadyIsNotSentAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Admin)
	for _, path := range []string{"/api/v1/users", "/api/v1/reports/definitions", "/api/v1/openapi.json", "/api/v1/docs"} {
		first := s.ask(t, admin, "GET", path, "")
		tag := first.header.Get("ETag")
		if first.status != http.StatusOK || tag == "" {
			t.Errorf("%s: %d, ETag %q", path, first.status, tag)
		}
		if again := s.ask(t, admin, "GET", path, "", "If-None-Match", tag); again.status != http.StatusNotModified || again.text != "" {
			t.Errorf("%s again: %d with %d bytes", path, again.status, len(again.text))
		}
	}
	tag := s.ask(t, admin, "GET", "/api/v1/users", "").header.Get("ETag")
	s.people3(t, admin)
	if changed := s.ask(t, admin, "GET", "/api/v1/users", "", "If-None-Match", tag); changed.status != http.StatusOK || changed.header.Get("ETag") == tag {
		t.Errorf("once it has changed: %d", changed.status)
	}
}

// people3 imports three people.
func (s *site) people3(t *testing.T, admin string) {
	t.Helper()
	const list = "id,name,extension,site\np1,Ann,101,London\np2,Ben,102,Leeds\np3,Cy,103,London\n"
	if got := s.ask(t, admin, "POST", "/api/v1/users", `{"csv":`+strconv.Quote(list)+`}`); got.status != http.StatusOK {
		t.Fatalf("import: %d %s", got.status, got.text)
	}
}

func TestAWriteIsBoundToWhatWasSeen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Admin)
	s.token(t, "lee", access.Operator)
	s.people3(t, admin)
	if got := s.ask(t, admin, "POST", "/api/v1/cohorts", `{"name":"wave","users":["p1"]}`); got.status != http.StatusCreated {
		t.Fatalf("cohort: %d %s", got.status, got.text)
	}
	const change = `{"roles":["viewer"],"reason":"moved"}`
	seen := s.ask(t, admin, "GET", "/api/v1/accounts", "").header.Get("ETag")
	if got := s.ask(t, admin, "PATCH", "/api/v1/accounts/lee", `{"roles":["planner"],"reason":"moved"}`, "If-Match", seen); got.status != http.StatusOK {
		t.Errorf("as it was seen: %d %s", got.status, got.text)
	}
	stale := s.ask(t, admin, "PATCH", "/api/v1/accounts/lee", change, "If-Match", seen)
	p := told[console.Problem](t, stale, http.StatusPreconditionFailed)
	if p.Kind != "conflict" || p.Next == "" || !strings.Contains(p.Detail, "has changed") {
		t.Errorf("when somebody else was first: %s", stale.text)
	}
	if lee, err := s.accounts.Account(t.Context(), "lee"); err != nil || lee.Roles[0] != access.Planner {
		t.Errorf("lee holds %v, %v", lee.Roles, err)
	}
	now := s.ask(t, admin, "GET", "/api/v1/accounts", "").header.Get("ETag")
	if got := s.ask(t, admin, "PATCH", "/api/v1/accounts/lee", change, "If-Match", `"other", `+now); got.status != http.StatusOK {
		t.Errorf("one of several: %d %s", got.status, got.text)
	}
	if got := s.ask(t, admin, "POST", "/api/v1/cohorts/none/move", `{"to":"new"}`, "If-Match", "*"); got.status != http.StatusPreconditionFailed {
		t.Errorf("a cohort that is not there: %d %s", got.status, got.text)
	}
	// What one may not read does not tell whether it has changed.
	if got := s.ask(t, s.token(t, "vi", access.Viewer), "PATCH", "/api/v1/accounts/lee", change, "If-Match", now); got.status != http.StatusForbidden {
		t.Errorf("by a viewer: %d %s", got.status, got.text)
	}
}

func TestAnOrderUnderAKeyIsDoneOnceWhateverHappens(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, other := s.token(t, "ada", access.Admin), s.token(t, "bo", access.Admin)
	const path, order = "/api/v1/tokens", `{"name":"job","roles":["admin"]}`
	made := func() int {
		return len(told[api.Items[access.Token]](t, s.ask(t, admin, "GET", path+"?owner=ada", ""), http.StatusOK).Items)
	}
	before := made()
	// All at once: one is done, the others get its answer or are told to wait.
	answers := make([]answer, 8)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = s.ask(t, admin, "POST", path, order, "Idempotency-Key", "k") })
	}
	wg.Wait()
	first := ""
	for _, got := range answers {
		switch {
		case got.status == http.StatusConflict:
		case got.status != http.StatusCreated || first != "" && got.text != first:
			t.Errorf("%d %s, another one %s", got.status, got.text, first)
		default:
			first = got.text
		}
	}
	if n := made(); n != before+1 {
		t.Errorf("%d tokens were made", n-before)
	}
	if again := s.ask(t, admin, "POST", path, order, "Idempotency-Key", "k"); again.text != first || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("afterwards: %d %s", again.status, again.text)
	}
	if got := s.ask(t, admin, "POST", path, `{"name":"other","roles":["admin"]}`, "Idempotency-Key", "k"); got.status != http.StatusUnprocessableEntity || made() != before+1 {
		t.Errorf("another order under the same key: %d %s", got.status, got.text)
	}
	if got := s.ask(t, other, "POST", path, order, "Idempotency-Key", "k"); got.status != http.StatusCreated || got.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("somebody else's key of the same name: %d %s", got.status, got.text)
	}
	// The token's secret was told once, and stands in no table.
	pool, err := postgres.Open(t.Context(), s.database)
	must(t, err)
	defer pool.Close()
	var kept string
	must(t, pool.QueryRow(t.Context(), `SELECT string_agg(key || ' ' || encode(body, 'escape'), ' ') FROM api_requests`).Scan(&kept))
	if secret := told[api.Issued](t, answer{status: http.StatusCreated, text: first}, http.StatusCreated).Secret; secret == "" || strings.Contains(kept, secret) {
		t.Errorf("the secret %q is kept: %s", secret, kept)
	}
	// What failed may be tried again under the same key.
	const away = `{"to":"new","reason":"go"}`
	s.people3(t, admin)
	for i := range 2 {
		if got := s.ask(t, admin, "POST", "/api/v1/users/p1/switch", away, "Idempotency-Key", "k2"); got.status != http.StatusServiceUnavailable || got.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("time %d while Temporal is away: %d %s", i+1, got.status, got.text)
		}
	}
}

func TestAProblemSaysWhatIsWrongWhereAndWhatToDo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Admin)
	for what, got := range map[string]answer{
		"a field of the wrong kind": s.ask(t, admin, "POST", "/api/v1/cohorts", `{"name":7,"users":["p1"]}`),
		"a field that is missing":   s.ask(t, admin, "POST", "/api/v1/cohorts", `{"users":["p1"]}`),
		"a field that is not known": s.ask(t, admin, "POST", "/api/v1/cohorts", `{"name":"x","users":["p1"],"nickname":"y"}`),
		"no JSON":                   s.ask(t, admin, "POST", "/api/v1/cohorts", `name=x`),
		"a limit beyond all":        s.ask(t, admin, "GET", "/api/v1/users?limit=100000", ""),
		"a place that is none":      s.ask(t, admin, "GET", "/api/v1/audit?after=yesterday", ""),
		"nobody of that name":       s.ask(t, admin, "GET", "/api/v1/users/nobody", ""),
		"no such path":              s.ask(t, admin, "GET", "/api/v1/nothing", ""),
		"no such method":            s.ask(t, admin, "PUT", "/api/v1/users", ""),
	} {
		var p console.Problem
		if err := json.Unmarshal([]byte(got.text), &p); err != nil || got.header.Get("Content-Type") != "application/problem+json" || p.Status != got.status || p.Kind == "" || p.Detail == "" || p.Request == "" {
			t.Errorf("%s: %d %s %s", what, got.status, got.header.Get("Content-Type"), got.text)
		}
		if strings.HasPrefix(what, "a field") && (len(p.Faults) == 0 || p.Faults[0].Place == "" || p.Next == "") {
			t.Errorf("%s: %s", what, got.text)
		}
	}
}

// declared holds an answer to what the document declares of its status.
func (s *site) declared(t *testing.T, got answer) {
	t.Helper()
	var doc struct {
		Components struct {
			Responses map[string]struct {
				Content map[string]struct {
					Schema struct {
						Ref string `json:"$ref"`
					} `json:"schema"`
				} `json:"content"`
			} `json:"responses"`
			Schemas map[string]json.RawMessage `json:"schemas"`
		} `json:"components"`
	}
	must(t, json.Unmarshal(s.api.Document(), &doc))
	name := strings.ReplaceAll(http.StatusText(got.status), " ", "")
	content, ok := doc.Components.Responses[name].Content[got.header.Get("Content-Type")]
	if !ok {
		t.Errorf("no answer of %d with %s is declared", got.status, got.header.Get("Content-Type"))
		return
	}
	var said any
	must(t, json.Unmarshal([]byte(got.text), &said))
	var result huma.ValidateResult
	huma.Validate(s.api.Schemas(), s.api.Schemas().SchemaFromRef(content.Schema.Ref), huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, said, &result)
	if len(result.Errors) > 0 {
		t.Errorf("%d is not answered as declared: %v in %s", got.status, result.Errors, got.text)
	}
}

func TestEachErrorIsSentAsItIsDeclared(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Admin)
	s.people3(t, admin)
	for want, got := range map[int]answer{
		http.StatusUnauthorized:          s.ask(t, "", "GET", "/api/v1/users", ""),
		http.StatusForbidden:             s.ask(t, s.token(t, "vi", access.Viewer), "POST", "/api/v1/cohorts", `{"name":"x","users":["p1"]}`),
		http.StatusNotFound:              s.ask(t, admin, "GET", "/api/v1/users/nobody", ""),
		http.StatusPreconditionFailed:    s.ask(t, admin, "PATCH", "/api/v1/accounts/ada", `{"disabled":true}`, "If-Match", `"another"`),
		http.StatusRequestEntityTooLarge: s.ask(t, admin, "POST", "/api/v1/users", strings.Repeat(" ", 2<<20)),
		http.StatusUnprocessableEntity:   s.ask(t, admin, "POST", "/api/v1/cohorts", `{"name":7,"users":["p1"]}`),
		http.StatusServiceUnavailable:    s.ask(t, admin, "POST", "/api/v1/users/p1/switch", `{"to":"new","reason":"go"}`),
	} {
		if got.status != want {
			t.Errorf("%d, want %d: %s", got.status, want, got.text)
		}
		s.declared(t, got)
	}
	s.declared(t, s.ask(t, admin, "POST", "/api/v1/plans", `{"text":"kind: CutoverPlan"}`))
	// Also where the body does not say how long it is.
	endless, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v1/users", io.LimitReader(zeros{}, 2<<20))
	must(t, err)
	endless.Header.Set("Authorization", "Bearer "+admin)
	got, err := s.Client().Do(endless)
	must(t, err)
	_ = got.Body.Close()
	if endless.ContentLength > 0 || got.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of no length that is said: %s", got.Status)
	}
}

// zeros never end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// events are the ids of the next so many events of a stream, after one.
func (s *site) events(t *testing.T, secret, last string, n int) (ids []int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/v1/events", http.NoBody)
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Last-Event-ID", last)
	got, err := s.Client().Do(r)
	must(t, err)
	defer func() { _ = got.Body.Close() }()
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("the stream: %d %s", got.StatusCode, got.Header.Get("Content-Type"))
	}
	for lines := bufio.NewScanner(got.Body); len(ids) < n && lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			id, err := strconv.ParseInt(text, 10, 64)
			must(t, err)
			ids = append(ids, id)
		}
	}
	return ids
}

func TestAStreamGoesOnAfterTheEventThatWasSeenLast(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Admin)
	s.people3(t, admin)
	for i := range 4 {
		name := fmt.Sprintf("wave-%d", i)
		if got := s.ask(t, admin, "POST", "/api/v1/cohorts", `{"name":"`+name+`","users":["p1","p2"]}`); got.status != http.StatusCreated {
			t.Fatalf("cohort %s: %d %s", name, got.status, got.text)
		}
	}
	all := s.events(t, admin, "1", 4)
	rest := s.events(t, admin, strconv.FormatInt(all[1], 10), 2)
	if fmt.Sprint(rest) != fmt.Sprint(all[2:4]) {
		t.Errorf("after %d came %v, want %v", all[1], rest, all[2:4])
	}
	for _, none := range []string{"", "Bearer dt_none_none"} {
		if got := s.ask(t, none, "GET", "/api/v1/events", ""); got.status != http.StatusUnauthorized {
			t.Errorf("by nobody: %d", got.status)
		}
	}
}

func TestEveryListPagesByKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.token(t, "ada", access.Roles()...)
	s.fill(t, admin)
	const several = 24 // lists of which more than one page was read
	paged := 0
	for _, name := range sortedNames(s.api.Operations()) {
		op := s.api.Operations()[name]
		limited := false
		for _, p := range op.Parameters {
			limited = limited || p.Name == "after"
		}
		if op.Method != http.MethodGet || strings.HasPrefix(op.Path, "/finance/reports/") {
			continue
		}
		if strings.HasPrefix(op.OperationID, "list-") && !limited && op.OperationID != "list-packs" {
			t.Errorf("%s is a list without pages", name)
		}
		if !limited {
			continue
		}
		path := strings.NewReplacer("{plan}", "emea", "{cohort}", "wave-1", "{revision}", "1", "{day}", "2027-02-10").Replace(api.Prefix + op.Path)
		switch op.OperationID {
		case "list-leg-versions":
			continue // it is of one leg
		case "list-contracts":
			path += "?history=true"
		}
		one, whole := s.pages(t, admin, path, 1), s.pages(t, admin, path, 1000)
		if strings.Join(one, "\n") != strings.Join(whole, "\n") {
			t.Errorf("%s one by one: %d items\n%s\nat once: %d items\n%s", name, len(one), strings.Join(one, "\n"), len(whole), strings.Join(whole, "\n"))
		}
		if len(whole) > 1 {
			paged++
		}
		t.Logf("%s: %d", name, len(whole))
	}
	if paged < several {
		t.Errorf("only %d lists had more than one page", paged)
	}
}

// lastUsed is what reading a list changes in it.
var lastUsed = regexp.MustCompile(`"last_used":"[^"]*",?`)

// pages reads a list by its links.
func (s *site) pages(t *testing.T, secret, path string, limit int) (items []string) {
	t.Helper()
	sign := "?"
	if strings.Contains(path, "?") {
		sign = "&"
	}
	for next := path + sign + "limit=" + strconv.Itoa(limit); next != ""; {
		got := s.ask(t, secret, "GET", next, "")
		if got.status == http.StatusNotFound {
			return items
		}
		page := told[struct {
			Items []json.RawMessage `json:"items"`
			Next  string            `json:"next"`
		}](t, got, http.StatusOK)
		for _, item := range page.Items {
			items = append(items, lastUsed.ReplaceAllString(string(item), ""))
		}
		address, _, _ := strings.Cut(strings.TrimPrefix(got.header.Get("Link"), "<"), ">")
		if (address == "") != (page.Next == "") || len(page.Items) > limit || len(items) > 10_000 {
			t.Fatalf("%s: %d items, Link %q, next %q", next, len(page.Items), got.header.Get("Link"), page.Next)
		}
		next = address
	}
	return items
}

// fill gives most lists something to page.
func (s *site) fill(t *testing.T, admin string) {
	t.Helper()
	s.people3(t, admin)
	s.token(t, "lee", access.Operator)
	do := func(want int, method, path, text string) {
		t.Helper()
		if got := s.ask(t, admin, method, "/api/v1"+path, text); got.status != want {
			t.Errorf("%s %s: %d %s", method, path, got.status, got.text)
		}
	}
	const ok, created = http.StatusOK, http.StatusCreated
	do(created, "POST", "/cohorts", `{"name":"wave-1","users":["p1","p2"]}`)
	do(created, "POST", "/cohorts", `{"name":"wave-2","users":["p3"]}`)
	for i := range 2 {
		n := strconv.Itoa(i + 1)
		do(created, "POST", "/tokens", `{"name":"job `+n+`","roles":["viewer"]}`)
		do(created, "POST", "/glass", `{"reason":"drill `+n+`"}`)
		do(created, "POST", "/links", `{"path":"/plans/emea","reader":"board `+n+`"}`)
		do(created, "POST", "/canaries", `{"id":"port-`+n+`","subject":"a lift","evidence":"letters"}`)
		do(created, "POST", "/deliveries", `{"name":"d-`+n+`","report":"overlap","folder":"/srv/x"}`)
		do(ok, "POST", "/routes", `{"reason":"begin","routes":[{"number":"+44207946000`+n+`","plan":"old"},{"number":"+44207946001`+n+`","plan":"new"}]}`)
		do(ok, "POST", "/closings", `{"name":"2027-0`+n+`","from":"2027-0`+n+`-01","to":"2027-0`+n+`-28","reason":"year"}`)
	}
	do(ok, "POST", "/calls/imports?system=pbx&name=Master.csv", rows(5))
	do(ok, "POST", "/calls/imports?system=pbx&name=Second.csv", strings.ReplaceAll(rows(4), "171801", "171802"))
	legs := told[api.Items[calllog.Kept]](t, s.ask(t, admin, "GET", "/api/v1/legs", ""), http.StatusOK).Items
	for _, leg := range legs[:2] {
		do(ok, "POST", "/rulings", `{"leg":"pbx/`+leg.Record+`","apart":true,"reason":"seen"}`)
		do(ok, "POST", "/log/retain", `{"kind":"raw","days":9000,"reason":"rule"}`)
	}
	do(ok, "POST", "/finance/contracts", `{"reason":"new","text":`+strconv.Quote(contracts)+`}`)
	do(ok, "POST", "/finance/contracts", `{"reason":"dearer","text":`+strconv.Quote(strings.ReplaceAll(contracts, "30.00", "31.00"))+`}`)
	s.plan(t)
}

// contracts is a book of two.
const contracts = `apiVersion: dualtone/v1
kind: Contracts
metadata: {name: telephony, owner: kim}
spec:
  currency: GBP
  contracts:
    - id: pbx-seats
      system: pbx
      supplier: Example PBX Ltd
      currency: GBP
      term: {from: 2020-04-01, to: 2023-03-31}
      notice: {period: 90d}
      renewal: 12mo
      items:
        - {id: seat, kind: license, price: {amount: "30.00", per: month}}
    - id: pbx-trunks
      system: pbx
      supplier: Example PBX Ltd
      currency: GBP
      term: {from: 2020-04-01, to: 2023-03-31}
      notice: {period: 90d}
      renewal: 12mo
      items:
        - {id: trunk, kind: trunk, price: {amount: "410.00", per: month}}
`

// plan keeps a plan of two stages with people, holds, tasks and readings.
func (s *site) plan(t *testing.T) {
	t.Helper()
	ctx, kept := t.Context(), time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	stages := []rollout.Stage{{ID: "pilot", Kind: "pilot", State: rollout.Soaking}, {ID: "wave", State: rollout.Pending}}
	must(t, s.rollouts.KeepPlan(ctx, rollout.Plan{Name: "emea", Hash: "h1", Author: "ada", State: rollout.Active, Since: kept, Kept: kept}, stages,
		map[string][]dualtone.PersonID{"pilot": {"p1", "p2"}, "wave": {"p3"}}))
	for i, stage := range []string{"pilot", "wave"} {
		at := kept.Add(time.Duration(i) * time.Minute)
		must(t, s.rollouts.OpenTasks(ctx, rollout.Task{Plan: "emea", Stage: stage, ID: stage + "/seat", Name: "order seats", Owner: "tel", Due: at, State: rollout.TaskOpen}))
		must(t, s.rollouts.KeepReadings(ctx, rollout.Reading{
			Plan: "emea", Stage: stage, Gate: "aht", At: at, To: at, Samples: 2, Ruling: rollout.GateFails, Differences: []rollout.Difference{{Key: "E1"}, {Key: "E2"}},
		}))
	}
}
