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

// Register makes a worker able to run every workflow. Where workers have
// versions, a switch and a cohort finish on the version on which they began; a
// plan and a stage last for weeks and move to the newest at their next step,
// which the replay of recorded histories keeps safe.
func Register(r registry) {
	const finishes, movesOn = workflow.VersioningBehaviorPinned, workflow.VersioningBehaviorAutoUpgrade
	for _, w := range []struct {
		name     string
		workflow any
		version  workflow.VersioningBehavior
	}{
		{SwitchUserName, SwitchUser, finishes},
		{ReturnUserName, ReturnUser, finishes},
		{MoveCohortName, MoveCohort, finishes},
		{PreviewUserName, PreviewUser, finishes},
		{RunPlanName, RunPlan, movesOn},
		{RunStageName, RunStage, movesOn},
		{IngestRecordsName, IngestRecords, finishes},
		{DeliverReportName, DeliverReport, finishes},
		{SampleFinanceName, SampleFinance, finishes},
		{LookFinalName, LookFinal, finishes},
	} {
		r.RegisterWorkflowWithOptions(w.workflow, workflow.RegisterOptions{Name: w.name, VersioningBehavior: w.version})
	}
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
