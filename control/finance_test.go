package control_test

import (
	"context"
	"testing"
	"time"

	"go.temporal.io/sdk/worker"

	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/workflows"
)

// A sampling that was ordered waits until a worker comes, and shows that it does.
func TestASamplingShowsWhetherAWorkerHasTakenItUp(t *testing.T) {
	t.Parallel()
	temporal := machine.Client(t)
	c := &control.Control{Client: temporal, TaskQueue: "dualtone"}
	seen := func(want func(control.Ordered) bool) control.Ordered {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for {
			got, err := c.OrderedSample(ctx)
			must(t, err)
			if want(got) {
				return got
			}
			<-time.After(50 * time.Millisecond)
		}
	}
	if got, err := c.OrderedSample(t.Context()); err != nil || got != (control.Ordered{}) {
		t.Fatalf("before any: %+v, %v", got, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = c.SampleFinance(ctx) // There is no platform to be asked: it ends with the test.
	}()
	defer func() { stop(); <-ended }()
	if got := seen(func(o control.Ordered) bool { return !o.At.IsZero() }); got.Taken {
		t.Errorf("without a worker: %+v", got)
	}
	w := worker.New(temporal, "dualtone", worker.Options{})
	workflows.Register(w)
	must(t, w.Start())
	defer w.Stop()
	seen(func(o control.Ordered) bool { return o.Taken })
}
