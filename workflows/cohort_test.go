package workflows_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/workflows"
)

// floor is a cohort of many whose switches are played by a stub, so that only
// the parent is under test.
type floor struct {
	env    *testsuite.TestWorkflowEnvironment
	stores *cutovertest.Stores

	mu       sync.Mutex
	started  []dualtone.PersonID
	inFlight int
	most     int
	end      func(dualtone.PersonID) cutover.State
}

func newFloor(t *testing.T, size int) *floor {
	t.Helper()
	var people []dualtone.Person
	var ids []dualtone.PersonID
	for i := range size {
		id := dualtone.PersonID(fmt.Sprintf("E%05d", i))
		people, ids = append(people, dualtone.Person{ID: id}), append(ids, id)
	}
	f := &floor{stores: cutovertest.NewStores(people...), end: func(dualtone.PersonID) cutover.State { return cutover.OnNew }}
	if err := f.stores.Create(t.Context(), cutover.Cohort{Name: "spring"}, ids); err != nil {
		t.Fatal(err)
	}
	f.fresh()
	return f
}

// fresh makes the environment of one more run of the parent.
func (f *floor) fresh() {
	var suite testsuite.WorkflowTestSuite
	f.env = suite.NewTestWorkflowEnvironment()
	f.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // a busy machine is no deadlock
	c := &activities.Cohort{Cohorts: f.stores}
	f.env.RegisterActivityWithOptions(c.Members, activity.RegisterOptions{Name: activities.MembersName})
	f.env.RegisterActivityWithOptions(f.runUser, activity.RegisterOptions{Name: activities.RunUserName})
	f.env.RegisterWorkflowWithOptions(workflows.MoveCohort, workflow.RegisterOptions{Name: workflows.MoveCohortName})
}

func (f *floor) runUser(ctx context.Context, r activities.UserRun) (activities.UserEnd, error) {
	f.mu.Lock()
	f.inFlight++
	f.most = max(f.most, f.inFlight)
	f.started = append(f.started, r.Person)
	state := f.end(r.Person)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.inFlight--
	}()
	to := dualtone.New
	if r.Workflow == workflows.ReturnUserName {
		to, state = dualtone.Old, cutover.Restored
	}
	_, err := f.stores.Keep(ctx, cutover.Switch{ID: cutover.SwitchID(r.Workflow + "/" + string(r.Person)), Person: r.Person, To: to, State: state})
	return activities.UserEnd{State: state}, err
}

func request(to dualtone.Side) workflows.CohortRequest {
	return workflows.CohortRequest{
		Cohort: "spring", To: to, Actor: "pm", Reason: "wave 1", Window: 5,
		DrainWait: time.Second, Patience: time.Minute, RunLength: 1000,
	}
}

