package cost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
)

// ClosingKind says what was done to a month.
type ClosingKind string

// The kinds.
const (
	Close  ClosingKind = "close"
	Reopen ClosingKind = "reopen"
)

// Closing is a month that was closed, or opened again.
type Closing struct {
	Plan  string        `json:"plan"`
	Month finance.Month `json:"month"`
	Kind  ClosingKind   `json:"kind"`
	// KnownAt is what a report of the month is asked for to see its figures.
	KnownAt time.Time `json:"known_at"`
	// Digest is of what the month holds: no report is made once that was changed.
	Digest string    `json:"digest,omitempty"`
	Actor  string    `json:"actor"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Closings keeps closed months.
type Closings interface {
	// CloseMonth closes a month as it was known at c.KnownAt, with what it holds: a
	// Posted as JSON, whose bytes are kept. ErrConflict when more has become known
	// since, and when MayClose refuses.
	CloseMonth(ctx context.Context, c Closing, posted []byte) (Closing, error)
	// ReopenMonth opens the last closed month of a plan again; ErrConflict when
	// MayReopen refuses.
	ReopenMonth(ctx context.Context, c Closing) (Closing, error)
	// Closings returns what was done to the months of a plan up to a time of
	// knowledge, oldest first; the zero time is now.
	Closings(ctx context.Context, plan string, knownAt time.Time) ([]Closing, error)
	// Posted returns what a closed month holds. ErrNotFound for a month that was
	// closed before that was kept.
	Posted(ctx context.Context, c Closing) ([]byte, error)
}

// Closed are the months that are closed after all that was done, in their order.
func Closed(all []Closing) []Closing {
	var closed []Closing
	for _, c := range all {
		closed = slices.DeleteFunc(closed, func(o Closing) bool { return o.Month == c.Month })
		if c.Kind == Close {
			closed = append(closed, c)
		}
	}
	slices.SortFunc(closed, func(a, b Closing) int { return int(a.Month - b.Month) })
	return closed
}

// MayClose refuses a month that is closed already, or that has an open one between
// itself and the last of those that are closed.
func MayClose(month finance.Month, closed []Closing) error {
	for _, o := range closed {
		if o.Month == month {
			return fmt.Errorf("%s is closed already, by %s on %s, and stays as it is; reopen it to close it anew: %w", month, o.Actor, o.At.Format(time.DateOnly), dualtone.ErrConflict)
		}
	}
	if n := len(closed); n > 0 && closed[n-1].Month != month-1 {
		return fmt.Errorf("%s comes after %s, the last closed month: %w", closed[n-1].Month+1, closed[n-1].Month, dualtone.ErrConflict)
	}
	return nil
}

// MayReopen refuses every month but the last closed one.
func MayReopen(month finance.Month, closed []Closing) error {
	switch n := len(closed); {
	case n == 0:
		return fmt.Errorf("no month is closed: %w", dualtone.ErrConflict)
	case closed[n-1].Month != month:
		return fmt.Errorf("%s is the last closed month; reopen that first: %w", closed[n-1].Month, dualtone.ErrConflict)
	default:
		return nil
	}
}

// frozen is a closed month: what it holds, and the engine of what was known then.
type frozen struct {
	Closing

	held   *held
	engine func() (*Engine, error)
}

// Load makes the engine of a question. Closed months are as they were closed, and
// what became known of them since stands as corrections in the first open month.
// What is asked about days that are all closed is answered from what was known when
// the last of them was, and so is the same to the byte for ever.
func Load(ctx context.Context, source Source, closings Closings, q Question) (*Engine, error) {
	e, err := load(ctx, source, closings, q)
	if err != nil {
		return nil, err
	}
	c, ok := e.settles(q.Span)
	if !ok {
		return e, nil
	}
	q.AsOf, q.KnownAt = c.Month.Last(), c.KnownAt
	if e, err = load(ctx, source, closings, q); err != nil {
		return nil, err
	}
	e.in.KnownAt = c.KnownAt
	e.notes = append(e.notes, fmt.Sprintf("%s is closed: this is as it was known then, and what became known later stands in later months as corrections", c.Month))
	return e, nil
}

// settles finds the closing that all days of a span were closed with.
func (e *Engine) settles(span finance.Span) (Closing, bool) {
	if span == (finance.Span{}) || !e.isClosed(span.From.Month()) || !e.isClosed(span.To.Month()) {
		return Closing{}, false
	}
	return e.closed[span.To.Month()-e.closed[0].Month].Closing, true
}

func load(ctx context.Context, source Source, closings Closings, q Question) (*Engine, error) {
	in, err := source.Inputs(ctx, q)
	if err != nil {
		return nil, err
	}
	e, err := New(in)
	if err != nil {
		return nil, err
	}
	all, err := closings.Closings(ctx, in.Plan.Name, in.KnownAt)
	if err != nil {
		return nil, err
	}
	for _, c := range Closed(all) {
		if c.Month.Last() > in.AsOf {
			break
		}
		if err := e.freeze(ctx, source, closings, c); err != nil {
			return nil, fmt.Errorf("%s as it was closed: %w", c.Month, err)
		}
	}
	return e, nil
}

// freeze adds a closed month behind those before it.
func (e *Engine) freeze(ctx context.Context, source Source, closings Closings, c Closing) error {
	before := slices.Clone(e.closed)
	f := frozen{Closing: c, engine: func() (*Engine, error) {
		in, err := source.Inputs(ctx, Question{Plan: c.Plan, AsOf: c.Month.Last(), KnownAt: c.KnownAt})
		if err != nil {
			return nil, err
		}
		then, err := New(in)
		if err != nil {
			return nil, err
		}
		then.closed = before
		return then, nil
	}}
	var err error
	if f.held, err = f.read(ctx, closings); err != nil {
		return err
	}
	e.closed = append(e.closed, f)
	return nil
}

// read is what the month holds. Of one that was closed before that was kept it is
// made of what was known then.
func (f *frozen) read(ctx context.Context, closings Closings) (*held, error) {
	text, err := closings.Posted(ctx, f.Closing)
	switch {
	case errors.Is(err, dualtone.ErrNotFound):
		if text, err = f.remade(); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case digestOf(text) != f.Digest:
		return nil, fmt.Errorf("what is kept of it was changed since, as its digest shows: %w", dualtone.ErrConflict)
	}
	h, err := read[held](text)
	return &h, err
}

func (f *frozen) remade() ([]byte, error) {
	then, err := f.engine()
	if err != nil {
		return nil, err
	}
	p, err := then.post(f.Month)
	if err != nil {
		return nil, err
	}
	return p.text()
}

// part is days, and the engine that knows them.
type part struct {
	engine func() (*Engine, error)
	span   finance.Span
}

// parts are the days of a span by who knows them: closed months by what was known
// when they were closed.
func (e *Engine) parts(span finance.Span) []part {
	self := func() (*Engine, error) { return e, nil }
	if len(e.closed) == 0 {
		return []part{{self, span}}
	}
	if span == (finance.Span{}) {
		span = finance.Span{From: finance.Date(1900, 1, 1), To: finance.Date(2999, 12, 31)}
	}
	var all []part
	add := func(of func() (*Engine, error), days finance.Span) {
		if days = days.And(span); !days.Empty() {
			all = append(all, part{of, days})
		}
	}
	add(self, finance.Span{From: span.From, To: e.closed[0].Month.First() - 1})
	for _, c := range e.closed {
		add(c.engine, c.Month.Span())
	}
	add(self, finance.Span{From: e.lastClosed().Last() + 1, To: span.To})
	return all
}

// Closer closes months.
type Closer struct {
	Source   Source
	Closings Closings
}

// CloseMonth closes a month with what is known now. With dry it says what would be
// closed and keeps nothing. ErrInvalid for a month that is not over.
func (c *Closer) CloseMonth(ctx context.Context, month Closing, today finance.Day, dry bool) (Closing, error) {
	if month.Month.Last() >= today {
		return month, fmt.Errorf("%s is not over before %s: %w", month.Month, month.Month.Add(1).First(), dualtone.ErrInvalid)
	}
	month.Kind = Close
	e, err := load(ctx, c.Source, c.Closings, Question{Plan: month.Plan, AsOf: month.Month.Last()})
	if err != nil {
		return month, err
	}
	month.KnownAt = e.in.KnownAt
	posted, err := e.post(month.Month)
	if err != nil {
		return month, err
	}
	text, err := posted.text()
	if err != nil {
		return month, err
	}
	if month.Digest = digestOf(text); dry {
		return month, nil
	}
	return c.Closings.CloseMonth(ctx, month, text)
}
