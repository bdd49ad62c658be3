package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/activity"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/systems"
)

// Capture reads everything about a person, checks whether the switch can be
// done, and keeps the before-image and the plan. It writes nothing to any
// system. A captured switch is returned as it was kept.
func (u *User) Capture(ctx context.Context, o Order) (Result, error) {
	r, err := u.capture(ctx, o)
	if err == nil && r.Outcome != cutover.Done {
		u.ends.End(o.Person)
	}
	return r, err
}

func (u *User) capture(ctx context.Context, o Order) (Result, error) {
	if activity.GetInfo(ctx).Attempt > 1 {
		held, err := u.Switches.Switch(ctx, o.Switch)
		if err == nil {
			return Result{Outcome: captureOutcome(held.State), Detail: held.Detail}, nil
		}
		if !errors.Is(err, dualtone.ErrNotFound) {
			return Result{}, err
		}
	}
	s, err := u.plan(ctx, o)
	switch {
	case errors.Is(err, errThere):
		return Result{Outcome: cutover.Unchanged, Detail: err.Error()}, nil
	case errors.Is(err, errUnfinished):
		// What is known of them stays: that an earlier switch is to be looked at.
		return Result{Outcome: cutover.Refused, Detail: err.Error()}, nil
	case err != nil && !dualtone.Lasting(err):
		return Result{}, err
	case errors.Is(err, dualtone.ErrDenied) && o.To == dualtone.Old:
		return Result{}, insist(err)
	case err != nil:
		s.State, s.Detail = cutover.FailedClean, err.Error()
		s.Ended = u.Now()
	}
	held, err := u.Switches.Keep(ctx, s)
	if left, ok := errors.AsType[*cutover.LeftOutError](err); ok {
		return o.leftOut(left), nil
	}
	switch {
	case errors.Is(err, dualtone.ErrNotFound):
		// There is no such person to keep a switch for.
		return Result{Outcome: cutover.Refused, Detail: s.Detail}, nil
	case errors.Is(err, dualtone.ErrConflict):
		// Somebody asked late for a switch that was made and ended meanwhile.
		return Result{Outcome: cutover.Refused, Detail: err.Error()}, nil
	}
	if err != nil {
		return Result{}, err
	}
	return Result{Outcome: captureOutcome(held.State), Detail: held.Detail}, nil
}

// leftOut is what became of somebody who was left out while they waited for their
// turn. A workflow of a version that does not know of it is told that they were
// refused: they are left out all the same.
func (o Order) leftOut(left *cutover.LeftOutError) Result {
	if !o.MayBeLeftOut {
		return Result{Outcome: cutover.Refused, Detail: left.Why}
	}
	return Result{Outcome: cutover.LeftOut, Detail: left.Why}
}

func captureOutcome(s cutover.State) cutover.Outcome {
	if s == cutover.FailedClean {
		return cutover.Refused
	}
	return cutover.Done
}

// Preview returns the switch that Capture would keep, and keeps nothing. ErrConflict
// where there is nothing to do.
func (u *User) Preview(ctx context.Context, o Order) (cutover.Switch, error) {
	s, err := u.plan(ctx, o)
	if errors.Is(err, errThere) {
		return s, fmt.Errorf("%w: %w", err, dualtone.ErrConflict)
	}
	return s, err
}

// errThere means that there is nothing to do for the person.
var errThere = errors.New("nothing to do")

// errUnfinished means that something of an earlier switch of the person still stands.
var errUnfinished = errors.New("an earlier switch is not finished")

// plan reads and checks. Besides its error it always returns the switch as far
// as it is known.
func (u *User) plan(ctx context.Context, o Order) (cutover.Switch, error) {
	s := cutover.Switch{
		ID: o.Switch, Person: o.Person, To: o.To, Cohort: o.Cohort, Pass: o.Pass,
		Provenance: o.provenance(ctx), State: cutover.Captured, Started: u.Now(),
	}
	p, err := u.People.Person(ctx, o.Person)
	if err != nil {
		return s, wrap(err, "person %s", o.Person)
	}
	ctx = systems.OneLook(ctx)
	if o.To == dualtone.Old {
		return u.planReturn(ctx, s, p, o.Choice)
	}
	return u.planMove(ctx, s, p)
}

