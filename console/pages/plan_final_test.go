package pages_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/control/controltest"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// looked is a Temporal whose workers find something missing before a point of no
// return.
type looked struct {
	controltest.NothingRuns

	missing []string
}

func (l looked) ExecuteWorkflow(context.Context, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	return lookedRun{missing: l.missing}, nil
}

type lookedRun struct {
	client.WorkflowRun

	missing []string
}

func (r lookedRun) Get(_ context.Context, into any) error {
	missing, ok := into.(*[]string)
	if !ok {
		return fmt.Errorf("into a %T, and not into words", into)
	}
	*missing = r.missing
	return nil
}

// Whoever may pass the point of no return is told what is still missing, before they
// press and not by being refused.
func TestFinalisingSaysBeforehandWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.handIn(t, "spring", "pam")
	ann := s.as(t, "ann", access.CutoverApprover)
	v, err := s.desk.Plans.View(t.Context(), "spring")
	must(t, err)
	task := rollout.Task{
		Plan: "spring", Stage: workflows.FinalStage, ID: "finalise/old_trunk_kept", Name: "old_trunk_kept", Owner: "olga", Due: time.Now().Add(time.Hour),
		Instruction: "See that the trunks are up.", Wanted: "the carrier's word", Confirm: "another", State: rollout.TaskOpen,
	}
	must(t, s.desk.Plans.Store.OpenTasks(t.Context(), task))
	page := ann.look(t, "/plans/spring")
	shows(t, page, "old_trunk_kept: task finalise/old_trunk_kept is open and is to be confirmed; ", v.Said(workflows.FinalStage).Missing)
	if got := dialog(page.text, "v-finalise"); got != "" || v.Said(workflows.FinalStage).Missing == "" {
		t.Errorf("nobody has approved it and a task is open, and ann is offered: %s", got)
	}

	confirmed := task
	confirmed.State = rollout.TaskConfirmed
	must(t, s.desk.Plans.Store.MoveTask(t.Context(), task, confirmed))
	for who, role := range map[string]access.Role{"ann": access.CutoverApprover, "fay": access.FinanceOwner} {
		must(t, s.desk.Plans.Store.Decide(t.Context(), rollout.Approval{
			Plan: "spring", Stage: workflows.FinalStage, Actor: who, Role: role, Reason: "it is done", At: time.Now().Add(-time.Minute), Expires: time.Now().Add(time.Hour),
			Bound: rollout.Bound{Plan: v.Plan.Hash, Cohort: v.Plan.CohortHash},
		}))
	}
	if got := dialog(ann.look(t, "/plans/spring").text, "v-finalise"); !strings.Contains(got, `hx-get="/plans/spring/final"`) {
		t.Errorf("all that is kept is there, and ann is offered: %q", got)
	}
	s.desk.Plans.Control.Client = looked{missing: []string{"no_calls_on_old: 3 calls"}}
	shows(t, ann.look(t, "/plans/spring/final"), "It will be refused as it stands: no_calls_on_old: 3 calls.")
	s.desk.Plans.Control.Client = looked{}
	shows(t, ann.look(t, "/plans/spring/final"), "Nothing is missing before the point of no return.")
	s.desk.Plans.Control.Client = controltest.NothingRuns{}
	shows(t, ann.look(t, "/plans/spring/final"), "cannot be told now")
	if got := s.as(t, "oscar", access.Operator).look(t, "/plans/spring/final"); got.status != http.StatusForbidden {
		t.Errorf("an operator asks what is missing: %d", got.status)
	}
}
