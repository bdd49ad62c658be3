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
	now, err := u.lookBack(systems.Doubt(ctx), l.person)
	if err != nil {
		return Result{}, err
	}
	if err := l.settle(ctx, now); err != nil {
		return Result{}, err
	}
	home, err := u.home(ctx, l.person.ID, s.Before)
	if err != nil {
		return Result{}, err
	}
	undo, _ := cutover.Undo(s.Before, s.Actions, now, home)
	led, apart := cutover.LeadHome(undo, now, home)
	if err := u.putBack(ctx, l, append(backwards(led, s.Actions), number(apart, -1)...)); err != nil {
		return Result{}, err
	}
	left, err := u.compareBack(ctx, l.person, s.Before.Led(home))
	if err != nil {
		return Result{}, err
	}
	return u.judge(ctx, l, s.Before, left)
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
		for at > 0 && (actions[at-1].Facet != u.Facet || actions[at-1].Step != u.Step) {
			at--
		}
		all = append(all, numbered{Action: u, number: -max(at, 1)})
		at--
	}
	return slices.Clip(all)
}
