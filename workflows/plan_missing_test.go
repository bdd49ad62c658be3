package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// A stage of which somebody is missing by the end of its soak does not pass, whatever
// its gates say.
func TestAStageOfWhichSomebodyIsMissingAfterTheSoakDoesNotPass(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]cutover.State{
		"who went back alone":  cutover.Restored,
		"who came back half":   cutover.RestoreDrift,
		"of whom nobody knows": cutover.Unknown,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pilot := wave("pilot")
			pilot.Soak, pilot.Gates = plan.Day, []plan.HealthGate{answered()}
			h := newHall(t, []rollout.Spec{pilot, wave("wave-1", "pilot")}, 3, 1)
			h.after(2*time.Hour, func() { h.byHand(t, "pilot-00001", dualtone.Old, state) })
			h.after(26*time.Hour, func() {
				h.atStage(t, "pilot", rollout.Failed)
				h.atStage(t, "wave-1", rollout.Pending)
				if s := h.stage(t, "pilot"); !strings.Contains(s.Detail, "not everybody is where they should be: 1 "+string(state)) {
					t.Errorf("the stage says %q", s.Detail)
				}
				h.must(t, h.order(incident(rollout.Rollback)))
			})
			h.run(t, h.start())
		})
	}
}
