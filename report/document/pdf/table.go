package pdf

import (
	"fmt"

	"github.com/dualtone/dualtone/report/document"
)

// printedRows is how many rows of a table are printed; nobody reads more on
// paper, and totals are of all.
const printedRows = 400

// sheet is a table that is ready to be printed.
type sheet struct {
	*document.Table

	layout layout
	rows   [][]document.Cell
	sums   *document.Sums
	totals []document.Total
}

// sheet reads a table and finds room for it.
func (p *printer) sheet(t *document.Table) (*sheet, error) {
	s := &sheet{Table: t, sums: document.NewSums(t)}
	for row, err := range t.Rows {
		if err != nil {
			return nil, err
		}
		if err := s.sums.Add(row); err != nil {
			return nil, err
		}
		if len(s.rows) < printedRows {
			s.rows = append(s.rows, append([]document.Cell(nil), row...))
		}
	}
	s.totals = s.sums.Totals()
	s.layout = p.layout(t, s.rows, s.totals)
	return s, nil
}

// table prints a table, on pages that lie on their side where it is too wide for
// an upright one.
func (p *printer) table(t *sheet) {
	if p.lie != t.layout.lie || p.y+90 > p.bottom() {
		p.page(t.layout.lie)
	} else {
		p.y += 20
	}
	p.write(margin, p.y, 12, "B", ink(), t.Title)
	p.y += 18
	if len(t.rows) == 0 {
		p.paragraph("Nothing.", words, quiet())
		return
	}
	p.columns(t)
	for _, row := range t.rows {
		p.row(t, t.Shown(row, ""), "")
	}
	for i, total := range t.totals {
		if i == 0 {
			p.line(margin, margin+t.layout.width(), p.y-t.layout.size, quiet())
		}
		p.row(t, t.Shown(total.Cells, total.Label), "B")
	}
	if more := t.sums.Rows() - len(t.rows); more > 0 {
		p.paragraph(fmt.Sprintf("%d more rows are in the workbook and the CSV of this report; the totals are of all rows.", more), words-1, quiet())
	}
	if t.SumRule != "" && len(t.totals) > 0 {
		p.y += 2
		p.paragraph("Totals: "+t.SumRule+".", words-1, quiet())
	}
}

// columns prints the heads, over as many lines as the longest needs.
func (p *printer) columns(t *sheet) {
	l := &t.layout
	size, apart := l.size-1, l.size+1
	p.SetFont(font, "B", size)
	lines := make([][]string, len(l.columns))
	high := 1
	for i, c := range l.columns {
		lines[i] = p.SplitText(t.Columns[c].Heading(), l.widths[i]-padding+1)
		high = max(high, len(lines[i]))
	}
	s := shade()
	p.SetFillColor(s[0], s[1], s[2])
	p.Rect(margin, p.y-apart, l.width(), float64(high)*apart+5, "F")
	p.cells(t, lines, size, apart, "B")
	p.y += float64(high)*apart + 7
}

// row prints a row, over as many lines as its longest text needs.
func (p *printer) row(t *sheet, texts []string, style string) {
	l := &t.layout
	p.SetFont(font, style, l.size)
	lines := make([][]string, len(l.columns))
	high := 1
	for i, c := range l.columns {
		if t.Columns[c].Kind == document.Text {
			lines[i] = p.SplitText(texts[c], l.widths[i]-padding+1)
			high = max(high, len(lines[i]))
		} else {
			lines[i] = []string{texts[c]}
		}
	}
	if p.y+float64(high)*l.lines() > p.bottom() {
		p.page("")
		p.columns(t)
	}
	p.cells(t, lines, l.size, l.lines(), style)
	p.y += float64(high) * l.lines()
}

// cells writes the lines of cells beside each other, numbers to the right.
func (p *printer) cells(t *sheet, lines [][]string, size, apart float64, style string) {
	x := margin
	for i, c := range t.layout.columns {
		width := t.layout.widths[i]
		for j, line := range lines[i] {
			y := p.y + float64(j)*apart
			if t.Columns[c].Kind.Numeric() {
				p.writeEnd(x+width-padding/2, y, size, style, ink(), line)
			} else {
				p.write(x+padding/2, y, size, style, ink(), line)
			}
		}
		x += width
	}
}
