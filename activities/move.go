package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/systems"
)

// Move makes the writes that take a drained user to the other side: softphone
// and route one right after the other, so that the two disagree for no longer
// than one answer takes, then, once the new softphone is open, forward and
// queues. On the way to the new side the first lasting error ends it; on the way
// back a facet that somebody else changed is left to them and the rest goes on.
func (u *User) Move(ctx context.Context, o Order) (Result, error) {
	s, l, err := u.load(ctx, o)
	if err != nil {
		return Result{}, err
	}
	ready, move := cutover.Phase(s.Actions)
	left, err := l.skipWritten(ctx, number(move, len(ready)+1))
	if err != nil {
		return Result{}, err
	}
	held, err := u.held(ctx, o, len(left) == len(move))
	if err != nil {
		return Result{}, err
	}
	if held != "" {
		return u.conclude(ctx, o, Result{Outcome: cutover.NotFree, Detail: held, Held: true}, l.pending...)
	}
	if o.To == dualtone.Old {
		err = insist(u.moveBack(ctx, l, left))
	} else {
		err = u.writeAll(ctx, l, left)
	}
	if err != nil {
		return Result{}, err
	}
	return u.conclude(ctx, o, Result{Outcome: cutover.Done}, l.pending...)
}

// held says which hold keeps the user where they are. Once something of the move
// is written, it is finished: a hold would leave the user between both sides.
func (u *User) held(ctx context.Context, o Order, untouched bool) (string, error) {
	if o.Held == nil || u.Holds == nil || !untouched {
		return "", nil
	}
	holds, err := u.Holds.Holds(ctx, o.Held.Plan)
	if err != nil {
		return "", err
	}
	if h, ok := rollout.Held(holds, o.Held.Stage, u.Now()); ok {
		return h.String(), nil
	}
	return "", nil
}

// moveBack makes the writes of a way back. One that could not be made ready, as
// the order's detail tells, may have left writes of which nobody knows.
func (u *User) moveBack(ctx context.Context, l *ledger, actions []numbered) error {
	if l.order.Detail != "" {
		now, err := u.lookBack(ctx, l.person)
		if err != nil {
			return err
		}
		if err := l.settle(ctx, now); err != nil {
			return err
		}
	}
	return u.putBack(ctx, l, actions)
}

