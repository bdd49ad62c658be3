// Package plot draws the charts of a report: on a canvas, which a PDF has one
// of, and as SVG files without any script, for light and dark screens.
package plot

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dualtone/dualtone/report/document"
)

// Ink is what a stroke is for; the canvas knows its color.
type Ink int

// The inks. The series follow Series.
const (
	Grid Ink = iota
	Axis
	Words
	Quiet // words of less weight
	Notch // a marked place
	Series
)

// SeriesInks is how many series can be told apart.
const SeriesInks = 6

// Of is the ink of a series.
func Of(series int) Ink { return Series + Ink(series%SeriesInks) }

// Anchor is which end of a text stands at its place.
type Anchor int

// The anchors.
const (
	Start Anchor = iota
	Middle
	End
)

// XY is a place, in points from the upper left corner.
type XY struct{ X, Y float64 }

// A Canvas takes strokes.
type Canvas interface {
	Line(points []XY, ink Ink, width float64, dashed bool)
	// Bar is a filled rectangle. About tells in words what it stands for.
	Bar(corner XY, width, height float64, ink Ink, about string)
	Dot(center XY, radius float64, ink Ink)
	Text(at XY, text string, anchor Anchor, ink Ink, size float64)
}

const (
	small    = 9.0 // size of words
	leading  = 13.0
	leftRoom = 74.0
	keyRoom  = 16.0 // for the sign before what it means
	topRoom  = 12.0
)

// frame is where a chart's values lie on the canvas.
type frame struct {
	left, top, right, bottom float64
	minX, maxX, minY, maxY   float64
	stepY                    float64 // between values that are named
}

func (f *frame) at(p document.Point) XY { return XY{f.x(p.X), f.y(p.Y)} }

func (f *frame) x(v float64) float64 {
	return f.left + (v-f.minX)/(f.maxX-f.minX)*(f.right-f.left)
}

func (f *frame) y(v float64) float64 {
	return f.bottom - (v-f.minY)/(f.maxY-f.minY)*(f.bottom-f.top)
}

// Draw draws a chart as wide as it is told and returns how high it became: the
// plot has the given height, and below it stand the axis, what the series are
// and what the marks mean.
func Draw(c *document.Chart, on Canvas, width, height float64) float64 {
	f := frameOf(c, width, height)
	f.drawValues(c, on)
	if c.Kind == document.Stack {
		f.drawBars(c, on)
	} else {
		f.drawPlaces(on)
		f.drawMarks(c, on)
		f.drawLines(c, on)
	}
	on.Line([]XY{{f.left, f.y(max(f.minY, 0))}, {f.right, f.y(max(f.minY, 0))}}, Axis, 1, false)
	y := f.bottom + 2*leading
	on.Text(XY{(f.left + f.right) / 2, y}, c.X, Middle, Quiet, small)
	return drawKey(c, on, XY{f.left, y + leading + 4}, width) + leading/2
}

// Height is how high Draw makes a chart.
func Height(c *document.Chart, width, height float64) float64 {
	_, lines := keyPlaces(c, width-leftRoom)
	for _, m := range c.Marks {
		lines += len(folded(m.Label, width-leftRoom-keyRoom))
	}
	return topRoom + height + (4.5+float64(lines))*leading + 4
}

func frameOf(c *document.Chart, width, height float64) frame {
	f := frame{left: leftRoom, top: topRoom + leading, right: width - 14, bottom: topRoom + leading + height}
	stacked := make([]float64, len(c.Labels))
	for _, s := range c.Series {
		for _, p := range s.Points {
			f.minX, f.maxX = min(f.minX, p.X), max(f.maxX, p.X)
			y := p.Y
			if i := int(p.X); c.Kind == document.Stack && i >= 0 && i < len(stacked) {
				stacked[i] += p.Y
				y = stacked[i]
			}
			f.minY, f.maxY = min(f.minY, y), max(f.maxY, y)
		}
	}
	for _, m := range c.Marks {
		f.minX, f.maxX = min(f.minX, m.X), max(f.maxX, m.X)
	}
	if c.Kind == document.Stack {
		f.minX, f.maxX = -0.5, max(float64(len(c.Labels))-0.5, 0.5)
	}
	if f.maxX == f.minX {
		f.maxX++
	}
	if f.maxY == f.minY {
		f.maxY++
	}
	f.stepY = niceStep(f.maxY-f.minY, 5)
	f.minY, f.maxY = math.Floor(f.minY/f.stepY)*f.stepY, math.Ceil(f.maxY/f.stepY)*f.stepY
	return f
}

// niceStep is a step of 1, 2 or 5 times a power of ten that cuts a range into
// about so many parts.
func niceStep(over float64, parts int) float64 {
	raw := over / float64(parts)
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, n := range []float64{1, 2, 5} {
		if n*power >= raw {
			return n * power
		}
	}
	return 10 * power
}

func (f *frame) drawValues(c *document.Chart, on Canvas) {
	step := f.stepY
	for i := 0; ; i++ {
		v := f.minY + float64(i)*step
		if v > f.maxY+step/2 {
			break
		}
		on.Line([]XY{{f.left, f.y(v)}, {f.right, f.y(v)}}, Grid, 0.5, false)
		on.Text(XY{f.left - 6, f.y(v) + 3}, number(v, step), End, Quiet, small)
	}
	on.Text(XY{0, topRoom}, c.Y, Start, Quiet, small)
}

