package chart

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Timeline is rows of spans on absolute time.
type Timeline struct {
	ID, Title, Text string
	From, To        time.Time
	// Now draws the now-line where it lies between From and To.
	Now  time.Time
	Rows []Row
	// Exact labels the axis with times of the day to the second.
	Exact bool
}

// Row is what one thing did.
type Row struct {
	Name  string
	Link  string
	Spans []Span
	// Ground are windows and blackouts, drawn behind the spans.
	Ground []Span
}

// Span is a piece of time. Kind is a class of the style sheet: f-good, window.
type Span struct {
	From, To   time.Time
	Kind, Text string
}

// The measures of the drawing; the browser scales it to its place.
const (
	width   = 1000.0
	names   = 150.0
	rowTall = 30.0
	top     = 24.0
	// thinnest is how narrow a bar may be: one of a moment must still be seen.
	thinnest = 3.0
)

func (t Timeline) height() float64 { return top + rowTall*float64(len(t.Rows)) + 8 }

func (t Timeline) x(at time.Time) float64 {
	whole := t.To.Sub(t.From)
	if whole <= 0 {
		return names
	}
	part := float64(at.Sub(t.From)) / float64(whole)
	return names + (width-names)*min(max(part, 0), 1)
}

func (t Timeline) bar(s Span) (x, w float64) {
	x = t.x(s.From)
	return x, max(t.x(s.To)-x, thinnest)
}

func (t Timeline) shows(s Span) bool { return s.To.After(t.From) && s.From.Before(t.To) }

func (t Timeline) y(row int) float64 { return top + rowTall*float64(row) }

// legend says what each color means: all that is drawn in it.
func (t Timeline) legend() []Span {
	var all []Span
	for _, r := range t.Rows {
		for _, s := range slices.Concat(r.Ground, r.Spans) {
			at := slices.IndexFunc(all, func(m Span) bool { return m.Kind == s.Kind })
			switch {
			case !t.shows(s):
			case at < 0:
				all = append(all, Span{Kind: s.Kind, Text: s.Text})
			case !slices.Contains(strings.Split(all[at].Text, ", "), s.Text):
				all[at].Text += ", " + s.Text
			}
		}
	}
	return all
}

type tick struct {
	x    float64
	text string
}

// nearEdge is how close to the right edge a mark is written before its line, not
// around it.
const nearEdge = 40.0

func (k tick) anchor() string {
	if k.x > width-nearEdge {
		return "end"
	}
	return "middle"
}

// steps are how far apart the marks of the axis may be.
func steps() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{
		time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
		time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day, 14 * day, 28 * day, 91 * day, 364 * day,
	}
}

func (t Timeline) ticks() []tick {
	const most = 9
	whole := t.To.Sub(t.From)
	step := steps()[len(steps())-1]
	for _, s := range steps() {
		if whole/s <= most {
			step = s
			break
		}
	}
	layout := "2 Jan 15:04"
	switch {
	case step >= 24*time.Hour:
		layout = "2 Jan"
	case t.Exact || step < time.Minute:
		layout = "15:04:05"
	}
	var all []tick
	for at := t.From.Truncate(step).Add(step); at.Before(t.To); at = at.Add(step) {
		all = append(all, tick{t.x(at), at.UTC().Format(layout)})
	}
	return all
}

// mostLetters is how much of a name fits before the bars begin.
const mostLetters = 22

// label is the name of a row as far as there is room for it.
func (r Row) label() string { return shortened(r.Name, mostLetters) }

// shortened is a text of at most so many letters.
func shortened(text string, most int) string {
	letters := []rune(text)
	if len(letters) <= most {
		return text
	}
	return string(letters[:most-1]) + "…"
}

func f(v float64) string { return fmt.Sprintf("%.1f", v) }
