package control

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/workflows"
)

// sampleID names what samples the facts of finance.
const sampleID = "finance/sample"

// ScheduleSampling has the facts of finance sampled every day, at an hour of UTC at
// which no day that matters is half over. It may be called by every worker that
// starts.
func (c *Control) ScheduleSampling(ctx context.Context) error {
	_, err := c.Client.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID:   sampleID,
		Spec: client.ScheduleSpec{Calendars: []client.ScheduleCalendarSpec{{Hour: []client.ScheduleRange{{Start: 3}}, Minute: []client.ScheduleRange{{Start: 15}}}}},
		Action: &client.ScheduleWorkflowAction{
			ID: sampleID, Workflow: workflows.SampleFinanceName, TaskQueue: c.TaskQueue,
		},
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: 24 * time.Hour,
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return nil
	}
	return named(err, "schedule of the facts of finance")
}

// SamplingSchedule tells how it stands with the daily sampling.
func (c *Control) SamplingSchedule(ctx context.Context) (Schedule, error) {
	return c.schedule(ctx, sampleID)
}

// SwitchSampling has the facts of finance not sampled any more, or again. Days on
// which they were not are made up for, except for what platforms showed on them.
func (c *Control) SwitchSampling(ctx context.Context, on bool, why Why) (Schedule, error) {
	return c.switchSchedule(ctx, sampleID, on, why)
}

// SampleFinance samples now and waits for the end.
func (c *Control) SampleFinance(ctx context.Context) (activities.SampledFinance, error) {
	return now[activities.SampledFinance](ctx, c, errand{
		id: sampleID, workflow: workflows.SampleFinanceName, what: sampleID, already: "the facts of finance are being sampled",
	})
}

// Ordered is what was ordered last, and whether a worker has taken it up.
type Ordered struct {
	At    time.Time `json:"at,omitzero"`
	Taken bool      `json:"taken"`
}

// OrderedSample is the sampling that was ordered last, beside those of every day; the
// zero value where none was, or where it is too long ago to be known.
func (c *Control) OrderedSample(ctx context.Context) (Ordered, error) {
	return c.ordered(ctx, sampleID)
}
