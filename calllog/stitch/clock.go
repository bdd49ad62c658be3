package stitch

import (
	"cmp"
	"slices"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

// clocks are measurements of days.
type clocks []calllog.Clock

const (
	handful = calllog.Handful
	// tolerance is how far off two systems may be about one moment, clocks apart:
	// they round to seconds and hear of a hang-up one after the other.
	tolerance = 2 * time.Second
	// blind is what is allowed for clocks that could not be measured.
	blind = 5 * time.Second
	// carried is how many days' distance a measurement is used over, and wander
	// what is allowed more for each: a clock whose drift changes by some seconds a
	// day is a bad one.
	carried = 3 * 24 * time.Hour
	wander  = 2 * time.Second
)

// on are the measurements of a day.
func (c clocks) on(day time.Time) clocks {
	return slices.DeleteFunc(slices.Clone(c), func(m calllog.Clock) bool { return !m.Day.Equal(day) })
}

// sure are those that other days may go by.
func (c clocks) sure() clocks {
	return slices.DeleteFunc(slices.Clone(c), func(m calllog.Clock) bool { return !m.Sure() })
}

// unsure lists the days around one that may go by its measurements, having none
// of their own that can be believed of every two systems.
func (c clocks) unsure(day time.Time) []time.Time {
	var all []time.Time
	for d := day.Add(-carried); !d.After(day.Add(carried)); d = d.Add(24 * time.Hour) {
		if m := c.on(d); !d.Equal(day) && (len(m) == 0 || len(m.sure()) < len(m)) {
			all = append(all, d)
		}
	}
	return all
}

// reading is the measurement of two systems that a day goes by, if there is one, and
// how far it is from the day.
type reading struct {
	*calllog.Clock

	far time.Duration
}

// window is what a system's clock shows more than the other's at a time, and how far off
// a moment may be.
func (m *reading) window(system string, at int64) (ahead, within int64) {
	if m.Clock == nil {
		return 0, (tolerance + blind).Milliseconds()
	}
	days := int64(m.far / (24 * time.Hour))
	allowed := tolerance + 2*m.Spread + time.Duration(days*int64(wander))
	if !m.Sure() {
		allowed += blind
	}
	sign := int64(1)
	if m.System != system {
		sign = -1
	}
	return sign * m.At(time.UnixMilli(at)).Milliseconds(), allowed.Milliseconds()
}

// nearest is the day's own measurement, if it can be believed, else the nearest that
// can, the earlier of two, else the day's own all the same.
func (c clocks) nearest(system, against string, day time.Time) reading {
	var best *calllog.Clock
	var far time.Duration
	var own *calllog.Clock
	for i := range c {
		m := &c[i]
		if (m.System != system || m.Against != against) && (m.System != against || m.Against != system) {
			continue
		}
		off := m.Day.Sub(day).Abs()
		if off == 0 {
			own = m
		}
		if !m.Sure() || off > carried {
			continue
		}
		if best == nil || off < far || off == far && m.Day.Before(best.Day) {
			best, far = m, off
		}
	}
	if best == nil {
		return reading{Clock: own}
	}
	return reading{best, far}
}

// pair is what one call tells of two clocks: the difference of the moments that
// two systems recorded of it. Which of them are the same moment depends on how
// the call crossed: both ends if the first system stayed in the call, the end of
// one and the start of the other if it handed it over, both starts if both rang.
type pair struct {
	at    int64
	diffs [4]int64
	known [4]bool
}

// measure compares the clocks of systems over a day from the calls that keys
// alone tie together.
func (s *stitching) measure(day time.Time) clocks {
	type two struct{ system, against int32 }
	pairs := map[two][]pair{}
	s.crossings(func(a, b *group) {
		if s.systems[a.system] > s.systems[b.system] {
			a, b = b, a
		}
		if on(time.UnixMilli(a.start), day) {
			k := two{b.system, a.system}
			pairs[k] = append(pairs[k], pairOf(a, b))
		}
	})
	all := make(clocks, 0, len(pairs))
	for k, p := range pairs {
		if m, ok := estimate(p, day); ok {
			m.System, m.Against = s.systems[k.system], s.systems[k.against]
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b calllog.Clock) int {
		return cmp.Or(cmp.Compare(a.System, b.System), cmp.Compare(a.Against, b.Against))
	})
	return all
}

// crossings visits the groups of two systems that lie next to each other in what
// keys tie together.
func (s *stitching) crossings(visit func(a, b *group)) {
	for _, groups := range s.joined() {
		for i, a := range groups {
			for _, b := range groups[i+1:] {
				if s.groups[a].system != s.groups[b].system {
					visit(&s.groups[a], &s.groups[b])
				}
			}
		}
	}
}

// joined are the groups of each set of several, by the set's first leg.
func (s *stitching) joined() map[int32][]int32 {
	size := make([]int32, len(s.legs))
	for i := range s.groups {
		size[s.sets.find(s.groups[i].legs[0])]++
	}
	all := map[int32][]int32{}
	for i := range s.groups {
		if root := s.sets.find(s.groups[i].legs[0]); size[root] > 1 {
			all[root] = append(all[root], int32(i))
		}
	}
	return all
}

func pairOf(a, b *group) pair {
	return pair{
		at:    a.start,
		diffs: [4]int64{b.end - a.end, b.start - a.end, b.end - a.start, b.start - a.start},
		known: [4]bool{a.ends && b.ends, a.ends, b.ends, true},
	}
}

// estimate finds the moments that most calls agree on and fits a line to them.
func estimate(pairs []pair, day time.Time) (calllog.Clock, bool) {
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.at, b.at), slices.Compare(a.diffs[:], b.diffs[:]))
	})
	noon := day.Add(12 * time.Hour).UnixMilli()
	var best calllog.Clock
	for moment := range len(pair{}.diffs) {
		var dots []dot
		for _, p := range pairs {
			if p.known[moment] {
				dots = append(dots, dot{p.at - noon, p.diffs[moment]})
			}
		}
		m, ok := fit(dots)
		// Where both starts agree it may be that all were forwarded after the same
		// time of ringing; ends and hand-overs do not lie like that. Hence the
		// order, and that a later kind of moment must be told by far more calls.
		if ok && m.Pairs > 2*best.Pairs {
			m.Day = day
			best = m
		}
	}
	return best, best.Pairs > 0
}

