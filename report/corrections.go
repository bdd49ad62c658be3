package report

import (
	"context"
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// Closing is a period whose figures were handed on to somebody, and what was
// known then.
type Closing struct {
	Name string `json:"name"`
	From Date   `json:"from"`
	To   Date   `json:"to"`
	Zone string `json:"zone"`
	// KnownAt is what a report of the period is asked for to see those figures.
	KnownAt time.Time `json:"known_at"`
	Actor   string    `json:"actor"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at"`
}

// Closings keeps closed periods.
type Closings interface {
	// Close closes a period as it is known now and returns it; closed already it
	// stays as it is. ErrConflict when the name is that of another period.
	Close(ctx context.Context, c Closing) (Closing, error)
	// Closings returns closed periods in the order of their names.
	Closings(ctx context.Context) ([]Closing, error)
	// Corrected lists legs that started between two times and became known, or
	// otherwise known, after Since and up to Until, in the order of their starts.
	Corrected(ctx context.Context, q CorrectedQuery) ([]Correction, error)
	// Decided counts the calls across systems that were put together, apart, or
	// otherwise together, with which both sides count them once.
	Decided(ctx context.Context, q CorrectedQuery) (int, error)
}

// WouldClose is what closing a period would make of it: it stays as it is where it is
// closed already. ErrConflict where its name is that of other days. Settle brings the
// log up to date, and answers as of when.
func WouldClose(ctx context.Context, kept Closings, settle func(context.Context) (time.Time, error), c Closing) (Closing, error) {
	all, err := kept.Closings(ctx)
	if err != nil {
		return c, err
	}
	for _, held := range all {
		switch {
		case held.Name != c.Name:
		case held.From != c.From || held.To != c.To || held.Zone != c.Zone:
			return c, fmt.Errorf("closing %s: it is closed already, of %s to %s in %s: %w", c.Name, held.From, held.To, held.Zone, dualtone.ErrConflict)
		default:
			return held, nil
		}
	}
	c.KnownAt, err = settle(ctx)
	return c, err
}

// CorrectedQuery selects corrections.
type CorrectedQuery struct {
	From, To     time.Time // of the start; To is not included
	Since, Until time.Time // known after, and up to; Until zero is now
	Limit        int
}

// Corrections are what became known of a period after it was closed.
type Corrections struct {
	Closing Closing      `json:"closing"`
	Legs    []Correction `json:"legs"`
	// More says that there are others beyond those listed.
	More bool `json:"more,omitempty"`
	// Decided is how many calls across systems were decided otherwise: they count
	// once in both sides together.
	Decided int `json:"decided,omitempty"`
}

// Correction is a leg that came late or was corrected.
type Correction struct {
	calllog.LegID

	Started time.Time `json:"started"`
	Known   time.Time `json:"known"`
	Version int       `json:"version"`
	// Was is how the leg ended as it was known before; empty for a late one, Now
	// as it is known since, empty for one that moved or was removed.
	Was    calllog.Disposition `json:"was,omitempty"`
	Now    calllog.Disposition `json:"now,omitempty"`
	Ingest calllog.IngestID    `json:"ingest,omitempty"`
	Line   int64               `json:"line,omitempty"`
}

// Late reports whether the leg was not known at all before.
func (c *Correction) Late() bool { return c.Was == "" }

// AddCorrections names what became known of the report's period since the latest
// closing that it shares a day with, up to what the report itself knows.
func AddCorrections(ctx context.Context, closings Closings, t *Traffic, zone *time.Location, limit int) error {
	all, err := closings.Closings(ctx)
	if err != nil {
		return err
	}
	var latest *Closing
	for i := range all {
		c := &all[i]
		overlaps := !c.To.Before(t.From) && !t.To.Before(c.From)
		if overlaps && c.KnownAt.Before(t.KnownAt) && (latest == nil || latest.KnownAt.Before(c.KnownAt)) {
			latest = c
		}
	}
	if latest == nil {
		return nil
	}
	q := CorrectedQuery{
		From: t.From.Start(zone), To: t.To.Next(1).Start(zone), Since: latest.KnownAt, Until: t.KnownAt, Limit: limit + 1,
	}
	legs, err := closings.Corrected(ctx, q)
	if err != nil {
		return err
	}
	t.Corrections = &Corrections{Closing: *latest, Legs: legs[:min(limit, len(legs))], More: len(legs) > limit}
	t.Corrections.Decided, err = closings.Decided(ctx, q)
	return err
}
