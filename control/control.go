// Package control is the typed client of the workflows: it starts moves, gives
// orders to running ones and asks how they stand. The command line and the
// console speak to the workflows through it alone.
package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/dualtone/dualtone"
)

// Control starts and steers the workflows of one dualtone.
type Control struct {
	Client    client.Client
	TaskQueue string
	// Defaults fill what a request leaves open.
	Defaults Defaults
}

// Defaults are the patience and width of moves that do not say their own.
type Defaults struct {
	DrainWait time.Duration
	Patience  time.Duration
	Window    int
	RunLength int
}

// Why says who wants something done and for what reason.
type Why struct {
	Actor  string
	Reason string
}

// check refuses an order that nobody stands for.
func (w Why) check() error {
	if w.Actor == "" {
		return fmt.Errorf("an order needs an actor: %w", dualtone.ErrInvalid)
	}
	return nil
}

// start starts a workflow under an id that may run only once at a time.
func (c *Control) start(ctx context.Context, id, what, workflow string, in any) (client.WorkflowRun, error) {
	run, err := c.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: c.TaskQueue, WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflow, in)
	if _, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return nil, fmt.Errorf("%s is being moved already, see its status: %w", what, dualtone.ErrConflict)
	}
	return run, named(err, what)
}

// named gives errors of Temporal the names that the rest of the program knows.
func named(err error, what string) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return fmt.Errorf("%s is not being moved: %w", what, dualtone.ErrNotFound)
	}
	if missing, ok := errors.AsType[*serviceerror.NamespaceNotFound](err); ok {
		return fmt.Errorf("%s: Temporal does not find the namespace %q: it does not exist, or Temporal's database is away: %w",
			what, missing.Namespace, dualtone.ErrUnavailable)
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return fmt.Errorf("%s: %s: %w", what, app.Message(), kindOf(app.Type()))
	}
	if ctx := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded); ctx {
		return err
	}
	return fmt.Errorf("%s: %w: %w", what, err, dualtone.ErrUnavailable)
}

// kindOf turns an error's name back into the error. What a workflow refuses
// without a name of ours is a conflict with what is going on.
func kindOf(kind string) error {
	for _, err := range []error{
		dualtone.ErrUnsupported, dualtone.ErrInvalid, dualtone.ErrNotFound,
		dualtone.ErrDenied, dualtone.ErrUnknown, dualtone.ErrUnavailable,
	} {
		if dualtone.Kind(err) == kind {
			return err
		}
	}
	return dualtone.ErrConflict
}

// said gives an error that a workflow has answered with its name again, and
// leaves its words as they are.
func said(err error) error {
	if err == nil {
		return nil
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return &refusal{words: app.Message(), kind: kindOf(app.Type())}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", err, dualtone.ErrUnavailable)
}

// refusal is a workflow's own words with their kind.
type refusal struct {
	words string
	kind  error
}

func (r *refusal) Error() string { return r.words }

func (r *refusal) Unwrap() error { return r.kind }
