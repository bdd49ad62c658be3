package control

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/workflows"
)

// UserMove is one person's switch that was started.
type UserMove struct {
	control *Control
	run     client.WorkflowRun
	person  dualtone.PersonID
}

// SwitchUser starts moving one person to a side. ErrConflict when a switch of
// the person is running.
func (c *Control) SwitchUser(ctx context.Context, person dualtone.PersonID, to dualtone.Side, why Why) (*UserMove, error) {
	return c.SwitchUserAs(ctx, person, to, cutover.Choice{}, why)
}

// SwitchUserAs is SwitchUser, and a way back then also does what was chosen with what
// somebody else has set meanwhile.
func (c *Control) SwitchUserAs(ctx context.Context, person dualtone.PersonID, to dualtone.Side, chosen cutover.Choice, why Why) (*UserMove, error) {
	if err := why.check(); err != nil {
		return nil, err
	}
	name := workflows.SwitchUserName
	if to == dualtone.Old {
		name = workflows.ReturnUserName
	}
	run, err := c.start(ctx, activities.UserWorkflowID(person), "user "+string(person), name, workflows.UserRequest{
		Person: person, Actor: why.Actor, Reason: why.Reason,
		DrainWait: c.Defaults.DrainWait, Patience: c.Defaults.Patience, Choice: chosen,
	})
	if err != nil {
		return nil, err
	}
	return &UserMove{control: c, run: run, person: person}, nil
}

// Progress asks where the switch stands.
func (m *UserMove) Progress(ctx context.Context) (workflows.Progress, error) {
	var p workflows.Progress
	v, err := m.control.Client.QueryWorkflow(ctx, m.run.GetID(), m.run.GetRunID(), workflows.UserQuery)
	if err != nil {
		return p, named(err, "user "+string(m.person))
	}
	return p, v.Get(&p)
}

// Wait waits for the switch to end. A user who could not be moved is not an
// error: the progress says how it ended.
func (m *UserMove) Wait(ctx context.Context) (workflows.Progress, error) {
	var p workflows.Progress
	return p, named(m.run.Get(ctx, &p), "user "+string(m.person))
}

// UserSwitch waits for so long at most for the end of somebody's newest switch, and
// answers how it stands then. ErrNotFound for somebody who was never switched, or so
// long ago that Temporal has forgotten it.
func (c *Control) UserSwitch(ctx context.Context, person dualtone.PersonID, wait time.Duration) (workflows.Progress, error) {
	m := UserMove{control: c, run: c.Client.GetWorkflow(ctx, activities.UserWorkflowID(person), ""), person: person}
	within, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	p, err := m.Wait(within)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		return m.Progress(ctx)
	}
	return p, err
}

// Cancel asks the switch to go back if it has not yet begun to move the user.
func (m *UserMove) Cancel(ctx context.Context) error {
	return named(m.control.Client.CancelWorkflow(ctx, m.run.GetID(), m.run.GetRunID()), "user "+string(m.person))
}

// Preview answers what switching a person would do, in order, with before and
// after; it writes nothing. The error says why the person could not be
// switched.
func (c *Control) Preview(ctx context.Context, person dualtone.PersonID, to dualtone.Side, why Why) (cutover.Switch, error) {
	var s cutover.Switch
	id := fmt.Sprintf("preview/%s/%s", to, person)
	run, err := c.start(ctx, id, "user "+string(person), workflows.PreviewUserName, activities.Order{
		Person: person, To: to, Actor: why.Actor, Reason: why.Reason,
	})
	if err != nil {
		return s, err
	}
	return s, named(run.Get(ctx, &s), "user "+string(person))
}
