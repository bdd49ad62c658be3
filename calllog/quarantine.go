package calllog

import (
	"context"
	"time"
)

// Quarantine keeps the rows that could not be read until somebody corrects or
// dismisses them.
type Quarantine interface {
	// Quarantined returns rows, oldest first.
	Quarantined(ctx context.Context, q QuarantineQuery) ([]Quarantined, error)
	// Row returns one row; ErrNotFound for an unknown one.
	Row(ctx context.Context, id QuarantineID) (Quarantined, error)
	// Fix replaces what the row says, or dismisses it; the row as received is
	// kept beside it. ErrConflict for a row that was read already.
	Fix(ctx context.Context, fix Fix) error
	// Release writes what a corrected row was read as and closes it, both or
	// neither. Read with a fault again, it stays and holds the new fault.
	Release(ctx context.Context, id QuarantineID, read Row, by string) (Written, error)
}

// QuarantineID names a row in quarantine.
type QuarantineID int64

// Quarantined is a row that could not be read.
type Quarantined struct {
	ID     QuarantineID    `json:"id"`
	Ingest IngestID        `json:"ingest"`
	Source Source          `json:"source"`
	Line   int64           `json:"line"`
	Raw    []byte          `json:"raw"`
	Fault  Fault           `json:"fault"`
	State  QuarantineState `json:"state"`
	At     time.Time       `json:"at"`
	// Fixed is the row as somebody corrected it, By who and Why.
	Fixed []byte    `json:"fixed,omitempty"`
	By    string    `json:"by,omitempty"`
	Why   string    `json:"why,omitempty"`
	When  time.Time `json:"when,omitzero"`
}

// QuarantineState is what became of a row in quarantine.
type QuarantineState string

// The states of a row in quarantine.
const (
	Waiting   QuarantineState = "waiting"
	Corrected QuarantineState = "corrected" // and still to be read again
	Released  QuarantineState = "released"
	Dismissed QuarantineState = "dismissed"
)

// QuarantineQuery selects rows; empty fields select all.
type QuarantineQuery struct {
	System string
	Ingest IngestID
	State  QuarantineState
	Text   string // searched in reason, column and the row
	After  QuarantineID
	Limit  int
}

// Fix is a correction of a row in quarantine, or its dismissal.
type Fix struct {
	ID QuarantineID
	// Raw is the corrected row; empty with Dismiss.
	Raw     []byte
	Dismiss bool
	By      string
	Why     string
}
