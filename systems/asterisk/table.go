package asterisk

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

// tableRecords reads the table cdr in a database that Asterisk writes to.
type tableRecords struct{ records }

// Records reads rows in the order of their time. Rows are written late, in
// batches, so it begins a while before the cursor and repeats what lies between.
func (r tableRecords) Records(ctx context.Context, after dualtone.Cursor) iter.Seq2[dualtone.Record, error] {
	return func(yield func(dualtone.Record, error) bool) {
		table, err := r.table(after)
		if err != nil {
			yield(dualtone.Record{}, err)
			return
		}
		if err := r.Pace(ctx, r.name); err != nil {
			yield(dualtone.Record{}, err)
			return
		}
		for columns, err := range r.Rows(ctx, table) {
			if err != nil {
				yield(dualtone.Record{}, fmt.Errorf("asterisk: table %s: %w", table.Name, err))
				return
			}
			rec, err := r.row(columns, table.By)
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

func (r tableRecords) table(after dualtone.Cursor) (systems.Table, error) {
	c := r.Config.Records
	t := systems.Table{Database: c.Database, Name: first(c.Table, "cdr"), By: "end"}
	late := c.Late
	if late == 0 {
		late = 10 * time.Minute
	}
	if r.FreePBX {
		// FreePBX has no column for the end: a row appears when the call that
		// began then is over.
		t.By = "calldate"
		late += 12 * time.Hour
	}
	if after == "" {
		return t, nil
	}
	text, ok := strings.CutPrefix(string(after), "table ")
	at, err := time.Parse(time.DateTime, text)
	if !ok || err != nil {
		return t, fmt.Errorf("asterisk: cursor %q is none of a CDR table: %w", after, dualtone.ErrInvalid)
	}
	t.From = at.Add(-late).Format(time.DateTime)
	return t, nil
}

func (r tableRecords) row(columns row, by string) (dualtone.Record, error) {
	rec := r.record(columns)
	if rec.ID == "" {
		return rec, fmt.Errorf("asterisk: a row of the CDR table has no uniqueid: %w", dualtone.ErrInvalid)
	}
	if strings.HasSuffix(rec.ID, "/") {
		rec.ID += columns["channel"] + "/" + columns[by]
	}
	at := columns[by]
	if len(at) > len(time.DateTime) {
		at = at[:len(time.DateTime)]
	}
	rec.Next = dualtone.Cursor("table " + at)
	raw, err := json.Marshal(columns)
	rec.Raw = raw
	return rec, err
}