func (f *floor) run(t *testing.T, r workflows.CohortRequest) workflows.CohortStatus {
	t.Helper()
	for {
		f.env.ExecuteWorkflow(workflows.MoveCohortName, r)
		err := f.env.GetWorkflowError()
		if err == nil {
			break
		}
		var again *workflow.ContinueAsNewError
		if !asContinue(err, &again) {
			t.Fatal(err)
		}
		r = workflows.CohortRequest{}
		if err := decode(again.Input, &r); err != nil {
			t.Fatal(err)
		}
		f.fresh()
	}
	var s workflows.CohortStatus
	if err := f.env.GetWorkflowResult(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestACohortMovesInItsWindow(t *testing.T) {
	t.Parallel()
	f := newFloor(t, 450)
	s := f.run(t, request(dualtone.New))
	if s.Verdict != cutover.AllMoved || s.Tally[cutover.OnNew] != 450 {
		t.Errorf("verdict %s, tally %v; want all 450 moved", s.Verdict, s.Tally)
	}
	if f.most > 5 {
		t.Errorf("%d users were in flight at once, want at most 5", f.most)
	}
}

func TestACohortGoesOnInNewRuns(t *testing.T) {
	t.Parallel()
	f := newFloor(t, 333)
	r := request(dualtone.New)
	r.RunLength = 50
	s := f.run(t, r)
	if s.Tally[cutover.OnNew] != 333 {
		t.Errorf("tally %v, want 333 on_new over all runs", s.Tally)
	}
	unique := slices.Compact(slices.Sorted(slices.Values(f.started)))
	if len(unique) != 333 {
		t.Errorf("%d users were started, want each of 333", len(unique))
	}
}

func TestPartialSuccessIsNotSuccess(t *testing.T) {
	t.Parallel()
	f := newFloor(t, 20)
	f.end = func(id dualtone.PersonID) cutover.State {
		if id == "E00007" {
			return cutover.Restored
		}
		return cutover.OnNew
	}
	if s := f.run(t, request(dualtone.New)); s.Verdict != cutover.Partial {
		t.Errorf("verdict %s with one user restored, want partial", s.Verdict)
	}
	takenBack := cutover.Switch{ID: "back", Person: "E00003", To: dualtone.Old, State: cutover.Restored, Started: time.Now()}
	if _, err := f.stores.Keep(t.Context(), takenBack); err != nil {
		t.Fatal(err)
	}
	retry := request(dualtone.New)
	retry.Retry = true
	f.started, f.end = nil, func(dualtone.PersonID) cutover.State { return cutover.OnNew }
	f.fresh()
	if s := f.run(t, retry); s.Verdict != cutover.AllMoved || len(f.started) != 1 {
		t.Errorf("retry of the failed only: %s after starting %v", s.Verdict, f.started)
	}
}

func TestACohortIsTakenBackInReverseOrder(t *testing.T) {
	t.Parallel()
	f := newFloor(t, 12)
	r := request(dualtone.New)
	r.Window = 1
	f.run(t, r)
	f.started = nil
	f.fresh()
	r.To = dualtone.Old
	if s := f.run(t, r); s.Verdict != cutover.AllRestored {
		t.Errorf("verdict %s, want restored", s.Verdict)
	}
	back := slices.Clone(f.started)
	slices.Reverse(back)
	if len(back) != 12 || !slices.IsSorted(back) {
		t.Errorf("taken back in the order %v", f.started)
	}
}

// order gives a verb and returns what spoke against it.
func (f *floor) order(name string, o workflows.Order) *string {
	var refused string
	f.env.UpdateWorkflow(name, name+time.Now().String(), &testsuite.TestUpdateCallback{
		OnReject:   func(err error) { refused = err.Error() },
		OnAccept:   func() {},
		OnComplete: func(any, error) {},
	}, o)
	return &refused
}

func TestVerbsOfARunningCohort(t *testing.T) {
	t.Parallel()
	f := newFloor(t, 10)
	pm := workflows.Order{Actor: "pm", Reason: "lunch"}
	var refusals []*string
	f.env.RegisterDelayedCallback(func() {
		f.order(workflows.PauseVerb, pm)
		refusals = append(refusals,
			f.order(workflows.PauseVerb, pm),
			f.order(workflows.WindowVerb, workflows.Order{Actor: "pm", Window: 5000}),
			f.order(workflows.TurnBackVerb, workflows.Order{}))
		f.order(workflows.SkipVerb, workflows.Order{Actor: "pm", Reason: "on leave", Person: "E00009"})
		f.order(workflows.WindowVerb, workflows.Order{Actor: "pm", Window: 1})
	}, 0)
	var frozen int
	f.env.RegisterDelayedCallback(func() { frozen = len(f.started) }, time.Hour)
	f.env.RegisterDelayedCallback(func() {
		if len(f.started) != frozen {
			t.Errorf("a paused cohort started %d more users", len(f.started)-frozen)
		}
		f.order(workflows.ResumeVerb, pm)
		refusals = append(refusals, f.order(workflows.ResumeVerb, pm))
	}, 2*time.Hour)
	s := f.run(t, request(dualtone.New))
	if s.Tally[cutover.Skipped] != 1 || slices.Contains(f.started, "E00009") {
		t.Errorf("tally %v, started %v: want E00009 skipped", s.Tally, f.started)
	}
	for i, want := range []string{"already paused by pm: lunch", "from 1 to 500", "does not say who", "not paused"} {
		if !strings.Contains(*refusals[i], want) {
			t.Errorf("refusal %d says %q, want %q in it", i, *refusals[i], want)
		}
	}
}

func TestTurningBackTakesBackWhoWasMoved(t *testing.T) {
	t.Parallel()
	f := newFloor(t, 400)
	f.env.RegisterDelayedCallback(func() {
		f.order(workflows.TurnBackVerb, workflows.Order{Actor: "ic", Reason: "voice quality"})
	}, 0)
	s := f.run(t, request(dualtone.New))
	if s.To != dualtone.Old || s.Verdict != cutover.AllRestored && s.Verdict != cutover.Empty {
		t.Errorf("the cohort ended %s on the way to %s", s.Verdict, s.To)
	}
	for _, id := range f.started {
		p, err := f.stores.Person(t.Context(), id)
		if err != nil || p.Side != dualtone.Old {
			t.Errorf("%s is on the %s side after turning back", id, p.Side)
		}
	}
}

func TestAStoppedCohortSaysSo(t *testing.T) {
	t.Parallel()
	f := newFloor(t, 400)
	f.env.RegisterDelayedCallback(func() {
		f.order(workflows.StopVerb, workflows.Order{Actor: "pm", Reason: "enough"})
	}, 0)
	if s := f.run(t, request(dualtone.New)); s.Verdict != cutover.Stopped || s.Tally.Total() == 400 {
		t.Errorf("verdict %s after %d users, want stopped before all", s.Verdict, s.Tally.Total())
	}
}
