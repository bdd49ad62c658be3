package workflows_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/workflows"
)

// delivering runs the workflow with an activity that answers what it is told, and
// returns the orders that it was given.
func delivering(t *testing.T, answers ...error) ([]activities.DeliverOrder, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	var orders []activities.DeliverOrder
	env.RegisterActivityWithOptions(func(_ context.Context, o activities.DeliverOrder) (activities.Delivered, error) {
		orders = append(orders, o)
		if n := len(orders); n <= len(answers) && answers[n-1] != nil {
			return activities.Delivered{}, answers[n-1]
		}
		return activities.Delivered{Delivery: o.Delivery}, nil
	}, activity.RegisterOptions{Name: activities.DeliverName})
	env.ExecuteWorkflow(workflows.DeliverReport, workflows.DeliveryRequest{Delivery: "monthly"})
	return orders, env.GetWorkflowError()
}

func TestADeliveryIsTriedAgainAsOfTheSameTime(t *testing.T) {
	t.Parallel()
	orders, err := delivering(t, dualtone.ErrUnavailable, dualtone.ErrUnavailable)
	if err != nil || len(orders) != 3 {
		t.Fatalf("%d tries: %v", len(orders), err)
	}
	if slices.ContainsFunc(orders, func(o activities.DeliverOrder) bool { return !o.Began.Equal(orders[0].Began) }) || orders[0].Began.Location() != time.UTC {
		t.Errorf("tried as of other times: %v", orders)
	}
}

// A run that is made up for, or made again after Temporal lost it, is the one that was
// due, so that nobody gets a report twice.
func TestAScheduledDeliveryIsOfTheTimeAtWhichItWasDue(t *testing.T) {
	t.Parallel()
	due := time.Date(2027, 4, 1, 5, 0, 0, 0, time.UTC)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	must(t, env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime").ValueSet(due))))
	env.SetStartTime(due.Add(3 * time.Hour))
	var got activities.DeliverOrder
	env.RegisterActivityWithOptions(func(_ context.Context, o activities.DeliverOrder) (activities.Delivered, error) {
		got = o
		return activities.Delivered{}, nil
	}, activity.RegisterOptions{Name: activities.DeliverName})
	env.ExecuteWorkflow(workflows.DeliverReport, workflows.DeliveryRequest{Delivery: "monthly"})
	if err := env.GetWorkflowError(); err != nil || !got.Began.Equal(due) {
		t.Errorf("as of %s, want %s: %v", got.Began, due, err)
	}
}

func TestADeliveryThatIsRefusedForGoodIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	refused := temporal.NewNonRetryableApplicationError("no such mailbox", dualtone.Kind(dualtone.ErrDenied), nil)
	orders, err := delivering(t, refused)
	if len(orders) != 1 {
		t.Errorf("%d tries", len(orders))
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); !ok || app.Type() != "denied" {
		t.Errorf("got %v", err)
	}
}
