package cost

import (
	"slices"

	"github.com/dualtone/dualtone/finance"
)

// timeline is the days that an engine counts, cut into segments within which no
// price, no rate of exchange, no month and no phase changes.
type timeline struct {
	span     finance.Span
	asked    finance.Span
	segments []segment
	of       []int32 // the segment of each day of the span
}

type segment struct {
	finance.Span

	phase Phase
	// part tells what is asked about from what is not: 1 for its days, 0 before and 2
	// after them.
	part int
}

// newTimeline cuts a span at the first days of months, behind the last day of
// which facts are taken, where the days that are asked about begin and end, and at
// other days.
func newTimeline(span finance.Span, asOf finance.Day, asked finance.Span, cuts []finance.Day) timeline {
	cuts = append(slices.Clone(cuts), span.From, asOf+1, asked.From, asked.To+1)
	for m := span.From.Month() + 1; m.First() <= span.To; m++ {
		cuts = append(cuts, m.First())
	}
	slices.Sort(cuts)
	cuts = slices.DeleteFunc(slices.Compact(cuts), func(d finance.Day) bool { return !span.Has(d) })
	t := timeline{span: span, asked: asked, of: make([]int32, span.Days())}
	for i, from := range cuts {
		to := span.To
		if i+1 < len(cuts) {
			to = cuts[i+1] - 1
		}
		s := segment{Span: finance.Span{From: from, To: to}, phase: Actual}
		if from > asOf {
			s.phase = Forecast
		}
		if from >= asked.From {
			s.part++
		}
		if from > asked.To {
			s.part++
		}
		for d := from; d <= to; d++ {
			t.of[d-span.From] = int32(len(t.segments)) //nolint:gosec // no more segments than days
		}
		t.segments = append(t.segments, s)
	}
	return t
}

// at is the segment of a day of the span.
func (t *timeline) at(d finance.Day) int { return int(t.of[d-t.span.From]) }

// tally counts days by segment. Days in a row are added in the same time however
// many there are.
type tally struct {
	part  []int64 // days of segments that were not added whole
	whole []int64 // how many more whole segments begin here than end
}

func newTally(t *timeline) *tally {
	n := len(t.segments)
	all := make([]int64, 2*n+1)
	return &tally{part: all[:n], whole: all[n:]}
}

func (y *tally) clone() *tally {
	n := len(y.part)
	all := slices.Concat(y.part, y.whole)
	return &tally{part: all[:n], whole: all[n:]}
}

// add counts the days of a span, so many times each.
func (y *tally) add(t *timeline, span finance.Span, times int) {
	span = span.And(t.span)
	if span.Empty() {
		return
	}
	n := int64(times)
	a, b := t.at(span.From), t.at(span.To)
	if a == b {
		y.part[a] += n * int64(span.Days())
		return
	}
	y.part[a] += n * int64(t.segments[a].To-span.From+1)
	y.part[b] += n * int64(span.To-t.segments[b].From+1)
	y.whole[a+1] += n
	y.whole[b] -= n
}

// days are how many days each segment has.
func (y *tally) days(t *timeline) []int64 {
	all, open := make([]int64, len(y.part)), int64(0)
	for i := range all {
		open += y.whole[i]
		all[i] = y.part[i] + open*int64(t.segments[i].Days())
	}
	return all
}

// daily counts pieces by day: a difference to the day before each.
type daily []int

func newDaily(t *timeline) daily { return make(daily, t.span.Days()+1) }

func (y daily) add(t *timeline, span finance.Span, times int) {
	if span = span.And(t.span); !span.Empty() {
		y[span.From-t.span.From] += times
		y[span.To-t.span.From+1] -= times
	}
}

// each calls with the number of every day of the span.
func (y daily) each(t *timeline, do func(d finance.Day, n int)) {
	n := 0
	for i := range t.span.Days() {
		n += y[i]
		do(t.span.From+finance.Day(i), n)
	}
}
