package routing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
)

// Resident is a number of somebody, and the side that they are on.
type Resident struct {
	Person dualtone.PersonID `json:"person"`
	Number dualtone.Number   `json:"number"`
	Side   dualtone.Side     `json:"side"`
}

// Residents are the people of the user list with their numbers.
type Residents interface {
	// Residents are those of some numbers, or everybody's for none.
	Residents(ctx context.Context, numbers []dualtone.Number) ([]Resident, error)
}

// Stray is a number of somebody whose calls would not ring first where they are, a share
// of them or all.
type Stray struct {
	Resident

	// Rule would decide; empty where none would, so that nobody's phone rings.
	Rule dualtone.Number `json:"rule,omitempty"`
}

// Has reports whether somebody was asked for: by a part of who it is or of the number, and by
// the side; empty for any.
func (s *Stray) Has(text string, side dualtone.Side) bool {
	return (strings.Contains(string(s.Person), text) || strings.Contains(string(s.Number), text)) && (side == "" || s.Side == side)
}

func (s *Stray) String() string {
	if s.Rule == "" {
		return fmt.Sprintf("%s is on the %s side, and no rule would say where calls to %s go", s.Person, s.Side, s.Number)
	}
	return fmt.Sprintf("%s is on the %s side, and calls to %s would not ring there first (rule %s)", s.Person, s.Side, s.Number, s.Rule)
}

// StrayError says whose calls a change of the table would lead astray.
type StrayError struct{ Strays []Stray }

// mostStrays are named in a sentence.
const mostStrays = 5

func (e *StrayError) Error() string {
	var all []string
	for i := range e.Strays[:min(len(e.Strays), mostStrays)] {
		all = append(all, e.Strays[i].String())
	}
	if more := len(e.Strays) - len(all); more > 0 {
		all = append(all, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("calls would go astray: %s: %v", strings.Join(all, "; "), dualtone.ErrConflict)
}

// Unwrap makes it a conflict.
func (e *StrayError) Unwrap() error { return dualtone.ErrConflict }

// Next says what is to be done.
func (e *StrayError) Next() string {
	return "dualtone switch moves somebody together with their routes; --allow-stray changes the table all the same"
}

// StraysOf are the strays among everybody, by the active table.
func StraysOf(ctx context.Context, active Active, people Residents, options Options, now time.Time) ([]Stray, error) {
	all, err := people.Residents(ctx, nil)
	if err != nil {
		return nil, err
	}
	table, err := active.Since(ctx, 0)
	if err != nil {
		return nil, err
	}
	t, err := NewTable(options).With(table)
	if err != nil {
		return nil, err
	}
	return t.Strays(all, now), nil
}

// Strays are the residents whose calls do not ring first where they are, as the table stands
// at a moment. A table without routes decides nothing, so nobody is.
func (t *Table) Strays(all []Resident, at time.Time) []Stray {
	var found []Stray
	for _, r := range all {
		if plan, rule := t.holding(r.Number, at); t.Len() > 0 && (plan == nil || !plan.home(r.Side)) {
			found = append(found, Stray{Resident: r, Rule: rule})
		}
	}
	return found
}

// Astray refuses changes of the active table with a StrayError where they would lead
// somebody's calls to the side that they are not on, and now they do not. Changes that
// hold later are looked at as of then.
func Astray(ctx context.Context, changes []Change, active Active, people Residents, options Options, now time.Time) error {
	if len(changes) == 0 {
		return nil
	}
	concerned, err := people.Residents(ctx, numbersOf(changes))
	if err != nil || len(concerned) == 0 {
		return err
	}
	table, err := active.Since(ctx, 0)
	if err != nil {
		return err
	}
	before, after, err := around(table, changes, options)
	if err != nil {
		return err
	}
	var found []Stray
	for _, r := range concerned {
		for _, at := range moments(changes, now) {
			if rule, astray := r.astray(before, after, at); astray {
				found = append(found, Stray{Resident: r, Rule: rule})
				break
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	return &StrayError{Strays: found}
}

// numbersOf are the numbers that changes are about; none where they are about ranges or
// the default, which decide for anybody.
func numbersOf(changes []Change) []dualtone.Number {
	var all []dualtone.Number
	for _, c := range changes {
		if key, err := ParseKey(c.To.Number); err != nil || key.kind != exact {
			return nil
		}
		all = append(all, c.To.Number)
	}
	return all
}

// around are the tables before and after changes.
func around(active Snapshot, changes []Change, options Options) (before, after *Table, err error) {
	if before, err = NewTable(options).With(active); err != nil {
		return nil, nil, err
	}
	next := Snapshot{Revision: active.Revision + 1}
	for _, c := range changes {
		next.Routes = append(next.Routes, c.To)
	}
	after, err = before.With(next)
	return before, after, err
}

// moments are now, and when changes begin to hold later.
func moments(changes []Change, now time.Time) []time.Time {
	all := []time.Time{now}
	for _, c := range changes {
		if from := c.To.terms().From; from.After(now) {
			all = append(all, from)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}

// astray reports whether calls would go astray after a change that do not before it,
// and by which rule.
func (r *Resident) astray(before, after *Table, at time.Time) (rule dualtone.Number, astray bool) {
	was, _ := before.holding(r.Number, at)
	is, rule := after.holding(r.Number, at)
	switch {
	case is == nil:
		return "", was != nil && was.home(r.Side)
	case is.home(r.Side):
		return "", false
	default:
		return rule, was == nil || was.home(r.Side)
	}
}

// holding is what is done with calls to a number at a moment, and the rule that says so;
// nil where none does.
func (t *Table) holding(n dualtone.Number, at time.Time) (*sending, dualtone.Number) {
	d := Decision{Number: n}
	plan := t.find(&d, packDigits(string(n)), &Call{At: at})
	return plan, dualtone.Number(d.Rule)
}

// home reports whether every call rings on a side first.
func (s *sending) home(side dualtone.Side) bool {
	rings := func(all []Target) bool {
		return slices.ContainsFunc(all, func(t Target) bool { return t.Side == side && t.Q == all[0].Q })
	}
	return (s.share == 0 || rings(s.inside)) && (s.rest == nil || s.share == Whole || rings(s.rest))
}
