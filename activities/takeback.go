package activities

import (
	"context"
	"slices"

	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/systems"
)

// TakeBack undoes whatever a switch has written so far, last write first, and
// compares the user with the before-image. It reads what stands on the systems
// rather than trusting what earlier attempts believed, so it is right whatever
// answer was lost.
func (u *User) TakeBack(ctx context.Context, o Order) (Result, error) {
	r, err := u.takeBack(ctx, o)
	return r, insist(err)
}

func (u *User) takeBack(ctx context.Context, o Order) (Result, error) {
	s, l, err := u.fetch(ctx, o)
	if err != nil {
		return Result{}, err
	}
	if err := u.begin(ctx, o, s); err != nil {
		return Result{}, err
	}
	now, err := u.look(systems.Doubt(ctx), l.person)
	if err != nil {
		return Result{}, err
	}
	if err := l.settle(ctx, now); err != nil {
		return Result{}, err
	}
	missing, err := u.undo(ctx, l, s, now)
	if err != nil {
		return Result{}, err
	}
	return u.judge(ctx, l, s.Before, missing)
}

// stragglers is how often writes of the switch are looked for that come while it is
// being taken back.
const stragglers = 2

// undo takes back what stands of a switch, and says what is not as before then. An
// attempt that is taken for dead may only be out of touch, and the write that it was
// about arrive late, even in parts: what of the switch's own stands there afterwards goes
// back too, also where the first try met a conflict.
func (u *User) undo(ctx context.Context, l *ledger, s cutover.Switch, now cutover.Image) ([]cutover.Difference, error) {
	var missing []cutover.Difference
	for round := range 1 + stragglers {
		undo, _ := cutover.Undo(s.Before, s.Actions, now)
		if round > 0 && len(undo) == 0 {
			break
		}
		if err := u.putBack(ctx, l, backwards(undo, s.Actions)); err != nil {
			return nil, err
		}
		var err error
		if missing, err = u.compare(ctx, l.person, s.Before, cutover.Differences); err != nil {
			return nil, err
		}
		now = s.Before
		for _, d := range missing {
			now = now.With(d.Facet, d.Have)
		}
	}
	return missing, nil
}

// begin journals that the way back has begun, and why, unless an earlier
// attempt has.
func (u *User) begin(ctx context.Context, o Order, s cutover.Switch) error {
	if s.State == o.State {
		return nil
	}
	e := u.entry(ctx, o, cutover.Reached)
	e.State, e.Text = o.State, o.Detail
	return u.Switches.Record(ctx, e)
}

// backwards numbers undoing writes after the actions that they take back.
func backwards(undo, actions []cutover.Action) []numbered {
	all := make([]numbered, 0, len(undo))
	at := len(actions)
	for _, u := range undo {
		for at > 0 && (actions[at-1].Facet != u.Facet || !actions[at-1].From.Equal(u.To)) {
			at--
		}
		all = append(all, numbered{Action: u, number: -max(at, 1)})
		at--
	}
	return slices.Clip(all)
}
