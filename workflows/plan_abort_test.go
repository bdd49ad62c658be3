package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

func aborting(actor string, role rollout.Role) workflows.PlanOrder {
	return workflows.PlanOrder{Order: by(actor, role, rollout.Abort)}
}

// Nobody waits for the second person in danger: whoever asks for the plan to be
// aborted has held it.
func TestWhoAsksForAnAbortHoldsThePlanUntilSomebodyAgrees(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{slow(wave("pilot")), wave("wave-1", "pilot")}, 60, 5)
	var began int
	var said []*string
	h.after(5*time.Minute-time.Millisecond, func() {
		o := aborting("kim", plan.Operator)
		o.Back = true
		h.must(t, h.order(o))
	})
	h.after(5*time.Minute, func() { began = len(h.began) })
	h.after(4*time.Hour, func() {
		if len(h.began) != began || began == 0 {
			t.Errorf("%d switches had begun when it was asked for, %d hours later", began, len(h.began))
		}
		h.atPlan(t, rollout.Active)
		said = append(said, h.order(aborting("kim", plan.Operator)), h.order(aborting("lea", plan.Operator)))
		alone := aborting("kim", plan.OperationsLead)
		alone.Agree = true
		said = append(said, h.order(alone))
	})
	h.after(5*time.Hour, func() {
		agrees := aborting("lea", plan.OperationsLead)
		agrees.Agree = true
		h.must(t, h.order(agrees))
	})
	if end := h.run(t, h.start()); end.State != rollout.Aborted {
		t.Fatalf("the plan is %s", end.State)
	}
	h.atStage(t, "pilot", rollout.Aborted)
	h.atStage(t, "wave-1", rollout.Pending)
	for i, want := range []string{"takes it back", "agree to that", "somebody else must agree"} {
		if !strings.Contains(*said[i], want) {
			t.Errorf("refusal %d says %q, want %q", i, *said[i], want)
		}
	}
	holds, err := h.store.Holds(t.Context(), "emea")
	must(t, err)
	if len(holds) != 1 || holds[0].Abort != rollout.TakeBackThem || holds[0].Owner != "kim" || holds[0].ReleasedBy != "lea" {
		t.Errorf("the holds are %+v", holds)
	}
	all, err := h.store.Transitions(t.Context(), rollout.TransitionQuery{Plan: "emea"})
	must(t, err)
	told := false
	for _, tr := range all {
		told = told || tr.Stage == "" && tr.Verb == rollout.Abort && tr.Actor == "lea" && strings.Contains(tr.Reason, "asked for by kim: as agreed")
	}
	if !told {
		t.Errorf("the log does not say who asked and who agreed: %+v", all)
	}
}

func TestAnAbortThatWasTakenBackIsNotAgreedTo(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{slow(wave("pilot"))}, 20)
	h.after(time.Minute, func() { h.must(t, h.order(aborting("kim", plan.Operator))) })
	h.after(2*time.Minute, func() {
		h.must(t, h.order(workflows.PlanOrder{Order: by("kim", plan.Operator, rollout.Release)}))
	})
	var said *string
	h.after(3*time.Minute, func() {
		agrees := aborting("lea", plan.Operator)
		agrees.Agree = true
		said = h.order(agrees)
	})
	h.after(time.Hour, func() {
		h.atPlan(t, rollout.Completed)
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
	if !strings.Contains(*said, "nobody has asked for it") {
		t.Errorf("the agreement says %q", *said)
	}
	if n := len(h.began); n != 40 {
		t.Errorf("%d switches, want all 20 forth and back", n)
	}
	if users := h.stage(t, "pilot").Users; users[cutover.Restored] != 20 {
		t.Errorf("the users are %v", users)
	}
}
