// Package pdf prints a document on paper, for a steering committee: the first
// page has the key figures and the curve, the tables follow. Every page says as
// of which day and known at which time it is, and which page of how many.
package pdf

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/document/plot"
)

// A4, in points.
const (
	margin     = 42.0
	pageWidth  = 595.28
	pageHeight = 841.89
	font       = "go" // Latin, Greek and Cyrillic
	words      = 9.0
	leading    = 12.5
)

// color is one of red, green and blue.
type color [3]int

func ink() color   { return color{27, 31, 36} }
func quiet() color { return color{88, 97, 107} }
func rule() color  { return color{205, 210, 216} }
func shade() color { return color{238, 240, 243} }

// Write prints the document.
func Write(w io.Writer, d *document.Document) error {
	p := &printer{Fpdf: fpdf.New("P", "pt", "A4", ""), doc: d}
	p.SetCatalogSort(true)
	at := knownAt(d)
	p.SetCreationDate(at)
	p.SetModificationDate(at)
	p.SetProducer("dualtone", true)
	p.SetTitle(d.Title, true)
	p.SetLang("en")
	p.AddUTF8FontFromBytes(font, "", goregular.TTF)
	p.AddUTF8FontFromBytes(font, "B", gobold.TTF)
	p.SetMargins(margin, margin+22, margin)
	p.SetCellMargin(0)
	p.SetAutoPageBreak(false, 0)
	p.AliasNbPages("{pages}")
	p.SetHeaderFunc(p.head)
	p.SetFooterFunc(p.foot)
	var tables []*sheet
	for _, t := range d.Readable() {
		s, err := p.sheet(t)
		if err != nil {
			return fmt.Errorf("pdf: %w", err)
		}
		tables = append(tables, s)
	}
	p.page(first(d, tables))
	p.firstPage()
	for _, t := range tables {
		p.table(t)
	}
	p.meanings()
	if err := p.Output(w); err != nil {
		return fmt.Errorf("pdf: %w", err)
	}
	return nil
}

// first is how the first page lies. Without charts all pages lie as the widest table
// needs it, so that none stays half empty.
func first(d *document.Document, tables []*sheet) string {
	wide := slices.ContainsFunc(tables, func(t *sheet) bool { return t.layout.lie == "L" })
	if len(d.Charts) > 0 || !wide {
		return "P"
	}
	for _, t := range tables {
		t.layout.lie = "L"
	}
	return "L"
}

// knownAt is the time whose knowledge the report is; the file says it in place of
// the time at which it was printed.
func knownAt(d *document.Document) time.Time {
	if at, err := time.Parse(time.RFC3339Nano, d.Parameter("known_at")); err == nil {
		return at.UTC()
	}
	return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
}

// printer is a PDF that is being written.
type printer struct {
	*fpdf.Fpdf

	doc *document.Document
	y   float64 // where the next thing goes
	lie string  // P for upright pages, L for those that lie on their side
}

// page begins a page that lies in a way, or as the one before it.
func (p *printer) page(lie string) {
	if lie != "" {
		p.lie = lie
	}
	p.AddPageFormat(p.lie, p.GetPageSizeStr("A4"))
}

func (p *printer) width() float64 {
	w, _ := p.GetPageSize()
	return w - 2*margin
}

func (p *printer) bottom() float64 {
	_, h := p.GetPageSize()
	return h - margin - 10
}

// write puts words at a place of the page.
func (p *printer) write(x, y, size float64, style string, c color, text string) {
	p.SetFont(font, style, size)
	p.SetTextColor(c[0], c[1], c[2])
	p.Text(x, y, text)
}

// writeEnd puts words so that they end at a place.
func (p *printer) writeEnd(x, y, size float64, style string, c color, text string) {
	p.SetFont(font, style, size)
	p.write(x-p.GetStringWidth(text), y, size, style, c, text)
}

func (p *printer) line(x1, x2, y float64, c color) {
	p.SetDrawColor(c[0], c[1], c[2])
	p.SetLineWidth(0.5)
	p.Line(x1, y, x2, y)
}

// head says on every page what the report is and of when.
func (p *printer) head() {
	w, _ := p.GetPageSize()
	p.write(margin, margin, words, "B", ink(), p.doc.Title)
	p.writeEnd(w-margin, margin, words, "", quiet(),
		"as of "+p.doc.Parameter("as_of")+" · known at "+p.doc.Parameter("known_at"))
	p.line(margin, w-margin, margin+6, rule())
	p.y = margin + 28
}

func (p *printer) foot() {
	w, h := p.GetPageSize()
	p.write(margin, h-margin+8, words-1, "", quiet(), "dualtone report "+p.doc.Name)
	// The number of pages comes later: room is kept for three digits.
	p.write(w-margin-62, h-margin+8, words-1, "", quiet(), fmt.Sprintf("page %d of {pages}", p.PageNo()))
}

