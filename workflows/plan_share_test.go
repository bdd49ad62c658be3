package workflows_test

import (
	"testing"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// slowShares is a server on which a plan takes a second to tell a stage its part
// of the limits, as a busy one does.
type slowShares struct {
	interceptor.WorkerInterceptorBase
}

func (*slowShares) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &slowRun{interceptor.WorkflowInboundInterceptorBase{Next: next}}
}

type slowRun struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (r *slowRun) Init(outbound interceptor.WorkflowOutboundInterceptor) error {
	return r.Next.Init(&slowSignals{interceptor.WorkflowOutboundInterceptorBase{Next: outbound}})
}

type slowSignals struct {
	interceptor.WorkflowOutboundInterceptorBase
}

func (s *slowSignals) SignalChildWorkflow(ctx workflow.Context, id, signal string, arg any) workflow.Future {
	sent := s.Next.SignalChildWorkflow(ctx, id, signal, arg)
	if signal != workflows.ShareSignal {
		return sent
	}
	answered, settle := workflow.NewFuture(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		_ = workflow.Sleep(ctx, time.Second)
		settle.Set(nil, sent.Get(ctx, nil))
	})
	return answered
}

// The first limit leaves the second stage nothing; the next one, which comes while
// the stages are still being told of the first, gives it half again.
func TestOfTwoLimitsOneRightAfterTheOtherTheLaterOneHolds(t *testing.T) {
	t.Parallel()
	east, west := wave("east"), wave("west")
	east.Limits = rollout.Rate{Concurrency: 6, UsersPerMinute: 60}
	west.Limits = east.Limits
	h := newHall(t, []rollout.Spec{east, west}, 200, 200)
	h.interceptors = []interceptor.WorkerInterceptor{&slowShares{}}
	h.fresh()
	perMinute := func(n int) workflows.PlanOrder {
		o := incident(rollout.Limit)
		o.Rate = &rollout.Rate{UsersPerMinute: n}
		return o
	}
	h.tell(t, 2*time.Minute, perMinute(1))
	h.tell(t, 2*time.Minute+500*time.Millisecond, perMinute(2))
	var from, to int
	h.after(3*time.Minute, func() { from = len(h.began) })
	h.after(13*time.Minute, func() { to = len(h.began) })
	h.tell(t, time.Hour, incident(rollout.Rollback))
	h.run(t, h.start())
	stages := map[string]int{}
	for _, b := range h.began[from:to] {
		stages[string(b.person[:4])]++
	}
	if stages["east"] < 9 || stages["west"] < 9 {
		t.Errorf("at two users a minute for two stages these were begun in ten minutes: %v, want about ten of each", stages)
	}
}
