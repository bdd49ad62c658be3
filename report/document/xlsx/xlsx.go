// Package xlsx prints a document as a workbook that finance can work on: typed
// cells with the number format of their currency, frozen heads with filters,
// totals that are formulas, a sheet that says what was asked and one that says
// what the words mean.
//
// Rows go to disk as they come, so that the longest table needs little memory,
// and the same document gives the same bytes.
package xlsx

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/dualtone/dualtone/report/document"
)

// sheetRows is how many rows of a table one sheet takes; the format ends at
// 1,048,576, and the head and the totals need some.
const sheetRows = 1_000_000

// Write prints the document.
func Write(w io.Writer, d *document.Document) error {
	z, err := newOrdered(w)
	if err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	defer z.discard()
	f := excelize.NewFile()
	defer f.Close() //nolint:errcheck // only temporary files are closed
	f.SetZipWriter(func(io.Writer) excelize.ZipWriter { return z })
	b := &book{file: f, styles: map[styled]int{}, formats: map[numbers]string{}, names: map[string]bool{}}
	if err := b.compose(d); err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	if _, err := f.WriteToBuffer(); err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	return nil
}

// book is a workbook that is being composed.
type book struct {
	file    *excelize.File
	styles  map[styled]int
	formats map[numbers]string
	names   map[string]bool
	sheets  int
}

func (b *book) compose(d *document.Document) error {
	if err := b.file.SetDocProps(properties(d)); err != nil {
		return err
	}
	if err := b.asked(d); err != nil {
		return err
	}
	for i := range d.Tables {
		if err := b.table(&d.Tables[i]); err != nil {
			return err
		}
	}
	return b.meanings(d)
}

// properties carry the time whose knowledge the report is, and not the time at
// which it was printed.
func properties(d *document.Document) *excelize.DocProperties {
	p := &excelize.DocProperties{Title: d.Title, Creator: "dualtone", LastModifiedBy: "dualtone", Created: "2000-01-01T00:00:00Z"}
	if at, err := time.Parse(time.RFC3339Nano, d.Parameter("known_at")); err == nil {
		p.Created = at.UTC().Format(time.RFC3339)
	}
	p.Modified = p.Created
	return p
}

// sheet adds a sheet under a name that no other one has.
func (b *book) sheet(name string) (string, error) {
	name = strings.ReplaceAll(name, "_", " ")
	if name != "" {
		_, n := utf8.DecodeRuneInString(name)
		name = strings.ToUpper(name[:n]) + name[n:]
	}
	wanted := name
	for i := 2; b.names[strings.ToLower(name)]; i++ {
		name = fmt.Sprintf("%s (%d)", wanted, i)
	}
	b.names[strings.ToLower(name)] = true
	b.sheets++
	if b.sheets == 1 {
		return name, b.file.SetSheetName("Sheet1", name)
	}
	_, err := b.file.NewSheet(name)
	return name, err
}

// printed has a sheet as wide as the page that it is printed on.
func (b *book) printed(name, lie string) error {
	if err := b.file.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: new(true)}); err != nil {
		return err
	}
	return b.file.SetPageLayout(name, &excelize.PageLayoutOptions{Orientation: &lie, Size: new(9), FitToWidth: new(1), FitToHeight: new(0)})
}

// asked is the sheet that says what the report is, what it was asked, and the
// figures that must not be missed.
func (b *book) asked(d *document.Document) error {
	name, err := b.sheet("parameters")
	if err != nil {
		return err
	}
	if err := b.printed(name, "portrait"); err != nil {
		return err
	}
	sw, err := b.file.NewStreamWriter(name)
	if err != nil {
		return err
	}
	out := &lines{book: b, sw: sw}
	out.widths(34, 26)
	out.row(out.styled(d.Title, title))
	out.row()
	for _, p := range d.Parameters {
		out.row(out.styled(p.Name, quiet), p.Shown())
	}
	if len(d.Figures) > 0 {
		out.row()
		out.row(out.styled("Key figures", head), out.styled("", head))
	}
	for i := range d.Figures {
		c := &d.Figures[i]
		out.row(c.Name, b.cell(&c.Column, c.Value, &out.err)) // Its number format says the currency.
	}
	if d.Decision != "" {
		out.row()
		out.row(out.styled("To be decided", head), out.styled("", head))
		out.row(d.Decision)
	}
	for i, n := range d.Notes {
		if i == 0 {
			out.row()
		}
		out.row(out.styled("Note: "+n, quiet))
	}
	return out.flush()
}

// meanings is the sheet of definitions, with how the totals come about.
func (b *book) meanings(d *document.Document) error {
	name, err := b.sheet("definitions")
	if err != nil {
		return err
	}
	if err := b.printed(name, "landscape"); err != nil {
		return err
	}
	sw, err := b.file.NewStreamWriter(name)
	if err != nil {
		return err
	}
	out := &lines{book: b, sw: sw}
	out.widths(30, 110, 26)
	out.freeze()
	out.row(out.styled("Word", head), out.styled("Meaning", head), out.styled("In JSON and CSV", head))
	for _, def := range d.Definitions {
		out.row(def.Name, out.styled(def.Meaning, wrapped), def.Code)
	}
	for i := range d.Tables {
		if t := &d.Tables[i]; t.SumRule != "" {
			out.row("Totals of "+t.Title, out.styled(t.SumRule, wrapped))
		}
	}
	return out.flush()
}

// lines writes one sheet row by row and keeps the first error.
type lines struct {
	book *book
	sw   *excelize.StreamWriter
	at   int
	err  error
}

func (l *lines) row(cells ...any) { l.high(0, cells...) }

// high is a row that is so many lines high; 0 for as high as any.
func (l *lines) high(lines int, cells ...any) {
	const line = 15
	l.at++
	if l.err == nil {
		l.err = l.sw.SetRow(fmt.Sprintf("A%d", l.at), cells, excelize.RowOpts{Height: float64(lines * line)})
	}
}

func (l *lines) widths(all ...float64) {
	for i, w := range all {
		if l.err == nil {
			l.err = l.sw.SetColWidth(i+1, i+1, w)
		}
	}
}

// freeze keeps the first row in sight.
func (l *lines) freeze() {
	if l.err == nil {
		l.err = l.sw.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
	}
}

func (l *lines) styled(v any, look string) excelize.Cell {
	return excelize.Cell{StyleID: l.book.style(look, "", &l.err), Value: v}
}

func (l *lines) flush() error {
	if l.err != nil {
		return l.err
	}
	return l.sw.Flush()
}
