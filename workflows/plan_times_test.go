package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

func window(actor string, role plan.Role, holds time.Duration) workflows.PlanOrder {
	o := on("pilot", workflows.PlanOrder{Order: by(actor, role, rollout.Window)})
	o.For, o.Agree = plan.Duration(holds), holds == 0
	return o
}

func TestAnOverrideOpensTheWindowOnceSomebodyElseAgrees(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Override = &plan.Override{Roles: []plan.Role{plan.IncidentCommander}, ReasonRequired: true, Expires: plan.Duration(4 * time.Hour)}
	h := newHall(t, []rollout.Spec{pilot}, 12)
	h.open = func(time.Time) rollout.Opening {
		return rollout.Opening{Next: monday().AddDate(0, 0, 7), Why: "no window is open"}
	}
	var said []*string
	h.after(time.Hour, func() {
		said = append(said, h.order(window("eve", plan.CutoverApprover, 0)), h.order(window("ivy", plan.IncidentCommander, 9*time.Hour)),
			h.order(window("max", plan.Operator, 2*time.Hour)))
		h.must(t, h.order(window("ivy", plan.IncidentCommander, 2*time.Hour)))
	})
	h.after(2*time.Hour, func() {
		h.atStage(t, "pilot", rollout.WaitingWindow)
		if why := h.stage(t, "pilot").Detail; !strings.Contains(why, "asked for by ivy") {
			t.Errorf("the stage says %q", why)
		}
		said = append(said, h.order(window("ivy", plan.IncidentCommander, 0)))
		h.must(t, h.order(window("eve", plan.CutoverApprover, 0)))
	})
	h.after(3*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Passed)
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
	for i, want := range []string{"nobody has asked", "holds for up to 4h", "not operator", "somebody else must agree"} {
		if !strings.Contains(*said[i], want) {
			t.Errorf("refusal %d says %q, want %q", i, *said[i], want)
		}
	}
	if len(h.began) != 24 || h.began[0].at.Before(monday().Add(2*time.Hour)) {
		t.Errorf("%d switches, the first at %s", len(h.began), h.began[0].at)
	}
	all, err := h.store.Transitions(t.Context(), rollout.TransitionQuery{Plan: "emea", Stage: "pilot"})
	must(t, err)
	var recorded []string
	for _, tr := range all {
		if tr.Verb == rollout.Window {
			recorded = append(recorded, tr.Actor+": "+tr.Reason)
		}
	}
	if got := strings.Join(recorded, "; "); got != "ivy: as agreed; eve: as agreed" {
		t.Errorf("recorded: %q", got)
	}
}

func TestAnOverrideThatNobodyAgreesToOpensNothing(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Override = &plan.Override{Roles: []plan.Role{plan.IncidentCommander}, Expires: plan.Duration(4 * time.Hour)}
	h := newHall(t, []rollout.Spec{pilot}, 5)
	h.open = func(time.Time) rollout.Opening {
		return rollout.Opening{Next: monday().AddDate(0, 0, 7), Why: "no window is open"}
	}
	h.tell(t, time.Hour, window("ivy", plan.IncidentCommander, 2*time.Hour))
	h.after(30*time.Hour, func() {
		h.atStage(t, "pilot", rollout.WaitingWindow)
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	if h.run(t, h.start()); len(h.began) != 0 {
		t.Errorf("%d users were switched", len(h.began))
	}
}

func TestASoakIsExtendedFreelyAndCutShortWithApproval(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Soak = 3 * plan.Day
	h := newHall(t, []rollout.Spec{pilot}, 5)
	soak := func(actor string, role plan.Role, days int) *string {
		o := on("pilot", workflows.PlanOrder{Order: by(actor, role, rollout.Extend)})
		o.Until = monday().AddDate(0, 0, days)
		return h.order(o)
	}
	var said []*string
	h.after(25*time.Hour, func() {
		h.must(t, soak("oscar", plan.Operator, 10))
		said = append(said, soak("oscar", plan.Operator, 5), soak("ada", plan.CutoverApprover, 5))
	})
	h.after(5*24*time.Hour+time.Hour, func() {
		h.atStage(t, "pilot", rollout.Soaking)
		if until := h.stage(t, "pilot").Until; !until.Equal(monday().AddDate(0, 0, 10)) {
			t.Errorf("it soaks until %s", until)
		}
		h.must(t, soak("eve", plan.CutoverApprover, 6))
	})
	h.after(6*24*time.Hour+time.Hour, func() {
		h.atStage(t, "pilot", rollout.Passed)
		said = append(said, soak("oscar", plan.Operator, 20))
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
	for i, want := range []string{"only with approval", "author", "retry, rollback or skip"} {
		if !strings.Contains(*said[i], want) {
			t.Errorf("refusal %d says %q, want %q", i, *said[i], want)
		}
	}
}

func TestAHoldEndsByItselfInTheMiddleOfAStage(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{slow(wave("pilot"))}, 60)
	hold := on("pilot", incident(rollout.PutHold))
	hold.Expires = monday().Add(2 * time.Hour)
	h.tell(t, 5*time.Minute, hold)
	var held int
	h.after(6*time.Minute, func() { held = len(h.began) })
	h.after(119*time.Minute, func() {
		if len(h.began) != held || held == 60 {
			t.Errorf("%d users were begun when it was held, %d at the end of the hold", held, len(h.began))
		}
	})
	h.after(3*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Passed)
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
}
