package workflows_test

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

// length is how long a history is.
type length struct{ events, bytes int }

// eventBytes is more than an event takes beside what it carries: real histories
// have about a hundred.
const eventBytes = 150

// task are the events of a workflow task: scheduled, started, completed.
const task = 3

// histories counts the events of every run of every workflow, which the test
// environment does not keep, and remembers the longest of each kind. It counts
// at worst: a server has one workflow task for much that comes together, here
// each thing has its own.
type histories struct {
	interceptor.WorkerInterceptorBase

	mu      sync.Mutex
	running map[string]*counted // by the workflow's id
	longest map[string]length   // by the workflow's name
	runs    map[string]int
}

type counted struct {
	kind string
	length
}

func newHistories() *histories {
	return &histories{running: map[string]*counted{}, longest: map[string]length{}, runs: map[string]int{}}
}

// begin begins to count a run, whatever ran before it under its name.
func (h *histories) begin(info *workflow.Info, input int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running[info.WorkflowExecution.ID] = &counted{kind: info.WorkflowType.Name}
	h.runs[info.WorkflowType.Name]++
	h.count(info.WorkflowExecution.ID, 1+task, input)
}

// add counts more of a run.
func (h *histories) add(id string, events, bytes int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count(id, events, bytes)
}

func (h *histories) count(id string, events, bytes int) {
	r := h.running[id]
	if r == nil {
		return
	}
	r.events += events
	r.bytes += events*eventBytes + bytes
	most := h.longest[r.kind]
	h.longest[r.kind] = length{max(most.events, r.events), max(most.bytes, r.bytes)}
}

// size is what values take in a history.
func size(values ...any) int {
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(values...)
	if err != nil {
		return 0
	}
	n := 0
	for _, p := range payloads.GetPayloads() {
		n += len(p.GetData())
	}
	return n
}

// InterceptActivity counts what activities are given and return.
func (h *histories) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &countedActivity{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, histories: h}
}

type countedActivity struct {
	interceptor.ActivityInboundInterceptorBase

	histories *histories
}

func (a *countedActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	result, err := a.Next.ExecuteActivity(ctx, in)
	a.histories.add(activity.GetInfo(ctx).WorkflowExecution.ID, 0, size(in.Args...)+size(result))
	return result, err
}

// InterceptWorkflow counts what a workflow does and what comes to it.
func (h *histories) InterceptWorkflow(ctx workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &countedRun{
		WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next},
		histories:                      h, id: workflow.GetInfo(ctx).WorkflowExecution.ID,
	}
}

type countedRun struct {
	interceptor.WorkflowInboundInterceptorBase

	histories *histories
	id        string
}

func (r *countedRun) Init(outbound interceptor.WorkflowOutboundInterceptor) error {
	return r.Next.Init(&countedCommands{
		WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: outbound}, histories: r.histories, id: r.id,
	})
}

func (r *countedRun) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	r.histories.begin(workflow.GetInfo(ctx), size(in.Args...))
	result, err := r.Next.ExecuteWorkflow(ctx, in)
	// What it hands over to the next run is about as long as what it was given.
	r.histories.add(r.id, 1, size(result)+size(in.Args...))
	return result, err
}

func (r *countedRun) HandleSignal(ctx workflow.Context, in *interceptor.HandleSignalInput) error {
	r.histories.add(r.id, 1+task, len(in.Arg.String()))
	return r.Next.HandleSignal(ctx, in)
}

func (r *countedRun) ExecuteUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (any, error) {
	result, err := r.Next.ExecuteUpdate(ctx, in)
	r.histories.add(r.id, 2+task, size(in.Args...)+size(result))
	return result, err
}

// countedCommands counts each command with the events that it leads to.
type countedCommands struct {
	interceptor.WorkflowOutboundInterceptorBase

	histories *histories
	id        string
}

func (c *countedCommands) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	c.histories.add(c.id, 3+task, 0) // scheduled, started, completed
	return c.Next.ExecuteActivity(ctx, name, args...)
}

func (c *countedCommands) ExecuteChildWorkflow(ctx workflow.Context, name string, args ...any) workflow.ChildWorkflowFuture {
	c.histories.add(c.id, 3+2*task, 2*size(args...)) // initiated, started, completed
	return c.Next.ExecuteChildWorkflow(ctx, name, args...)
}

func (c *countedCommands) NewTimer(ctx workflow.Context, d time.Duration) workflow.Future {
	c.histories.add(c.id, 2+task, 0) // started, fired
	return c.Next.NewTimer(ctx, d)
}

func (c *countedCommands) NewTimerWithOptions(ctx workflow.Context, d time.Duration, o workflow.TimerOptions) workflow.Future {
	c.histories.add(c.id, 2+task, 0)
	return c.Next.NewTimerWithOptions(ctx, d, o)
}

func (c *countedCommands) SignalExternalWorkflow(ctx workflow.Context, id, run, name string, arg any) workflow.Future {
	c.histories.add(c.id, 2+task, size(arg)) // initiated, signaled
	return c.Next.SignalExternalWorkflow(ctx, id, run, name, arg)
}

func (c *countedCommands) SignalChildWorkflow(ctx workflow.Context, id, name string, arg any) workflow.Future {
	c.histories.add(c.id, 2+task, size(arg))
	return c.Next.SignalChildWorkflow(ctx, id, name, arg)
}

func (c *countedCommands) GetVersion(ctx workflow.Context, change string, least, most workflow.Version) workflow.Version {
	c.histories.add(c.id, 2, 0) // the marker and its search attribute
	return c.Next.GetVersion(ctx, change, least, most)
}
