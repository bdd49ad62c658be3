// Package activities is everything a workflow does to the world: it drives the
// ports of systems, the router and the stores. Reading, journaling and writing
// stay apart, so that no retry can mistake its own change for the past.
package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/systems"
)

// User moves one person. Its methods are the activities of a user's switch, one
// for each cutover.Work; every one of them may be run again after any failure.
type User struct {
	Old, New *systems.Platform
	CRM      *systems.CRM
	Router   routing.Router
	// Flips changes routes where they are kept beside the journal; nil where they
	// are not.
	Flips Flips
	// Edges says when a flip has reached those that route calls; nil where nobody
	// does.
	Edges    Edges
	People   cutover.People
	Switches cutover.Switches
	// Holds are those of plans; nil where there are no plans.
	Holds     rollout.Holds
	Migration cutover.Migration
	Drain     Drain
	// SignIn is how long a user who has been sent to the new side is waited for
	// to open the new softphone before the old phone is forwarded there.
	SignIn time.Duration
	Now    func() time.Time

	checks checks
	ends   *Ends
	recent recent
}

// Flips changes routes as routing.Router.Apply does, together with the journal:
// either the entries and the changes are kept, or neither. Changes that are
// refused leave the entries kept. With that a flip follows the softphone after
// one commit and not after two.
type Flips interface {
	Flip(ctx context.Context, entries []cutover.Entry, changes []routing.Change, why routing.Provenance) (routing.Revision, error)
}

// Edges are what tells SBCs where calls go.
type Edges interface {
	// Confirm waits a short time for all edges to serve a revision.
	Confirm(ctx context.Context, r routing.Revision) (routing.Confirmation, error)
}

// Drain says how long a switch waits for a user to come free, and how often it
// looks.
type Drain struct {
	Wait time.Duration
	Poll time.Duration
}

// Order is what a workflow asks an activity to do for a person.
type Order struct {
	Switch cutover.SwitchID  `json:"switch"`
	Person dualtone.PersonID `json:"person"`
	To     dualtone.Side     `json:"to"`
	Cohort string            `json:"cohort,omitempty"`
	// Pass is told where a switch is kept.
	Pass   string `json:"pass,omitempty"`
	Actor  string `json:"actor"`
	Reason string `json:"reason"`
	// State is where the switch stands as the work begins, and Detail why.
	State  cutover.State `json:"state"`
	Detail string        `json:"detail,omitempty"`
	// Held is the stage of a plan on whose behalf the user is moved; its holds
	// are honored until the first write of the move.
	Held *StageRef `json:"held,omitempty"`
	// MayBeLeftOut: whoever orders it knows the outcome left_out, which is that of
	// a user who is left out of the stage of their cohort before they are captured.
	MayBeLeftOut bool `json:"may_be_left_out,omitempty"`
	// Wait is how long the user is waited for until they are free; that of the
	// settings where it is 0. Insist: then they go back although they are not.
	Wait   time.Duration `json:"wait,omitempty"`
	Insist bool          `json:"insist,omitempty"`
	// Choice is what a way back does with what somebody else set.
	cutover.Choice
}

// Result is what became of a piece of work.
type Result struct {
	Outcome cutover.Outcome `json:"outcome"`
	Detail  string          `json:"detail,omitempty"`
	// Held: it was a hold of the plan that kept the person where they are.
	Held bool `json:"held,omitempty"`
}

// provenance says on whose behalf the running activity acts.
func (o Order) provenance(ctx context.Context) routing.Provenance {
	p := routing.Provenance{Actor: o.Actor, Reason: o.Reason}
	if activity.IsActivity(ctx) {
		execution := activity.GetInfo(ctx).WorkflowExecution
		p.Workflow, p.Run = execution.ID, execution.RunID
	}
	return p
}

// entry starts a journal entry about the order.
func (u *User) entry(ctx context.Context, o Order, kind cutover.EntryKind) cutover.Entry {
	e := cutover.Entry{
		Switch: o.Switch, Person: o.Person, Kind: kind,
		Provenance: o.provenance(ctx), At: u.Now(),
	}
	if activity.IsActivity(ctx) {
		e.Attempt = int(activity.GetInfo(ctx).Attempt)
	}
	return e
}

// reached is the journal entry of the state that an outcome leads to.
func (u *User) reached(ctx context.Context, o Order, r Result) (cutover.Entry, error) {
	state, err := cutover.After(o.To, o.State, r.Outcome)
	if err != nil {
		return cutover.Entry{}, err
	}
	e := u.entry(ctx, o, cutover.Reached)
	e.State, e.Text = state, r.Detail
	return e, nil
}

// conclude journals the state that the result leads to and returns the result.
func (u *User) conclude(ctx context.Context, o Order, r Result, before ...cutover.Entry) (Result, error) {
	e, err := u.reached(ctx, o, r)
	if err != nil {
		return Result{}, err
	}
	if err := u.Switches.Record(ctx, append(before, e)...); err != nil {
		return Result{}, err
	}
	if e.State.Final() {
		u.ends.End(o.Person)
	}
	return r, nil
}

// Conclude journals the end of a switch whose last work could not say itself
// what became of it. The order's state is the one that was reached.
func (u *User) Conclude(ctx context.Context, o Order) error {
	s := cutover.Switch{
		ID: o.Switch, Person: o.Person, To: o.To, Cohort: o.Cohort, Pass: o.Pass, Provenance: o.provenance(ctx),
		State: o.State, Detail: o.Detail, Started: u.Now(),
	}
	_, err := u.Switches.Keep(ctx, s)
	if errors.Is(err, dualtone.ErrConflict) {
		// It was made in another switch of the same pass, which told its own end; or
		// they were left out before anything was kept of it, and the plan knows.
		u.ends.End(o.Person)
		return nil
	}
	if err != nil {
		return err
	}
	e := u.entry(ctx, o, cutover.Reached)
	e.State, e.Text = o.State, o.Detail
	u.ends.End(o.Person)
	return u.Switches.Record(ctx, e)
}
