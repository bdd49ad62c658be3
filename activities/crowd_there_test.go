package activities_test

import (
	"context"
	"slices"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// byHand ends somebody's own switch in a state.
func (q *sharedQueue) byHand(t *testing.T, id dualtone.PersonID, to dualtone.Side, end cutover.State) {
	t.Helper()
	_, err := q.people.Keep(t.Context(), cutover.Switch{
		ID: cutover.SwitchID("by-hand/" + string(id) + "/" + string(to)), Person: id, To: to, State: end, Started: noon(),
	})
	must(t, err)
}

func (q *sharedQueue) place(t *testing.T, id dualtone.PersonID) rollout.User {
	t.Helper()
	users, err := q.store.Users(t.Context(), rollout.UserQuery{Plan: "emea", Person: id})
	must(t, err)
	return users[0]
}

// checked finds nothing, or what blocks.
type checked struct {
	activities.StageChecks

	blocks []string
}

func (c checked) Check(context.Context, activities.StageRef) (activities.Checked, error) {
	return activities.Checked{Blocks: c.blocks, Facts: []string{"all is well"}}, nil
}

// Whoever proves the way back while a stage is blocked will be back and moves with
// it; whoever is on the new side when it begins is left out, as its approvers see.
func TestWhomOthersBroughtThereIsLeftOutWhenTheStageBegins(t *testing.T) {
	t.Parallel()
	q := newSharedQueue(t, 3)
	east := activities.StageRef{Plan: "emea", Stage: "east", Hash: q.hash}
	check := func(blocks ...string) activities.CheckResult {
		r := q.worker(1000)
		r.Checks = checked{blocks: blocks}
		found, err := r.CheckStage(t.Context(), east)
		must(t, err)
		return found
	}
	const who = "east-001"
	before := check()
	q.byHand(t, who, dualtone.New, cutover.OnNew)
	if check("no way back is proved"); q.place(t, who).State != cutover.Planned {
		t.Error("while the stage is blocked they are left out")
	}
	found := check()
	if u := q.place(t, who); u.State != cutover.Skipped || found.LeftOut != 1 || found.Evidence == before.Evidence {
		t.Errorf("the plan says %s, %d are left out, the evidence is the same: %t", u.State, found.LeftOut, found.Evidence == before.Evidence)
	}
	page, err := q.worker(1000).StagePeople(t.Context(), q.ask("east", noon(), rollout.Rate{}))
	must(t, err)
	if slices.ContainsFunc(page.People, func(p activities.Place) bool { return p.Person == who }) {
		t.Error("they are let through all the same")
	}
}

// crowd is a cluster in which somebody else switches everybody.
type crowd struct{ client.Client }

func (crowd) ExecuteWorkflow(context.Context, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	return nil, &serviceerror.WorkflowExecutionAlreadyStarted{}
}

func (crowd) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return &workflowservice.DescribeWorkflowExecutionResponse{
		WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Memo: &commonpb.Memo{}},
	}, nil
}

// Whom somebody else is switching at that very moment waits for the next window, and
// the plan says the same as the pass that came upon them.
func TestWhoIsBeingSwitchedByOthersIsDeferred(t *testing.T) {
	t.Parallel()
	q := newSharedQueue(t, 2)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	activities.Register(env, &activities.User{}, &activities.Cohort{Client: crowd{}, Crew: q.store, Now: func() time.Time { return noon() }})
	run := func(id dualtone.PersonID, stage *activities.StageRef) activities.UserEnd {
		value, err := env.ExecuteActivity(activities.RunUserName, activities.UserRun{Workflow: "SwitchUser", Person: id, For: "pass", Stage: stage})
		must(t, err)
		var end activities.UserEnd
		must(t, value.Get(&end))
		return end
	}
	end := run("east-000", &activities.StageRef{Plan: "emea", Stage: "east", Hash: q.hash})
	if u := q.place(t, "east-000"); end.State != cutover.Deferred || u.State != cutover.Deferred || u.Detail != end.Detail || end.Detail == "" {
		t.Errorf("the pass says %s (%s), the plan %s (%s)", end.State, end.Detail, u.State, u.Detail)
	}
	if end := run("east-001", nil); end.State != cutover.Deferred || q.place(t, "east-001").State != cutover.Planned {
		t.Errorf("for no stage: %s, and the plan says %s", end.State, q.place(t, "east-001").State)
	}
}
