package control

import (
	"context"
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

// Months closes the months of finance and opens them again. The command line, the
// console and the API all do it here.
type Months struct {
	Source   cost.Source
	Closings cost.Closings
	Now      func() time.Time
}

// MonthOrder has a month closed or opened again.
type MonthOrder struct {
	Why

	// Plan may be empty where there is only one.
	Plan  string
	Month finance.Month
	// KnownAt is that of the preview which was agreed to: ErrConflict when more has
	// become known since. The zero time agrees to whatever is known.
	KnownAt time.Time
}

// MonthPreview is what an order is going to do.
type MonthPreview struct {
	cost.Closing

	// Figures are what reports of the month say now, and go on to say once it is
	// closed; Reopened is what they say once it is open again.
	Figures  MonthFigures  `json:"figures"`
	Reopened *MonthFigures `json:"reopened,omitempty"`
	// Notes say what a reader must know of the figures.
	Notes []string `json:"notes,omitempty"`
}

// MonthFigures are what reports of a month say of it.
type MonthFigures struct {
	SeatDays int           `json:"seat_days"`
	Paid     finance.Money `json:"paid"`
	Overlap  finance.Money `json:"overlap"`
	Waste    finance.Money `json:"waste"`
	// Corrections is how many lines of the month correct earlier ones.
	Corrections int `json:"corrections"`
	// Unbilled is how many charges of the month no invoice has come for.
	Unbilled int `json:"unbilled"`
}

// Preview says what closing a month, or opening it again, is going to do, and
// refuses what the order would be refused for; a reason is not needed yet.
func (m *Months) Preview(ctx context.Context, kind cost.ClosingKind, o MonthOrder) (MonthPreview, error) {
	c, err := m.asked(ctx, o)
	if err != nil {
		return MonthPreview{}, err
	}
	all, err := m.Closings.Closings(ctx, c.Plan, time.Time{})
	if err != nil {
		return MonthPreview{}, err
	}
	closer := cost.Closer{Source: m.Source, Closings: m.Closings}
	if kind == cost.Close {
		if err = cost.MayClose(c.Month, cost.Closed(all)); err == nil {
			c, err = closer.CloseMonth(ctx, c, m.today(), true)
		}
	} else {
		c.Kind, err = cost.Reopen, cost.MayReopen(c.Month, cost.Closed(all))
	}
	if err != nil {
		return MonthPreview{Closing: c}, err
	}
	p := MonthPreview{Closing: c}
	if p.Figures, p.Notes, err = m.figures(ctx, m.Closings, c); err != nil || kind == cost.Close {
		return p, err
	}
	reopened, _, err := m.figures(ctx, reopening{m.Closings, c}, c)
	p.Reopened = &reopened
	return p, err
}

// Close closes a month with what is known now.
func (m *Months) Close(ctx context.Context, o MonthOrder) (cost.Closing, error) {
	c, err := m.ordered(ctx, o)
	if err != nil {
		return c, err
	}
	closer := cost.Closer{Source: m.Source, Closings: m.Closings}
	return closer.CloseMonth(ctx, c, m.today(), false)
}

// Reopen opens the last closed month again. What was closed stays readable as it
// was known then.
func (m *Months) Reopen(ctx context.Context, o MonthOrder) (cost.Closing, error) {
	c, err := m.ordered(ctx, o)
	if err != nil {
		return c, err
	}
	return m.Closings.ReopenMonth(ctx, c)
}

// List has what was done to the months of a plan, oldest first; those of all plans
// for none.
func (m *Months) List(ctx context.Context, plan string) ([]cost.Closing, error) {
	return m.Closings.Closings(ctx, plan, time.Time{})
}

// ordered is an order that somebody stands for.
func (m *Months) ordered(ctx context.Context, o MonthOrder) (cost.Closing, error) {
	if err := o.check(); err != nil {
		return cost.Closing{}, err
	}
	if o.Reason == "" {
		return cost.Closing{}, fmt.Errorf("%s: a reason is missing, others will want to know why: %w", o.Month, dualtone.ErrInvalid)
	}
	return m.asked(ctx, o)
}

// asked is what an order is about. It knows when nothing is known of the plan.
func (m *Months) asked(ctx context.Context, o MonthOrder) (cost.Closing, error) {
	if o.Month == 0 {
		return cost.Closing{}, fmt.Errorf("which month: want one as in 2027-02: %w", dualtone.ErrInvalid)
	}
	in, err := m.Source.Inputs(ctx, cost.Question{Plan: o.Plan, AsOf: m.today()})
	if err != nil {
		return cost.Closing{}, err
	}
	if !o.KnownAt.IsZero() && !o.KnownAt.Equal(in.KnownAt) {
		return cost.Closing{}, fmt.Errorf("%s: more has become known since %s; look at it again: %w",
			o.Month, o.KnownAt.Format(time.RFC3339Nano), dualtone.ErrConflict)
	}
	return cost.Closing{Plan: in.Plan.Name, Month: o.Month, KnownAt: in.KnownAt, Actor: o.Actor, Reason: o.Reason}, nil
}

func (m *Months) today() finance.Day { return finance.DayOf(m.Now().UTC()) }

// figures are those of a month while these closings hold.
func (m *Months) figures(ctx context.Context, closings cost.Closings, c cost.Closing) (MonthFigures, []string, error) {
	q := cost.Question{Plan: c.Plan, AsOf: c.Month.Last(), Span: c.Month.Span()}
	e, err := cost.Load(ctx, m.Source, closings, q)
	if err != nil {
		return MonthFigures{}, nil, err
	}
	o, err := e.Overlap(q)
	if err != nil {
		return MonthFigures{}, nil, err
	}
	bills, err := e.InvoiceCheck(q)
	if err != nil {
		return MonthFigures{}, nil, err
	}
	f := MonthFigures{SeatDays: o.SeatDays, Paid: o.Paid, Overlap: o.Overlap, Waste: o.Waste, Unbilled: len(bills.Accruals)}
	for i := range o.Lines {
		if o.Lines[i].Corrects != "" {
			f.Corrections++
		}
	}
	return f, o.Notes, nil
}

// reopening are closings with a month opened again after all of them.
type reopening struct {
	closings

	month cost.Closing
}

type closings = cost.Closings

func (r reopening) Closings(ctx context.Context, plan string, knownAt time.Time) ([]cost.Closing, error) {
	all, err := r.closings.Closings(ctx, plan, knownAt)
	return append(all, r.month), err
}
