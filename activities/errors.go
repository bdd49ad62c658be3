package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/dualtone/dualtone"
)

// Interceptor carries errors across Temporal by their names, honors a vendor's
// wish to be left alone, tells the server that long activities are alive, and
// remembers for which plan each asks the systems.
type Interceptor struct {
	interceptor.WorkerInterceptorBase
}

// InterceptActivity wraps the execution of every activity.
func (*Interceptor) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &inbound{interceptor.ActivityInboundInterceptorBase{Next: next}}
}

type inbound struct {
	interceptor.ActivityInboundInterceptorBase
}

// ExecuteActivity runs the activity, beating its heart meanwhile.
func (i *inbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	ctx = onBehalf(context.WithValue(ctx, progressKey{}, &progress{}), in.Args)
	defer keepBeating(ctx)()
	result, err := i.Next.ExecuteActivity(ctx, in)
	return result, crossing(err)
}

// keepBeating heartbeats until it is stopped, so that a lost worker is noticed
// soon and a slow vendor is not mistaken for one. Each heartbeat is a write of the
// server, so it does not begin before two thirds of the timeout are over: most
// activities need none. The client itself sends the later ones at four fifths.
func keepBeating(ctx context.Context) (stop func()) {
	timeout := activity.GetInfo(ctx).HeartbeatTimeout
	if timeout <= 0 {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(timeout * 2 / 3)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				beat(ctx)
			}
		}
	}()
	return func() { close(done) }
}

// crossing turns an error into what Temporal decides retries by: its name, and
// whether and when to try again.
func crossing(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, activity.ErrResultPending) {
		return err
	}
	if _, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return err
	}
	options := temporal.ApplicationErrorOptions{NonRetryable: dualtone.Lasting(err)}
	if throttled, ok := errors.AsType[*dualtone.ThrottledError](err); ok {
		options.NextRetryDelay = throttled.After
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), dualtone.Kind(err), options)
}

// insist makes an error one that is tried again although its name says that
// trying would not help: on a way back, wrong credentials are waited for.
func insist(err error) error {
	if !errors.Is(err, dualtone.ErrDenied) {
		return err
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), dualtone.Kind(err), temporal.ApplicationErrorOptions{})
}
