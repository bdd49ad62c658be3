package pdf

import (
	"strings"

	"github.com/dualtone/dualtone/report/document"
)

// layout is how a table is put on paper: which way the page lies, how large its words
// are, which columns have anything in them and how wide each is.
type layout struct {
	lie     string
	size    float64
	columns []int
	widths  []float64
}

func (l *layout) width() float64 {
	sum := 0.0
	for _, w := range l.widths {
		sum += w
	}
	return sum
}

// lines is how far apart the lines of the table are.
func (l *layout) lines() float64 { return leading * l.size / words }

const (
	padding = 8
	// widest is how wide a column of words wants to be at most.
	widest = 150
)

// layouts are tried in their order, the first that has room for a table is taken.
func layouts() []layout {
	return []layout{{lie: "P", size: words}, {lie: "L", size: words}, {lie: "L", size: 8}, {lie: "L", size: 7}, {lie: "L", size: 6}, {lie: "L", size: 5}}
}

// layout finds room for a table. Words may be broken into lines; numbers and days
// never are, nor cut.
func (p *printer) layout(t *document.Table, rows [][]document.Cell, totals []document.Total) layout {
	printed := make([][]string, 0, len(rows)+len(totals))
	for _, row := range rows {
		printed = append(printed, t.Shown(row, ""))
	}
	for _, total := range totals {
		printed = append(printed, t.Shown(total.Cells, total.Label))
	}
	var l layout
	for _, l = range layouts() {
		for c := range t.Columns {
			if filled(printed, c) {
				l.columns = append(l.columns, c)
			}
		}
		room := pageWidth - 2*margin
		if l.lie == "L" {
			room = pageHeight - 2*margin
		}
		natural, least := p.measures(t, &l, printed)
		if l.widths = natural; l.width() <= room {
			return l
		}
		if l.widths = least; l.lie == "L" && l.width() <= room {
			spread(l.widths, natural, room)
			return l
		}
	}
	return l
}

// filled reports whether a column has anything in it.
func filled(printed [][]string, column int) bool {
	for _, row := range printed {
		if row[column] != "" {
			return true
		}
	}
	return false
}

// measures are how wide the columns want to be, and how wide they must be.
func (p *printer) measures(t *document.Table, l *layout, printed [][]string) (natural, least []float64) {
	natural, least = make([]float64, len(l.columns)), make([]float64, len(l.columns))
	for i, c := range l.columns {
		p.SetFont(font, "B", l.size-1)
		for word := range strings.FieldsSeq(t.Columns[c].Heading()) {
			least[i] = max(least[i], p.GetStringWidth(word)+padding)
		}
		natural[i] = least[i]
		p.SetFont(font, "B", l.size)
		for _, row := range printed {
			width := p.GetStringWidth(row[c]) + padding
			if t.Columns[c].Kind != document.Text {
				natural[i], least[i] = max(natural[i], width), max(least[i], width)
				continue
			}
			natural[i] = max(natural[i], min(width, widest))
			for word := range strings.FieldsSeq(row[c]) {
				least[i] = max(least[i], min(p.GetStringWidth(word)+padding, widest))
			}
		}
		natural[i] = max(natural[i], least[i])
	}
	return natural, least
}

// spread gives the room that is left to columns that want more than they must have.
func spread(widths, natural []float64, room float64) {
	wanted := 0.0
	for i, w := range widths {
		room -= w
		wanted += natural[i] - w
	}
	for i := range widths {
		widths[i] += room * (natural[i] - widths[i]) / wanted
	}
}
