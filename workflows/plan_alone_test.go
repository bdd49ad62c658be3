package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// Whom a person leaves out of a stage that has not begun is left out alone: the
// stage moves the others.
func TestAUserIsLeftOutOfAStageThatHasNotBegun(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Soak = plan.Day
	h := newHall(t, []rollout.Spec{pilot, wave("wave-1", "pilot")}, 2, 4)
	leave := func(who, actor string, role rollout.Role) *string {
		o := on("wave-1", workflows.PlanOrder{Order: by(actor, role, rollout.Skip)})
		o.Person = dualtone.PersonID("wave-1-0000" + who)
		return h.order(o)
	}
	var said []*string
	h.after(time.Hour, func() {
		said = append(said, leave("1", "vic", plan.Viewer), leave("9", "ada", plan.Planner))
		h.must(t, leave("2", "ada", plan.Planner))
	})
	h.after(2*time.Hour, func() { h.atStage(t, "wave-1", rollout.Pending) })
	h.after(26*time.Hour, func() {
		said = append(said, leave("0", "ada", plan.Planner))
		h.atStage(t, "wave-1", rollout.Passed)
		if users := h.stage(t, "wave-1").Users; users[cutover.OnNew] != 3 || users[cutover.Skipped] != 1 {
			t.Errorf("the users are %v, want 3 on the new side and 1 left out", users)
		}
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
	for i, want := range []string{"vic acts as viewer; may: planner", "they are not in stage wave-1 of plan emea", "they are on_new, so they are on the new side"} {
		if !strings.Contains(*said[i], want) {
			t.Errorf("refusal %d says %q, want %q", i, *said[i], want)
		}
	}
	all, err := h.store.Transitions(t.Context(), rollout.TransitionQuery{Plan: "emea", Stage: "wave-1"})
	must(t, err)
	if all[0].Verb != rollout.Skip || all[0].Actor != "ada" || all[0].Role != plan.Planner || all[0].Reason != "wave-1-00002: as agreed" || all[0].Hash != "h1" {
		t.Errorf("the log begins with %+v, want who was left out, by whom and why", all[0])
	}
}

// An order that names a person is never taken for one about everybody.
func TestARollbackThatNamesAPersonTakesNobodyElseBack(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Soak = plan.Day
	h := newHall(t, []rollout.Spec{pilot}, 3)
	var said []*string
	h.after(time.Hour, func() {
		for _, o := range []workflows.PlanOrder{incident(rollout.Rollback), on("pilot", incident(rollout.Rollback)), incident(rollout.Skip)} {
			o.Person = "pilot-00001"
			said = append(said, h.order(o))
		}
	})
	h.after(2*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Soaking)
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
	for i, want := range []string{"rollback of plan emea refused: it names pilot-00001", "rollback of stage pilot of plan emea refused: it names pilot-00001", "does not name their stage"} {
		if !strings.Contains(*said[i], want) {
			t.Errorf("refusal %d says %q, want %q", i, *said[i], want)
		}
	}
}