func (u *User) planMove(ctx context.Context, s cutover.Switch, p cutover.PersonState) (cutover.Switch, error) {
	if p.Side == dualtone.New {
		return s, u.there(ctx, p)
	}
	if missing := u.unmatched(p.Accounts); missing != "" {
		return s, fmt.Errorf("person %s has no account on %s; run dualtone users match: %w", p.ID, missing, dualtone.ErrNotFound)
	}
	before, err := u.look(ctx, p.Person)
	if err != nil {
		return s, err
	}
	s.Before, s.Accounts = before, p.Accounts
	if err := u.unfinished(ctx, p, before); err != nil {
		return s, err
	}
	facts, err := u.facts(ctx, p, before)
	if err != nil {
		return s, err
	}
	if err := facts.Err(); err != nil {
		return s, err
	}
	offer, err := u.offer(ctx, p.Person, before)
	if err != nil {
		return s, err
	}
	s.Actions, err = u.Migration.Plan(p.Person, before, offer)
	return s, err
}

// there is what keeps somebody from being moved who is noted on the new side: that they
// are there, or that a way back has begun which left them to be looked at.
func (u *User) there(ctx context.Context, p cutover.PersonState) error {
	if p.Switch != "" && p.Accounts.CRM != "" {
		softphone, err := u.CRM.Softphones.Softphone(ctx, p.Accounts.CRM)
		if err != nil {
			return wrap(err, "softphone of %s in %s", p.Accounts.CRM, u.CRM.Name)
		}
		if softphone.CallCenter == u.Migration.OldCallCenter {
			return fmt.Errorf("%w: %s is noted on the new side%s, but has the call center of the old one; dualtone switch %s --to old finishes their way back: %w",
				errUnfinished, p.ID, since(p), p.ID, dualtone.ErrConflict)
		}
	}
	return fmt.Errorf("%w: %s is on the new side%s", errThere, p.ID, since(p))
}

// unfinished refuses to move somebody of whom something still stands that an earlier
// move wrote: taken for what was before, it would never be taken back.
func (u *User) unfinished(ctx context.Context, p cutover.PersonState, now cutover.Image) error {
	move, err := u.Switches.Latest(ctx, p.ID)
	if errors.Is(err, dualtone.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	before, actions := cutover.Renumbered(move.Before, move.Actions, now)
	home, err := u.home(ctx, p.ID, before)
	if err != nil {
		return err
	}
	undo, _ := cutover.Undo(before, actions, now, home)
	if len(undo) == 0 {
		return nil
	}
	var facets []string
	for _, a := range undo {
		facets = append(facets, string(a.Facet))
	}
	slices.Sort(facets)
	return fmt.Errorf("%w: of %s there is still %s; dualtone switch %s --to old takes it back first: %w",
		errUnfinished, p.ID, strings.Join(slices.Compact(facets), ", "), p.ID, dualtone.ErrConflict)
}

// since says when the person's switch reached the state that it is in.
func since(p cutover.PersonState) string {
	if p.Since.IsZero() {
		return ""
	}
	return " since " + p.Since.UTC().Format("2006-01-02 15:04:05")
}

// offer asks the new side which offering takes the place of the old queues.
func (u *User) offer(ctx context.Context, p dualtone.Person, before cutover.Image) (*dualtone.Offering, error) {
	queues, err := u.Migration.NewQueues(p, before)
	if err != nil || u.New.Queues == nil || len(queues) == 0 {
		return nil, err
	}
	offer, err := u.New.Queues.Offer(ctx, p.Accounts.New, queues)
	return &offer, wrap(err, "queues for %s on %s", p.ID, u.New.Name)
}

// unmatched names the systems on which the person has no account.
func (u *User) unmatched(a dualtone.Accounts) string {
	var missing []string
	for _, system := range []struct {
		name    string
		account dualtone.UserID
	}{{u.CRM.Name, a.CRM}, {u.Old.Name, a.Old}, {u.New.Name, a.New}} {
		if system.account == "" {
			missing = append(missing, system.name)
		}
	}
	return strings.Join(missing, ", ")
}
