package press

import (
	"context"
	"time"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/statement"
)

// Desk makes finance's reports from what is known. All six come in the shape of a
// document, and as JSON in that of Document.WriteJSON.
type Desk struct {
	Source   cost.Source
	Closings cost.Closings
	// Now is the clock by which a report that names no day is as of today.
	Now func() time.Time
}

// Document makes a report that can be shown. ErrNotFound for a plan of which
// nothing is known, ErrInvalid for what no report answers.
func (d *Desk) Document(ctx context.Context, r statement.Request) (*document.Document, error) {
	e, err := d.load(ctx, r.Question)
	if err != nil {
		return nil, err
	}
	return statement.Make(e, r)
}

// Print makes a report as files.
func (d *Desk) Print(ctx context.Context, j Job) ([]File, error) {
	e, err := d.load(ctx, j.Request.Question)
	if err != nil {
		return nil, err
	}
	return Print(e, j)
}

func (d *Desk) load(ctx context.Context, q cost.Question) (*cost.Engine, error) {
	if q.AsOf == 0 {
		q.AsOf = finance.DayOf(d.Now().UTC())
	}
	return cost.Load(ctx, d.Source, d.Closings, q)
}
