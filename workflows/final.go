package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone/activities"
)

// LookFinalName is the name under which LookFinal is started.
const LookFinalName = "LookFinal"

// LookFinal says what is missing before a plan's point of no return, and leaves
// everything as it is.
func LookFinal(ctx workflow.Context, p activities.PlanRef) ([]string, error) {
	var missing []string
	err := workflow.ExecuteActivity(asking(ctx), activities.LookFinalName, p).Get(ctx, &missing)
	return missing, err
}
