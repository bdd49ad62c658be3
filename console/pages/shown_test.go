package pages_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/console/pages"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/people"
)

// pounds is a day that costs so many.
type pounds int

func (p pounds) Standing(context.Context, string) (cost.Standing, error) {
	of := func(n int) finance.Money { return finance.Money{Amount: finance.Whole(n), Currency: "GBP"} }
	return cost.Standing{Waste: of(4100), Day: cost.Point{Waste: of(int(p)), Cash: of(30)}}, nil
}

// crowd puts people onto the user list.
func (s *site) crowd(t *testing.T, names ...dualtone.PersonID) {
	t.Helper()
	var all []dualtone.Person
	for _, id := range names {
		all = append(all, dualtone.Person{ID: id, Name: "Agent " + string(id), Extension: string(id), Accounts: dualtone.Accounts{Old: dualtone.UserID("old-" + id), New: dualtone.UserID("new-" + id)}})
	}
	must(t, s.desk.People.Import(t.Context(), all, cutover.Import{Actor: "test", Source: "test"}))
}

func TestOneUserIsNotCalledSeveral(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.crowd(t, "1001")
	s.handIn(t, "spring", "pam", "1001")
	must(t, s.desk.Plans.Store.OpenTasks(t.Context(), rollout.Task{
		Plan: "spring", Stage: "pilot", ID: "letter", Name: "Letter", Owner: "olga", Due: time.Now(), Confirm: "records", State: rollout.TaskOpen,
	}))
	olga := s.as(t, "olga", access.Operator)
	shows(t, olga.look(t, "/plans/spring?stage=pilot"), ">The one user<", "1 user of stage pilot waits for it")
	shows(t, olga.look(t, "/plans/spring?stage=pilot&state=planned"), "The one user who is planned")
}

func TestATimeWithoutCallsSaysSo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	got := s.as(t, "vi", access.Viewer).look(t, "/reports/traffic?from=2020-01-01&to=2020-01-02")
	shows(t, got, "No call of this time is known.", `<option value="day">day</option>`)
}

func TestAHoldTellsWhatADayOfItCosts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.desk.Plans.Money = pounds(120)
	s.handIn(t, "spring", "pam")
	must(t, s.desk.Plans.Store.PlaceHold(t.Context(), rollout.Hold{
		ID: "h1", Plan: "spring", Owner: "ada", Role: access.OperationsLead, Reason: "trunk alarm", Placed: time.Now().UTC(),
	}))
	const costs = "each day costs 120.00 GBP in waste and 30.00 GBP in cash"
	got := s.as(t, "olga", access.Operator).look(t, "/plans/spring")
	shows(t, got, "trunk alarm", costs, "Waste at completion <strong>4,100.00 GBP</strong>", "While it holds, "+costs)
}

func TestAPlanShowsWhoDrainsAndHowLongTheWayBackTakes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.crowd(t, "1001", "1002", "1003", "1004")
	s.handIn(t, "spring", "pam", "1001", "1002", "1003", "1004")
	store, now := s.desk.Plans.Store, time.Now().UTC()
	mark := func(state cutover.State, who ...dualtone.PersonID) {
		n, err := store.Mark(t.Context(), rollout.Mark{Plan: "spring", Stage: "pilot", People: who, State: state, At: now})
		if err != nil || n != len(who) {
			t.Fatalf("%d people are %s: %v", n, state, err)
		}
	}
	mark(cutover.Captured, "1001")
	mark(cutover.OnNew, "1002", "1003")
	for _, step := range []rollout.Transition{
		{From: rollout.Pending, To: rollout.Switching, At: now.Add(-30 * time.Minute)},
		{From: rollout.Switching, To: rollout.Soaking, At: now.Add(-20 * time.Minute)},
	} {
		step.Plan, step.Stage, step.Verb, step.Actor, step.Role, step.Hash = "spring", "pilot", rollout.Progress, "workflow", access.System, "x"
		must(t, store.Record(t.Context(), step))
	}
	got := s.as(t, "olga", access.Operator).look(t, "/plans/spring")
	shows(t, got, "<b>1</b> of them draining", "drains: no call is offered any more", ">1001</a>", "At the pace of the way there it takes about 1")
}

func TestAWayBackSaysWhoIsOnACall(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var crew []dualtone.PersonID
	for n := range 52 {
		crew = append(crew, dualtone.PersonID(strconv.Itoa(1001+n)))
	}
	s.crowd(t, crew...)
	s.handIn(t, "spring", "pam", crew...)
	olga := s.as(t, "olga", access.Operator)
	said := func(busy map[dualtone.UserID]bool, down error, want string) {
		t.Helper()
		s.desk.Fleet = talkers{busy: busy, down: down}
		shows(t, olga.look(t, "/plans/spring/calls?stage=pilot"), want)
	}
	back := func(who ...dualtone.PersonID) {
		n, err := s.desk.Plans.Store.Mark(t.Context(), rollout.Mark{Plan: "spring", Stage: "pilot", People: who, State: cutover.OnNew, At: time.Now()})
		if err != nil || n != len(who) {
			t.Fatalf("%d people are there: %v", n, err)
		}
	}
	// 1003 is on a call as well, and was not moved.
	talk := map[dualtone.UserID]bool{"new-1001": true, "new-1002": true, "new-1003": true}
	back("1001", "1002")
	shows(t, olga.look(t, "/plans/spring"), `hx-get="/plans/spring/calls?stage=pilot"`)
	said(talk, nil, "2 are on calls now.")
	said(map[dualtone.UserID]bool{"new-1001": true}, nil, "1 is on a call now.")
	said(talk, dualtone.ErrUnavailable, "not known: unavailable")
	back(crew[2:]...)
	said(talk, nil, "Of the first 50, 3 are on calls now.")
	if got := s.as(t, "vi", access.Viewer).look(t, "/plans/spring/calls?stage=pilot"); got.status != http.StatusForbidden {
		t.Errorf("a viewer has vendors asked: %d", got.status)
	}
}

