package calllog

import (
	"context"
	"time"

	"github.com/dualtone/dualtone"
)

// Store keeps the log. Whatever is written twice is there once: a row that says
// what is known changes nothing, one that says otherwise becomes the leg's next
// version.
type Store interface {
	// Begin opens the ingest of a source, or the one that was begun before,
	// wherever it stopped.
	Begin(ctx context.Context, source Source) (Ingest, error)
	// Write keeps the rows of a batch and moves the ingest on, both or neither.
	// ErrConflict when the ingest is not at the batch's From: somebody else reads
	// the same source.
	Write(ctx context.Context, ingest IngestID, batch Batch) (Written, error)
	// Finish says that the source holds nothing more; an ingest that is begun
	// again goes on all the same.
	Finish(ctx context.Context, ingest IngestID) error
}

// Settler makes what was written part of reports, in the order in which it
// became known.
type Settler interface {
	// Settle returns when what reports hold now was known. Whoever writes calls it
	// every few seconds and when they are done; calls at the same time wait for
	// each other, and one that finds nothing to do costs next to nothing.
	Settle(ctx context.Context) (time.Time, error)
}

// IngestID names an ingest.
type IngestID string

// Source is something that rows come from, under a name that stays the same
// when a file is moved and when a program starts again.
type Source struct {
	System string     `json:"system"`
	Kind   SourceKind `json:"kind"`
	// Key tells it from any other source of the system: for a file a hash of its
	// beginning, for records and streams what they are called.
	Key string `json:"key"`
	// Name is what people know it by: a path, an address.
	Name   string `json:"name"`
	Format string `json:"format"`
	// Moves says that a correction may change when a leg started. The log then
	// looks for every leg of the system by its record alone, at some cost.
	Moves bool `json:"moves,omitempty"`
}

// SourceKind is what sort of source it is.
type SourceKind string

// The kinds of sources.
const (
	File    SourceKind = "file"
	Records SourceKind = "records" // a connector's, by cursor
	Stream  SourceKind = "stream"  // what a phone system sends by itself
)

// Position is a place in a source, from which reading goes on.
type Position struct {
	// Line and Offset are how many lines and bytes of a file have been read.
	Line   int64 `json:"line,omitempty"`
	Offset int64 `json:"offset,omitempty"`
	// Sum is a hash over those bytes: a file whose beginning has another was
	// changed and is read anew.
	Sum string `json:"sum,omitempty"`
	// Cursor is the place in a connector's records.
	Cursor dualtone.Cursor `json:"cursor,omitempty"`
}

// Ingest is the reading of one source, and how far it has come.
type Ingest struct {
	ID       IngestID `json:"id"`
	Source   Source   `json:"source"`
	At       Position `json:"at"`
	Total    Written  `json:"total"`
	Finished bool     `json:"finished"`
}

// Batch is a run of rows and the positions before and after it.
type Batch struct {
	From, To Position
	Rows     []Row
	// Again says that the rows were read before, perhaps in another zone: a leg that
	// is not where it belongs is looked for as far around as zones are apart.
	Again bool
}

// Written counts what became of rows.
type Written struct {
	Rows int64 `json:"rows"`
	// New, Changed and Same are legs.
	New     int64 `json:"new"`
	Changed int64 `json:"changed"`
	Same    int64 `json:"same"`
	// Supplements that say something new.
	Supplements int64 `json:"supplements"`
	Quarantined int64 `json:"quarantined"`
}

// Since returns what was counted since an earlier count.
func (w *Written) Since(before Written) Written {
	return Written{
		Rows: w.Rows - before.Rows, New: w.New - before.New, Changed: w.Changed - before.Changed, Same: w.Same - before.Same,
		Supplements: w.Supplements - before.Supplements, Quarantined: w.Quarantined - before.Quarantined,
	}
}

// Add counts more.
func (w *Written) Add(more Written) {
	w.Rows += more.Rows
	w.New += more.New
	w.Changed += more.Changed
	w.Same += more.Same
	w.Supplements += more.Supplements
	w.Quarantined += more.Quarantined
}
