package xlsx

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/dualtone/dualtone/report/document"
)

// table writes a table to a sheet, or to several where one is too short. The
// totals stand below the last row.
func (b *book) table(t *document.Table) error {
	widths, err := widthsOf(t)
	if err != nil {
		return err
	}
	w := &tableWriter{book: b, table: t, widths: widths, sums: document.NewSums(t)}
	if err := w.begin(); err != nil {
		return err
	}
	for row, err := range t.Rows {
		if err != nil {
			return err
		}
		if w.used == sheetRows {
			if err := w.end(); err != nil {
				return err
			}
			if err := w.begin(); err != nil {
				return err
			}
		}
		if err := w.add(row); err != nil {
			return err
		}
	}
	w.total()
	return w.end()
}

// tableWriter writes the rows of one table.
type tableWriter struct {
	book   *book
	table  *document.Table
	widths []float64
	sums   *document.Sums
	out    *lines
	sheet  string
	used   int    // rows on this sheet
	areas  []area // of the sheets before and of this one
	cells  []any
}

// area is the rows of a table on one sheet.
type area struct {
	sheet string
	last  int
}

func (w *tableWriter) begin() error {
	name, err := w.book.sheet(w.table.Name)
	if err != nil {
		return err
	}
	if err := w.book.printed(name, "landscape"); err != nil {
		return err
	}
	sw, err := w.book.file.NewStreamWriter(name)
	if err != nil {
		return err
	}
	w.sheet, w.used, w.out = name, 0, &lines{book: w.book, sw: sw}
	w.out.widths(w.widths...)
	w.out.freeze()
	heads, high := make([]any, len(w.table.Columns)), 1
	for i := range w.table.Columns {
		c := &w.table.Columns[i]
		name := c.Name
		if c.Kind == document.Time {
			name += " (UTC)"
		}
		look := head
		if c.Kind.Numeric() {
			look = above
		}
		heads[i] = w.out.styled(name, look)
		high = max(high, wrappedAt(name, w.widths[i]))
	}
	w.out.high(high, heads...)
	return w.out.err
}

func (w *tableWriter) add(row []document.Cell) error {
	if err := w.sums.Add(row); err != nil {
		return err
	}
	w.used++
	w.cells = w.cells[:0]
	for i := range row {
		w.cells = append(w.cells, w.book.cell(&w.table.Columns[i], row[i], &w.out.err))
	}
	w.out.row(w.cells...)
	return w.out.err
}

// end closes the sheet. Filters are set here, since only now their rows are
// counted.
func (w *tableWriter) end() error {
	last := max(w.used+1, 2)
	w.areas = append(w.areas, area{w.sheet, last})
	if err := w.book.file.AutoFilter(w.sheet, fmt.Sprintf("A1:%s%d", letters(len(w.table.Columns)), last), nil); err != nil {
		return err
	}
	return w.out.flush()
}

// total writes the totals as formulas, each with our own figure as its value, for
// those who read the file without calculating.
func (w *tableWriter) total() {
	totals := w.sums.Totals()
	if len(totals) == 0 {
		return
	}
	areas := append(w.areas, area{w.sheet, max(w.used+1, 2)})
	w.out.row()
	first := w.out.at + 1
	by := w.table.Column(w.table.SumBy)
	for _, t := range totals {
		of := func(column int) string {
			if by >= 0 && t.Label == "Total" {
				return fmt.Sprintf("SUM(%s%d:%s%d)", letters(column), first, letters(column), first+len(totals)-2)
			}
			return formula(areas, w.table, column-1, by, t.Group)
		}
		w.out.row(w.totalCells(t, of)...)
	}
}

func (w *tableWriter) totalCells(t document.Total, formula func(column int) string) []any {
	cells := make([]any, len(t.Cells))
	label := t.Label
	for i := range t.Cells {
		c := w.table.Columns[i]
		c.Digits = 0
		switch {
		case c.Sum:
			cell, _ := w.book.looking(sum, &c, t.Cells[i], &w.out.err).(excelize.Cell)
			cell.Formula = formula(i + 1)
			cells[i] = cell
		case label != "" && !c.Kind.Numeric():
			cells[i] = w.out.styled(label, sum)
			label = ""
		default:
			cells[i] = w.out.styled("", sum)
		}
	}
	return cells
}

// formula sums a column over all sheets of its table, or those of its rows that
// have a word in another column, and rounds money as we do.
func formula(areas []area, t *document.Table, column, by int, group string) string {
	parts := make([]string, len(areas))
	for i, a := range areas {
		sheet := ""
		if len(areas) > 1 {
			sheet = "'" + strings.ReplaceAll(a.sheet, "'", "''") + "'!"
		}
		numbers := fmt.Sprintf("%s%s2:%s%d", sheet, letters(column+1), letters(column+1), a.last)
		if by < 0 {
			parts[i] = "SUM(" + numbers + ")"
			continue
		}
		words := fmt.Sprintf("%s%s2:%s%d", sheet, letters(by+1), letters(by+1), a.last)
		parts[i] = fmt.Sprintf("SUMIFS(%s,%s,%s)", numbers, words, criterion(group))
	}
	all := strings.Join(parts, "+")
	if c := &t.Columns[column]; c.Kind == document.Money {
		return fmt.Sprintf("ROUND(%s,%d)", all, document.DigitsOf(c.Currency))
	}
	return all
}

// criterion selects cells that are a word and nothing else: the characters by
// which a criterion could mean more are taken as they are.
func criterion(word string) string {
	escaped := strings.NewReplacer(`"`, `""`, "~", "~~", "*", "~*", "?", "~?").Replace(word)
	return `"=` + escaped + `"`
}

func letters(column int) string {
	name, _ := excelize.ColumnNumberToName(column)
	return name
}

// wrappedAt is over how many lines a head goes in a column, beside its filter's button.
func wrappedAt(name string, width float64) int {
	lines, used := 1, 0
	for word := range strings.FieldsSeq(name) {
		if used > 0 && float64(used+1+len(word)+3) > width {
			lines, used = lines+1, 0
		}
		used += 1 + len(word)
	}
	return lines
}

// looked is how many rows are looked at for the widths.
const looked = 200

func widthsOf(t *document.Table) ([]float64, error) {
	const narrow, summed, wide = 9, 18, 48
	widths := make([]float64, len(t.Columns))
	for i := range t.Columns {
		// A head may break where it has a blank; filters need room for their button.
		for word := range strings.FieldsSeq(t.Columns[i].Name) {
			widths[i] = max(widths[i], float64(len(word)+4), narrow)
		}
		if t.Columns[i].Sum {
			widths[i] = max(widths[i], summed)
		}
	}
	n := 0
	for row, err := range t.Rows {
		if err != nil {
			return nil, err
		}
		for i := range row {
			c := &t.Columns[i]
			length := len(c.Shown(row[i]))
			if c.Kind == document.Money && !c.Mixed() {
				length += 1 + len(c.Currency)
			}
			widths[i] = min(max(widths[i], float64(length)+2), wide)
		}
		if n++; n == looked {
			break
		}
	}
	return widths, nil
}
