package control

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/workflows"
)

// recordsID names what reads a system's call records.
func recordsID(system string) string { return "records/" + system }

// ScheduleRecords has a system's call records read again and again; never when
// every is 0. It may be called by every worker that starts.
func (c *Control) ScheduleRecords(ctx context.Context, system string, every time.Duration) error {
	what := "schedule of the records of " + system
	if every == 0 {
		err := c.Client.ScheduleClient().GetHandle(ctx, recordsID(system)).Delete(ctx)
		if _, none := errors.AsType[*serviceerror.NotFound](err); none {
			return nil
		}
		return named(err, what)
	}
	wanted := recordsSchedule(system, every, c.TaskQueue)
	_, err := c.Client.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: recordsID(system), Spec: *wanted.Spec, Action: wanted.Action,
		Overlap: wanted.Policy.Overlap, CatchupWindow: wanted.Policy.CatchupWindow, TriggerImmediately: true,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return named(err, what)
	}
	return named(c.Client.ScheduleClient().GetHandle(ctx, recordsID(system)).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(found client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			wanted.State = found.Description.Schedule.State // somebody may have paused it
			return &client.ScheduleUpdate{Schedule: &wanted}, nil
		},
	}), what)
}

// recordsSchedule starts one reading at a time. One that was missed is made up
// for by the next, which goes on from where the log stands.
func recordsSchedule(system string, every time.Duration, queue string) client.Schedule {
	return client.Schedule{
		Spec: &client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}},
		Action: &client.ScheduleWorkflowAction{
			ID: recordsID(system), Workflow: workflows.IngestRecordsName, TaskQueue: queue,
			Args: []any{workflows.RecordsRequest{System: system}},
		},
		Policy: &client.SchedulePolicies{Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: max(every, 10*time.Second)},
	}
}

// IngestRecords reads a system's call records now and waits for the end.
func (c *Control) IngestRecords(ctx context.Context, system string) (activities.Ingested, error) {
	return now[activities.Ingested](ctx, c, errand{
		id: recordsID(system), workflow: workflows.IngestRecordsName, args: []any{workflows.RecordsRequest{System: system}},
		what: system, already: "the records of " + system + " are being read",
	})
}
