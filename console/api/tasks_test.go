package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// What is to be done by hand about the point of no return has no stage whose workflow
// would take it, and is moved all the same.
func TestATaskOfThePointOfNoReturnIsMovedByPrograms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	must(t, s.rollouts.KeepPlan(t.Context(), rollout.Plan{
		Name: "spring", Hash: "h1", Author: "pam", State: rollout.Completed, Since: time.Now(), Kept: time.Now(),
	}, nil, nil))
	must(t, s.rollouts.OpenTasks(t.Context(), rollout.Task{
		Plan: "spring", Stage: workflows.FinalStage, ID: "trunk", Name: "trunk", Owner: "tom", Due: time.Now().Add(time.Hour),
		Instruction: "See that the trunk is up.", Wanted: "a test call", Confirm: "another_person", State: rollout.TaskOpen,
	}))
	const path = "/api/v1/plans/spring/tasks/trunk"
	done := told[rollout.Task](t, s.ask(t, s.token(t, "tom", access.TelecomOwner), "POST", path, `{"verdict": "done", "evidence": "call 4711", "reason": "tried"}`), http.StatusOK)
	if done.State != rollout.TaskDone || done.Evidence != "call 4711" {
		t.Errorf("the task is %+v", done)
	}
	seen := told[rollout.Task](t, s.ask(t, s.token(t, "zoe", access.OperationsLead), "POST", path, `{"verdict": "confirmed", "evidence": "I heard it", "reason": "heard"}`), http.StatusOK)
	if seen.State != rollout.TaskConfirmed || seen.ConfirmedBy != "zoe" {
		t.Errorf("the task is %+v", seen)
	}
}
