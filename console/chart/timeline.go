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

// label is where the middle of its text is: over its line, unless it would run over
// the edge there.
func (k tick) label() float64 { return min(k.x, width-wide(k.text)/2) }

// letter is how wide a letter of the axis is, and between how far apart two texts
// are at least.
const (
	letter  = 6.5
	between = 8.0
)

// wide is how much room a text of the axis takes.
func wide(text string) float64 { return letter * float64(len(text)) }

// steps are how far apart the marks of the axis may be.
func steps() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{
		time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
		time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day, 14 * day, 28 * day, 91 * day, 364 * day,
	}
}

// layout is how the marks of a step are written.
func (t Timeline) layout(step time.Duration) string {
	switch {
	case step >= 24*time.Hour:
		return "2 Jan"
	case t.Exact || step < time.Minute:
		return "15:04:05"
	default:
		return "2 Jan 15:04"
	}
}

// step is the least distance of marks at which no text touches another: the last one
// is moved to the left where it would run over the edge, by half of it at most.
func (t Timeline) step() time.Duration {
	const widest = 28 // the day of a month with two digits, as most are
	whole := t.To.Sub(t.From)
	for _, s := range steps() {
		text := time.Date(2000, time.January, widest, 0, 0, 0, 0, time.UTC).Format(t.layout(s))
		if (width-names)*float64(s)/float64(whole) >= 1.5*wide(text)+between {
			return s
		}
	}
	return steps()[len(steps())-1]
}

func (t Timeline) ticks() []tick {
	step := t.step()
	var all []tick
	for at := t.From.Truncate(step).Add(step); at.Before(t.To); at = at.Add(step) {
		all = append(all, tick{t.x(at), at.UTC().Format(t.layout(step))})
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
