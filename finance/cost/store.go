package cost

import (
	"context"
	"time"

	"github.com/dualtone/dualtone/finance"
)

// Kept counts what a keeping changed.
type Kept struct {
	New     int `json:"new"`
	Changed int `json:"changed"`
	Gone    int `json:"gone"`
	Same    int `json:"same"`
}

// Add counts another keeping as well.
func (k Kept) Add(o Kept) Kept {
	return Kept{k.New + o.New, k.Changed + o.Changed, k.Gone + o.Gone, k.Same + o.Same}
}

// Keeper keeps facts and since when each was known. What is kept already as it is
// given changes nothing, so every keeping may be repeated.
type Keeper interface {
	// KeepPlan keeps what a plan says of money and the facts of its people; people
	// who are not given any more are gone.
	KeepPlan(ctx context.Context, p Plan, users []User) (Kept, error)
	// KeepFigures keeps what a platform said of its licenses on a day.
	KeepFigures(ctx context.Context, system string, day finance.Day, figures []Figure) (Kept, error)
	// KeepMinutes keeps all minutes of a span of days.
	KeepMinutes(ctx context.Context, span finance.Span, minutes []Minutes) (Kept, error)
	// KeepStanding keeps how a plan stands, in the place of how it stood.
	KeepStanding(ctx context.Context, plan string, st Standing) error
	// KeepInvoice keeps the lines of an invoice in the place of those that it had.
	KeepInvoice(ctx context.Context, actor, invoice string, lines []InvoiceLine) (Kept, error)
}

// InvoiceQuery selects lines of invoices; empty fields select all.
type InvoiceQuery struct {
	Invoice  string
	Contract string
	KnownAt  time.Time
	// After goes on behind a line of an invoice.
	After struct {
		Invoice string
		Line    int
	}
	Limit int
}

// HeldInvoice is a line of an invoice as it is kept, counted from 1.
type HeldInvoice struct {
	InvoiceLine

	Line int `json:"line"`
}
