package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/cutover/rollout/rollouttest"
)

// metering is a worker whose activities ask the CRM once each.
type metering struct {
	*activities.Meter

	env *testsuite.TestActivityEnvironment
	now time.Time
}

func newMetering(t *testing.T) *metering {
	t.Helper()
	m := &metering{now: noon()}
	m.Meter = &activities.Meter{Worker: "one", Store: rollouttest.NewStore(cutovertest.NewStores()), Now: func() time.Time { return m.now }}
	var suite testsuite.WorkflowTestSuite
	m.env = suite.NewTestActivityEnvironment()
	m.env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&activities.Interceptor{}}})
	return m
}

// asks runs an activity with an order.
func asks[T any](t *testing.T, m *metering, order T) {
	t.Helper()
	ask := func(ctx context.Context, _ T) error {
		m.Asked(ctx, "crm")
		return nil
	}
	m.env.RegisterActivity(ask)
	_, err := m.env.ExecuteActivity(ask, order)
	must(t, err)
}

func (m *metering) usage(t *testing.T) []rollout.Usage {
	t.Helper()
	all, err := m.Store.Usage(t.Context(), "emea", time.Time{})
	must(t, err)
	return all
}

func TestWhatIsAskedForAPlanIsCountedAndNothingElse(t *testing.T) {
	t.Parallel()
	m := newMetering(t)
	must(t, m.Keep(t.Context())) // there is nothing yet
	stage := activities.StageRef{Plan: "emea", Stage: "pilot", Hash: "h"}
	for range 3 {
		asks(t, m, activities.Order{Person: "p1", Cohort: "emea/pilot"})
	}
	asks(t, m, stage)
	asks(t, m, activities.MeasureOrder{StageRef: stage})
	asks(t, m, activities.ReconcileOrder{PlanRef: activities.PlanRef{Plan: "emea", Hash: "h"}})
	asks(t, m, activities.Order{Person: "p1", Cohort: "a cohort of its own"})
	asks(t, m, activities.Order{Person: "p1"})
	asks(t, m, "somebody")
	m.Asked(t.Context(), "crm")
	must(t, m.Keep(t.Context()))
	must(t, m.Keep(t.Context())) // again: a sum stays as it is

	hour := noon().Truncate(time.Hour)
	m.now = m.now.Add(time.Hour)
	asks(t, m, stage)
	must(t, m.Keep(t.Context()))
	want := []rollout.Usage{
		{Plan: "emea", System: "crm", Hour: hour, Requests: 1},
		{Plan: "emea", Stage: "pilot", System: "crm", Hour: hour, Requests: 5},
		{Plan: "emea", Stage: "pilot", System: "crm", Hour: hour.Add(time.Hour), Requests: 1},
	}
	if diff := cmp.Diff(want, m.usage(t)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// away is a store that cannot be reached.
type away struct{ rollout.Usages }

func (away) KeepUsage(context.Context, string, []rollout.Usage) error { return dualtone.ErrUnavailable }

func TestWhatCouldNotBeStoredIsStoredLater(t *testing.T) {
	t.Parallel()
	m := newMetering(t)
	there := m.Store
	m.Store = away{}
	asks(t, m, activities.Order{Cohort: "emea/pilot"})
	m.now = m.now.Add(3 * time.Hour)
	if err := m.Keep(t.Context()); !errors.Is(err, dualtone.ErrUnavailable) {
		t.Errorf("the database is away: %v", err)
	}
	m.Store = there
	must(t, m.Keep(t.Context()))
	if got := m.usage(t); len(got) != 1 || got[0].Requests != 1 {
		t.Errorf("stored are %+v, want the one request", got)
	}
}