// records are the legs of agents.
type records struct {
	pages.Calls

	of map[dualtone.UserID][]calllog.Kept
}

func (r records) Legs(_ context.Context, q calllog.LegQuery) ([]calllog.Kept, error) {
	return r.of[dualtone.UserID(q.System)+" "+q.Agent], nil
}

func TestAUsersPageHasTheirCallsOnBothSystems(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.crowd(t, "1001")
	leg := func(system, record string, ago time.Duration) []calllog.Kept {
		return []calllog.Kept{{Leg: calllog.Leg{
			LegID: calllog.LegID{System: system, Record: record}, Started: time.Now().Add(-ago), Disposition: calllog.Answered,
			Caller: calllog.Party{Number: "+15550001234"},
		}}}
	}
	s.desk.Sides = map[dualtone.Side]string{dualtone.Old: "pbx", dualtone.New: "cloud"}
	s.desk.Calls = records{of: map[dualtone.UserID][]calllog.Kept{"pbx old-1001": leg("pbx", "before", 2*time.Hour), "cloud new-1001": leg("cloud", "after", time.Hour)}}
	vi := s.as(t, "vi", access.Viewer)
	shows(t, vi.look(t, "/users/1001"), `hx-get="/users/1001/calls"`)
	got := vi.look(t, "/users/1001/calls")
	shows(t, got, "before", "after", "/calls?agent=old-1001&amp;system=pbx", "/calls?agent=new-1001&amp;system=cloud")
	if strings.Index(got.text, "after") > strings.Index(got.text, "before") {
		t.Error("the latest call is not the first")
	}
	if strings.Contains(got.text, "0001234") {
		t.Error("the number of somebody outside is told")
	}
}

func TestWhatDoesNotMatchIsToldBeforeAnythingIsStored(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var stored bool
	s.desk.Match = func(_ context.Context, _ string, write bool) (people.Report, error) {
		stored = write
		return people.Report{
			People: 2, Matches: []people.Matched{{Person: "E1", System: people.CRM, Account: "005A"}},
			Missing: []people.Missing{{Person: "E2", System: people.Old}},
		}, nil
	}
	ada := s.as(t, "ada", access.Admin)
	shows(t, ada.look(t, "/users/match"), "Look")
	shows(t, ada.send(t, "/users/match", url.Values{}), "E2", "missing: no account was found", "Store the 1 accounts that fit")
	if stored {
		t.Error("looking stored something")
	}
	shows(t, ada.send(t, "/users/match", url.Values{"write": {"yes"}, "reason": {"first match"}}), "0 of 2 people are matched on all three systems.")
	if !stored {
		t.Error("nothing was stored")
	}
	if got := s.as(t, "vi", access.Viewer).send(t, "/users/match", url.Values{"write": {"yes"}}); got.status != http.StatusForbidden {
		t.Errorf("a viewer matches: %d", got.status)
	}
}

// fleet are systems that nobody asks.
type fleet []pages.System

func (f fleet) Systems(context.Context) ([]pages.System, error) { return f, nil }

func (fleet) Check(context.Context) []pages.Health { return nil }

func (fleet) OnCalls(context.Context, []dualtone.UserID) (int, error) { return 0, nil }

// talkers are those of the new system who are on a call.
type talkers struct {
	fleet

	busy map[dualtone.UserID]bool
	down error
}

func (x talkers) OnCalls(_ context.Context, users []dualtone.UserID) (n int, err error) {
	for _, u := range users {
		if x.busy[u] {
			n++
		}
	}
	return n, x.down
}

func TestASystemShowsItsLimitAndWhatIsUsedOfIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.desk.Fleet = fleet{
		{Name: "cloud", Kind: "amazonconnect", Simulated: true, PerSecond: 2, Day: 900, Hour: 720, Wait: 1500 * time.Millisecond},
		{Name: "pbx", Kind: "asterisk"},
	}
	got := s.as(t, "vi", access.Viewer).look(t, "/systems")
	shows(t, got, "2 requests a second, over all processes", "900 requests of plans within a day, 720 of them in the busiest hour: 10.0 %", "a request waits 1.5s", "none is set")
	if strings.Count(got.text, ">simulator<") != 1 {
		t.Error("not just the simulator is marked as one")
	}
}
