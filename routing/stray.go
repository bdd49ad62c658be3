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
	// Moving: whose the number is changes while they are being switched, so it is not
	// settled where calls to it are to ring.
	Moving bool `json:"moving,omitempty"`
}

// Has reports whether somebody was asked for: by a part of who it is or of the number, and by
// the side; empty for any.
func (s *Stray) Has(text string, side dualtone.Side) bool {
	return (strings.Contains(string(s.Person), text) || strings.Contains(string(s.Number), text)) && (side == "" || s.Side == side)
}

func (s *Stray) String() string {
	switch {
	case s.Moving:
		return fmt.Sprintf("%s is being switched, and until that is over nobody knows where calls to %s are to ring", s.Person, s.Number)
	case s.Rule == "":
		return fmt.Sprintf("%s is on the %s side, and no rule would say where calls to %s go", s.Person, s.Side, s.Number)
	default:
		return fmt.Sprintf("%s is on the %s side, and calls to %s would not ring there first (rule %s)", s.Person, s.Side, s.Number, s.Rule)
	}
}

// StrayError says whose calls a change would lead astray.
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
	t, err := TableOf(ctx, active, options)
	if err != nil {
		return nil, err
	}
	return t.Strays(all, now), nil
}

// Strays are the residents whose calls do not ring first where they are, as the table stands
// at a moment. A table without routes decides nothing, so nobody is.
func (t *Table) Strays(all []Resident, at time.Time) []Stray {
	if t.Len() == 0 {
		return nil
	}
	return firstStrays(all, []time.Time{at}, t.stray)
}

// stray reports whether calls to somebody do not ring first where they are, and by which rule.
func (t *Table) stray(r *Resident, at time.Time) (rule dualtone.Number, astray bool) {
	plan, rule := t.holding(r.Number, at)
	return rule, plan == nil || !plan.home(r.Side)
}

// firstStrays are the residents who are astray at some moment, each as at the first.
func firstStrays(all []Resident, moments []time.Time, astray func(*Resident, time.Time) (dualtone.Number, bool)) []Stray {
	var found []Stray
	for _, r := range all {
		for _, at := range moments {
			if rule, is := astray(&r, at); is {
				found = append(found, Stray{Resident: r, Rule: rule})
				break
			}
		}
	}
	return found
}

// StraysAmong are the residents of some whose calls would not ring first where they are, by
// the active table, now or at a moment that one of its routes for them names.
func StraysAmong(ctx context.Context, some []Resident, active Active, options Options, now time.Time) ([]Stray, error) {
	if len(some) == 0 {
		return nil, nil
	}
	all, err := active.Since(ctx, 0)
	if err != nil {
		return nil, err
	}
	t, err := NewTable(options).With(all)
	if err != nil || t.Len() == 0 {
		return nil, err
	}
	theirs := map[dualtone.Number]bool{}
	for _, r := range some {
		theirs[r.Number] = true
	}
	var deciding []Route
	for _, r := range all.Routes {
		if theirs[r.Number] || Leads(r.Number) {
			deciding = append(deciding, r)
		}
	}
	return firstStrays(some, moments(deciding, now), t.stray), nil
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
	before, err := TableOf(ctx, active, options)
	if err != nil {
		return err
	}
	after, err := before.after(changes)
	if err != nil {
		return err
	}
	next := make([]Route, len(changes))
	for i, c := range changes {
		next[i] = c.To
	}
	found := firstStrays(concerned, moments(next, now), func(r *Resident, at time.Time) (dualtone.Number, bool) {
		return r.astray(before, after, at)
	})
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

// moments are now, and when routes begin or cease to hold later; of those that hold by
// the week, in the first week.
func moments(routes []Route, now time.Time) []time.Time {
	all := []time.Time{now}
	for _, r := range routes {
		terms := r.terms()
		turns := []time.Time{terms.From, terms.Until}
		if hours, err := ParseHours(terms.Hours); err == nil {
			begins := now
			if terms.From.After(now) {
				begins = terms.From
			}
			turns = append(turns, hours.turns(begins)...)
		}
		for _, at := range turns {
			if at.After(now) {
				all = append(all, at)
			}
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

// LedElsewhere are those of some numbers whose calls rules would lead away from a side,
// now or at a moment that the rules name. A number that no rule leads is none of them: it
// is the SBC's.
func LedElsewhere(rules []Route, numbers []dualtone.Number, side dualtone.Side, now time.Time) ([]dualtone.Number, error) {
	t, err := NewTable(Options{}).With(Snapshot{Routes: rules})
	if err != nil {
		return nil, err
	}
	looked := moments(rules, now)
	var led []dualtone.Number
	for _, n := range numbers {
		if slices.ContainsFunc(looked, func(at time.Time) bool {
			plan, _ := t.holding(n, at)
			return plan != nil && !plan.home(side)
		}) {
			led = append(led, n)
		}
	}
	return led, nil
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
