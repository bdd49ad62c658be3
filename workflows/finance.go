package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone/activities"
)

// SampleFinanceName is the name under which SampleFinance is started.
const SampleFinanceName = "SampleFinance"

// SampleFinance samples what finance reports are made of. While a platform or the
// database is away it waits for it; a sampling that takes longer than a day is
// left to the next one, which makes up for it.
func SampleFinance(ctx workflow.Context) (activities.SampledFinance, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    6 * time.Hour,
		ScheduleToCloseTimeout: 24 * time.Hour,
		HeartbeatTimeout:       heartbeat,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: 10 * time.Minute},
	})
	var done activities.SampledFinance
	err := workflow.ExecuteActivity(ctx, activities.SampleFinanceName).Get(ctx, &done)
	return done, err
}
