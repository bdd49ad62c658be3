package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// A gate that holds may be taken upon oneself, one that blocks may not: it is
// measured again, or the stage goes back.
func TestAGateThatBlocksIsNotOverridden(t *testing.T) {
	t.Parallel()
	for does, overridden := range map[plan.GateFail]bool{plan.HoldPlan: true, plan.Block: false} {
		t.Run(string(does), func(t *testing.T) {
			t.Parallel()
			pilot := wave("pilot")
			pilot.Soak, pilot.Gates = plan.Day, []plan.HealthGate{answered()}
			pilot.Gates[0].OnFail = does
			h := newHall(t, []rollout.Spec{pilot}, 3)
			value := 0.5
			h.figure = func(rollout.Measure) rollout.Reading { return rollout.Reading{Value: value, Samples: 1000} }
			h.after(2*time.Hour, func() {
				h.atStage(t, "pilot", rollout.Failed)
				override := on("pilot", incident(rollout.Override))
				override.Actor, override.Role = "eve", plan.CutoverApprover
				own := override
				own.Actor = "ada" // wrote the plan
				byAuthor, refused := h.order(own), h.order(override)
				h.after(time.Minute, func() {
					if !strings.Contains(*byAuthor, "its author does not let it pass") {
						t.Errorf("the author's override of a gate that does %s: %q", does, *byAuthor)
					}
					if overridden != (*refused == "") || !overridden && !strings.Contains(*refused, "gate answered-rate is 50%") {
						t.Errorf("a gate that does %s, overridden: %q", does, *refused)
					}
				})
			})
			h.after(4*time.Hour, func() {
				if !overridden {
					h.atStage(t, "pilot", rollout.Failed)
					value = 0.95
					h.must(t, h.order(on("pilot", incident(rollout.Retry))))
				}
			})
			h.after(6*time.Hour, func() {
				h.atStage(t, "pilot", rollout.Passed)
				h.must(t, h.order(incident(rollout.Rollback)))
			})
			h.run(t, h.start())
		})
	}
}

// A stage that holds itself for want of data is not let go by a release, which has it
// measured again, but by an approver who takes it upon themselves.
func TestAnOverrideEndsTheHoldForWantOfData(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Soak, pilot.Gates = plan.Day, []plan.HealthGate{answered()}
	h := newHall(t, []rollout.Spec{pilot}, 3)
	h.figure = func(rollout.Measure) rollout.Reading { return rollout.Reading{} }
	h.after(30*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Evaluating)
		override := on("pilot", incident(rollout.Override))
		override.Actor, override.Role = "eve", plan.CutoverApprover
		h.must(t, h.order(override))
	})
	h.after(31*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Passed)
		holds, err := h.store.Holds(t.Context(), "emea")
		if err != nil || len(holds) != 1 || holds[0].ReleasedBy != "eve" || !strings.Contains(holds[0].Reason, "gate answered-rate has no data: ") {
			t.Errorf("the holds are %+v, %v; want one, which eve has ended", holds, err)
		}
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
}

// What one gate does not know yet in the soak neither holds the stage nor hides
// that another one has failed.
func TestNoDataInTheSoakHidesNoFailure(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	blind, seeing := answered(), answered()
	blind.Name, seeing.Name = "mos-p10", "abandon-rate"
	blind.OnFail, seeing.OnFail = plan.HoldPlan, plan.HoldPlan
	pilot.Soak, pilot.Gates = plan.Day, []plan.HealthGate{blind, seeing}
	h := newHall(t, []rollout.Spec{pilot}, 3)
	value := 0.95
	h.figure = func(m rollout.Measure) rollout.Reading {
		return rollout.Reading{Value: value, Samples: map[string]int{"abandon-rate": 1000}[m.Gate.Name]}
	}
	h.after(4*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Soaking)
		if holds, err := h.store.Holds(t.Context(), "emea"); err != nil || len(holds) != 0 {
			t.Errorf("in the soak it is held: %+v, %v", holds, err)
		}
		value = 0.5
	})
	h.after(6*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Failed)
		if why := h.stage(t, "pilot").Detail; !strings.Contains(why, "gate abandon-rate is 50%") {
			t.Errorf("the stage says %q, want the gate that failed", why)
		}
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
}
