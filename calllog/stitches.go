package calllog

import (
	"context"
	"time"

	"github.com/dualtone/dualtone"
)

// Stitches is what stitching needs of the store: what is new, what may belong
// to it, and a place for what was decided.
type Stitches interface {
	// Changes returns the legs of the writes after a mark, in the order in which
	// the log learned of them, and the mark after them. A write is never torn: more
	// legs than the limit come when a single write holds more. No legs and the same
	// mark say that there is nothing new. Superseded versions are left out.
	Changes(ctx context.Context, after Mark, limit int) ([]Kept, Mark, error)
	// Near returns legs that started within a time, of all systems, and have one of
	// the parties as caller or called, or hold one of the keys.
	Near(ctx context.Context, n Neighborhood) ([]Kept, error)
	// CallsOf returns the calls that legs belong to, each once.
	CallsOf(ctx context.Context, legs []Place) ([]Call, error)
	// Decide writes calls with all their members, takes the members out of any
	// other call, removes calls that are left without any, and moves the
	// stitcher's mark, all or nothing. ErrConflict when the mark is not at From:
	// somebody else stitches.
	Decide(ctx context.Context, d Decided) error
	// Stitched is the mark up to which everything was decided.
	Stitched(ctx context.Context) (Mark, error)
}

// Mark is a place in the order in which the log learned of what it holds; the
// zero value is the beginning.
type Mark struct {
	Known time.Time `json:"known,omitzero"`
	Batch BatchID   `json:"batch,omitempty"`
}

// Neighborhood is where to look for legs.
type Neighborhood struct {
	From, To time.Time
	// Parties are compared by their last nine digits.
	Parties []dualtone.Number
	// Keys are compared whole.
	Keys []Key
}

// Decided is one step of the stitcher.
type Decided struct {
	From, To Mark
	Calls    []Call
	// Ambiguous are legs for which no call could be chosen.
	Ambiguous []Ambiguity
}

// Ambiguity is a leg that may belong to several calls, and is left for people.
type Ambiguity struct {
	Leg        Place     `json:"leg"`
	Candidates []Place   `json:"candidates"`
	Why        string    `json:"why"`
	At         time.Time `json:"at,omitzero"`
}
