package workflows_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// office is one agent in a world of memory, moved by the real workflows and
// activities.
type office struct {
	world  *cutovertest.World
	stores *cutovertest.Stores
	user   *activities.User
	runs   int
	// forth and back play a switch of the agent as part of a plan.
	forth, back func() cutover.State
}

func newOffice() *office {
	w := cutovertest.NewWorld(cutovertest.Before())
	s := cutovertest.NewStores(cutovertest.Agent())
	return &office{world: w, stores: s, user: &activities.User{
		Old: w.Platform(dualtone.Old), New: w.Platform(dualtone.New), CRM: w.CRM(cutovertest.CallCenters()...),
		Router: w.Router(), Flips: cutovertest.Flips{Router: w.Router(), Switches: s},
		People: s, Switches: s, Migration: cutovertest.Migration(),
		Drain: activities.Drain{Wait: 5 * time.Millisecond, Poll: time.Millisecond}, Now: time.Now,
	}}
}

// fatal is the part of a test that ends it.
type fatal interface {
	Fatalf(format string, args ...any)
}

// run runs a workflow for the agent to its end.
func (o *office) run(t fatal, workflow any) workflows.Progress { return o.runFor(t, workflow, nil) }

// runFor does so on behalf of a stage, whose holds are honored.
func (o *office) runFor(t fatal, workflow any, held *activities.StageRef) workflows.Progress {
	r := workflows.UserRequest{Held: held}
	if held != nil {
		r.Cohort = rollout.CohortName(held.Plan, held.Stage)
	}
	return o.runAs(t, workflow, r)
}

// runAs does so as it is asked for.
func (o *office) runAs(t fatal, workflow any, r workflows.UserRequest) workflows.Progress {
	r.Person, r.Actor, r.Reason, r.DrainWait, r.Patience = "E100", "test", "because", o.user.Drain.Wait, time.Minute
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{
		Interceptors:             []interceptor.WorkerInterceptor{&activities.Interceptor{}},
		DeadlockDetectionTimeout: time.Minute, // a busy machine is no deadlock
	})
	activities.Register(env, o.user, &activities.Cohort{})
	env.SetTestTimeout(5 * time.Minute) // a busy machine is no failure
	o.runs++
	env.SetStartWorkflowOptions(startOptions(fmt.Sprintf("user/E100-%d", o.runs)))
	env.ExecuteWorkflow(workflow, r)
	var p workflows.Progress
	if err := env.GetWorkflowResult(&p); err != nil {
		t.Fatalf("the workflow ended with an error: %v", err)
	}
	return p
}

func TestAUserIsMovedAndBroughtBack(t *testing.T) {
	t.Parallel()
	o := newOffice()
	moved := o.run(t, workflows.SwitchUser)
	if moved.State != cutover.OnNew {
		t.Fatalf("the user is %s (%s), want on_new", moved.State, moved.Detail)
	}
	held, err := o.stores.Latest(t.Context(), "E100")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cutover.Differences(cutover.Apply(cutovertest.Before(), held.Actions), o.world.Image()); len(diff) > 0 {
		t.Errorf("the world differs from the plan: %+v", diff)
	}
	back := o.run(t, workflows.ReturnUser)
	if back.State != cutover.Restored {
		t.Fatalf("the user is %s (%s), want restored", back.State, back.Detail)
	}
	if diff := cmp.Diff(cutovertest.Before(), o.world.Image()); diff != "" {
		t.Errorf("the world is not as it was before (-before +now):\n%s", diff)
	}
}

func TestWritesComeInTheirOrder(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.run(t, workflows.SwitchUser)
	forth := writes(o.world.Ops())
	want := []string{
		"new.seat", "routes", "old.offering", "crm.softphone", "routes", "old.forward", "old.offering", "new.offering",
	}
	if diff := cmp.Diff(want, forth); diff != "" {
		t.Errorf("writes of a move (-want +got):\n%s", diff)
	}
	o.run(t, workflows.ReturnUser)
	back := writes(o.world.Ops())[len(forth):]
	slices.Reverse(want)
	want = slices.Insert(want, 0, "new.offering") // offers stop first
	if diff := cmp.Diff(want, back); diff != "" {
		t.Errorf("writes of the way back (-want +got):\n%s", diff)
	}
}

func writes(ops []string) []string {
	var all []string
	for _, op := range ops {
		if facet, ok := strings.CutPrefix(op, "set "); ok {
			all = append(all, facet)
		}
	}
	return all
}

func TestAUserOnACallIsDeferredWithNothingWritten(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.world.SetBusy(dualtone.Old, true)
	p := o.run(t, workflows.SwitchUser)
	if p.State != cutover.Deferred || !strings.Contains(p.Detail, "talking on old") {
		t.Errorf("the user is %s (%s), want deferred and the call named", p.State, p.Detail)
	}
	if diff := cmp.Diff(cutovertest.Before(), o.world.Image()); diff != "" {
		t.Errorf("something stayed written (-before +now):\n%s", diff)
	}
}

