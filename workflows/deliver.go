package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone/activities"
)

// DeliverReportName is the name under which DeliverReport is started.
const DeliverReportName = "DeliverReport"

// DeliveryRequest asks for a delivery to go out.
type DeliveryRequest struct {
	Delivery string `json:"delivery"`
}

// deliverFor is for how long a delivery is tried: whoever waits for a report of
// the morning does not want it after the next one.
const deliverFor = 24 * time.Hour

// DeliverReport prints a report as it is known when the workflow begins, and
// brings it to a mailbox or a folder. What is away is waited for.
func DeliverReport(ctx workflow.Context, r DeliveryRequest) (activities.Delivered, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Hour, ScheduleToCloseTimeout: deliverFor, HeartbeatTimeout: heartbeat,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 5 * time.Second, MaximumInterval: 10 * time.Minute},
	})
	o := activities.DeliverOrder{Delivery: r.Delivery, Began: due(ctx).UTC()}
	var done activities.Delivered
	err := workflow.ExecuteActivity(ctx, activities.DeliverName, o).Get(ctx, &done)
	return done, err
}

// due is when a schedule wanted the report, or else when somebody asked for it. A run
// that is made up for, or made again since a server was lost, has the same time, and so
// is the same run to the ledger and to whoever gets the mail.
func due(ctx workflow.Context) time.Time {
	const scheduled = "TemporalScheduledStartTime"
	if at, ok := workflow.GetTypedSearchAttributes(ctx).GetTime(temporal.NewSearchAttributeKeyTime(scheduled)); ok {
		return at
	}
	return workflow.GetInfo(ctx).WorkflowStartTime
}
