package document

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/clipperhouse/displaywidth"
)

// Page is the part of long tables that a terminal shows; all of it when Limit is
// 0. Totals are of all rows whatever the page.
type Page struct {
	After, Limit int
}

// shows reports whether a row, counted from 1, is on the page.
func (p Page) shows(row int) bool {
	return row > p.After && (p.Limit == 0 || row <= p.After+p.Limit)
}

// WriteTerminal prints the document for people at a terminal. next, if not nil,
// says how to see the rest of a table that has more rows than the page.
func (d *Document) WriteTerminal(w io.Writer, page Page, next func(table string, after int) string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", printable(d.Title))
	for i := range d.Parameters {
		p := &d.Parameters[i]
		fmt.Fprintf(&b, "  %s: %s\n", p.Name, printable(p.Shown()))
	}
	if d.Decision != "" {
		fmt.Fprintf(&b, "\n%s\n", printable(d.Decision))
	}
	if len(d.Figures) > 0 {
		b.WriteString("\n")
		var g grid
		for i := range d.Figures {
			f := &d.Figures[i]
			g.add([]string{"  " + f.Name, f.Shown(f.Value), f.CurrencyOf(f.Value)})
		}
		g.write(&b, []bool{false, true, false})
	}
	readable := d.Readable()
	for _, t := range readable {
		if err := t.writeTerminal(&b, page, next); err != nil {
			return err
		}
	}
	if n := len(d.Tables) - len(readable); n > 0 {
		b.WriteString("\nNot shown here, but in json, csv and xlsx: " + strings.Join(d.details(), ", ") + "\n")
	}
	for _, n := range d.Notes {
		fmt.Fprintf(&b, "\nNote: %s\n", printable(n))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d *Document) details() []string {
	var names []string
	for i := range d.Tables {
		if d.Tables[i].Detail {
			names = append(names, d.Tables[i].Name)
		}
	}
	return names
}

func (t *Table) writeTerminal(b *strings.Builder, page Page, next func(string, int) string) error {
	fmt.Fprintf(b, "\n%s\n", printable(t.Title))
	var g grid
	head, right := make([]string, len(t.Columns)), make([]bool, len(t.Columns))
	for i := range t.Columns {
		head[i], right[i] = strings.ToUpper(t.Columns[i].Heading()), t.Columns[i].Kind.Numeric()
	}
	g.add(head)
	sums := NewSums(t)
	for row, err := range t.Rows {
		if err != nil {
			return err
		}
		if err := sums.Add(row); err != nil {
			return err
		}
		if page.shows(sums.Rows()) {
			g.add(t.Shown(row, ""))
		}
	}
	if sums.Rows() == 0 {
		b.WriteString("  nothing\n")
		return nil
	}
	for _, total := range sums.Totals() {
		g.add(t.Shown(total.Cells, total.Label))
	}
	g.write(b, right)
	if page.Limit > 0 && sums.Rows() > page.After+page.Limit && next != nil {
		fmt.Fprintf(b, "Rows %d to %d of %d. There are more: %s\n", page.After+1, page.After+page.Limit, sums.Rows(), next(t.Name, page.After+page.Limit))
	}
	if t.SumRule != "" && len(sums.Totals()) > 0 {
		fmt.Fprintf(b, "Totals: %s.\n", t.SumRule)
	}
	return nil
}

// grid is lines whose cells line up.
type grid struct {
	rows   [][]string
	widths []int
}

func (g *grid) add(row []string) {
	for i, cell := range row {
		row[i] = printable(cell)
		if i == len(g.widths) {
			g.widths = append(g.widths, 0)
		}
		g.widths[i] = max(g.widths[i], displaywidth.String(row[i]))
	}
	g.rows = append(g.rows, row)
}

func (g *grid) write(b *strings.Builder, right []bool) {
	for _, row := range g.rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", g.widths[i]-displaywidth.String(cell))
			if right[i] {
				line.WriteString(pad + cell + "  ")
			} else {
				line.WriteString(cell + pad + "  ")
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// printable keeps control characters in data from reaching the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r):
			return unicode.ReplacementChar
		default:
			return r
		}
	}, s)
}
