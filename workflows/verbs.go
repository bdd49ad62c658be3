package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
)

// maxWindow is the most users that one cohort may have in flight.
const maxWindow = 500

// verb is an order that a running cohort takes, and what speaks against it.
type verb struct {
	name   string
	refuse func(Order) string
	obey   func(workflow.Context, Order)
}

func (c *cohort) verbs() []verb {
	return []verb{
		{PauseVerb, c.refusePause, func(_ workflow.Context, o Order) { c.Paused = &o }},
		{ResumeVerb, c.refuseResume, func(workflow.Context, Order) { c.Paused = nil }},
		{WindowVerb, refuseWindow, func(_ workflow.Context, o Order) {
			c.Window, c.UsersPerMinute = o.Window, o.UsersPerMinute
			if o.Rate != nil {
				c.Rate, c.StopWhen = *o.Rate, o.Rate.StopWhen
			}
		}},
		{SkipVerb, c.refuseSkip, func(_ workflow.Context, o Order) { c.Skip = append(c.Skip, o.Person) }},
		{StopVerb, c.refuseStop, c.stop},
		{TurnBackVerb, c.refuseTurnBack, func(_ workflow.Context, o Order) { c.TurnBack = &o }},
		{SettleVerb, func(Order) string { return "" }, func(_ workflow.Context, o Order) { c.Settle = &o.Window }},
	}
}

// listen answers queries for the status and takes the verbs. A refused verb
// leaves no trace in the history and says why.
func (c *cohort) listen(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, CohortQuery, func() (CohortStatus, error) { return c.status(), nil }); err != nil {
		return err
	}
	for _, v := range c.verbs() {
		handle := func(ctx workflow.Context, o Order) (CohortStatus, error) {
			o.At = workflow.Now(ctx)
			v.obey(ctx, o)
			return c.status(), nil
		}
		err := workflow.SetUpdateHandlerWithOptions(ctx, v.name, handle, workflow.UpdateHandlerOptions{
			Validator: func(_ workflow.Context, o Order) error { return refusal(v, o) },
		})
		if err != nil {
			return err
		}
	}
	workflow.Go(ctx, c.hear)
	if c.Stage != nil {
		workflow.Go(ctx, c.settle)
	}
	return nil
}

// Given is a verb that another workflow gives with an order.
type Given struct {
	Verb  string `json:"verb"`
	Order Order  `json:"order"`
}

// hear takes orders of another workflow. What speaks against one is that it is
// obeyed already, or comes too late.
func (c *cohort) hear(ctx workflow.Context) {
	orders := workflow.GetSignalChannel(ctx, OrderSignal)
	for {
		var g Given
		orders.Receive(ctx, &g)
		c.obey(ctx, g)
	}
}

// settle tells the stage when no more users are in flight than it asked for.
func (c *cohort) settle(ctx workflow.Context) {
	for {
		if workflow.Await(ctx, func() bool { return c.Settle != nil && len(c.InFlight) <= *c.Settle }) != nil {
			return
		}
		most := *c.Settle
		c.Settle = nil
		if stage := workflow.GetInfo(ctx).ParentWorkflowExecution; stage != nil {
			_ = workflow.SignalExternalWorkflow(ctx, stage.ID, "", SettledSignal, most).Get(ctx, nil)
		}
	}
}

// hearRest takes the orders that have come and were not heard, before the run
// ends.
func (c *cohort) hearRest(ctx workflow.Context) {
	orders := workflow.GetSignalChannel(ctx, OrderSignal)
	for g := (Given{}); orders.ReceiveAsync(&g); g = (Given{}) {
		c.obey(ctx, g)
	}
}

func (c *cohort) obey(ctx workflow.Context, g Given) {
	for _, v := range c.verbs() {
		if v.name == g.Verb && refusal(v, g.Order) == nil {
			g.Order.At = workflow.Now(ctx)
			v.obey(ctx, g.Order)
		}
	}
}

func refusal(v verb, o Order) error {
	why := v.refuse(o)
	if o.Actor == "" {
		why = "it does not say who asks"
	}
	if why == "" {
		return nil
	}
	return fmt.Errorf("%s refused: %s: %w", v.name, why, dualtone.ErrConflict)
}

func (c *cohort) refusePause(Order) string {
	if c.Paused != nil {
		return fmt.Sprintf("already paused by %s: %s", c.Paused.Actor, c.Paused.Reason)
	}
	return ""
}

func (c *cohort) refuseResume(Order) string {
	if c.Paused == nil {
		return "it is not paused"
	}
	return ""
}

func refuseWindow(o Order) string {
	if o.Window < 1 || o.Window > maxWindow {
		return fmt.Sprintf("a window is from 1 to %d", maxWindow)
	}
	return ""
}

func (c *cohort) refuseSkip(o Order) string {
	inFlight := slices.ContainsFunc(c.InFlight, func(p activities.Place) bool { return p.Person == o.Person })
	switch {
	case inFlight:
		return "the user is being switched right now; roll them back afterwards"
	case slices.Contains(c.Skip, o.Person):
		return "the user is skipped already"
	default:
		return ""
	}
}

func (c *cohort) refuseStop(Order) string {
	if c.Stopped != nil {
		return "already stopped by " + c.Stopped.Actor
	}
	return ""
}

func (c *cohort) refuseTurnBack(Order) string {
	if c.To == dualtone.Old || c.TurnBack != nil {
		return "the cohort is on its way back already"
	}
	return ""
}

// stop starts no more users. Those in flight finish, or are asked to go back.
func (c *cohort) stop(ctx workflow.Context, o Order) {
	c.Stopped = &o
	if !o.Back {
		return
	}
	for _, place := range c.InFlight {
		// One that has just ended cannot be canceled, and need not be.
		_ = workflow.RequestCancelExternalWorkflow(ctx, activities.UserWorkflowID(place.Person), "")
	}
}
