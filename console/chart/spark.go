package chart

import (
	"slices"
	"strings"
)

// Spark is a row of readings as small as a word, beside the figure that they are
// held against.
type Spark struct {
	// Text says it in words.
	Text   string
	Values []float64
	// Base is drawn as a line across; nil where there is none.
	Base *float64
	// Class colors the last reading: f-good, f-bad.
	Class string
}

// The measures of the drawing.
const (
	sparkWide  = 120.0
	sparkTall  = 28.0
	sparkInset = 4.0
)

// bounds are the least and the most that is drawn.
func (s Spark) bounds() (least, most float64) {
	all := slices.Clone(s.Values)
	if s.Base != nil {
		all = append(all, *s.Base)
	}
	if len(all) == 0 {
		return 0, 1
	}
	return slices.Min(all), slices.Max(all)
}

func (s Spark) y(v float64) float64 {
	least, most := s.bounds()
	if most == least {
		return sparkTall / 2
	}
	return sparkTall - sparkInset - (sparkTall-2*sparkInset)*(v-least)/(most-least)
}

func (s Spark) x(i int) float64 {
	if len(s.Values) < 2 {
		return sparkWide / 2
	}
	return sparkInset + (sparkWide-2*sparkInset)*float64(i)/float64(len(s.Values)-1)
}

// points is the line through all readings.
func (s Spark) points() string {
	all := make([]string, len(s.Values))
	for i, v := range s.Values {
		all[i] = f(s.x(i)) + "," + f(s.y(v))
	}
	return strings.Join(all, " ")
}
