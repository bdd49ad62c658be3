// Package controltest is a Temporal for tests of what only looks at it.
package controltest

import (
	"context"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// NothingRuns is a Temporal in which no workflow runs and none can be started.
type NothingRuns struct{ client.Client }

// DescribeWorkflowExecution finds no workflow.
func (NothingRuns) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return nil, serviceerror.NewNotFound("no such workflow")
}

// QueryWorkflow finds no workflow.
func (NothingRuns) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	return nil, serviceerror.NewNotFound("no such workflow")
}

// QueryWorkflowWithOptions finds no workflow.
func (NothingRuns) QueryWorkflowWithOptions(context.Context, *client.QueryWorkflowWithOptionsRequest) (*client.QueryWorkflowWithOptionsResponse, error) {
	return nil, serviceerror.NewNotFound("no such workflow")
}

// UpdateWorkflow finds no workflow.
func (NothingRuns) UpdateWorkflow(context.Context, client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return nil, serviceerror.NewNotFound("no such workflow")
}

// ExecuteWorkflow starts none.
func (NothingRuns) ExecuteWorkflow(context.Context, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	return nil, serviceerror.NewUnavailable("nobody works")
}

// ScheduleClient keeps no schedules.
func (NothingRuns) ScheduleClient() client.ScheduleClient { return noSchedules{} }

// noSchedules has none, and takes none.
type noSchedules struct{ client.ScheduleClient }

func (noSchedules) Create(context.Context, client.ScheduleOptions) (client.ScheduleHandle, error) {
	return nil, serviceerror.NewUnavailable("nobody schedules")
}

func (noSchedules) GetHandle(context.Context, string) client.ScheduleHandle { return noSchedule{} }

type noSchedule struct{ client.ScheduleHandle }

func (noSchedule) Describe(context.Context) (*client.ScheduleDescription, error) {
	return nil, serviceerror.NewNotFound("no such schedule")
}

func (noSchedule) Pause(context.Context, client.SchedulePauseOptions) error {
	return serviceerror.NewNotFound("no such schedule")
}

func (noSchedule) Unpause(context.Context, client.ScheduleUnpauseOptions) error {
	return serviceerror.NewNotFound("no such schedule")
}

func (noSchedule) Delete(context.Context) error { return serviceerror.NewNotFound("no such schedule") }
