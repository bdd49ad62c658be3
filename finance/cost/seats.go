package cost

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dualtone/dualtone/finance"
)

// seatDay is a license on a day: how many of it a platform shows, and how many
// people are known to hold.
type seatDay struct {
	license

	day          finance.Day
	shown, known int
	corrects     bool // a closed month
	month        finance.Month
}

func (s *seatDay) of() seatDay { return seatDay{license: s.license, day: s.day} }

// compared are the days up to that of the report on which a platform showed its
// figures.
func (p *pass) compared() []seatDay {
	figures := slices.Clone(p.e.in.Facts.Figures)
	slices.SortFunc(figures, func(a, b Figure) int {
		return cmp.Or(strings.Compare(a.System, b.System), strings.Compare(a.License, b.License), cmp.Compare(a.Span.From, b.Span.From), a.Used-b.Used)
	})
	hull := hullOf(figures)
	line := newTimeline(hull, p.e.in.AsOf, finance.Span{}, nil)
	known := map[license][]int{}
	var all []seatDay
	for _, f := range figures {
		l := license{f.System, f.License}
		if known[l] == nil {
			known[l] = p.e.known(l, &line)
		}
		for d := f.Span.From; d <= min(f.Span.To, p.e.in.AsOf); d++ {
			all = append(all, seatDay{license: l, day: d, shown: f.Used, known: known[l][d-hull.From]})
		}
	}
	return all
}

// hullOf is from the first to the last day of figures.
func hullOf(figures []Figure) (hull finance.Span) {
	for i, f := range figures {
		if i == 0 || f.Span.From < hull.From {
			hull.From = f.Span.From
		}
		hull.To = max(hull.To, f.Span.To)
	}
	return hull
}

// known is how many people hold a license on each day.
func (e *Engine) known(l license, line *timeline) []int {
	held := newDaily(line)
	var mine spans
	for _, a := range e.people {
		mine = mine[:0]
		for _, s := range a.user.Seats {
			if s.System == l.system && (l.name == "" || s.License == "" || s.License == l.name) {
				to := s.To
				if to == 0 {
					to = line.span.To
				}
				mine = append(mine, finance.Span{From: s.From, To: to})
			}
		}
		for _, s := range union(mine) {
			held.add(line, s, a.n)
		}
	}
	all := make([]int, 0, line.span.Days())
	held.each(line, func(_ finance.Day, n int) { all = append(all, n) })
	return all
}

// mergeSeats are the days on which figures differ, with what was posted of closed
// months. A day of which something else became known since is corrected in the first
// open month.
func (e *Engine) mergeSeats(now []seatDay) ([]seatDay, error) {
	var all []seatDay
	posted := map[seatDay]seatDay{}
	for _, c := range e.closed {
		seats, err := read[[]SeatDifference](c.held.Seats)
		if err != nil {
			return nil, err
		}
		for _, s := range daysOf(seats) {
			posted[s.of()] = s
			all = append(all, s)
		}
	}
	for _, s := range now {
		if !e.isClosed(s.day.Month()) {
			if s.shown != s.known {
				all = append(all, s)
			}
			continue
		}
		was, known := posted[s.of()]
		if known && was.shown == s.shown && was.known == s.known || !known && s.shown == s.known {
			continue
		}
		s.corrects, s.month = true, e.lastClosed()+1
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b seatDay) int {
		return cmp.Or(strings.Compare(a.system, b.system), strings.Compare(a.name, b.name), cmp.Compare(a.month, b.month), cmp.Compare(a.day, b.day))
	})
	return all, nil
}

// daysOf are the days of differences.
func daysOf(seats []SeatDifference) []seatDay {
	var all []seatDay
	for _, s := range seats {
		for d := s.Days.From; d <= s.Days.To; d++ {
			all = append(all, seatDay{license{s.System, s.License}, d, s.Shown, s.Known, s.Corrects != "", s.Month})
		}
	}
	return all
}

// stands is the month in which a day stands.
func (s *seatDay) stands() finance.Month {
	if s.corrects {
		return s.month
	}
	return s.day.Month()
}

// joinSeats makes one of days in a row that are alike; corrections are of one month.
func joinSeats(days []seatDay) []SeatDifference {
	var all []SeatDifference
	for _, s := range days {
		d := SeatDifference{System: s.system, License: s.name, Days: finance.Span{From: s.day, To: s.day}, Shown: s.shown, Known: s.known}
		if s.corrects {
			d.Month, d.Corrects = s.month, s.day.Month().String()
		}
		if n := len(all) - 1; n >= 0 && all[n].Days.To == s.day-1 {
			last := all[n]
			last.Days = d.Days
			if last == d {
				all[n].Days.To = s.day
				continue
			}
		}
		all = append(all, d)
	}
	return all
}

func (q *Question) hasSeatDay(s *seatDay) bool {
	day := s.day
	if s.corrects {
		day = s.month.First()
	}
	return (q.System == "" || q.System == s.system) && (q.Span == (finance.Span{}) || q.Span.Has(day))
}
