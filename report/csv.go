package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/dualtone/dualtone/internal/spreadsheet"
)

// WriteCSV writes the report for spreadsheets: one line for each row and side,
// the totals last, and what the figures are about in comment columns of each, so
// that a part that is cut out still says it.
func (t *Traffic) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	columns := []string{"start", "key", "side"}
	for _, d := range Definitions() {
		columns = append(columns, d.Column)
	}
	if err := out.Write(append(columns, "zone", "known_at")); err != nil {
		return err
	}
	for i := range t.Rows {
		r := &t.Rows[i]
		start := ""
		if !r.Start.IsZero() {
			start = r.Start.Format(time.RFC3339)
		}
		if err := t.writeSides(out, start, r.Key, r); err != nil {
			return err
		}
	}
	if err := t.writeSides(out, "total", "", &t.Total); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

func (t *Traffic) writeSides(out *csv.Writer, start, key string, r *Row) error {
	for _, side := range []struct {
		name string
		line *Line
	}{{"old", &r.Old}, {"new", &r.New}, {"both", &r.Both}} {
		cells := []string{start, Harmless(key), side.name}
		for _, d := range Definitions() {
			cells = append(cells, Cell(d.of(side.line)))
		}
		if err := out.Write(append(cells, t.Zone, t.KnownAt.Format(time.RFC3339Nano))); err != nil {
			return err
		}
	}
	return nil
}

// Cell writes a figure; empty where there is none.
func Cell(v any) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case *float64:
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// Harmless is a text that no spreadsheet takes for a formula: an agent or a queue
// may be called anything by whoever names it on the phone system.
func Harmless(s string) string { return spreadsheet.Cell(s) }

// Value is a column's figure of a side.
func (d *Definition) Value(l *Line) string { return Cell(d.of(l)) }
