// Package workflows is what dualtone promises to finish. A workflow holds no
// rule of its own: it asks cutover what comes next, runs the activity that is
// named, and records the answer.
package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
)

// UserQuery is the query that answers with a user's Progress.
const UserQuery = "progress"

// UserRequest asks for one person to be switched.
type UserRequest struct {
	Person dualtone.PersonID `json:"person"`
	Cohort string            `json:"cohort,omitempty"`
	// Pass is the go at the cohort in which the person is switched once.
	Pass   string `json:"pass,omitempty"`
	Actor  string `json:"actor"`
	Reason string `json:"reason"`
	// DrainWait is the longest that the switch waits for the user to come free.
	DrainWait time.Duration `json:"drain_wait"`
	// Insist makes a way back go on after that wait, with the call that lasts.
	Insist bool `json:"insist,omitempty"`
	// Patience is how long a system may be away in the middle of a switch
	// before what was written is taken back.
	Patience time.Duration `json:"patience"`
	// Held is the stage whose holds still keep the user where they are when
	// everything is ready; nil for none.
	Held *activities.StageRef `json:"held,omitempty"`
	// Choice is what a way back does with what somebody else set.
	cutover.Choice
}

// Progress is where a user's switch stands, and how it ended once State is final.
type Progress struct {
	Switch cutover.SwitchID  `json:"switch"`
	Person dualtone.PersonID `json:"person"`
	To     dualtone.Side     `json:"to"`
	State  cutover.State     `json:"state"`
	// Unchanged says that there was nothing to do.
	Unchanged bool `json:"unchanged,omitempty"`
	// Held: a hold of the plan kept the person where they are.
	Held   bool      `json:"held,omitempty"`
	Detail string    `json:"detail,omitempty"`
	Since  time.Time `json:"since"`
}

// SwitchUser moves one person to the new side. It ends in a final state of
// cutover and returns no error for a user who could not be moved.
func SwitchUser(ctx workflow.Context, r UserRequest) (Progress, error) {
	return run(ctx, r, dualtone.New)
}

// ReturnUser brings one person back to where they were before their last switch.
func ReturnUser(ctx workflow.Context, r UserRequest) (Progress, error) {
	return run(ctx, r, dualtone.Old)
}

func run(ctx workflow.Context, r UserRequest, to dualtone.Side) (Progress, error) {
	execution := workflow.GetInfo(ctx).WorkflowExecution
	p := &Progress{
		Switch: cutover.SwitchID(execution.ID + "/" + execution.RunID),
		Person: r.Person, To: to, State: cutover.Planned, Since: workflow.Now(ctx),
	}
	if err := workflow.SetQueryHandler(ctx, UserQuery, func() (Progress, error) { return *p, nil }); err != nil {
		return *p, err
	}
	for !p.State.Final() {
		if err := p.step(ctx, r); err != nil {
			return *p, err
		}
	}
	return *p, nil
}

// step runs the work that the state needs and moves on to the state that its
// outcome leads to.
func (p *Progress) step(ctx workflow.Context, r UserRequest) error {
	work := cutover.Next(p.To, p.State)
	order := activities.Order{
		Switch: p.Switch, Person: p.Person, To: p.To, Cohort: r.Cohort,
		Actor: r.Actor, Reason: r.Reason, State: p.State, Detail: p.Detail, Held: r.Held, Wait: r.DrainWait, Insist: r.Insist, Choice: r.Choice,
	}
	if work == cutover.Capture {
		order.Pass, order.MayBeLeftOut = r.Pass, true
	}
	var result activities.Result
	failure := workflow.ExecuteActivity(workContext(ctx, work, p.To, r), string(work), order).Get(ctx, &result)
	if failure != nil {
		result = activities.Result{Outcome: cutover.Failed, Detail: reason(failure)}
	}
	next, err := cutover.After(p.To, p.State, result.Outcome)
	if err != nil {
		return err
	}
	p.State, p.Detail, p.Since = next, result.Detail, workflow.Now(ctx)
	p.Unchanged, p.Held = result.Outcome == cutover.Unchanged, p.Held || result.Held
	if failure == nil || !next.Final() {
		return nil
	}
	// The activity that failed could not journal how the switch ended.
	order.State, order.Detail, order.Pass = p.State, p.Detail, r.Pass
	return workflow.ExecuteActivity(workContext(ctx, concludes, p.To, r), activities.ConcludeName, order).Get(ctx, nil)
}

// concludes stands for the activity that says how a switch ended.
const concludes = cutover.Nothing

const (
	heartbeat = 10 * time.Second
	// watching is how soon it is noticed that whoever awaits a user's switch is
	// lost. The switch itself goes on meanwhile, so that need not be as soon.
	watching = 20 * time.Second
	// wayBack is the longest that one attempt of a way back may take, such as
	// waiting for a call to end.
	wayBack = 24 * time.Hour
)

// workContext says how long and how often an activity is tried. On the way to
// the new side work gives up after the patience, and what was written is then
// taken back. A way back does not give up: once it writes, nothing stops it,
// and before that only a cancel does.
func workContext(ctx workflow.Context, work cutover.Work, to dualtone.Side, r UserRequest) workflow.Context {
	options := workflow.ActivityOptions{
		StartToCloseTimeout:    r.Patience,
		ScheduleToCloseTimeout: r.Patience,
		HeartbeatTimeout:       heartbeat,
		WaitForCancellation:    true,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 15 * time.Second,
		},
	}
	switch {
	case work == cutover.Capture:
		if to == dualtone.Old {
			options.StartToCloseTimeout, options.ScheduleToCloseTimeout = wayBack, 0
		}
	case work == cutover.Ready:
		options.StartToCloseTimeout += r.DrainWait
		options.ScheduleToCloseTimeout += r.DrainWait
	case to == dualtone.New && (work == cutover.Move || work == cutover.Verify):
		// A cancel that arrives once the user is being moved comes too late.
		ctx, _ = workflow.NewDisconnectedContext(ctx)
	default:
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		options.StartToCloseTimeout, options.ScheduleToCloseTimeout = wayBack, 0
	}
	return workflow.WithActivityOptions(ctx, options)
}

// reason is what a person needs to know of an activity's failure.
func reason(err error) string {
	if temporal.IsCanceledError(err) {
		return "canceled"
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Message()
	}
	if timeout, ok := errors.AsType[*temporal.TimeoutError](err); ok && timeout.Unwrap() != nil {
		return reason(timeout.Unwrap())
	}
	return err.Error()
}
