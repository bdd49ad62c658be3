package control_test

import (
	"strings"
	"testing"

	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func TestTheEffectOfAnOrderIsToldInNumbers(t *testing.T) {
	t.Parallel()
	v := control.PlanView{
		Stages: []rollout.Stage{
			{ID: "pilot", Users: cutover.Tally{cutover.Planned: 1, cutover.Captured: 1}},
			{ID: "wave", Users: cutover.Tally{cutover.Planned: 41_000, cutover.OnNew: 1}},
			{ID: "east", State: rollout.Rejected, Users: cutover.Tally{cutover.Planned: 2}},
			{ID: "west", State: rollout.Failed, Users: cutover.Tally{cutover.OnNew: 3}},
		},
		Holds: []rollout.Hold{{ID: "a"}, {ID: "b", Stage: "wave"}, {ID: "c", Stage: "wave"}},
	}
	for _, c := range []struct {
		stage string
		verb  rollout.Verb
		want  string
	}{
		{"", rollout.Start, "Begins 4 stages with 41,003 users,"},
		{"", rollout.Release, "Ends 1 hold of the whole plan, not those of single stages; 41,003 users go on"},
		{"wave", rollout.Release, "Ends 2 holds of this stage;"},
		{"pilot", rollout.PutHold, "1 user stays where they are. 1 user being moved finishes,"},
		{"wave", rollout.Extend, "1 user soaks until another time."},
		{"east", rollout.Retry, "check anew whether the stage may begin with its 2 users."},
		{"west", rollout.Retry, "measure its gates anew, with 3 users on the new system."},
		{"wave", rollout.Rollback, "Takes back 1 user, last first; 0 users are being moved now."},
	} {
		if got := v.Effect(c.stage, c.verb); !strings.Contains(got, c.want) {
			t.Errorf("%s of %q: %q, want %q in it", c.verb, c.stage, got, c.want)
		}
	}
}
