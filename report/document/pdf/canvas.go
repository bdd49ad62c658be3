package pdf

import (
	"github.com/dualtone/dualtone/report/document/plot"
)

// canvas lets charts be drawn on a page, below a place.
type canvas struct {
	*printer

	top float64
}

// colorOf is an ink on paper.
func colorOf(i plot.Ink) color {
	switch {
	case i >= plot.Series:
		return [...]color{{11, 107, 203}, {196, 80, 12}, {63, 143, 95}, {130, 80, 196}, {179, 136, 29}, {92, 102, 112}}[i-plot.Series]
	case i == plot.Grid:
		return rule()
	case i == plot.Notch:
		return color{138, 90, 0}
	case i == plot.Words:
		return ink()
	default:
		return quiet()
	}
}

// Line draws a line.
func (c *canvas) Line(points []plot.XY, i plot.Ink, width float64, dashed bool) {
	col := colorOf(i)
	c.SetDrawColor(col[0], col[1], col[2])
	c.SetLineWidth(width * 0.8)
	if dashed {
		c.SetDashPattern([]float64{3, 2.5}, 0)
		defer c.SetDashPattern(nil, 0)
	}
	for n, at := range points {
		if n == 0 {
			c.MoveTo(margin+at.X, c.top+at.Y)
		} else {
			c.LineTo(margin+at.X, c.top+at.Y)
		}
	}
	c.DrawPath("D")
}

// Bar draws a filled rectangle.
func (c *canvas) Bar(corner plot.XY, width, height float64, i plot.Ink, _ string) {
	col := colorOf(i)
	c.SetFillColor(col[0], col[1], col[2])
	c.Rect(margin+corner.X, c.top+corner.Y, width, height, "F")
}

// Dot draws a disc.
func (c *canvas) Dot(center plot.XY, radius float64, _ plot.Ink) {
	c.SetFillColor(255, 226, 168)
	c.SetDrawColor(138, 90, 0)
	c.SetLineWidth(0.7)
	c.Circle(margin+center.X, c.top+center.Y, radius, "FD")
}

// Text writes words.
func (c *canvas) Text(at plot.XY, text string, anchor plot.Anchor, i plot.Ink, size float64) {
	c.SetFont(font, "", size)
	x := margin + at.X
	switch anchor {
	case plot.Middle:
		x -= c.GetStringWidth(text) / 2
	case plot.End:
		x -= c.GetStringWidth(text)
	case plot.Start:
	}
	c.write(x, c.top+at.Y, size, "", colorOf(i), text)
}
