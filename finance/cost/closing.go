package cost

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	// Digest is of the lines of the month: a program that makes other lines of what
	// was known then says so.
	Digest string    `json:"digest,omitempty"`
	Actor  string    `json:"actor"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Closings keeps closed months.
type Closings interface {
	// CloseMonth closes a month as it was known at c.KnownAt. ErrConflict when more
	// has become known since, when it is closed already, or when an earlier closed
	// month and this one have an open one between them.
	CloseMonth(ctx context.Context, c Closing) (Closing, error)
	// ReopenMonth opens the last closed month of a plan again. ErrConflict for any
	// other.
	ReopenMonth(ctx context.Context, c Closing) (Closing, error)
	// Closings returns what was done to the months of a plan up to a time of
	// knowledge, oldest first; the zero time is now.
	Closings(ctx context.Context, plan string, knownAt time.Time) ([]Closing, error)
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
			return fmt.Errorf("%s is closed already, by %s on %s: %w", month, o.Actor, o.At.Format(time.DateOnly), dualtone.ErrConflict)
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

// frozen is a closed month with the engine of what was known then.
type frozen struct {
	Closing

	engine *Engine
}

// Load makes the engine of a question. Closed months are as they were known when
// they were closed, and what became known of them since is corrected in the month
// after.
func Load(ctx context.Context, source Source, closings Closings, q Question) (*Engine, error) {
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
			continue
		}
		then, err := engineOf(ctx, source, q.Plan, c)
		if err != nil {
			return nil, err
		}
		e.closed = append(e.closed, frozen{c, then})
	}
	return e, nil
}

func engineOf(ctx context.Context, source Source, plan string, c Closing) (*Engine, error) {
	in, err := source.Inputs(ctx, Question{Plan: plan, AsOf: c.Month.Last(), KnownAt: c.KnownAt})
	if err != nil {
		return nil, fmt.Errorf("%s as it was closed: %w", c.Month, err)
	}
	return New(in)
}

// Digest is a SHA-256 of the lines of a month.
func (e *Engine) Digest(month finance.Month) (string, error) {
	f := e.frame(&e.in.Book, 0)
	p, err := e.count(f, asExpected)
	if err != nil {
		return "", err
	}
	return digestOf(of(p.lines(), month))
}

func digestOf(lines []Line) (string, error) {
	text, err := json.Marshal(lines)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

func of(lines []Line, month finance.Month) []Line {
	return slices.DeleteFunc(slices.Clone(lines), func(l Line) bool { return l.Month != month })
}

// ledger is the lines of an engine, and how many days people had two seats, with
// closed months as they were closed.
type ledger struct {
	lines []Line
	days  map[Class]int
	notes []string
}

// ledger takes the lines of a pass. keep says whose seat-days are counted.
func (e *Engine) ledger(p *pass, keep func(group, segment) bool) (ledger, error) {
	now := p.lines()
	if len(e.closed) == 0 {
		return ledger{lines: now, days: p.seatDays(keep)}, nil
	}
	var g ledger
	last := e.closed[len(e.closed)-1].Month
	g.days = p.seatDays(func(of group, s segment) bool { return s.From.Month() > last && keep(of, s) })
	before := []Line{} // of the months closed so far, as they were known when the latest of them was closed
	for _, c := range e.closed {
		f := c.engine.frame(&c.engine.in.Book, 0)
		then, err := c.engine.count(f, asExpected)
		if err != nil {
			return g, err
		}
		for class, n := range then.seatDays(func(of group, s segment) bool { return s.From.Month() == c.Month && keep(of, s) }) {
			g.days[class] += n
		}
		lines := then.lines()
		posted := of(lines, c.Month)
		digest, err := digestOf(posted)
		if err != nil {
			return g, err
		}
		if digest != c.Digest {
			g.notes = append(g.notes, fmt.Sprintf("%s was closed with other figures: this version of the program makes others of what was known then", c.Month))
		}
		g.lines = append(g.lines, posted...)
		g.lines = append(g.lines, corrections(before, lines, c.Month, e.closed)...)
		before = lines
	}
	g.lines = append(g.lines, corrections(before, now, last+1, e.closed)...)
	for i := range now {
		if now[i].Month > last || now[i].Month < e.closed[0].Month {
			g.lines = append(g.lines, now[i])
		}
	}
	slices.SortStableFunc(g.lines, func(a, b Line) int { return a.compare(b.Key) })
	return g, nil
}

// part is days, and the engine that knows them.
type part struct {
	engine *Engine
	span   finance.Span
}

// parts are the days of a span by who knows them: closed months by what was known
// when they were closed.
func (e *Engine) parts(span finance.Span) []part {
	if len(e.closed) == 0 {
		return []part{{e, span}}
	}
	if span == (finance.Span{}) {
		span = finance.Span{From: finance.Date(1900, 1, 1), To: finance.Date(2999, 12, 31)}
	}
	var all []part
	add := func(of *Engine, days finance.Span) {
		if days = days.And(span); !days.Empty() {
			all = append(all, part{of, days})
		}
	}
	add(e, finance.Span{From: span.From, To: e.closed[0].Month.First() - 1})
	for _, c := range e.closed {
		add(c.engine, c.Month.Span())
	}
	add(e, finance.Span{From: e.closed[len(e.closed)-1].Month.Last() + 1, To: span.To})
	return all
}

// correctedKey is what a line of a closed month is found by again; a phase is none
// of it.
type correctedKey struct {
	Key

	from finance.Day
}

func keyOf(l *Line) correctedKey {
	k := correctedKey{l.Key, l.Days.From}
	k.Phase = ""
	return k
}

// corrections are what became otherwise known, between two times, of the months
// that were closed before one, posted to that one. A line that differs in nothing
// but how a cent was rounded is no correction.
func corrections(before, after []Line, post finance.Month, closed []frozen) []Line {
	is := func(m finance.Month) bool {
		return m < post && slices.ContainsFunc(closed, func(c frozen) bool { return c.Month == m })
	}
	was := map[correctedKey]*Line{}
	var order []correctedKey
	for i := range before {
		if l := &before[i]; is(l.Month) {
			was[keyOf(l)] = l
			order = append(order, keyOf(l))
		}
	}
	var all []Line
	for i := range after {
		l := &after[i]
		if !is(l.Month) {
			continue
		}
		k := keyOf(l)
		o := was[k]
		delete(was, k)
		switch {
		case o == nil:
			all = append(all, corrected(*l, post))
		case !o.Quantity.Equal(l.Quantity) || !o.Rate.Equal(l.Rate) || !o.Conversion.Rate.Equal(l.Conversion.Rate):
			c := corrected(*l, post)
			c.Quantity, c.Amount, c.Reported = l.Quantity.Sub(o.Quantity), difference(l.Amount, o.Amount), l.Reported.Sub(o.Reported)
			all = append(all, c)
		}
	}
	for _, k := range order {
		if o := was[k]; o != nil { // It is not there any more.
			c := corrected(*o, post)
			c.Quantity, c.Amount.Amount, c.Reported.Amount = o.Quantity.Neg(), o.Amount.Amount.Neg(), o.Reported.Amount.Neg()
			all = append(all, c)
		}
	}
	return all
}

// difference is that of two amounts; of two currencies only the new one counts.
func difference(a, b finance.Money) finance.Money {
	if a.Currency != b.Currency {
		return a
	}
	return a.Sub(b)
}

// corrected is a line as a correction in another month.
func corrected(l Line, post finance.Month) Line {
	l.Corrects, l.Month, l.Phase = l.Month.String(), post, Actual
	return l
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
	in, err := c.Source.Inputs(ctx, Question{Plan: month.Plan, AsOf: month.Month.Last()})
	if err != nil {
		return month, err
	}
	e, err := New(in)
	if err != nil {
		return month, err
	}
	month.KnownAt = in.KnownAt
	if month.Digest, err = e.Digest(month.Month); err != nil || dry {
		return month, err
	}
	return c.Closings.CloseMonth(ctx, month)
}