// dot is a difference in milliseconds at a time.
type dot struct{ at, diff int64 }

// fit lays a line through the dots that lie most densely, and passes over
// the others.
func fit(dots []dot) (calllog.Clock, bool) {
	const (
		wide   = int64(10_000) // what a bad clock may drift in a day
		narrow = int64(1_500)
	)
	if len(dots) == 0 {
		return calllog.Clock{}, false
	}
	line := densest(dots, wide, 0)
	inside := within(dots, line, wide/2)
	if len(inside) >= 2*handful {
		line.slope = slope(inside)
	}
	line.middle = densest(inside, narrow, line.slope).middle
	inside = within(inside, line, narrow)
	line.middle = median(inside, line.slope)
	if 3*len(inside) < len(dots) || len(inside) == 0 {
		return calllog.Clock{}, false // they agree on nothing
	}
	off := make([]int64, len(inside))
	for i, d := range inside {
		off[i] = abs(d.diff - line.at(d.at))
	}
	slices.Sort(off)
	return calllog.Clock{
		Ahead: milliseconds(line.middle), Drift: time.Duration(line.slope * float64(24*time.Hour)),
		Spread: milliseconds(off[len(off)/2]), Pairs: len(inside),
	}, true
}

type line struct {
	middle int64
	slope  float64
}

func (l line) at(t int64) int64 { return l.middle + int64(l.slope*float64(t)) }

// densest is the line through the middle of the band of a width that holds most.
func densest(dots []dot, width int64, slope float64) line {
	flat := make([]int64, len(dots))
	for i, d := range dots {
		flat[i] = d.diff - int64(slope*float64(d.at))
	}
	slices.Sort(flat)
	most, from, first := 0, 0, 0
	for i := range flat {
		for flat[i]-flat[first] > width {
			first++
		}
		if i-first+1 > most {
			most, from = i-first+1, first
		}
	}
	if most == 0 {
		return line{slope: slope}
	}
	return line{flat[from+most/2], slope}
}

func within(dots []dot, l line, off int64) []dot {
	var all []dot
	for _, d := range dots {
		if abs(d.diff-l.at(d.at)) <= off {
			all = append(all, d)
		}
	}
	return all
}

// slope is the middle one of the slopes between dots far from each other.
func slope(dots []dot) float64 {
	const most = 400
	step := max(1, len(dots)/most)
	var all []float64
	half := len(dots) / 2
	for i := 0; i+half < len(dots); i += step {
		if a, b := dots[i], dots[i+half]; b.at-a.at > time.Hour.Milliseconds() {
			all = append(all, float64(b.diff-a.diff)/float64(b.at-a.at))
		}
	}
	if len(all) < handful {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func median(dots []dot, slope float64) int64 {
	if len(dots) == 0 {
		return 0
	}
	flat := make([]int64, len(dots))
	for i, d := range dots {
		flat[i] = d.diff - int64(slope*float64(d.at))
	}
	slices.Sort(flat)
	return flat[len(flat)/2]
}

func abs(n int64) int64 { return max(n, -n) }
