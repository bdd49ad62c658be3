package pdf

import (
	"fmt"
	"strings"

	"github.com/dualtone/dualtone/report/document"
)

// printedRows is how many rows of a table are printed; nobody reads more on
// paper, and totals are of all.
const printedRows = 400

// table prints a table, on pages that lie on their side where it is too wide for
// an upright one.
func (p *printer) table(t *document.Table) error {
	rows, sums, err := collect(t)
	if err != nil {
		return err
	}
	totals := sums.Totals()
	widths := p.natural(t, rows, totals)
	whole := 0.0
	for _, w := range widths {
		whole += w
	}
	format := "P"
	if whole > pageWidth-2*margin {
		format = "L"
	}
	if p.lie != format || p.y+90 > p.bottom() {
		p.page(format)
	} else {
		p.y += 20
	}
	if whole > p.width() {
		for i := range widths {
			widths[i] *= p.width() / whole
		}
	}
	p.write(margin, p.y, 12, "B", ink(), t.Title)
	p.y += 18
	p.columns(t, widths)
	for _, row := range rows {
		p.row(t, widths, t.Shown(row, ""), "")
	}
	if len(rows) == 0 {
		p.paragraph("Nothing.", words, quiet())
	}
	for i, total := range totals {
		if i == 0 {
			p.line(margin, margin+sumOf(widths), p.y-9, quiet())
		}
		p.row(t, widths, t.Shown(total.Cells, total.Label), "B")
	}
	if more := sums.Rows() - len(rows); more > 0 {
		p.paragraph(fmt.Sprintf("%d more rows are in the workbook and the CSV of this report; the totals are of all rows.", more), words-1, quiet())
	}
	if t.SumRule != "" && len(totals) > 0 {
		p.y += 2
		p.paragraph("Totals: "+t.SumRule+".", words-1, quiet())
	}
	return nil
}

func collect(t *document.Table) ([][]document.Cell, *document.Sums, error) {
	var rows [][]document.Cell
	sums := document.NewSums(t)
	for row, err := range t.Rows {
		if err != nil {
			return nil, nil, err
		}
		if err := sums.Add(row); err != nil {
			return nil, nil, err
		}
		if len(rows) < printedRows {
			rows = append(rows, append([]document.Cell(nil), row...))
		}
	}
	return rows, sums, nil
}

func sumOf(widths []float64) float64 {
	sum := 0.0
	for _, w := range widths {
		sum += w
	}
	return sum
}

const padding = 8

// natural is how wide the columns want to be.
func (p *printer) natural(t *document.Table, rows [][]document.Cell, totals []document.Total) []float64 {
	widths := make([]float64, len(t.Columns))
	see := func(texts []string, style string) {
		p.SetFont(font, style, words)
		for i, text := range texts {
			widths[i] = min(max(widths[i], p.GetStringWidth(text)+padding), 150)
		}
	}
	for i := range t.Columns {
		p.SetFont(font, "B", words-1)
		for word := range strings.FieldsSeq(t.Columns[i].Heading()) {
			widths[i] = max(widths[i], p.GetStringWidth(word)+padding)
		}
	}
	for _, row := range rows {
		see(t.Shown(row, ""), "")
	}
	for _, total := range totals {
		see(t.Shown(total.Cells, total.Label), "B")
	}
	return widths
}

// columns prints the heads, over as many lines as the longest needs.
func (p *printer) columns(t *document.Table, widths []float64) {
	p.SetFont(font, "B", words-1)
	lines := make([][]string, len(t.Columns))
	high := 1
	for i := range t.Columns {
		lines[i] = p.SplitText(t.Columns[i].Heading(), widths[i]-padding+1)
		high = max(high, len(lines[i]))
	}
	s := shade()
	p.SetFillColor(s[0], s[1], s[2])
	p.Rect(margin, p.y-10, sumOf(widths), float64(high)*10+5, "F")
	x := margin
	for i := range t.Columns {
		for j, line := range lines[i] {
			y := p.y + float64(j)*10
			if t.Columns[i].Kind.Numeric() {
				p.writeEnd(x+widths[i]-padding/2, y, words-1, "B", ink(), line)
			} else {
				p.write(x+padding/2, y, words-1, "B", ink(), line)
			}
		}
		x += widths[i]
	}
	p.y += float64(high)*10 + 7
}

// row prints a row, over as many lines as its longest text needs.
func (p *printer) row(t *document.Table, widths []float64, texts []string, style string) {
	lines := make([][]string, len(texts))
	high := 1
	for i, text := range texts {
		if t.Columns[i].Kind == document.Text {
			p.SetFont(font, style, words)
			lines[i] = p.SplitText(text, widths[i]-padding+1)
			high = max(high, len(lines[i]))
		} else {
			lines[i] = []string{p.fitted(text, words, style, widths[i]-padding+1)}
		}
	}
	if p.y+float64(high)*leading > p.bottom() {
		p.page("")
		p.columns(t, widths)
	}
	x := margin
	for i := range lines {
		for j, line := range lines[i] {
			y := p.y + float64(j)*leading
			if t.Columns[i].Kind.Numeric() {
				p.writeEnd(x+widths[i]-padding/2, y, words, style, ink(), line)
			} else {
				p.write(x+padding/2, y, words, style, ink(), line)
			}
		}
		x += widths[i]
	}
	p.y += float64(high) * leading
}
