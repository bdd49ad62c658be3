package chart

import "strconv"

// Bars are stacked bars, each of the same kinds.
type Bars struct {
	ID, Title, Text string
	Kinds           []BarKind
	Bars            []Bar
	// Unit follows the figures of the axis, such as " EUR".
	Unit string
}

// BarKind is a part that every bar has.
type BarKind struct{ Name, Class string }

// Bar is one bar, with a value for each kind.
type Bar struct {
	Name   string
	Values []float64
}

const (
	barsTall = 260.0
	barsFoot = 30.0
	barsLeft = 70.0
	// widest is how wide a bar may be: one alone must not look like a wall.
	widest = 90.0
	// mostNames is how many bars have their name written below.
	mostNames = 12
)

func (b Bars) most() float64 {
	most := 0.0
	for _, bar := range b.Bars {
		sum := 0.0
		for _, v := range bar.Values {
			sum += v
		}
		most = max(most, sum)
	}
	return nice(most)
}

// nice is the next round figure up.
func nice(v float64) float64 {
	if v <= 0 {
		return 1
	}
	for step := 1.0; ; step *= 10 {
		for _, m := range []float64{1, 2, 5} {
			if v <= step*m {
				return step * m
			}
		}
	}
}

type piece struct {
	x, y, w, h  float64
	class, text string
}

func (b Bars) pieces() []piece {
	if len(b.Bars) == 0 {
		return nil
	}
	most := b.most()
	slot := (width - barsLeft) / float64(len(b.Bars))
	wide := min(slot*0.7, widest)
	var all []piece
	for i, bar := range b.Bars {
		y := barsTall
		for k, v := range bar.Values {
			h := v / most * (barsTall - top)
			y -= h
			all = append(all, piece{
				x: barsLeft + slot*(float64(i)+0.5) - wide/2, y: y, w: wide, h: h,
				class: b.Kinds[k].Class, text: bar.Name + ", " + b.Kinds[k].Name + ": " + b.figure(v),
			})
		}
	}
	return all
}

func (b Bars) labels() []tick {
	every := len(b.Bars)/mostNames + 1
	slot := (width - barsLeft) / float64(max(1, len(b.Bars)))
	var all []tick
	room := max(3, int(slot*float64(every)/letter)-1)
	for i := 0; i < len(b.Bars); i += every {
		all = append(all, tick{barsLeft + slot*(float64(i)+0.5), shortened(b.Bars[i].Name, room)})
	}
	return all
}

func (b Bars) marks() []tick {
	var all []tick
	most := b.most()
	for _, part := range []float64{0, 0.5, 1} {
		all = append(all, tick{barsTall - part*(barsTall-top), b.figure(most * part)})
	}
	return all
}

func (b Bars) figure(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) + b.Unit }