// room begins a new page when there is not so much of it left.
func (p *printer) room(height float64) {
	if p.y+height > p.bottom() {
		p.page("")
	}
}

// firstPage has what a committee decides by: what was asked, the key figures and
// the charts.
func (p *printer) firstPage() {
	p.write(margin, p.y+8, 20, "B", ink(), p.doc.Title)
	p.y += 26
	var asked []string
	for _, a := range p.doc.Parameters {
		asked = append(asked, a.Name+": "+a.Shown())
	}
	p.paragraph(strings.Join(asked, " · "), words, quiet())
	p.y += 8
	p.decision()
	p.figures()
	p.charts()
	for _, n := range p.doc.Notes {
		p.paragraph("Note: "+n, words, ink())
	}
}

// decision stands above everything else, beside a bar.
func (p *printer) decision() {
	if p.doc.Decision == "" {
		return
	}
	const size, apart = 11.0, 15.0
	p.y += 6
	p.SetFont(font, "B", size)
	lines := p.SplitText(p.doc.Decision, p.width()-12)
	c := colorOf(plot.Series)
	p.SetFillColor(c[0], c[1], c[2])
	p.Rect(margin, p.y-size, 3, float64(len(lines))*apart, "F")
	for _, line := range lines {
		p.write(margin+12, p.y, size, "B", ink(), line)
		p.y += apart
	}
	p.y += 4
}

// figures stand in boxes, four in a row.
func (p *printer) figures() {
	const across, height, gap = 4, 44.0, 8.0
	box := (p.width() - gap*(across-1)) / across
	for i := range p.doc.Figures {
		f := &p.doc.Figures[i]
		x := margin + float64(i%across)*(box+gap)
		if i%across == 0 && i > 0 {
			p.y += height + gap
		}
		s := shade()
		p.SetFillColor(s[0], s[1], s[2])
		p.Rect(x, p.y, box, height, "F")
		p.write(x+8, p.y+15, words-1, "", quiet(), p.fitted(f.Name, words-1, "", box-16))
		value := strings.TrimSpace(f.Shown(f.Value) + " " + f.Currency)
		p.write(x+8, p.y+34, 13, "B", ink(), p.fitted(value, 13, "B", box-16))
	}
	if len(p.doc.Figures) > 0 {
		p.y += height + 18
	}
}

// fitted is a text, cut off where it does not fit.
func (p *printer) fitted(text string, size float64, style string, width float64) string {
	p.SetFont(font, style, size)
	if p.GetStringWidth(text) <= width {
		return text
	}
	letters := []rune(text)
	for len(letters) > 0 && p.GetStringWidth(string(letters)+"…") > width {
		letters = letters[:len(letters)-1]
	}
	return string(letters) + "…"
}

// paragraph writes words over as many lines as they need.
func (p *printer) paragraph(text string, size float64, c color) {
	p.SetFont(font, "", size)
	for _, line := range p.SplitText(text, p.width()) {
		p.room(leading)
		p.write(margin, p.y, size, "", c, line)
		p.y += leading
	}
}

// charts are drawn somewhat lower where they and the notes then still fit on the page.
func (p *printer) charts() {
	const usual, least, title, below = 170.0, 84.0, 6.0, 12.0
	if len(p.doc.Charts) == 0 {
		return
	}
	room := p.bottom() - p.y
	p.SetFont(font, "", words)
	for _, n := range p.doc.Notes {
		room -= float64(len(p.SplitText("Note: "+n, p.width()))) * leading
	}
	for i := range p.doc.Charts {
		room -= plot.Height(&p.doc.Charts[i], p.width(), 0) + title + below
	}
	height := max(min(usual, room/float64(len(p.doc.Charts))), least)
	for i := range p.doc.Charts {
		c := &p.doc.Charts[i]
		p.room(plot.Height(c, p.width(), height) + title)
		p.write(margin, p.y, 11, "B", ink(), c.Title)
		p.y += title
		p.y += plot.Draw(c, &canvas{p, p.y}, p.width(), height) + below
	}
}

// meanings is the last part: what the words mean.
func (p *printer) meanings() {
	if len(p.doc.Definitions) == 0 {
		return
	}
	p.room(60)
	p.y += 16
	p.write(margin, p.y, 12, "B", ink(), "What the words mean")
	p.y += 18
	for _, def := range p.doc.Definitions {
		p.SetFont(font, "", words)
		p.room(float64(1+len(p.SplitText(def.Meaning, p.width()))) * leading) // none is cut by the end of a page
		p.write(margin, p.y, words, "B", ink(), def.Name)
		p.y += leading
		p.paragraph(def.Meaning, words, quiet())
		p.y += 3
	}
}
