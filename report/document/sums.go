package document

import (
	"fmt"
	"slices"

	"github.com/cockroachdb/apd/v3"

	"github.com/dualtone/dualtone"
)

// Sums adds up a table while its rows go by, so that no printer needs to hold
// them.
type Sums struct {
	table  *Table
	by     int
	groups map[string][]apd.Decimal
	order  []string
	rows   int
}

// NewSums are the sums of no row yet.
func NewSums(t *Table) *Sums {
	return &Sums{table: t, by: t.Column(t.SumBy), groups: map[string][]apd.Decimal{}}
}

// Add adds a row. ErrInvalid for a cell that is no number where one is summed.
func (s *Sums) Add(row []Cell) error {
	s.rows++
	key := ""
	if s.by >= 0 {
		key = row[s.by].Text
	}
	group, ok := s.groups[key]
	if !ok {
		group = make([]apd.Decimal, len(s.table.Columns))
		s.groups[key] = group
		s.order = append(s.order, key)
	}
	for i := range s.table.Columns {
		c := &s.table.Columns[i]
		if !c.Sum || row[i].Text == "" {
			continue
		}
		var d apd.Decimal
		if _, _, err := d.SetString(row[i].Text); err != nil {
			return fmt.Errorf("table %s, row %d, column %s: %q is no number: %w", s.table.Name, s.rows, c.Key, row[i].Text, dualtone.ErrInvalid)
		}
		if _, err := usual().Add(&group[i], &group[i], &d); err != nil {
			return fmt.Errorf("table %s, row %d, column %s: %w: %w", s.table.Name, s.rows, c.Key, err, dualtone.ErrInvalid)
		}
	}
	return nil
}

// Rows is how many were added.
func (s *Sums) Rows() int { return s.rows }

// Total is a row beneath a table. Group is the value of the SumBy column that it
// sums; empty for the sum of all.
type Total struct {
	Label string
	Group string
	Cells []Cell
}

// Totals are the sums so far: of each group in the order of their first rows,
// and of all. A table without sums has none.
func (s *Sums) Totals() []Total {
	if !s.table.Summed() {
		return nil
	}
	all := Total{Label: "Total", Cells: make([]Cell, len(s.table.Columns))}
	sums := make([]apd.Decimal, len(s.table.Columns))
	var totals []Total
	for _, key := range s.order {
		t := Total{Label: "Total " + key, Group: key, Cells: make([]Cell, len(s.table.Columns))}
		for i := range s.table.Columns {
			c := &s.table.Columns[i]
			if !c.Sum {
				continue
			}
			t.Cells[i].Text = c.total(&s.groups[key][i])
			var d apd.Decimal
			_, _, _ = d.SetString(t.Cells[i].Text)
			_, _ = usual().Add(&sums[i], &sums[i], &d)
		}
		totals = append(totals, t)
	}
	for i := range s.table.Columns {
		if c := &s.table.Columns[i]; c.Sum {
			all.Cells[i].Text = c.total(&sums[i])
		}
	}
	switch {
	case s.by < 0:
		return []Total{all}
	case s.table.Apart:
		return totals
	default:
		return append(slices.Clip(totals), all)
	}
}

// total writes a sum as the column's totals are written: money to the digits of
// its currency, whatever its rows have.
func (c *Column) total(d *apd.Decimal) string {
	if c.Kind == Money {
		return rounded(d, DigitsOf(c.Currency))
	}
	return d.Text('f')
}
