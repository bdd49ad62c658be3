package control

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

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

// now has an errand done and waits for the end. It is never done twice at a time.
func now[T any](ctx context.Context, c *Control, e errand) (done T, err error) {
	run, err := c.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: e.id + "/now", TaskQueue: c.TaskQueue, WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, e.workflow, e.args...)
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return done, fmt.Errorf("%s already: %w", e.already, dualtone.ErrConflict)
	}
	if err == nil {
		err = run.Get(ctx, &done)
	}
	return done, named(err, e.what)
}
