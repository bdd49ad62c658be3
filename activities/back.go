package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// planReturn plans the way back of the switch that stands, with the numbers and the
// accounts that are the person's to go back with.
func (u *User) planReturn(ctx context.Context, s cutover.Switch, p cutover.PersonState, chosen cutover.Choice) (cutover.Switch, error) {
	move, err := u.Switches.Latest(ctx, p.ID)
	switch {
	case errors.Is(err, dualtone.ErrNotFound) && p.Side == dualtone.New:
		return s, fmt.Errorf("%s was on the new side before dualtone came; there is no before-image to go back to: %w", p.ID, dualtone.ErrInvalid)
	case errors.Is(err, dualtone.ErrNotFound):
		return s, fmt.Errorf("%w: %s was not moved to the new side by dualtone", errThere, p.ID)
	case err != nil:
		return s, err
	}
	s.Undoes = move.ID
	if p.Numbers, err = u.numbersBack(ctx, p.Person, move.Before); err != nil {
		return s, err
	}
	if p.Accounts, err = u.accountsBack(ctx, p.Person, move.Accounts); err != nil {
		return s, err
	}
	s.Accounts = p.Accounts
	now, err := u.lookBack(ctx, p.Person)
	if err != nil {
		return s, err
	}
	s.Before = now
	before, actions := cutover.Renumbered(move.Before, move.Actions, now)
	home, err := u.home(ctx, p.ID, before)
	if err != nil {
		return s, err
	}
	if err := chosen.Check(before, cutover.Apply(before, actions), now); err != nil {
		return s, err
	}
	if err := u.reported(ctx, move, chosen.Keep); err != nil {
		return s, err
	}
	s.Actions, _ = cutover.PlanReturn(before, actions, now, chosen, home)
	return s, u.seated(s, p.Accounts, before)
}

// reported refuses to keep what no way back has reported yet: of what the move wrote, and
// of what it took from the person, that is not known to be what cannot be had otherwise.
func (u *User) reported(ctx context.Context, move cutover.Switch, keep cutover.Image) error {
	if len(keep) == 0 {
		return nil
	}
	drifts, err := u.Switches.Journal(ctx, cutover.JournalQuery{Person: move.Person, Kind: cutover.Drifted, Since: move.Started})
	if err != nil {
		return err
	}
	for _, f := range cutover.Facets() {
		seen, kept := keep[f]
		told := func(e cutover.Entry) bool { return e.Facet == f && e.Now != nil && e.Now.Kept(seen) }
		if kept && !slices.ContainsFunc(drifts, told) {
			return fmt.Errorf("%s is not what a way back has reported: take %s back first, and agree to what is then left: %w", f, move.Person, dualtone.ErrInvalid)
		}
	}
	return nil
}

// accountsBack are those that a way back reads and writes: those of the move, since there
// stands what it wrote. One on the new side that the user list has given to somebody else
// is left to them; none of the others can be gone without.
func (u *User) accountsBack(ctx context.Context, p dualtone.Person, moved dualtone.Accounts) (dualtone.Accounts, error) {
	if moved == (dualtone.Accounts{}) || moved == p.Accounts {
		return p.Accounts, nil
	}
	holders, err := u.People.List(ctx, cutover.PeopleQuery{Accounts: moved})
	if err != nil {
		return moved, wrap(err, "who has the accounts of %s", p.ID)
	}
	for i := range holders {
		other := &holders[i]
		taken := ""
		switch {
		case other.ID == p.ID:
		case other.Accounts.CRM == moved.CRM:
			taken = fmt.Sprintf("account %s in %s", moved.CRM, u.CRM.Name)
		case other.Accounts.Old == moved.Old:
			taken = fmt.Sprintf("account %s on %s", moved.Old, u.Old.Name)
		case other.Accounts.New == moved.New:
			moved.New = ""
		}
		if taken != "" {
			return moved, fmt.Errorf("%s, with which %s was moved, is that of %s now; correct the user list, or give it back: %w",
				taken, p.ID, other.ID, dualtone.ErrConflict)
		}
	}
	return moved, nil
}

// seated refuses a way back that would send calls to a seat that was taken meanwhile.
func (u *User) seated(back cutover.Switch, a dualtone.Accounts, before cutover.Image) error {
	had, has := before[cutover.OldSeat].Seat, back.Before[cutover.OldSeat].Seat
	leads := slices.ContainsFunc(back.Actions, func(a cutover.Action) bool {
		return a.Facet == cutover.Softphone || a.Facet == cutover.Routes
	})
	if !leads || had == nil || has == nil || !had.Enabled || has.Enabled {
		return nil
	}
	return fmt.Errorf("account %s on %s was in use before %s was moved and is not now: their calls would ring nowhere; enable it first: %w",
		a.Old, u.Old.Name, back.Person, dualtone.ErrInvalid)
}

// numbersBack are those that a way back leads home: of the move's those that the user list
// has not given to somebody else since, and those that it has given to the person.
func (u *User) numbersBack(ctx context.Context, p dualtone.Person, before cutover.Image) ([]dualtone.Number, error) {
	numbers := before.Numbers()
	lost := slices.DeleteFunc(slices.Clone(numbers), func(n dualtone.Number) bool { return slices.Contains(p.Numbers, n) })
	gained := slices.DeleteFunc(slices.Clone(p.Numbers), func(n dualtone.Number) bool { return slices.Contains(numbers, n) })
	if len(lost) == 0 {
		return append(numbers, gained...), nil
	}
	holders, err := u.People.List(ctx, cutover.PeopleQuery{Numbers: lost})
	for _, h := range holders {
		numbers = slices.DeleteFunc(numbers, func(n dualtone.Number) bool { return slices.Contains(h.Numbers, n) })
	}
	return append(numbers, gained...), wrap(err, "who has the numbers that %s had", p.ID)
}
