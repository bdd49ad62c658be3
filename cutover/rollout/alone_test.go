package rollout_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func TestOnlyThoseOfThePlanGoBackAlone(t *testing.T) {
	t.Parallel()
	in := func(state cutover.State) []rollout.User {
		return []rollout.User{{Plan: "emea", Stage: "pilot", Person: "E1", State: state}}
	}
	whole := rollout.Standing{Level: rollout.OfPlan, Plan: "emea", Hash: "h1", State: rollout.Active, Since: noon()}
	final := whole
	final.State = rollout.Finalised
	silent := order(rollout.Rollback, plan.Operator)
	silent.Reason = ""
	for name, c := range map[string]struct {
		at     rollout.Standing
		places []rollout.User
		order  rollout.Order
		want   error
		says   string
	}{
		"on the new side":       {whole, in(cutover.OnNew), order(rollout.Rollback, plan.Operator), nil, ""},
		"of the stage":          {stage(rollout.Passed), in(cutover.OnNew), order(rollout.Rollback, plan.Operator), nil, ""},
		"nobody knows where":    {whole, in(cutover.Unknown), order(rollout.Rollback, plan.Operator), nil, ""},
		"in no stage":           {whole, nil, order(rollout.Rollback, plan.Operator), dualtone.ErrNotFound, "rollback of E1 refused: they are not in plan emea"},
		"of another stage":      {stage(rollout.Passed), []rollout.User{{Stage: "wave-1", Person: "E1", State: cutover.OnNew}}, order(rollout.Rollback, plan.Operator), dualtone.ErrNotFound, "they are not in stage pilot of plan emea"},
		"not moved yet":         {whole, in(cutover.Planned), order(rollout.Rollback, plan.Operator), dualtone.ErrConflict, "they are planned, so nothing of them is on the new side"},
		"back already":          {whole, in(cutover.Restored), order(rollout.Rollback, plan.Operator), dualtone.ErrConflict, "they are restored"},
		"by somebody who looks": {whole, in(cutover.OnNew), order(rollout.Rollback, plan.Viewer), dualtone.ErrDenied, "oscar acts as viewer; may: operator"},
		"without a reason":      {whole, in(cutover.OnNew), silent, dualtone.ErrInvalid, "it needs a reason"},
		"of a finalised plan":   {final, in(cutover.OnNew), order(rollout.Rollback, plan.Operator), dualtone.ErrConflict, "it is finalised"},
	} {
		err := c.at.AgainstTakingBack("E1", c.places, c.order)
		if !errors.Is(err, c.want) || c.want != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v that says %q", name, err, c.want, c.says)
		}
	}
}

func TestWhoMayLeaveSomebodyOut(t *testing.T) {
	t.Parallel()
	silent, other := order(rollout.Skip, plan.Planner), order(rollout.Skip, plan.Planner)
	silent.Reason, other.Hash = "", "h0"
	for name, c := range map[string]struct {
		state rollout.State
		order rollout.Order
		want  error
		says  string
	}{
		"a stage that has not begun":  {rollout.Pending, order(rollout.Skip, plan.Planner), nil, ""},
		"of those who are missing":    {rollout.Partial, order(rollout.Skip, plan.Planner), nil, ""},
		"whoever went back alone":     {rollout.Passed, order(rollout.Skip, plan.IncidentCommander), nil, ""},
		"while all go back":           {rollout.RollingBack, order(rollout.Skip, plan.Planner), dualtone.ErrConflict, "skip of E1 refused: stage pilot of plan emea is rolling_back"},
		"past the point of no return": {rollout.Finalised, order(rollout.Skip, plan.Planner), dualtone.ErrConflict, "is finalised"},
		"by somebody who looks":       {rollout.Pending, order(rollout.Skip, plan.Viewer), dualtone.ErrDenied, "oscar acts as viewer; may: planner, admin, incident-commander"},
		"without a reason":            {rollout.Pending, silent, dualtone.ErrInvalid, "it needs an actor and a reason"},
		"of a plan that was changed":  {rollout.Pending, other, dualtone.ErrConflict, "it is about plan h0, and h1 is in force"},
	} {
		err := stage(c.state).AgainstLeavingOut("E1", c.order)
		if !errors.Is(err, c.want) || c.want != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v that says %q", name, err, c.want, c.says)
		}
	}
}

// A gate without data holds its stage by itself; an approver who overrides the gate
// answers that hold, and no hold of anybody else's.
func TestAnOverrideAnswersTheHoldOfItsStageAlone(t *testing.T) {
	t.Parallel()
	own := rollout.Hold{ID: "h1", Plan: "emea", Stage: "pilot", Owner: "system", Role: rollout.System, Reason: "no data", Placed: noon()}
	for name, c := range map[string]struct {
		hold  rollout.Hold
		takes bool
	}{
		"its own":     {own, true},
		"of a person": {rollout.Hold{ID: "h2", Plan: "emea", Stage: "pilot", Owner: "ivy", Role: plan.Operator, Reason: "trunk", Placed: noon()}, false},
		"of the plan": {rollout.Hold{ID: "h3", Plan: "emea", Owner: "system", Role: rollout.System, Reason: "a stage was lost", Placed: noon()}, false},
	} {
		s := stage(rollout.Evaluating)
		s.Holds = []rollout.Hold{c.hold}
		if _, err := s.Take(order(rollout.Override, plan.CutoverApprover)); (err == nil) != c.takes {
			t.Errorf("under a hold that is %s: %v", name, err)
		}
		if _, err := s.Take(order(rollout.Pass, rollout.System)); err == nil {
			t.Errorf("the stage passes by itself under a hold that is %s", name)
		}
	}
}

func TestSomebodyIsLeftOutUntilAllGoBackOrNothingDoes(t *testing.T) {
	t.Parallel()
	for _, s := range rollout.StageStates() {
		err := stage(s).AgainstLeavingOut("E1", order(rollout.Skip, plan.Planner))
		if want := s != rollout.RollingBack && s != rollout.Finalised; want != (err == nil) {
			t.Errorf("in a stage that is %s: %v", s, err)
		}
	}
}
