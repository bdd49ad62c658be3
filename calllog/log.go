package calllog

import (
	"context"
	"time"

	"github.com/dualtone/dualtone"
)

// Log reads what the store holds of legs.
type Log interface {
	// Legs returns legs in the order of their starts, newest first unless the
	// query says otherwise.
	Legs(ctx context.Context, q LegQuery) ([]Kept, error)
	// Leg returns a leg as it counts now; ErrNotFound for an unknown one. Without its
	// start it is found by its record, which takes a little longer.
	Leg(ctx context.Context, at Place) (Kept, error)
	// Versions returns every version of a leg that the log ever held, oldest
	// first; ErrNotFound for an unknown leg.
	Versions(ctx context.Context, at Place) ([]Kept, error)
	// Raw returns the row that a version was read from, as received; ErrNotFound
	// when its retention is over or it was erased.
	Raw(ctx context.Context, k Kept) ([]byte, error)
}

// Kept is a version of a leg as the log holds it, and where it came from.
type Kept struct {
	Leg

	Version int `json:"version"`
	// Known is when the log learned of this version, Until when of the next one;
	// Until is zero for the version that counts, and Known for one that no report
	// has seen yet.
	Known time.Time `json:"known,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Source tells the ingest and Line the row in it.
	Ingest IngestID `json:"ingest"`
	Line   int64    `json:"line,omitempty"`
	// Batch is the write that brought it.
	Batch BatchID `json:"batch"`
}

// BatchID names a write. Its order says nothing of which was known first.
type BatchID int64

// LegQuery selects legs; empty fields select all.
type LegQuery struct {
	System      string
	From, To    time.Time       // of the start; To is not included
	Number      dualtone.Number // as the caller or the called
	Agent       dualtone.UserID
	Queue       dualtone.QueueID
	Site        string
	Direction   Direction
	Disposition Disposition
	Call        string // the system's own key of the call
	// After goes on after a leg, with its start.
	After Place
	// Oldest asks for the oldest first.
	Oldest bool
	Limit  int
}

// Place is where a leg stands in the order of starts.
type Place struct {
	Started time.Time `json:"started"`
	LegID
}

// Name is the place as one text; empty for none.
func (p Place) Name() string {
	if p == (Place{}) {
		return ""
	}
	return p.Started.Format(time.RFC3339Nano) + "/" + p.System + "/" + p.Record
}

// Place returns where the leg stands.
func (l *Leg) Place() Place { return Place{Started: l.Started, LegID: l.LegID} }