// A way back that insists waits no longer than it should for a call to end: new
// calls go back, and the one that lasts goes on.
func TestAWayBackThatInsistsGoesOnBesideACall(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.run(t, workflows.SwitchUser)
	there := o.world.Image()
	o.world.SetBusy(dualtone.New, true)
	if p := o.run(t, workflows.ReturnUser); p.State != cutover.Deferred || !strings.Contains(p.Detail, "talking on new") {
		t.Errorf("a way back that does not insist: %s (%s), want deferred and the call named", p.State, p.Detail)
	}
	if diff := cmp.Diff(there, o.world.Image()); diff != "" {
		t.Errorf("it left something written (-there +now):\n%s", diff)
	}
	const callEnds = 50 * time.Millisecond // the seat is taken then
	time.AfterFunc(callEnds, func() { o.world.SetBusy(dualtone.New, false) })
	p := o.runAs(t, workflows.ReturnUser, workflows.UserRequest{Insist: true})
	if p.State != cutover.Restored {
		t.Errorf("a way back that insists: %s (%s)", p.State, p.Detail)
	}
	if diff := cmp.Diff(cutovertest.Before(), o.world.Image()); diff != "" {
		t.Errorf("the world is not as it was before (-before +now):\n%s", diff)
	}
}

func TestASecondMoveChangesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.run(t, workflows.SwitchUser)
	before := len(writes(o.world.Ops()))
	p := o.run(t, workflows.SwitchUser)
	if p.State != cutover.OnNew || !p.Unchanged {
		t.Errorf("the user is %s, unchanged %t; want on_new, unchanged", p.State, p.Unchanged)
	}
	if after := len(writes(o.world.Ops())); after != before {
		t.Errorf("the second move made %d writes, want none", after-before)
	}
	if p := o.run(t, workflows.ReturnUser); p.State != cutover.Restored {
		t.Errorf("after it the way back ended in %s, want restored", p.State)
	}
}

func TestWhoWasOnTheNewSideBeforeHasNothingToGoBackTo(t *testing.T) {
	t.Parallel()
	o := newOffice()
	if _, err := o.stores.Place(t.Context(), map[dualtone.PersonID]dualtone.Side{"E100": dualtone.New}, cutover.Import{}); err != nil {
		t.Fatal(err)
	}
	if p := o.run(t, workflows.SwitchUser); p.State != cutover.OnNew || !p.Unchanged {
		t.Errorf("a move there ends in %s, unchanged %t; want on_new, unchanged", p.State, p.Unchanged)
	}
	if p := o.run(t, workflows.ReturnUser); p.State != cutover.FailedClean || !strings.Contains(p.Detail, "no before-image") {
		t.Errorf("a way back ends in %s (%s), want it refused for want of a before-image", p.State, p.Detail)
	}
	if made := writes(o.world.Ops()); len(made) > 0 {
		t.Errorf("%v were written, want nothing", made)
	}
}

func TestSomebodyElsesChangeIsNotOverwritten(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.run(t, workflows.SwitchUser)
	theirs := cutover.Value{Forward: &dualtone.Forward{To: "+442071838750"}}
	o.world.FailWith(meddleOnce("get old.forward", cutover.OldForward, theirs))
	p := o.run(t, workflows.ReturnUser)
	if p.State != cutover.RestoreDrift {
		t.Fatalf("the user is %s, want restore_drift", p.State)
	}
	want := cutovertest.Before().With(cutover.OldForward, theirs)
	if diff := cmp.Diff(want, o.world.Image()); diff != "" {
		t.Errorf("all but their change should be restored (-want +got):\n%s", diff)
	}
	drift, err := o.stores.Journal(t.Context(), cutover.JournalQuery{Kind: cutover.Drifted})
	if err != nil || len(drift) != 1 || drift[0].Facet != cutover.OldForward || !drift[0].Now.Equal(theirs) {
		t.Errorf("the journal tells of the drift as %+v, %v", drift, err)
	}
}

func TestAWayBackWaitsForASystemThatIsAway(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]error{"does not answer": dualtone.ErrUnavailable, "refuses the credentials": dualtone.ErrDenied} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice()
			o.run(t, workflows.SwitchUser)
			// The last of these attempts comes after 75 s: the patience is a minute.
			looks := 9
			o.world.FailWith(func(op string) cutovertest.Failure {
				if op != "get crm.softphone" || looks == 0 {
					return cutovertest.Failure{}
				}
				looks--
				return cutovertest.Failure{Before: away}
			})
			if p := o.run(t, workflows.ReturnUser); p.State != cutover.Restored {
				t.Errorf("the user is %s (%s), want restored", p.State, p.Detail)
			}
			if looks > 0 {
				t.Errorf("%d failures were left over", looks)
			}
		})
	}
}

