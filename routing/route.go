// Package routing decides where a call goes while two phone systems run side by
// side, and says what a table of such decisions must keep.
package routing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
)

// Route is the decision for one called number or extension: the sides to try,
// the first one first. A later side is tried only when the one before it
// refused the call, never when it rang.
type Route struct {
	// Number may also be a Key of a range or the default.
	Number dualtone.Number   `json:"number"`
	Person dualtone.PersonID `json:"person,omitempty"`
	Sides  []dualtone.Side   `json:"sides"`
	// Terms is nil for a route that always holds and tries its sides in order.
	Terms *Terms `json:"terms,omitempty"`
}

// Equal reports whether two routes send the same number the same way.
func (r Route) Equal(o Route) bool {
	return r.Number == o.Number && slices.Equal(r.Sides, o.Sides) && r.terms().Equal(o.terms())
}

// Validate refuses a route without a number, without a side or with one twice,
// one whose terms do not fit it, and one that touches an emergency number of
// the countries. 112 and 911 are emergency numbers everywhere.
func (r Route) Validate(countries ...string) error {
	if r.Number == "" || len(r.Sides) == 0 || len(r.Sides) > 2 ||
		len(r.Sides) == 2 && r.Sides[0] == r.Sides[1] {
		return fmt.Errorf("route of %q to %v: %w", r.Number, r.Sides, dualtone.ErrInvalid)
	}
	for _, problem := range NewChecker(countries...).Check(r) {
		return fmt.Errorf("route of %s: %s %q: %s: %w", r.Number, problem.Column, problem.Value, problem.Problem, dualtone.ErrInvalid)
	}
	return nil
}

// Change replaces one route by another. A From without sides means that the
// number had no route yet, a To without sides that it loses it.
type Change struct {
	From, To Route
}

// Revision counts the states of the table. Every applied set of changes makes
// the next one.
type Revision int64

// Provenance says who changed the table, why, and from which workflow.
type Provenance struct {
	Actor    string `json:"actor"`
	Reason   string `json:"reason"`
	Workflow string `json:"workflow,omitempty"`
	Run      string `json:"run,omitempty"`
}

// Snapshot is the table as of a revision, or what changed since one.
type Snapshot struct {
	Revision Revision
	Routes   []Route
	At       time.Time
}

// Router holds the table that both systems' trunks obey.
type Router interface {
	// Routes returns the active routes of the numbers, in their order; a number
	// without one has no sides.
	Routes(ctx context.Context, numbers []dualtone.Number) ([]Route, error)
	// Rules returns the active routes of the ranges and the default, which lead the
	// numbers that have none of their own.
	Rules(ctx context.Context) ([]Route, error)
	// Apply makes all changes in one revision or none. A change that is already
	// made counts as done; ErrConflict when a route is neither From nor To, or is
	// From again although the same run of a workflow has made the same change
	// before: then somebody has taken it back since, and a late retry must not
	// undo that. When all were already made it returns the active revision. The
	// person of a route does not count. ErrInvalid when a number is changed twice
	// or a change is of two numbers, of none, or to a side that is none.
	Apply(ctx context.Context, changes []Change, why Provenance) (Revision, error)
	// Since returns the routes that changed after a revision, as they are now;
	// all of them for revision 0. A removed route has no sides. A revision that the
	// table has not reached, as after a restored backup, is answered like 0.
	Since(ctx context.Context, after Revision) (Snapshot, error)
}
