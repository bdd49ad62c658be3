package calllog

import (
	"context"
	"time"
)

// StitchReach is how far from a leg another may start whose call it changes.
// Whoever writes a leg marks the days of StitchDays in the same transaction,
// those of its earlier version too.
const StitchReach = 3 * time.Hour

// StitchDays are the days, one or two, that a leg which starts at a time makes
// out of date.
func StitchDays(started time.Time) []time.Time {
	first, last := Day(started.Add(-StitchReach)), Day(started.Add(StitchReach))
	if first.Equal(last) {
		return []time.Time{first}
	}
	return []time.Time{first, last}
}

// Day is the beginning of a time's day, UTC.
func Day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// Stitches is the log as stitching works on it.
type Stitches interface {
	// Unstitched lists the days from since on, oldest first, whose legs are not
	// as they were when the day was stitched.
	Unstitched(ctx context.Context, since time.Time) ([]time.Time, error)
	// Stitch has a day decided and keeps the decision, in one transaction that
	// also takes away the marks which it saw. Two at once wait for each other.
	Stitch(ctx context.Context, day time.Time, decide func(context.Context, Evidence) (Decision, error)) error
}

// Evidence is what a day is decided from.
type Evidence interface {
	// Traces lists legs that were alive between two times, in any order.
	Traces(ctx context.Context, from, to time.Time) ([]Trace, error)
	// Decided is what stands: calls of several legs with one that started between
	// the times, ambiguous legs that did, and rulings about such.
	Decided(ctx context.Context, from, to time.Time) (Decided, error)
	// Clocks are those of the days between two times.
	Clocks(ctx context.Context, from, to time.Time) ([]Clock, error)
}

// Decided is what stands of a day.
type Decided struct {
	Calls     []Call
	Ambiguous []Ambiguity
	Rulings   []Ruling
}

// Decision is what becomes of a day. Calls and ambiguous legs that are neither
// put nor dropped stay as they are.
type Decision struct {
	Put  []Call
	Drop []CallID
	// Changes say for each leg that was in another call before where it went,
	// and why.
	Changes []Change
	// Open and Closed are ambiguous legs, new or changed, and no longer so.
	Open   []Ambiguity
	Closed []Place
	// Clocks are those of the day.
	Clocks []Clock
	// Again are days around, if they have legs, that have to be decided anew: they
	// go by the day's clocks, which are not what they were.
	Again []time.Time
}

// Change is a leg that went from one call to another.
type Change struct {
	Leg     LegID     `json:"leg"`
	Started time.Time `json:"started"` // the leg
	From    CallID    `json:"from"`
	To      CallID    `json:"to"`
	Why     string    `json:"why"`
	At      time.Time `json:"at"`
}

// Stitched reads what was decided.
type Stitched interface { //nolint:interfacebloat // one reader, many questions
	// Call returns a call by its name, or by a name that it had; ErrNotFound for
	// one that no call of several legs has or had.
	Call(ctx context.Context, id CallID) (Call, error)
	// CallOf returns the call of a leg, which may be its only one.
	CallOf(ctx context.Context, leg Place) (Call, error)
	// Joined lists the legs that started from one time to before another, each
	// with the call that it belongs to, by their start.
	Joined(ctx context.Context, from, to time.Time) ([]Joined, error)
	// Moves tells, oldest first, which legs came to a call from others and which
	// went from it to others.
	Moves(ctx context.Context, id CallID) ([]Change, error)
	// Ambiguous lists the legs that fit several calls, oldest first.
	Ambiguous(ctx context.Context, q AmbiguousQuery) ([]Ambiguity, error)
	// Clocks lists how far systems' clocks were apart, day by day.
	Clocks(ctx context.Context, from, to time.Time) ([]Clock, error)
}

// Joined is a leg and the name of its call.
type Joined struct {
	Trace

	StitchedTo CallID
}

// AmbiguousQuery selects ambiguous legs; empty fields select all.
type AmbiguousQuery struct {
	System   string
	From, To time.Time // of the start; To is not included
	After    Place
	Limit    int
}

// Rulings keeps what people decided about legs. The day of the leg is to be
// stitched anew after each.
type Rulings interface {
	// Rule keeps a ruling. ErrNotFound for an unknown leg, ErrInvalid for two legs
	// that cannot be one call, ErrConflict where another ruling stands.
	Rule(ctx context.Context, r Ruling) error
	// Withdraw takes the ruling about a leg back; ErrNotFound where none stands.
	Withdraw(ctx context.Context, leg LegID, actor, reason string) error
	// Rulings lists rulings, those that were taken back as well, newest first; all for 0.
	Rulings(ctx context.Context, limit int) ([]Ruled, error)
}

// Ruled is a ruling and whether it was taken back.
type Ruled struct {
	Ruling

	Withdrawn   time.Time `json:"withdrawn,omitzero"`
	WithdrawnBy string    `json:"withdrawn_by,omitempty"`
	Why         string    `json:"why,omitempty"`
}

// Place is its place in the list of rulings, which is by when somebody ruled.
func (r *Ruled) Place() Place { return Place{Started: r.At.UTC(), LegID: r.Leg} }
