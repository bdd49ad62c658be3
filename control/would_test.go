package control_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/control/controltest"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/cutover/rollout/rollouttest"
	"github.com/dualtone/dualtone/workflows"
)

// looked is a Temporal in which one thing is run: what is required before the point
// of no return is looked at, and that is missing.
type looked struct {
	controltest.NothingRuns

	missing []string
}

func (l looked) ExecuteWorkflow(_ context.Context, _ client.StartWorkflowOptions, workflow any, _ ...any) (client.WorkflowRun, error) {
	if workflow != workflows.LookFinalName {
		return nil, errors.New("only looking is foreseen")
	}
	return found{missing: l.missing}, nil
}

type found struct {
	client.WorkflowRun

	missing []string
}

func (f found) Get(_ context.Context, to any) error {
	if missing, ok := to.(*[]string); ok {
		*missing = f.missing
	}
	return nil
}

func TestADryRunOfFinaliseTellsAllThatIsMissing(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	kept := rollout.Plan{Name: "emea", Hash: "h1", Author: "ada", State: rollout.Completed, Since: now.Add(-time.Hour)}
	final := &plan.Finalise{Approve: plan.Approval{Need: 2, Roles: []plan.Role{plan.CutoverApprover, plan.FinanceOwner}}}
	v := control.PlanView{Plan: kept, AsOf: now, Finalise: final, Needs: map[string]plan.Approval{workflows.FinalStage: final.Approve}}
	order := workflows.PlanOrder{Order: rollout.Order{Verb: rollout.Finalise, Actor: "fay", Role: plan.FinanceOwner}}
	would := func(missing ...string) error {
		plans := control.Plans{
			Control: &control.Control{Client: looked{missing: missing}}, Store: rollouttest.NewStore(cutovertest.NewStores()), Now: func() time.Time { return now },
		}
		return plans.Would(t.Context(), v, order)
	}
	says := func(err error, want ...string) {
		t.Helper()
		for _, text := range want {
			if !errors.Is(err, dualtone.ErrConflict) || !strings.Contains(err.Error(), text) {
				t.Errorf("%v, want a conflict that says %q", err, text)
			}
		}
	}
	says(would("reconcile/user_state is old", "no pack of stage wave"), "finalise of plan emea refused: reconcile/user_state is old; no pack of stage wave; an approval as cutover-approver, finance-owner")
	v.Holds = []rollout.Hold{{ID: "plan-1", Owner: "ivy", Role: plan.IncidentCommander, Reason: "voice", Placed: now}}
	says(would("no pack of stage wave"), "ivy holds the plan", "no pack of stage wave", "an approval as")
	v.Holds = nil
	for _, who := range []struct {
		name string
		role plan.Role
	}{{"eve", plan.CutoverApprover}, {"fay", plan.FinanceOwner}} {
		v.Approvals = append(v.Approvals, rollout.Approval{
			Plan: "emea", Stage: workflows.FinalStage, Actor: who.name, Role: who.role, Bound: rollout.Bound{Plan: "h1"}, At: now.Add(-time.Minute), Expires: now.Add(time.Hour),
		})
	}
	if err := would(); err != nil {
		t.Errorf("with nothing missing: %v", err)
	}
	order.Role = plan.Operator
	if err := would(); !errors.Is(err, dualtone.ErrDenied) {
		t.Errorf("by an operator: %v", err)
	}
}

func TestADryRunOfAnAbortKnowsWhoHasAsked(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	plans := control.Plans{
		Control: &control.Control{Client: controltest.NothingRuns{}}, Store: rollouttest.NewStore(cutovertest.NewStores()), Now: func() time.Time { return now },
	}
	v := control.PlanView{
		Plan: rollout.Plan{Name: "emea", Hash: "h1", Author: "ada", State: rollout.Active, Since: now}, AsOf: now,
		Holds: []rollout.Hold{{ID: "plan-1", Plan: "emea", Owner: "kim", Role: plan.Operator, Reason: "budget", Placed: now, Abort: rollout.FinishThem}},
	}
	would := func(actor string, agree bool) error {
		return plans.Would(t.Context(), v, workflows.PlanOrder{
			Order: rollout.Order{Verb: rollout.Abort, Actor: actor, Role: plan.Operator, Reason: "so be it"}, Agree: agree,
		})
	}
	if err := would("lea", true); err != nil {
		t.Errorf("somebody else agrees: %v", err)
	}
	if err := would("kim", true); !errors.Is(err, dualtone.ErrDenied) {
		t.Errorf("whoever asked agrees: %v", err)
	}
	if text := v.Effect("", rollout.Abort); !strings.Contains(text, "Agrees with kim, who has asked for it (budget; those in flight: finish)") {
		t.Errorf("the page says %q", text)
	}
}