func (u *User) writeAll(ctx context.Context, l *ledger, actions []numbered) error {
	for _, a := range actions {
		if a.Facet == cutover.OldForward {
			if err := u.waitSignedIn(ctx, l); err != nil {
				return err
			}
		}
		if err := l.write(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// waitSignedIn waits until the new side would ring the user. Until then calls
// from outside fall back to the old phone, and calls from inside the old system
// ring it; a forward to a softphone that is not open would ring nowhere. It
// does not wait for ever: at night nobody is there to open anything.
func (u *User) waitSignedIn(ctx context.Context, l *ledger) error {
	if u.SignIn <= 0 {
		return nil
	}
	deadline := u.Now().Add(u.SignIn)
	for {
		presence, err := u.New.Presence.Presence(ctx, l.person.Accounts.New)
		if err != nil || presence.SignedIn {
			return wrap(err, "presence of %s on %s", l.person.Accounts.New, u.New.Name)
		}
		if !u.Now().Before(deadline) {
			note := u.entry(ctx, l.order, cutover.Note)
			note.Text = fmt.Sprintf("not signed in to %s after %s; their phone does not ring until they are", u.New.Name, u.SignIn)
			l.pending = append(l.pending, note)
			return nil
		}
		if err := u.pause(ctx, "waiting for the new softphone"); err != nil {
			return err
		}
	}
}

// putBack makes the writes of a way back. A facet that meets a conflict or
// another lasting refusal is not touched again; the journal and the comparison
// at the end tell of it. Queues that are gone keep nobody out of the others. Whose
// softphone cannot be brought back keeps what makes it ring: they may have no other.
func (u *User) putBack(ctx context.Context, l *ledger, actions []numbered) error {
	left := map[cutover.Facet]bool{}
	gone := map[cutover.Facet][]dualtone.QueueID{}
	for _, a := range actions {
		if left[a.Facet] || left[cutover.Softphone] && a.Cuts() {
			continue
		}
		if a.Agreed {
			note := l.entry(ctx, cutover.Note, a)
			note.Text = "left as somebody else set it, as agreed"
			l.pending = append(l.pending, note)
			continue
		}
		if a.Facet == cutover.NewSeat && !a.To.Seat.Enabled {
			if err := u.waitOffNew(ctx, l.person); err != nil {
				return err
			}
		}
		err := l.write(ctx, a.without(gone[a.Facet]))
		if err != nil && !leaveAlone(err) {
			return err
		}
		lost, unread := u.goneQueues(ctx, l.person, a.Action, err)
		if unread != nil && !leaveAlone(unread) {
			return unread
		}
		gone[a.Facet] = append(gone[a.Facet], lost...)
		left[a.Facet] = err != nil && len(lost) == 0
	}
	return nil
}

// leaveAlone reports whether trying again cannot help and the rest of a way
// back should go on. Wrong credentials and systems that are away are waited
// for: a user is not left half way because of them.
func leaveAlone(err error) bool {
	return dualtone.Lasting(err) && !errors.Is(err, dualtone.ErrDenied)
}

// waitOffNew waits until the person has no call on the new side, however long
// it takes: taking their seat would cut it.
func (u *User) waitOffNew(ctx context.Context, p dualtone.Person) error {
	for {
		busy, err := busyOn(ctx, u.New, p.Accounts.New)
		if err != nil || busy == "" {
			return err
		}
		if err := u.pause(ctx, busy); err != nil {
			return err
		}
	}
}

// Verify reads everything back and compares it with what the switch was to
// make: after a way back, with the before-image of the move.
func (u *User) Verify(ctx context.Context, o Order) (Result, error) {
	s, l, err := u.load(ctx, o)
	if err != nil {
		return Result{}, err
	}
	if s.Undoes == "" {
		want := cutover.Apply(s.Before, s.Actions)
		missing, err := u.compare(systems.OneLook(ctx), l.person, want, cutover.Missing, u.look)
		if err != nil {
			return Result{}, err
		}
		return u.judge(ctx, l, s.Before, missing)
	}
	move, err := u.Switches.Switch(ctx, s.Undoes)
	if err != nil {
		return Result{}, wrap(err, "switch %s", s.Undoes)
	}
	before, _ := cutover.Renumbered(move.Before, move.Actions, s.Before)
	missing, err := u.compareBack(ctx, l.person, cutover.BroughtBack(before, s.Actions))
	if err != nil {
		return Result{}, insist(err)
	}
	return u.judge(ctx, l, before, missing)
}

// compareBack says what is not as a way back was to leave it. A range or the default that
// was changed meanwhile, so that a number needs a route, makes it differ.
func (u *User) compareBack(ctx context.Context, p dualtone.Person, want cutover.Image) ([]cutover.Difference, error) {
	home, err := u.home(ctx, p.ID, want)
	if err != nil {
		return nil, err
	}
	return u.compare(systems.OneLook(ctx), p, want.Led(home), cutover.Differences, u.lookBack)
}

// compare reads everything back under the context's look and says what is not as
// wanted. Before it tells of a difference it looks again, with nothing believed that
// was known before.
func (u *User) compare(
	ctx context.Context, p dualtone.Person, want cutover.Image, differ func(want, have cutover.Image) []cutover.Difference,
	look func(context.Context, dualtone.Person) (cutover.Image, error),
) ([]cutover.Difference, error) {
	have, err := look(ctx, p)
	if err != nil {
		return nil, err
	}
	if len(differ(want, have)) == 0 {
		return nil, nil
	}
	if have, err = look(systems.Doubt(ctx), p); err != nil {
		return nil, err
	}
	return differ(want, have), nil
}

// judge concludes the order with what was found missing when everything was
// read back.
func (u *User) judge(ctx context.Context, l *ledger, before cutover.Image, missing []cutover.Difference) (Result, error) {
	if len(missing) == 0 {
		return u.conclude(ctx, l.order, Result{Outcome: cutover.Done, Detail: l.order.Detail}, l.pending...)
	}
	entries := l.pending
	var facets []string
	for _, d := range missing {
		e := u.entry(ctx, l.order, cutover.Drifted)
		was := before[d.Facet]
		e.Facet, e.From, e.To, e.Now = d.Facet, &was, &d.Want, &d.Have
		entries = append(entries, e)
		facets = append(facets, string(d.Facet))
	}
	detail := fmt.Sprintf("not as it should be: %s; see the journal", strings.Join(facets, ", "))
	if l.order.Detail != "" {
		detail = l.order.Detail + "; " + detail
	}
	return u.conclude(ctx, l.order, Result{Outcome: cutover.Differs, Detail: detail}, entries...)
}