func meddleOnce(at string, f cutover.Facet, v cutover.Value) func(string) cutovertest.Failure {
	var done atomic.Bool
	return func(op string) cutovertest.Failure {
		if op != at || done.Swap(true) {
			return cutovertest.Failure{}
		}
		return cutovertest.Failure{Meddle: func(i cutover.Image) cutover.Image { return i.With(f, v) }}
	}
}

// onceAt does something when an operation is asked for the first time.
func onceAt(at string, do func()) func(string) cutovertest.Failure {
	var done atomic.Bool
	return func(op string) cutovertest.Failure {
		if op == at && !done.Swap(true) {
			do()
		}
		return cutovertest.Failure{}
	}
}

// troubles are what may befall an operation.
var troubles = map[string]cutovertest.Failure{
	"refused":     {Before: dualtone.ErrUnavailable},
	"throttled":   {Before: &dualtone.ThrottledError{System: "crm", After: time.Second}},
	"invalid":     {Before: dualtone.ErrInvalid},
	"denied":      {Before: dualtone.ErrDenied},
	"answer lost": {After: dualtone.ErrUnknown},
	"cut short":   {After: errors.New("connection reset")},
}

// TestAnyFailureAtAnyStep injects failures anywhere in a move, and in the
// taking back of it, and looks at the world afterwards.
func TestAnyFailureAtAnyStep(t *testing.T) {
	t.Parallel()
	kinds := []string{"refused", "throttled", "invalid", "denied", "answer lost", "cut short"}
	rapid.Check(t, func(t *rapid.T) {
		o := newOffice()
		plan := rapid.MapOfN(rapid.IntRange(0, 45), rapid.SampledFrom(kinds), 0, 6).Draw(t, "failures")
		n := -1
		var lasting bool
		o.world.FailWith(func(op string) cutovertest.Failure {
			n++
			kind := plan[n]
			// Reading never fails for good: that is what a preflight finds out.
			if kind == "invalid" && strings.HasPrefix(op, "set ") {
				lasting = true
			} else if kind == "invalid" {
				kind = "refused"
			}
			return troubles[kind]
		})
		p := o.run(t, workflows.SwitchUser)
		o.judge(t, p, lasting)
		if p.State != cutover.OnNew {
			return
		}
		o.judge(t, o.run(t, workflows.ReturnUser), lasting)
	})
}

// judge compares where the workflow says the user is with the world.
func (o *office) judge(t *rapid.T, p workflows.Progress, lasting bool) {
	before := cutovertest.Before()
	want := before
	stayed := p.To == dualtone.Old && (p.State == cutover.FailedClean || p.State == cutover.Deferred)
	switch {
	case p.State == cutover.OnNew || stayed:
		held, err := o.stores.Latest(t.Context(), "E100")
		if err != nil {
			t.Fatal(err)
		}
		want = cutover.Apply(before, held.Actions)
	case p.State == cutover.Restored, p.State == cutover.FailedClean, p.State == cutover.Deferred:
	case p.State == cutover.RestoreDrift:
		if !lasting {
			t.Fatalf("restore_drift (%s) though every failure passed", p.Detail)
		}
		return
	default:
		t.Fatalf("ended in %s", p.State)
	}
	if diff := cutover.Differences(want, o.world.Image()); len(diff) > 0 {
		t.Fatalf("%s (%s), but the world differs: %+v", p.State, p.Detail, diff)
	}
	person, err := o.stores.Person(t.Context(), "E100")
	if err != nil || person.State != p.State {
		t.Fatalf("the store says %s, the workflow %s (%v)", person.State, p.State, err)
	}
}

func TestTheOldPhoneIsForwardedOnlyOnceTheNewOneRings(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.user.SignIn = time.Minute
	const looks = 5
	o.world.SignOut(dualtone.New, looks)
	p := o.run(t, workflows.SwitchUser)
	if p.State != cutover.OnNew {
		t.Fatalf("the user is %s (%s), want on_new", p.State, p.Detail)
	}
	ops := o.world.Ops()
	before := ops[:slices.Index(ops, "set old.forward")]
	asked := len(slices.DeleteFunc(slices.Clone(before), func(op string) bool { return op != "presence new" }))
	if asked <= looks {
		t.Errorf("the old phone was forwarded after %d looks at a softphone that is open at the %dth", asked, looks+1)
	}
	if slices.Index(ops, "set crm.softphone") > slices.Index(ops, "set old.forward") {
		t.Error("the forward was set before the softphone")
	}
}

func TestNobodyIsWaitedForAllNight(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.user.SignIn = 5 * time.Millisecond
	o.world.SignOut(dualtone.New, 1_000_000)
	if p := o.run(t, workflows.SwitchUser); p.State != cutover.OnNew {
		t.Fatalf("the user is %s (%s), want on_new", p.State, p.Detail)
	}
	notes, err := o.stores.Journal(t.Context(), cutover.JournalQuery{Kind: cutover.Note})
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0].Text, "not signed in to new") {
		t.Errorf("the journal says %+v, %v; want that nobody signed in", notes, err)
	}
}
