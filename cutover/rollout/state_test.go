package rollout_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func noon() time.Time { return time.Date(2027, 3, 2, 12, 0, 0, 0, time.UTC) }

func stage(s rollout.State) rollout.Standing {
	return rollout.Standing{Level: rollout.OfStage, Plan: "emea", Stage: "pilot", Hash: "h1", Author: "ada", State: s, Since: noon()}
}

func order(v rollout.Verb, role rollout.Role) rollout.Order {
	return rollout.Order{Verb: v, Actor: "oscar", Role: role, Reason: "as agreed", At: noon().Add(time.Minute), Evidence: noon().Add(time.Second)}
}

// fluxcd/flagger#1432 and #1588: no way back while waiting for approval, and
// while stuck in promoting.
func TestRollbackIsTakenInEveryStateBeforeFinalised(t *testing.T) {
	t.Parallel()
	over := []rollout.State{rollout.Finalised, rollout.RollingBack, rollout.RolledBack}
	for _, s := range rollout.StageStates() {
		standing := stage(s)
		standing.Holds = []rollout.Hold{{ID: "h", Plan: "emea", Owner: "ivy", Reason: "voice", Placed: noon()}}
		_, err := standing.Take(order(rollout.Rollback, plan.Operator))
		if want := !slices.Contains(over, s); want != (err == nil) {
			t.Errorf("rollback of a held stage that is %s: %v", s, err)
		}
	}
	for _, s := range []rollout.State{rollout.Active, rollout.Completed, rollout.Aborting, rollout.Aborted, rollout.RolledBackPartial} {
		standing := rollout.Standing{Level: rollout.OfPlan, Plan: "emea", State: s, Since: noon()}
		if _, err := standing.Take(order(rollout.Rollback, plan.IncidentCommander)); err != nil {
			t.Errorf("rollback of a plan that is %s: %v", s, err)
		}
	}
}

// argoproj/argo-cd#29410: acted on a stale "done" and rolled production first.
func TestAStepIsJudgedOnlyOnNewerEvidence(t *testing.T) {
	t.Parallel()
	for verb, in := range map[rollout.Verb]rollout.State{rollout.Pass: rollout.Evaluating, rollout.Checked: rollout.Prechecking} {
		o := order(verb, rollout.System)
		o.Evidence = noon().Add(-time.Second)
		if _, err := stage(in).Take(o); !errors.Is(err, dualtone.ErrConflict) || !strings.Contains(err.Error(), "older than") {
			t.Errorf("%s on evidence of before it began: %v", verb, err)
		}
		o.Evidence = noon()
		if _, err := stage(in).Take(o); err != nil {
			t.Errorf("%s on evidence of its own time: %v", verb, err)
		}
	}
	g := plan.HealthGate{Name: "aht", Threshold: &plan.Threshold{Max: &plan.Level{Micro: 300e6, Unit: plan.InTime}}, MinSamples: 1}
	stale := rollout.Reading{Gate: "aht", Value: 100, Samples: 50, At: noon().Add(-time.Hour), To: noon().Add(-time.Hour)}
	if got, why := rollout.Decide(g, []rollout.Reading{stale}, noon()); got != rollout.NoData {
		t.Errorf("a gate on a reading of before the switch: %s, %s", got, why)
	}
}

