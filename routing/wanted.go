package routing

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/dualtone/dualtone"
)

// Wanted is what somebody wants of the table; it comes true in one revision, or not
// at all.
type Wanted struct {
	Routes []Wish
	// Replace has the routes removed for which there is no wish.
	Replace bool
	// Forwards are the platforms' own. A table that with them sends a call round is
	// refused.
	Forwards []Forwarded
	// Countries are those whose emergency numbers no route may touch.
	Countries []string
}

// Wish is a route that is wanted; one without sides is to go.
type Wish struct {
	Route

	// Said are the facts of the number of which the wish speaks; the others stay.
	Said Facts
	// Expect is the plan that must be active, or none; empty for any.
	Expect string
}

// Active is the table as it stands.
type Active interface {
	Routes(ctx context.Context, numbers []dualtone.Number) ([]Route, error)
	Since(ctx context.Context, after Revision) (Snapshot, error)
}

// TableOf is the table as it stands, ready to decide.
func TableOf(ctx context.Context, active Active, options Options) (*Table, error) {
	all, err := active.Since(ctx, 0)
	if err != nil {
		return nil, err
	}
	return NewTable(options).With(all)
}

// after is the table once changes have come true.
func (t *Table) after(changes []Change) (*Table, error) {
	next := Snapshot{Revision: t.revision + 1}
	for _, c := range changes {
		next.Routes = append(next.Routes, c.To)
	}
	return t.With(next)
}

// Wishes are those for the routes of a file.
func (l *List) Wishes() []Wish {
	all := make([]Wish, len(l.Routes))
	for i, r := range l.Routes {
		all[i] = Wish{Route: r, Said: l.Said}
	}
	return all
}

// Changes are those by which the active table becomes the wanted one. It refuses a
// wish for a route that cannot be with ErrInvalid, and one that expects another plan
// than the active one with ErrConflict.
func (w *Wanted) Changes(ctx context.Context, active Active) ([]Change, error) {
	keys := make([]dualtone.Number, len(w.Routes))
	for i, wish := range w.Routes {
		keys[i] = wish.Number
	}
	have, err := active.Routes(ctx, keys)
	if err != nil {
		return nil, err
	}
	want := make([]Route, len(have))
	check := NewChecker(w.Countries...)
	for i, wish := range w.Routes {
		if want[i], err = wish.over(have[i], check); err != nil {
			return nil, err
		}
	}
	if !w.Replace && len(w.Forwards) == 0 {
		return Diff(have, want), nil
	}
	all, err := active.Since(ctx, 0)
	if err != nil {
		return nil, err
	}
	if w.Replace {
		have = all.Routes
	}
	changes := Diff(have, want)
	return changes, straight(all, changes, w.Forwards)
}

// over is the wanted route with what stays of the active one.
func (w *Wish) over(have Route, check *Checker) (Route, error) {
	if plan := have.Plan().String(); w.Expect != "" && w.Expect != plan && (w.Expect != "none" || plan != "") {
		if plan == "" {
			plan = "none"
		}
		return Route{}, fmt.Errorf("route of %s: the active plan is %s, not %s: %w", w.Number, plan, w.Expect, dualtone.ErrConflict)
	}
	want := w.Said.Kept(w.Route, have)
	if len(want.Sides) == 0 {
		return want, nil
	}
	for _, p := range check.Check(want) {
		return want, fmt.Errorf("route of %s: %s %q: %s: %w", want.Number, p.Column, p.Value, p.Problem, dualtone.ErrInvalid)
	}
	return want, nil
}

// straight refuses changes after which the platforms' own forwards and the table send
// a call round.
func straight(active Snapshot, changes []Change, forwards []Forwarded) error {
	if len(forwards) == 0 {
		return nil
	}
	t, err := NewTable(Options{}).With(active)
	if err != nil {
		return err
	}
	if t, err = t.after(changes); err != nil {
		return err
	}
	if circles := Cycles(t, forwards); len(circles) > 0 {
		return fmt.Errorf("calls would go round: %v: %w", circles, dualtone.ErrInvalid)
	}
	return nil
}

// ReadForwards reads the platforms' own forwards: side, number and to, with or
// without a header.
func ReadForwards(in io.Reader) ([]Forwarded, error) {
	r := csv.NewReader(in)
	r.FieldsPerRecord = 3
	var all []Forwarded
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: want side, number and to: %w", err, dualtone.ErrInvalid)
		}
		line, _ := r.FieldPos(0)
		if line == 1 && slices.Equal(row, []string{"side", "number", "to"}) {
			continue
		}
		side, err := dualtone.ParseSide(row[0])
		if err != nil {
			return nil, fmt.Errorf("line %d: side %q: want old or new: %w", line, row[0], dualtone.ErrInvalid)
		}
		all = append(all, Forwarded{Side: side, From: dualtone.Number(row[1]), To: dualtone.Number(row[2])})
	}
}
