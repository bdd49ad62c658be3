package pages_test

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Who has asked for a plan to be aborted is seen on its page, and whoever else is of
// the desk is offered to agree.
func TestAnAbortIsOfferedToASecondPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.handIn(t, "spring", "pam")
	v, err := s.desk.Plans.View(t.Context(), "spring")
	must(t, err)
	must(t, s.desk.Plans.Store.Record(t.Context(), rollout.Transition{
		Plan: "spring", Verb: rollout.Reopen, From: rollout.Completed, To: rollout.Active, Actor: "system", Role: rollout.System, Hash: v.Plan.Hash, At: time.Now().UTC(),
	}))
	kim, lea := s.as(t, "kim", access.Operator), s.as(t, "lea", access.OperationsLead)
	shows(t, kim.look(t, "/plans/spring"), "Holds the plan now, and ends it once somebody else agrees")
	must(t, s.desk.Plans.Store.PlaceHold(t.Context(), rollout.Hold{
		ID: "plan-1", Plan: "spring", Owner: "kim", Role: access.Operator, Reason: "budget", Placed: time.Now().UTC(), Abort: rollout.FinishThem,
	}))
	shows(t, lea.look(t, "/plans/spring"), "To be aborted", "Agree to abort", "Agrees with kim, who has asked for it (budget; those in flight: finish)")
	shows(t, kim.look(t, "/plans/spring"), "To be aborted", "kim asked for it, and somebody else must agree")
}
