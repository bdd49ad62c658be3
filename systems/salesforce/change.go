package salesforce

import (
	"context"
	"errors"
	"fmt"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// most is how many records the API takes in one request.
const most = 200

// change is one user's change on its way.
type change struct {
	systems.SoftphoneChange

	plan plan
	done bool
	// lost says that the answer to a write about the user was lost.
	lost bool
	err  error
}

// open reports whether there is more to do about the change.
func (c *change) open() bool { return !c.done && c.err == nil }

// SetSoftphones changes many users, 200 with each request. A user whose change
// stopped halfway is neither as before nor as wanted; the same change, or the
// opposite one, brings them on from there, so that "no longer From" is judged
// part by part.
func (o *org) SetSoftphones(ctx context.Context, wanted []systems.SoftphoneChange) []error {
	changes := make([]*change, len(wanted))
	seen := map[string]bool{}
	var batch []*change
	var stop error
	for i, w := range wanted {
		changes[i] = &change{SoftphoneChange: w, err: o.checkChange(w)}
		id := bare(string(w.User))
		if changes[i].err == nil && seen[id] {
			changes[i].err = fmt.Errorf("%s: user %q stands twice in one list: %w", o.name, w.User, dualtone.ErrInvalid)
		}
		seen[id] = true
		if changes[i].err == nil {
			batch = append(batch, changes[i])
		}
		if len(batch) == most || i == len(wanted)-1 && len(batch) > 0 {
			stop = o.setBatch(ctx, batch, stop)
			batch = nil
		}
	}
	errs := make([]error, len(changes))
	for i, c := range changes {
		errs[i] = c.err
	}
	return errs
}

func (o *org) checkChange(w systems.SoftphoneChange) error {
	if !isID(string(w.User), "005") {
		return o.noUser(w.User)
	}
	if err := o.checkSoftphone(w.To); err != nil {
		return err
	}
	// What was there before may have gone since; only its names must be ours.
	return o.checkSoftphone(dualtone.Softphone{PermissionSets: w.From.PermissionSets})
}

// setBatch changes up to 200 users. It returns the error for which the batches
// that follow need not be tried; with one from before it only repeats it.
func (o *org) setBatch(ctx context.Context, batch []*change, stop error) error {
	if stop == nil {
		stop = o.look(ctx, batch)
	}
	if stop != nil {
		for _, c := range batch {
			c.err = stop
		}
		return stop
	}
	// What a lost answer left open is read back and carried on once.
	for range 2 {
		o.write(ctx, batch)
		open := stillOpen(batch)
		if len(open) == 0 {
			return nil
		}
		if err := o.look(ctx, open); err != nil {
			for _, c := range open {
				c.err = fmt.Errorf("%s: user %q written and not read back (%w): %w", o.name, c.User, err, dualtone.ErrUnknown)
			}
			return nil
		}
		for _, c := range open {
			if c.open() && !c.lost {
				c.err = fmt.Errorf("%s: user %q was written and reads back unchanged: %w", o.name, c.User, dualtone.ErrUnavailable)
			}
			c.lost = false
		}
	}
	for _, c := range stillOpen(batch) {
		c.err = fmt.Errorf("%s: user %q: answers were lost, and not all was done: %w", o.name, c.User, dualtone.ErrUnavailable)
	}
	return nil
}

func stillOpen(batch []*change) []*change {
	var open []*change
	for _, c := range batch {
		if c.open() {
			open = append(open, c)
		}
	}
	return open
}

// look reads the users of the changes and makes a plan for each.
func (o *org) look(ctx context.Context, changes []*change) error {
	ids := make([]string, len(changes))
	for i, c := range changes {
		ids[i] = string(c.User)
	}
	found, err := o.read(ctx, ids)
	if err != nil {
		return err
	}
	for _, c := range changes {
		held, ok := found[bare(string(c.User))]
		switch {
		case !ok:
			c.err = o.noUser(c.User)
		case !between(held.phone, c.From, c.To):
			c.err = fmt.Errorf("%s: user %q has another softphone by now: %w", o.name, c.User, dualtone.ErrConflict)
		default:
			c.plan = o.plan(held, c.From, c.To)
			c.done = c.plan.empty()
		}
	}
	return nil
}

// fail notes why a write about a change failed.
func (c *change) fail(err error) {
	if errors.Is(err, dualtone.ErrUnknown) {
		c.lost = true
		return
	}
	c.err = fmt.Errorf("user %q: %w", c.User, err)
}
