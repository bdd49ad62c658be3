package rollout_test

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone/cutover/rollout"
)

func TestPeopleHearOnceOfEverythingThatHappens(t *testing.T) {
	t.Parallel()
	move := func(verb rollout.Verb, from, to rollout.State) rollout.Transition {
		return rollout.Transition{Plan: "emea", Stage: "wave-1", Verb: verb, From: from, To: to, Actor: "system", At: noon()}
	}
	for _, c := range []struct {
		what   string
		t      rollout.Transition
		kind   rollout.EventKind // none where it is heard of otherwise
		urgent bool
	}{
		{"an approval is needed", move(rollout.Checked, rollout.Prechecking, rollout.AwaitingApproval), rollout.ApprovalNeeded, true},
		{"a plan is handed in", rollout.Transition{Verb: rollout.Submit, From: rollout.Draft, To: rollout.Submitted}, rollout.ApprovalNeeded, true},
		{"a gate fails", move(rollout.Fail, rollout.Soaking, rollout.Failed), rollout.GateFailed, true},
		{"a gate takes it back", move(rollout.GoBack, rollout.Soaking, rollout.RollingBack), rollout.GateFailed, true},
		{"a precheck blocks", move(rollout.Unready, rollout.Prechecking, rollout.Blocked), rollout.GateFailed, true},
		{"somebody takes it back", move(rollout.Rollback, rollout.Soaking, rollout.RollingBack), rollout.StateChanged, true},
		{"it soaks", move(rollout.Switched, rollout.Switching, rollout.Soaking), rollout.StateChanged, false},
		{"it fell short", move(rollout.FellShort, rollout.Switching, rollout.Partial), rollout.StateChanged, true},
		{"limits change", move(rollout.Limit, rollout.Switching, rollout.Switching), rollout.Ordered, false},
		{"a hold, which is told by itself", move(rollout.PutHold, rollout.Switching, rollout.Switching), "", false},
		{"an approval, which is told by itself", move(rollout.Approve, rollout.AwaitingApproval, rollout.AwaitingApproval), "", false},
	} {
		e, heard := rollout.EventOf(c.t)
		if heard != (c.kind != "") || heard && (e.Kind != c.kind || e.Urgent != c.urgent) {
			t.Errorf("%s: heard %t, %+v", c.what, heard, e)
		}
	}
}

// What people hear begins with the plan or its stage, and is to be read on from there.
func TestAnOrderIsToldInASentence(t *testing.T) {
	t.Parallel()
	for _, s := range rollout.StageStates() {
		for _, v := range rollout.Orders(rollout.OfStage, s) {
			e, heard := rollout.EventOf(rollout.Transition{Plan: "emea", Stage: "wave-1", Verb: v, From: s, To: s})
			if heard && e.Kind == rollout.Ordered && e.What == string(v) {
				t.Errorf("people hear: %s %s", e.Subject(), e.What)
			}
		}
	}
}

func TestTheSameEventHasTheSameKey(t *testing.T) {
	t.Parallel()
	h := rollout.Hold{ID: "plan-0302-1", Plan: "emea", Owner: "ops", Reason: "storm", Placed: noon()}
	placed, twice := rollout.EventOfHold(h), rollout.EventOfHold(h)
	h.Released, h.ReleasedBy = noon().Add(time.Hour), "ops"
	if placed.Key() != twice.Key() || placed.Key() == rollout.EventOfHold(h).Key() {
		t.Errorf("keys %s, %s, released %s", placed.Key(), twice.Key(), rollout.EventOfHold(h).Key())
	}
}
