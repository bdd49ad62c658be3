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
		"not moved yet":         {whole, in(cutover.Planned), order(rollout.Rollback, plan.Operator), dualtone.ErrConflict, "they are planned, and that is possible in"},
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

func TestSomebodyIsLeftOutUntilAllGoBackOrNothingDoes(t *testing.T) {
	t.Parallel()
	for _, s := range rollout.StageStates() {
		err := stage(s).AgainstLeavingOut("E1", order(rollout.Skip, plan.Planner))
		if want := s != rollout.RollingBack && s != rollout.Finalised; want != (err == nil) {
			t.Errorf("in a stage that is %s: %v", s, err)
		}
	}
}
