package document

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/report"
)

// WriteCSV prints one table for spreadsheets; the first one when no name is
// given. Numbers are plain, as programs read them. The last columns of every
// line say what was asked, so that a part that is cut out still says it. Totals
// come last, and say "total" in the first column.
func (d *Document) WriteCSV(w io.Writer, table string) error {
	t, err := d.Table(table)
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	line := d.csvHead(t)
	if err := out.Write(line); err != nil {
		return err
	}
	write := func(kind string, row []Cell) error {
		line = append(line[:0], kind)
		for i := range row {
			line = append(line, t.Columns[i].plain(row[i]))
			if t.Columns[i].Mixed() {
				line = append(line, row[i].Currency)
			}
		}
		for _, p := range d.Parameters {
			line = append(line, report.Harmless(p.Value))
		}
		return out.Write(line)
	}
	sums := NewSums(t)
	for row, err := range t.Rows {
		if err != nil {
			return err
		}
		if err := sums.Add(row); err != nil {
			return err
		}
		if err := write("", row); err != nil {
			return err
		}
	}
	for _, total := range sums.Totals() {
		if err := write(strings.ToLower(total.Label), total.Cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// csvHead are the names of the columns.
func (d *Document) csvHead(t *Table) []string {
	line := make([]string, 0, 2*len(t.Columns)+len(d.Parameters)+1)
	line = append(line, "row")
	for i := range t.Columns {
		line = append(line, t.Columns[i].Key)
		if t.Columns[i].Mixed() {
			line = append(line, t.Columns[i].Key+"_currency")
		}
	}
	for _, p := range d.Parameters {
		line = append(line, p.Key)
	}
	return line
}

// plain is a cell as it stands, and harmless where somebody else chose the text.
func (c *Column) plain(v Cell) string {
	if c.Kind.Numeric() {
		return v.Text
	}
	return report.Harmless(v.Text)
}

// Table finds a table by its name, the first one when there is no name.
func (d *Document) Table(name string) (*Table, error) {
	names := make([]string, len(d.Tables))
	for i := range d.Tables {
		if names[i] = d.Tables[i].Name; name == "" || name == names[i] {
			return &d.Tables[i], nil
		}
	}
	return nil, fmt.Errorf("report %s has no table %q: it has %s: %w", d.Name, name, strings.Join(names, ", "), dualtone.ErrInvalid)
}
