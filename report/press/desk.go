package press

import (
	"context"

	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/statement"
)

// Desk makes finance's reports from what is known. All six come in the shape of a
// document, and as JSON in that of Document.WriteJSON.
type Desk struct {
	Source   cost.Source
	Closings cost.Closings
}

// Document makes a report that can be shown. ErrNotFound for a plan of which
// nothing is known, ErrInvalid for what no report answers.
func (d *Desk) Document(ctx context.Context, r statement.Request) (*document.Document, error) {
	e, err := cost.Load(ctx, d.Source, d.Closings, r.Question)
	if err != nil {
		return nil, err
	}
	return statement.Make(e, r)
}

// Print makes a report as files.
func (d *Desk) Print(ctx context.Context, j Job) ([]File, error) {
	e, err := cost.Load(ctx, d.Source, d.Closings, j.Request.Question)
	if err != nil {
		return nil, err
	}
	return Print(e, j)
}
