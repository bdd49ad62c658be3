package rollouttest

import (
	"errors"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func overviews(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	b.start(t)
	b.switching(t, "pilot")
	b.moved(t, "p001", cutover.OnNew, "emea/pilot")
	must(t, b.Rollouts.PlaceHold(t.Context(), rollout.Hold{ID: "h1", Plan: "emea", Stage: "pilot", Owner: "olga", Role: "operator", Reason: "trunk alarm", Placed: noon()}))
	must(t, b.Rollouts.Decide(t.Context(), rollout.Approval{Plan: "emea", Actor: "eve", Role: "cutover-approver", At: noon(), Expires: noon().Add(time.Hour)}))
	open := rollout.Task{Plan: "emea", Stage: "pilot", ID: "t1", Name: "port", Owner: "tom", Due: noon(), State: rollout.TaskOpen}
	over := rollout.Task{Plan: "emea", Stage: "pilot", ID: "t2", Name: "layout", Owner: "tom", Due: noon(), State: rollout.TaskConfirmed}
	must(t, b.Rollouts.OpenTasks(t.Context(), open, over))

	pause := rollout.Transition{
		Plan: "emea", Stage: "pilot", Verb: rollout.Pause, From: rollout.Switching, To: rollout.Switching,
		Actor: "olga", Role: "operator", Reason: "a drill", Hash: "h1", At: noon().Add(time.Minute),
	}
	alone, whole := pause, pause
	alone.Verb, alone.At = rollout.Rollback, noon().Add(2*time.Minute) // of one person
	whole.Stage, whole.From, whole.To = "", rollout.Active, rollout.Active
	ended := whole
	ended.Verb, ended.At = rollout.Resume, noon().Add(3*time.Minute)
	for _, tr := range []rollout.Transition{pause, whole, alone, ended} {
		must(t, b.Rollouts.Record(t.Context(), tr))
	}

	var want rollout.Overview
	want.Pauses = []rollout.Paused{{Stage: "pilot", Actor: "olga", Reason: "a drill", At: pause.At}}
	var err error
	want.Plan, err = b.Rollouts.Plan(t.Context(), "emea")
	must(t, err)
	want.Stages, err = b.Rollouts.Stages(t.Context(), "emea")
	must(t, err)
	want.Holds, err = b.Rollouts.Holds(t.Context(), "emea")
	must(t, err)
	want.Approvals, err = b.Rollouts.Approvals(t.Context(), "emea")
	must(t, err)
	want.Tasks, err = b.Rollouts.Tasks(t.Context(), rollout.TaskQuery{Plan: "emea", States: rollout.Unconfirmed()})
	must(t, err)
	got, err := b.Rollouts.Overview(t.Context(), "emea")
	must(t, err)
	same(t, "overview", want, got)
	if len(got.Stages) == 0 || len(got.Holds) != 1 || len(got.Approvals) != 1 || len(got.Tasks) != 1 {
		t.Errorf("%d stages, %d holds, %d approvals, %d tasks", len(got.Stages), len(got.Holds), len(got.Approvals), len(got.Tasks))
	}
	if _, err := b.Rollouts.Overview(t.Context(), "nobody's"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("a plan that is not there: %v", err)
	}
}
