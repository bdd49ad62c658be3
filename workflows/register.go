package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
)

// The names under which the workflows are started.
const (
	SwitchUserName  = "SwitchUser"
	ReturnUserName  = "ReturnUser"
	MoveCohortName  = "MoveCohort"
	PreviewUserName = "PreviewUser"
	RunPlanName     = "RunPlan"
	RunStageName    = "RunStage"
)

// registry is the part of a worker that takes workflows.
type registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}

// Register makes a worker able to run every workflow.
func Register(r registry) {
	r.RegisterWorkflowWithOptions(SwitchUser, workflow.RegisterOptions{Name: SwitchUserName})
	r.RegisterWorkflowWithOptions(ReturnUser, workflow.RegisterOptions{Name: ReturnUserName})
	r.RegisterWorkflowWithOptions(MoveCohort, workflow.RegisterOptions{Name: MoveCohortName})
	r.RegisterWorkflowWithOptions(RunPlan, workflow.RegisterOptions{Name: RunPlanName})
	r.RegisterWorkflowWithOptions(RunStage, workflow.RegisterOptions{Name: RunStageName})
	r.RegisterWorkflowWithOptions(PreviewUser, workflow.RegisterOptions{Name: PreviewUserName})
}

// PreviewUser answers what a switch would do, and does nothing.
func PreviewUser(ctx workflow.Context, o activities.Order) (cutover.Switch, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: 2 * time.Minute,
	})
	var s cutover.Switch
	err := workflow.ExecuteActivity(ctx, activities.PreviewName, o).Get(ctx, &s)
	return s, err
}
