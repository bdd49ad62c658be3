package calllog

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
)

// Supplements tells of what systems recorded apart from legs.
type Supplements interface {
	// Unmatched lists supplements whose leg is not in the log, in the order in which
	// they were read.
	Unmatched(ctx context.Context, q UnmatchedQuery) ([]Unmatched, error)
	// Backlogs counts them, for each system that has some that were read before a time.
	Backlogs(ctx context.Context, before time.Time) ([]Backlog, error)
}

// A leg is looked for that started from SupplyBefore to SupplyAfter around a
// supplement's time: no call is longer, and no clock is further off.
const (
	SupplyBefore = 26 * time.Hour
	SupplyAfter  = 2 * time.Hour
)

// Unmatched is a supplement whose leg is not in the log: its record is still to
// come, was never written, or stands at another time, as where a zone is wrong.
type Unmatched struct {
	LegID // the supplement's own name

	Leg Match `json:"leg"`
	// At is the time that it is of; zero where its source does not say.
	At time.Time `json:"at,omitzero"`
	// Since is when it was read, from the line of an ingest.
	Since  time.Time `json:"since"`
	Ingest IngestID  `json:"ingest"`
	Source Source    `json:"source"`
	Line   int64     `json:"line"`
	Batch  BatchID   `json:"batch"`
}

// Place names where it stands among the others.
func (u *Unmatched) Place() UnmatchedPlace { return UnmatchedPlace{u.Batch, u.Line, u.Record} }

// UnmatchedPlace is a place in the order in which supplements were read.
type UnmatchedPlace struct {
	Batch  BatchID
	Line   int64
	Record string
}

// String writes the place so that ParseUnmatchedPlace reads it.
func (p UnmatchedPlace) String() string { return fmt.Sprintf("%d/%d/%s", p.Batch, p.Line, p.Record) }

// ParseUnmatchedPlace reads a place; the first one from an empty text.
func ParseUnmatchedPlace(text string) (p UnmatchedPlace, err error) {
	if text == "" {
		return p, nil
	}
	batch, rest, _ := strings.Cut(text, "/")
	line, record, _ := strings.Cut(rest, "/")
	b, wrong := strconv.ParseInt(batch, 10, 64)
	n, worse := strconv.ParseInt(line, 10, 64)
	if wrong != nil || worse != nil || record == "" {
		return p, fmt.Errorf("after %q: want what the list before said: %w", text, dualtone.ErrInvalid)
	}
	return UnmatchedPlace{BatchID(b), n, record}, nil
}

// UnmatchedQuery selects supplements without a leg; empty fields select all.
type UnmatchedQuery struct {
	System string
	Ingest IngestID
	Before time.Time // they were read before
	After  UnmatchedPlace
	Limit  int
}

// Backlog is how many supplements of a system have no leg, and since when the one
// that has waited longest.
type Backlog struct {
	System string    `json:"system"`
	Count  int64     `json:"count"`
	Oldest time.Time `json:"oldest"`
}

// UnmatchedOf counts the supplements of a system that have no leg by now.
func UnmatchedOf(ctx context.Context, log Supplements, system string, now time.Time) (int64, error) {
	all, err := log.Backlogs(ctx, now.Add(time.Hour)) // whatever the database's clock says
	for _, b := range all {
		if b.System == system {
			return b.Count, err
		}
	}
	return 0, err
}