func TestARefusalSaysWhyAndWhoMay(t *testing.T) {
	t.Parallel()
	held := stage(rollout.WaitingWindow)
	held.Holds = []rollout.Hold{{ID: "h", Plan: "emea", Owner: "ivy", Reason: "voice", Placed: noon(), Expires: noon().Add(time.Hour)}}
	short := stage(rollout.Evaluating)
	short.Users = cutover.Tally{cutover.OnNew: 9, cutover.FailedClean: 2}
	submitted := rollout.Standing{Level: rollout.OfPlan, Plan: "emea", Hash: "h1", Author: "oscar", State: rollout.Submitted, Since: noon()}
	for _, c := range []struct {
		what string
		s    rollout.Standing
		o    rollout.Order
		kind error
		want string
	}{
		{"in the wrong state", stage(rollout.Passed), order(rollout.Pause, plan.Operator), dualtone.ErrConflict, "pause of stage pilot of plan emea refused: it is passed, and that is possible in switching"},
		{"in the wrong role", stage(rollout.Switching), order(rollout.Rollback, plan.Viewer), dualtone.ErrDenied, "oscar acts as viewer; may: operator, operations-lead, incident-commander"},
		{"without a reason", stage(rollout.Switching), rollout.Order{Verb: rollout.Rollback, Actor: "oscar", Role: plan.Operator}, dualtone.ErrInvalid, "it needs a reason"},
		{"by nobody", stage(rollout.Switching), rollout.Order{Verb: rollout.Pause, Role: plan.Operator}, dualtone.ErrInvalid, "who asks"},
		{"under a hold", held, order(rollout.Open, rollout.System), dualtone.ErrConflict, "ivy holds the plan until 2027-03-02T13:00:00Z: voice"},
		{"of a partial success", short, order(rollout.Pass, rollout.System), dualtone.ErrConflict, "2 failed_clean"},
		{"of one's own plan", submitted, order(rollout.Approve, plan.CutoverApprover), dualtone.ErrDenied, "its author does not approve it"},
		{"of a changed plan", submitted, rollout.Order{Verb: rollout.Reject, Actor: "eve", Role: plan.CutoverApprover, Reason: "no", Hash: "h0"}, dualtone.ErrConflict, "it is about plan h0, and h1 is in force"},
		{"of an unknown verb", submitted, order("dance", plan.Operator), dualtone.ErrInvalid, "does not know it"},
	} {
		_, err := c.s.Take(c.o)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %v with %q", c.what, err, c.kind, c.want)
		}
	}
}

func TestAnIrreversibleStageThatHasBegunStays(t *testing.T) {
	t.Parallel()
	port := stage(rollout.Switching)
	port.LastResort = true
	if _, err := port.Take(order(rollout.Rollback, plan.Operator)); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("rollback of ported numbers: %v", err)
	}
	port.State = rollout.Prechecking
	if _, err := port.Take(order(rollout.Rollback, plan.Operator)); err != nil {
		t.Errorf("rollback before it began: %v", err)
	}
}

// TestNoForwardMoveUnderAHold gives random orders to a stage and looks at what
// is taken.
func TestNoForwardMoveUnderAHold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := stage(rapid.SampledFrom(rollout.StageStates()).Draw(t, "state"))
		s.Holds = []rollout.Hold{{ID: "h", Plan: "emea", Stage: rapid.SampledFrom([]string{"", "pilot", "other"}).Draw(t, "stage"), Owner: "ivy", Reason: "r", Placed: noon()}}
		o := order(rapid.SampledFrom(allVerbs()).Draw(t, "verb"), rapid.SampledFrom(roles()).Draw(t, "role"))
		tr, err := s.Take(o)
		if err != nil || s.Holds[0].Stage == "other" {
			return
		}
		if ahead(tr.To) > ahead(tr.From) {
			t.Fatalf("%s went from %s to %s under a hold", o.Verb, tr.From, tr.To)
		}
	})
}

// ahead is how far a state is towards the new side; states that are no part of
// the way there, and such as only wait, are at its beginning.
func ahead(s rollout.State) int {
	return slices.Index([]rollout.State{
		rollout.Prechecking, rollout.AwaitingApproval, rollout.WaitingWindow, rollout.Switching, rollout.Soaking, rollout.Evaluating,
		rollout.Passed, rollout.Finalised,
	}, s)
}

func allVerbs() []rollout.Verb {
	return []rollout.Verb{
		rollout.Start, rollout.Checked, rollout.Unready, rollout.Approve, rollout.Reject, rollout.GiveUp, rollout.Cleared, rollout.Expire,
		rollout.Open, rollout.Close, rollout.Switched, rollout.FellShort, rollout.LostTrack, rollout.Soaked, rollout.Pass, rollout.Fail,
		rollout.GoBack, rollout.Override, rollout.Pause, rollout.Resume, rollout.Limit, rollout.Retry, rollout.Skip, rollout.Abort,
		rollout.Rollback, rollout.Restored, rollout.Drifted, rollout.Finalise, rollout.PutHold, rollout.Release, rollout.Progress,
	}
}

