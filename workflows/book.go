package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// book keeps what a plan or a stage did, in order, whoever did it: the orders of
// people arrive while the workflow does something else.
type book struct {
	standing *rollout.Standing
	// turn counts transitions, so that whoever waited sees that something changed.
	turn    int
	pending []func(workflow.Context) error
	failure error
}

// open begins to keep.
func (b *book) open(ctx workflow.Context) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			if workflow.Await(ctx, func() bool { return len(b.pending) > 0 }) != nil {
				return
			}
			if err := b.pending[0](ctx); err != nil && b.failure == nil {
				b.failure = err
			}
			b.pending = b.pending[1:]
		}
	})
}

// keep has an activity done after everything that is to be kept already.
func (b *book) keep(activity string, what any) {
	b.pending = append(b.pending, func(ctx workflow.Context) error {
		return workflow.ExecuteActivity(keeping(ctx), activity, what).Get(ctx, nil)
	})
}

// kept waits until everything is kept.
func (b *book) kept(ctx workflow.Context) error {
	if err := workflow.Await(ctx, func() bool { return len(b.pending) == 0 }); err != nil {
		return err
	}
	return b.failure
}

// take takes an order, moves the standing and keeps the transition.
func (b *book) take(ctx workflow.Context, o rollout.Order) error {
	o.At = workflow.Now(ctx)
	t, err := b.standing.Take(o)
	if err != nil {
		return err
	}
	*b.standing = b.standing.After(t)
	b.turn++
	b.keep(activities.KeepTransitionName, t)
	return nil
}

// find takes what the program found. Where a hold stops it, find waits until it
// is released, or until anything else changes, and the work is done anew.
func (b *book) find(ctx workflow.Context, v rollout.Verb, why string, evidence time.Time) error {
	err := b.take(ctx, rollout.Order{Verb: v, Actor: activities.Itself, Role: rollout.System, Reason: why, Evidence: evidence})
	if err == nil {
		return nil
	}
	if !b.held(ctx) {
		return refused(err)
	}
	return b.waitHeld(ctx)
}

// waitHeld waits until no hold is in force, for a day at most.
func (b *book) waitHeld(ctx workflow.Context) error {
	now := workflow.Now(ctx)
	until := earliest(rollout.HeldUntil(b.standing.Holds, b.standing.Stage, now), now.Add(stageRun))
	return b.wait(ctx, until, func() bool { return !b.held(ctx) })
}

func (b *book) held(ctx workflow.Context) bool {
	_, held := rollout.Held(b.standing.Holds, b.standing.Stage, workflow.Now(ctx))
	return held
}

// wait waits until a moment, none if it is zero, until there is a transition or
// until wake says so.
func (b *book) wait(ctx workflow.Context, until time.Time, wake func() bool) error {
	turn := b.turn
	changed := func() bool { return b.turn != turn || b.failure != nil || wake != nil && wake() }
	if until.IsZero() {
		if err := workflow.Await(ctx, changed); err != nil {
			return err
		}
		return b.failure
	}
	if left := until.Sub(workflow.Now(ctx)); left > 0 {
		if _, err := workflow.AwaitWithTimeout(ctx, left, changed); err != nil {
			return err
		}
	}
	return b.failure
}

// keeping is how long and how often it is tried to keep something, or to ask
// what is kept: until it is done.
func keeping(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, MaximumInterval: 15 * time.Second},
	})
}

// asking is how long and how often systems are asked.
func asking(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Hour, HeartbeatTimeout: heartbeat,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: time.Minute},
	})
}

// refused carries why an order is not taken to whoever gave it, by its name.
func refused(err error) error {
	return temporal.NewNonRetryableApplicationError(err.Error(), dualtone.Kind(err), nil)
}

// PlanOrder is an order to a running plan or to a stage of it.
type PlanOrder struct {
	rollout.Order

	// Stage is the stage that it is about; empty for the plan.
	Stage string `json:"stage,omitempty"`
	// Person is whom to skip.
	Person dualtone.PersonID `json:"person,omitempty"`
	// Hold is the hold to release; empty for all. Expires is when a new one ends.
	Hold    string    `json:"hold,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
	// Rate is the new limit.
	Rate *rollout.Rate `json:"rate,omitempty"`
	// Back makes an abort take those in flight back instead of letting them finish.
	Back bool `json:"back,omitempty"`
	// For is how long an override of the window holds.
	For plan.Duration `json:"for,omitempty"`
	// Agree: the override of the window, or the end of the plan, is the one that
	// somebody else has asked for.
	Agree bool `json:"agree,omitempty"`
	// Until is when a soak ends instead.
	Until time.Time `json:"until,omitzero"`
	// Bound is what an approval binds.
	Bound rollout.Bound `json:"bound,omitzero"`
	// Task is the task that something became of, and Verdict what.
	Task     string            `json:"task,omitempty"`
	Verdict  rollout.TaskState `json:"verdict,omitempty"`
	Attached string            `json:"attached,omitempty"`
}

// because is why the order was given, behind what it did; empty where nobody said.
func (o PlanOrder) because() string {
	if o.Reason == "" {
		return ""
	}
	return ": " + o.Reason
}

// told is the order as it is kept: of limits, also which.
func (o PlanOrder) told() rollout.Order {
	if o.Verb == rollout.Limit && o.Rate != nil {
		o.Reason = o.Rate.String() + o.because()
	}
	return o.Order
}

// hold is the hold that an order places.
func (o PlanOrder) hold(id, plan string, now time.Time) rollout.Hold {
	h := rollout.Hold{
		ID: id, Plan: plan, Stage: o.Stage, Owner: o.Actor, Role: o.Role, Reason: o.Reason, Placed: now, Expires: o.Expires,
	}
	if o.Verb == rollout.Abort {
		h.Abort = o.inFlight()
	}
	return h
}

// inFlight is what becomes of those in flight after an abort.
func (o PlanOrder) inFlight() rollout.InFlight {
	if o.Back {
		return rollout.TakeBackThem
	}
	return rollout.FinishThem
}

// release ends the holds that an order names and returns them.
func (b *book) release(ctx workflow.Context, o PlanOrder) []rollout.Hold {
	now := workflow.Now(ctx)
	var ended []rollout.Hold
	for i := range b.standing.Holds {
		h := &b.standing.Holds[i]
		if h.OpenAt(now) && h.Stage == b.standing.Stage && (o.Hold == "" || o.Hold == h.ID) {
			h.Released, h.ReleasedBy, h.Why = now, o.Actor, o.Reason
			b.keep(activities.KeepHoldName, *h)
			ended = append(ended, *h)
		}
	}
	return ended
}

// place places a hold.
func (b *book) place(h rollout.Hold) {
	b.standing.Holds = append(b.standing.Holds, h)
	b.keep(activities.KeepHoldName, h)
}

// unheld says why there is no hold to release; empty where there is one.
func (b *book) unheld(o PlanOrder) string {
	for _, h := range b.standing.Holds {
		if h.OpenAt(o.At) && h.Stage == b.standing.Stage && (o.Hold == "" || o.Hold == h.ID) {
			return ""
		}
	}
	if o.Hold != "" {
		return "there is no open hold " + o.Hold
	}
	return "there is no open hold"
}
