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
	// Traces lists legs that were alive between two times, ordered by start and LegID.
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
	Closed []LegID
	// Clocks are those of the day.
	Clocks []Clock
}

// Change is a leg that went from one call to another.
type Change struct {
	Leg  LegID     `json:"leg"`
	From CallID    `json:"from"`
	To   CallID    `json:"to"`
	Why  string    `json:"why"`
	At   time.Time `json:"at"`
}