func roles() []rollout.Role {
	return []rollout.Role{rollout.System, plan.Operator, plan.Planner, plan.IncidentCommander, plan.CutoverApprover, plan.FinanceOwner}
}

// history is what befell a random stage.
type history struct {
	users  []cutover.State
	events []rollout.Order
}

// play takes events in order, moving users as the work of each state would, and
// returns every transition.
func (h history) play() (rollout.Standing, []rollout.Transition, []error) {
	s := stage(rollout.Pending)
	users := slices.Clone(h.users)
	var taken []rollout.Transition
	var refused []error
	for _, o := range h.events {
		s.Users = cutover.Tally{}
		for _, u := range users {
			s.Users.Add(u)
		}
		tr, err := s.Take(o)
		if err != nil {
			refused = append(refused, err)
			continue
		}
		s, taken = s.After(tr), append(taken, tr)
		if tr.To == rollout.RolledBack {
			for i := range users {
				users[i] = cutover.Restored
			}
		}
	}
	return s, taken, refused
}

func drawHistory(t *rapid.T) history {
	h := history{users: rapid.SliceOfN(rapid.SampledFrom(cutover.States()), 0, 6).Draw(t, "users")}
	for i := range rapid.IntRange(1, 40).Draw(t, "length") {
		o := order(rapid.SampledFrom(allVerbs()).Draw(t, "verb"), rapid.SampledFrom(roles()).Draw(t, "role"))
		o.At = noon().Add(time.Duration(i+1) * time.Minute)
		o.Evidence = o.At.Add(-time.Duration(rapid.IntRange(0, 120).Draw(t, "age")) * time.Second)
		h.events = append(h.events, o)
	}
	return h
}

func TestARandomHistoryKeepsThePromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		end, taken, _ := h.play()
		short := rollout.Missing(tally(h.users)) != ""
		back := false
		for _, tr := range taken {
			if tr.Actor == "" || tr.Role == "" || tr.Hash != "h1" || tr.At.IsZero() {
				t.Fatalf("a transition does not say who, in which role, of what and when: %+v", tr)
			}
			back = back || tr.To == rollout.RolledBack
			if short && !back && (tr.To == rollout.Passed || tr.To == rollout.Soaking) {
				t.Fatalf("with %s the stage became %s", rollout.Missing(tally(h.users)), tr.To)
			}
		}
		if end.State != rollout.Finalised && end.State != rollout.RollingBack && end.State != rollout.RolledBack {
			if _, err := end.Take(order(rollout.Rollback, plan.Operator)); err != nil {
				t.Fatalf("no way back from %s: %v", end.State, err)
			}
		}
	})
}

func TestTwoRunsOfTheSameHistoryAreEqual(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		end1, taken1, refused1 := h.play()
		end2, taken2, refused2 := h.play()
		if diff := cmp.Diff(taken1, taken2); diff != "" || !cmp.Equal(end1, end2) || fmt.Sprint(refused1) != fmt.Sprint(refused2) {
			t.Fatalf("two runs differ: %s", diff)
		}
	})
}

func tally(users []cutover.State) cutover.Tally {
	all := cutover.Tally{}
	for _, u := range users {
		all.Add(u)
	}
	return all
}

func TestEveryStateIsReachedAndLeft(t *testing.T) {
	t.Parallel()
	for level, states := range map[rollout.Level][]rollout.State{rollout.OfPlan: rollout.PlanStates(), rollout.OfStage: rollout.StageStates()} {
		for _, s := range states {
			orders := rollout.Orders(level, s)
			if s != rollout.Finalised && s != rollout.Skipped && s != rollout.RolledBack && len(orders) == 0 && rollout.Next(s) == rollout.AwaitOrder {
				t.Errorf("a %s that is %s waits for an order and takes none", level, s)
			}
			for _, v := range orders {
				if len(rollout.Who(level, s, v)) == 0 {
					t.Errorf("nobody may %s a %s that is %s", v, level, s)
				}
			}
		}
	}
}
