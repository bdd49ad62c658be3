package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// backOf are the stages whose people went back, in the order in which they did.
func (h *hall) backOf() []string {
	var stages []string
	for _, b := range h.began {
		if b.to == dualtone.Old {
			stages = append(stages, string(b.person[:len(b.person)-len("-00000")]))
		}
	}
	return slices.Compact(stages)
}

func TestAPlanGoesBackItsLastStageFirst(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{wave("pilot"), wave("wave-1", "pilot"), wave("wave-2", "wave-1")}, 3, 3, 3)
	h.tell(t, 10*24*time.Hour+time.Minute, incident(rollout.Rollback))
	if end := h.run(t, h.start()); end.State != rollout.RolledBack {
		t.Fatalf("the plan is %s", end.State)
	}
	if got, want := h.backOf(), []string{"wave-2", "wave-1", "pilot"}; !slices.Equal(got, want) {
		t.Errorf("the stages went back in the order %v, want %v", got, want)
	}
}

func TestWhatCannotBeTakenBackIsLeftWhereItIs(t *testing.T) {
	t.Parallel()
	last := wave("wave-1", "pilot")
	last.Reversal = plan.Irreversible
	h := newHall(t, []rollout.Spec{wave("pilot"), last}, 3, 3)
	h.tell(t, 10*24*time.Hour+time.Minute, incident(rollout.Rollback))
	if end := h.run(t, h.start()); end.State != rollout.RolledBackPartial {
		t.Errorf("the plan is %s", end.State)
	}
	h.atStage(t, "wave-1", rollout.Passed)
	if holds, err := h.store.Holds(t.Context(), "emea"); err != nil || len(holds) > 0 {
		t.Errorf("it was tried all the same: %v, %v", holds, err)
	}
	if got := h.backOf(); !slices.Equal(got, []string{"pilot"}) {
		t.Errorf("the people of %v went back, want those of the pilot", got)
	}
}

func TestAPausedPlanBeginsNoStage(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Soak = plan.Day
	h := newHall(t, []rollout.Spec{pilot, wave("wave-1", "pilot")}, 3, 3)
	h.tell(t, time.Hour, incident(rollout.Pause))
	h.after(3*24*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Passed)
		h.atStage(t, "wave-1", rollout.Pending)
		h.must(t, h.order(incident(rollout.Resume)))
	})
	h.after(4*24*time.Hour, func() {
		h.atStage(t, "wave-1", rollout.Passed)
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	if end := h.run(t, h.start()); end.State != rollout.RolledBack {
		t.Errorf("the plan is %s", end.State)
	}
}

func TestAGateThatFailsTakesThePlanBackWhereThatIsThePolicy(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		scope plan.Scope
		want  []string
	}{
		"the stage": {plan.ScopeStage, []string{"wave-1"}},
		"the plan":  {plan.ScopePlan, []string{"wave-1", "beside", "pilot"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gated := wave("wave-1", "pilot")
			gated.Soak, gated.Gates, gated.Automatic = plan.Day, []plan.HealthGate{answered()}, true
			beside := wave("beside", "pilot") // soaks for long
			beside.Soak = 30 * plan.Day
			h := newHall(t, []rollout.Spec{wave("pilot"), gated, beside}, 3, 3, 3)
			h.spec.Scope = tt.scope
			h.figure = func(rollout.Measure) rollout.Reading {
				return rollout.Reading{Value: 0.5, Samples: 1000, Source: "test"}
			}
			var back []string
			h.after(5*24*time.Hour, func() {
				back = h.backOf()
				if tt.scope == plan.ScopeStage {
					h.must(t, h.order(incident(rollout.Rollback)))
				}
			})
			if end := h.run(t, h.start()); end.State != rollout.RolledBack {
				t.Errorf("the plan is %s", end.State)
			}
			if back == nil { // it was over before
				back = h.backOf()
			}
			if !slices.Equal(back, tt.want) {
				t.Errorf("the gate took back %v, want %v", back, tt.want)
			}
		})
	}
}
