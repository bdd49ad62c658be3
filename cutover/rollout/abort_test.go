package rollout_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func TestAPlanIsAbortedByTwoOrByAnIncidentCommander(t *testing.T) {
	t.Parallel()
	whole := rollout.Standing{Level: rollout.OfPlan, Plan: "emea", Hash: "h1", State: rollout.Active, Since: noon()}
	asked := whole
	asked.Holds = []rollout.Hold{{ID: "plan-1", Plan: "emea", Owner: "kim", Role: plan.Operator, Reason: "budget", Placed: noon(), Abort: rollout.FinishThem}}
	released := whole
	released.Holds = []rollout.Hold{asked.Holds[0]}
	released.Holds[0].Released = noon()
	abort := func(actor string, role rollout.Role) rollout.Order {
		return rollout.Order{Verb: rollout.Abort, Actor: actor, Role: role, Reason: "no way", At: noon().Add(time.Hour)}
	}
	for name, c := range map[string]struct {
		at    rollout.Standing
		order rollout.Order
		agree bool
		want  error
		says  string
	}{
		"the first one asks":                   {whole, abort("kim", plan.Operator), false, nil, ""},
		"another one agrees":                   {asked, abort("lea", plan.OperationsLead), true, nil, ""},
		"the same one agrees":                  {asked, abort("kim", plan.OperationsLead), true, dualtone.ErrDenied, "kim asked for it, and somebody else must agree"},
		"the same one, who broke the glass":    {asked, abort("kim", plan.IncidentCommander), false, nil, ""},
		"the same one asks again":              {asked, abort("kim", plan.Operator), false, dualtone.ErrConflict, "releasing the hold plan-1 takes it back"},
		"another one asks as well":             {asked, abort("lea", plan.Operator), false, dualtone.ErrConflict, "kim has asked for it already (budget): agree to that"},
		"to what nobody has asked for":         {whole, abort("lea", plan.Operator), true, dualtone.ErrConflict, "nobody has asked for it"},
		"to what was taken back":               {released, abort("lea", plan.Operator), true, dualtone.ErrConflict, "nobody has asked for it"},
		"an incident commander":                {whole, abort("ivy", plan.IncidentCommander), false, nil, ""},
		"an incident commander, over a wish":   {asked, abort("ivy", plan.IncidentCommander), false, nil, ""},
		"a stage, which one may end by itself": {stage(rollout.Switching), abort("kim", plan.Operator), false, nil, ""},
	} {
		err := c.at.AgainstAbort(c.order, c.agree)
		if !errors.Is(err, c.want) || c.want != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %v that says %q", name, err, c.want, c.says)
		}
	}
}

func TestWhoAsksForAnAbortIsHeardAsSomethingToAgreeTo(t *testing.T) {
	t.Parallel()
	h := rollout.Hold{ID: "plan-1", Plan: "emea", Owner: "kim", Role: plan.Operator, Reason: "budget", Placed: noon(), Abort: rollout.TakeBackThem}
	e := rollout.EventOfHold(h)
	if !e.Urgent || len(e.Next) != 2 || e.Next[0] != "dualtone plan abort emea --agree --reason WHY" || !strings.Contains(e.What, "somebody else must agree") {
		t.Errorf("people hear %+v", e)
	}
	o := h.Agreed(rollout.Order{Verb: rollout.Abort, Actor: "lea", Reason: "so be it"})
	if o.Reason != "so be it; asked for by kim: budget" {
		t.Errorf("the log says %q", o.Reason)
	}
}
