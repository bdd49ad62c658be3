package control

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/dualtone/dualtone"
)

// errand is what a schedule has done again and again, done once and at once.
type errand struct {
	id       string // of the schedule
	workflow string
	args     []any
	what     string // it is about, in errors
	already  string // what is said while it is being done
}

// now has an errand done and waits for the end. It is never done twice at a time, and
// once for an order that has a name.
func now[T any](ctx context.Context, c *Control, e errand) (done T, err error) {
	run, err := c.begun(ctx, e)
	if err == nil && run == nil {
		run, err = c.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID: e.id + "/now", TaskQueue: c.TaskQueue, WorkflowExecutionErrorWhenAlreadyStarted: true, Memo: map[string]any{orderMemo: updateID(ctx)},
		}, e.workflow, e.args...)
	}
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return done, fmt.Errorf("%s already: %w", e.already, dualtone.ErrConflict)
	}
	if err == nil {
		err = run.Get(ctx, &done)
	}
	return done, named(err, e.what)
}

// orderMemo is where a workflow keeps the name of the order that began it.
const orderMemo = "order"

// begun is the latest run of an errand, if the order of the context has begun it; nil
// where it has not.
func (c *Control) begun(ctx context.Context, e errand) (client.WorkflowRun, error) {
	name := updateID(ctx)
	if name == "" {
		return nil, nil //nolint:nilnil // Nothing was begun.
	}
	latest, err := c.Client.DescribeWorkflowExecution(ctx, e.id+"/now", "")
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return nil, nil //nolint:nilnil // Nothing was begun.
	}
	if err != nil {
		return nil, err
	}
	info := latest.GetWorkflowExecutionInfo()
	var order string
	if memo := info.GetMemo().GetFields()[orderMemo]; memo != nil {
		if err := converter.GetDefaultDataConverter().FromPayload(memo, &order); err != nil {
			return nil, fmt.Errorf("memo of %s: %w", e.id, err)
		}
	}
	if order != name {
		return nil, nil //nolint:nilnil // Another order has.
	}
	return c.Client.GetWorkflow(ctx, e.id+"/now", info.GetExecution().GetRunId()), nil
}

// untaken is how long the history of a workflow is that no worker has taken up: that it
// was started, and that it waits for a worker.
const untaken = 2

// ordered is how it stands with the errand of a schedule that was ordered last.
func (c *Control) ordered(ctx context.Context, id string) (Ordered, error) {
	latest, err := c.Client.DescribeWorkflowExecution(ctx, id+"/now", "")
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return Ordered{}, nil
	}
	if err != nil {
		return Ordered{}, named(err, id)
	}
	info := latest.GetWorkflowExecutionInfo()
	return Ordered{At: info.GetStartTime().AsTime(), Taken: info.GetHistoryLength() > untaken}, nil
}
