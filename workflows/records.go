package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone/activities"
)

// IngestRecordsName is the name under which IngestRecords is started.
const IngestRecordsName = "IngestRecords"

// RecordsRequest asks for a system's call records to be brought into the log.
type RecordsRequest struct {
	System string `json:"system"`
}

// catchUp is how long reading may take after a system was away or is read for
// the first time; a worker that is lost meanwhile is noticed by its heartbeat.
const catchUp = 24 * time.Hour

// IngestRecords reads a system's call records up to the newest. While the system
// is away it waits for it, and then reads on from where the log stands.
func IngestRecords(ctx workflow.Context, r RecordsRequest) (activities.Ingested, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: catchUp,
		HeartbeatTimeout:    heartbeat,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: time.Minute},
	})
	var done activities.Ingested
	err := workflow.ExecuteActivity(ctx, activities.IngestRecordsName, r.System).Get(ctx, &done)
	return done, err
}
