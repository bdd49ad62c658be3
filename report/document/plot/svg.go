package plot

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"

	"github.com/dualtone/dualtone/report/document"
)

// The size of a chart as a file, in pixels.
const (
	fileWidth  = 720
	fileHeight = 300
)

// style gives the inks their colors on light and on dark screens. The colors of
// the series can be told apart by those who do not see red or green.
const style = `
svg{font-family:system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;background:#fff}
.grid{stroke:#e3e6ea;fill:none}.axis{stroke:#58616b;fill:none}.notch{stroke:#8a5a00;fill:none}
.words{fill:#1b1f24}.quiet{fill:#58616b}.dot{fill:#ffe2a8;stroke:#8a5a00}
.s0{--c:#0b6bcb}.s1{--c:#c4500c}.s2{--c:#3f8f5f}.s3{--c:#8250c4}.s4{--c:#b3881d}.s5{--c:#5c6670}
.line{stroke:var(--c);fill:none;stroke-linejoin:round}.bar{fill:var(--c)}
@media (prefers-color-scheme:dark){
svg{background:#14171a}
.grid{stroke:#2c3238}.axis{stroke:#9aa4ae}.notch{stroke:#e0b050}
.words{fill:#e8ebee}.quiet{fill:#9aa4ae}.dot{fill:#5a4310;stroke:#e0b050}
.s0{--c:#6ab0f5}.s1{--c:#f59a5f}.s2{--c:#7fcf9f}.s3{--c:#b795ee}.s4{--c:#e3c266}.s5{--c:#a5afb9}
}
`

// Policy is the content security policy under which a chart's own style holds: that
// style, and nothing else.
func Policy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// WriteSVG writes a chart as a file of its own: no script, nothing from
// elsewhere, and a description for those who do not see it.
func WriteSVG(w io.Writer, c *document.Chart, about string) error {
	var body svg
	height := Draw(c, &body, fileWidth, fileHeight)
	var b strings.Builder
	const edge = 12
	high := place(height + 24 + 2*edge)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="%d %d %d %s" width="%d" height="%s" role="img" aria-labelledby="title about">`,
		-edge, -edge, fileWidth+2*edge, high, fileWidth+2*edge, high)
	fmt.Fprintf(&b, "\n<title id=\"title\">%s</title>\n<desc id=\"about\">%s</desc>\n<style>%s</style>\n", html.EscapeString(c.Title), html.EscapeString(about), style)
	fmt.Fprintf(&b, `<text class="words" x="0" y="12" font-size="14" font-weight="600">%s</text>`, html.EscapeString(c.Title))
	fmt.Fprintf(&b, "\n<g transform=\"translate(0 24)\">\n%s</g>\n</svg>\n", body.b.String())
	_, err := io.WriteString(w, b.String())
	return err
}

// svg is a canvas of SVG.
type svg struct{ b strings.Builder }

// Line draws a line.
func (s *svg) Line(points []XY, ink Ink, width float64, dashed bool) {
	s.b.WriteString(`<polyline class="` + class(ink, "line") + `" stroke-width="` + place(width) + `"`)
	if dashed {
		s.b.WriteString(` stroke-dasharray="4 3"`)
	}
	s.b.WriteString(` points="`)
	for i, p := range points {
		if i > 0 {
			s.b.WriteByte(' ')
		}
		s.b.WriteString(place(p.X) + "," + place(p.Y))
	}
	s.b.WriteString("\"/>\n")
}

// Bar draws a filled rectangle.
func (s *svg) Bar(corner XY, width, height float64, ink Ink, about string) {
	fmt.Fprintf(&s.b, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"><title>%s</title></rect>`+"\n",
		class(ink, "bar"), place(corner.X), place(corner.Y), place(width), place(height), html.EscapeString(about))
}

// Dot draws a disc.
func (s *svg) Dot(center XY, radius float64, _ Ink) {
	fmt.Fprintf(&s.b, `<circle class="dot" cx="%s" cy="%s" r="%s"/>`+"\n", place(center.X), place(center.Y), place(radius))
}

// Text writes words.
func (s *svg) Text(at XY, text string, anchor Anchor, ink Ink, size float64) {
	fmt.Fprintf(&s.b, `<text class="%s" x="%s" y="%s" font-size="%s" text-anchor="%s">%s</text>`+"\n",
		class(ink, ""), place(at.X), place(at.Y), place(size+1.5), [...]string{"start", "middle", "end"}[anchor], html.EscapeString(text))
}

func class(ink Ink, of string) string {
	if ink >= Series {
		return of + " s" + strconv.Itoa(int(ink-Series))
	}
	return [...]string{"grid", "axis", "words", "quiet", "notch"}[ink]
}

// place writes a coordinate so that it is the same on every machine.
func place(v float64) string {
	text := strconv.FormatFloat(v, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
