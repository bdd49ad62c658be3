package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// checksIn is how long starting a plan waits for the prechecks of its first stages, so
// as to tell what they then wait for. Whoever has many people waits longer for those.
const checksIn = 5 * time.Second

// start starts a plan, waits until it takes orders, and tells what its first stages
// wait for.
func start(ctx context.Context, c *counter, name string, g *given) (string, error) {
	state, err := c.plans.Start(ctx, name, g.Order)
	if err != nil {
		return "", err
	}
	if state == rollout.Approved {
		c.say("plan %s is started, and waits for a worker to take it up; an interrupt leaves it started", name)
	}
	v, err := c.seen(ctx, name, 0, func(v control.PlanView) bool { return v.Plan.State != rollout.Approved })
	if err != nil {
		return "", fmt.Errorf("plan %s is started, and no worker has taken it up yet: %w", name, err)
	}
	if !atRest(v) {
		c.say("plan %s is active: the first stages check whether they may begin", name)
		if v, err = c.seen(ctx, name, checksIn, atRest); err != nil {
			return "", fmt.Errorf("plan %s is active; its first stages still check whether they may begin: %w", name, err)
		}
	}
	return whereItBegan(v), nil
}

// seen looks at a plan again and again until it is as is waited for, at most for so
// long; 0 waits until it is interrupted.
func (c *counter) seen(ctx context.Context, name string, most time.Duration, done func(control.PlanView) bool) (control.PlanView, error) {
	const often = 250 * time.Millisecond
	for waited := time.Duration(0); ; waited += often {
		v, err := c.reads.PlanView(ctx, name)
		if err != nil || done(v) || most > 0 && waited >= most {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-time.After(often):
		}
	}
}

// atRest reports whether no stage is about to tell more of itself by itself.
func atRest(v control.PlanView) bool {
	_, held := rollout.Held(v.Holds, "", v.AsOf)
	begun := func(s rollout.Stage) bool { return s.State != rollout.Pending }
	looks := func(s rollout.Stage) bool { // into its prechecks, its approvals or the calendar
		return s.State == rollout.Prechecking || s.State == rollout.AwaitingApproval && v.Said(s.ID).Enough ||
			s.State == rollout.WaitingWindow && s.Until.IsZero()
	}
	return v.Plan.State != rollout.Active || held || slices.ContainsFunc(v.Stages, begun) && !slices.ContainsFunc(v.Stages, looks)
}

// whereItBegan tells how the stages of a plan stand that have begun.
func whereItBegan(v control.PlanView) string {
	all := []string{"it is " + string(v.Plan.State)}
	for _, s := range v.Stages {
		switch missing := v.Said(s.ID).Missing; {
		case s.State == rollout.Pending:
		case s.State == rollout.AwaitingApproval && missing != "":
			all = append(all, fmt.Sprintf("stage %s needs %s", s.ID, missing))
		case s.State == rollout.WaitingWindow:
			all = append(all, fmt.Sprintf("stage %s waits for its window, %s%s", s.ID, cmp.Or(until(s.Until, v.AsOf), "of which none is known"), because(s.Detail)))
		default:
			all = append(all, fmt.Sprintf("stage %s is %s%s", s.ID, s.State, because(s.Detail)))
		}
	}
	for _, h := range v.Holds {
		all = append(all, printable(h.String()))
	}
	return strings.Join(all, "; ")
}
