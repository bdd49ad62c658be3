package audit

import (
	"context"
	"time"
)

// Recorder appends an entry by itself, where nothing else is stored with it.
type Recorder interface {
	// Record fills what the entry leaves open from the context's cause.
	Record(ctx context.Context, e Entry) error
}

// Log is the audit as it is kept.
type Log interface {
	Recorder
	// Entries returns entries, oldest first; with Newest newest first.
	Entries(ctx context.Context, q Query) ([]Entry, error)
	// Head is the last entry's serial and hash as the database knows them.
	Head(ctx context.Context) (serial int64, hash string, err error)
}

// Query selects entries; empty fields select all.
type Query struct {
	Actor    string
	Action   string // whole, or a beginning that ends in a dot
	Object   string
	Outcomes []Outcome
	Since    time.Time
	Until    time.Time
	// After is a serial: entries after it, or before it with Newest.
	After  int64
	Newest bool
	Limit  int
}