// number writes a value of an axis, grouped by thousands.
func number(v, step float64) string {
	digits := 0
	if step < 1 {
		digits = int(math.Ceil(-math.Log10(step)))
	}
	c := document.Column{Kind: document.Quantity}
	return c.Shown(document.Cell{Text: document.Round(strconv.FormatFloat(v, 'f', digits, 64), digits)})
}

func (f *frame) drawPlaces(on Canvas) {
	step := max(niceStep(f.maxX-f.minX, 8), 1)
	for v := math.Ceil(f.minX/step) * step; v <= f.maxX+step/1e6; v += step {
		on.Line([]XY{{f.x(v), f.bottom}, {f.x(v), f.bottom + 4}}, Axis, 1, false)
		on.Text(XY{f.x(v), f.bottom + leading}, number(v, step), Middle, Quiet, small)
	}
}

func (f *frame) drawLines(c *document.Chart, on Canvas) {
	for i, s := range c.Series {
		points := make([]XY, 0, 2*len(s.Points))
		for j, p := range s.Points {
			if s.Steps && j > 0 {
				points = append(points, f.at(document.Point{X: p.X, Y: s.Points[j-1].Y}))
			}
			points = append(points, f.at(p))
		}
		on.Line(points, Of(i), 2, false)
	}
}

func (f *frame) drawMarks(c *document.Chart, on Canvas) {
	for i, m := range c.Marks {
		x := f.x(m.X)
		on.Line([]XY{{x, f.top - 2}, {x, f.bottom}}, Notch, 1, true)
		// Marks that are near each other stand beside, not on, each other.
		for _, other := range c.Marks[:i] {
			if math.Abs(f.x(other.X)-x) < leading {
				x += leading
			}
		}
		on.Dot(XY{x, f.top - 7}, 6, Notch)
		on.Text(XY{x, f.top - 4}, strconv.Itoa(i+1), Middle, Words, small-1)
	}
}

func (f *frame) drawBars(c *document.Chart, on Canvas) {
	bottom := make([]float64, len(c.Labels))
	width := (f.right - f.left) / float64(max(len(c.Labels), 1))
	for i, s := range c.Series {
		for _, p := range s.Points {
			bar := int(p.X)
			if bar < 0 || bar >= len(bottom) || p.Y == 0 {
				continue
			}
			low, high := f.y(bottom[bar]), f.y(bottom[bar]+p.Y)
			bottom[bar] += p.Y
			about := c.Labels[bar] + ", " + s.Name + ": " + number(p.Y, 0.01)
			on.Bar(XY{f.x(p.X) - width*0.35, min(low, high)}, width*0.7, math.Abs(low-high), Of(i), about)
		}
	}
	every := int(math.Ceil(float64(len(c.Labels)) * 46 / (f.right - f.left)))
	for i, label := range c.Labels {
		if i%max(every, 1) == 0 {
			on.Text(XY{f.x(float64(i)), f.bottom + leading}, label, Middle, Quiet, small)
		}
	}
}

// drawKey tells what the series are, beside each other, and what the marks mean, each
// in a line of its own. What is too long for the width goes on in the next line.
func drawKey(c *document.Chart, on Canvas, at XY, width float64) float64 {
	x, y := at.X, at.Y
	places, lines := keyPlaces(c, width-x)
	for i, s := range c.Series {
		on.Bar(XY{x + places[i].X, y + places[i].Y - 8}, 10, 8, Of(i), s.Name)
		on.Text(XY{x + places[i].X + keyRoom, y + places[i].Y}, s.Name, Start, Words, small)
	}
	y += float64(lines) * leading
	for i, m := range c.Marks {
		on.Dot(XY{x + 5, y - 3}, 6, Notch)
		on.Text(XY{x + 5, y}, strconv.Itoa(i+1), Middle, Words, small-1)
		for _, line := range folded(m.Label, width-x-keyRoom) {
			on.Text(XY{x + keyRoom, y}, line, Start, Words, small)
			y += leading
		}
	}
	return y
}

// keyPlaces is where the series are named, from the first one on, and over how many
// lines they go.
func keyPlaces(c *document.Chart, width float64) (places []XY, lines int) {
	const apart = 14
	var at XY
	for _, s := range c.Series {
		wide := keyRoom + letter*float64(utf8.RuneCountInString(s.Name))
		if at.X > 0 && at.X+wide > width {
			at = XY{0, at.Y + leading}
		}
		places = append(places, at)
		at.X += wide + apart
	}
	if len(places) == 0 {
		return nil, 0
	}
	return places, int(at.Y/leading) + 1
}

// letter is wider than letters are on the average, in whatever typeface: a chart does
// not know those that it is going to be drawn with.
const letter = 0.62 * small

// folded breaks words into lines that are surely no wider.
func folded(text string, width float64) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		if *last != "" && float64(utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word))*letter > width {
			lines = append(lines, word)
			continue
		}
		*last = strings.TrimSpace(*last + " " + word)
	}
	return lines
}
