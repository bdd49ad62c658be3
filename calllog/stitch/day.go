package stitch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

// margin is how much before and after a day is looked at, at first. Calls that
// reach further make it look further.
const margin = 6 * time.Hour

// Day decides every call that has a leg in a day, from the legs of the day and
// as many around them as matter, and says what of that is new.
func Day(ctx context.Context, day time.Time, from calllog.Evidence) (calllog.Decision, error) {
	day = calllog.Day(day)
	begin, end := day.Add(-margin), day.Add(24*time.Hour+margin)
	for {
		standing, err := from.Decided(ctx, begin, end)
		if err != nil {
			return calllog.Decision{}, err
		}
		s, times, again, err := window(ctx, day, begin, end, from, standing.Rulings)
		if err != nil {
			return calllog.Decision{}, err
		}
		earlier, later := s.outside(day, begin, end)
		if earlier {
			begin = begin.Add(-2 * margin)
		}
		if later {
			end = end.Add(2 * margin)
		}
		if earlier || later {
			continue
		}
		d := s.decide(day, standing, times)
		d.Again = again
		return d, nil
	}
}

// window ties the legs between two times, with the clocks of the day as they
// show themselves now and those of the days around as they were measured. It tells
// the days that go by those of this one and have to be decided again.
func window(
	ctx context.Context, day, begin, end time.Time, from calllog.Evidence, rulings []calllog.Ruling,
) (*stitching, clocks, []time.Time, error) {
	traces, err := from.Traces(ctx, begin, end)
	if err != nil {
		return nil, nil, nil, err
	}
	known, err := from.Clocks(ctx, calllog.Day(begin).Add(-carried), end.Add(carried))
	if err != nil {
		return nil, nil, nil, err
	}
	s := newStitching(traces)
	s.tie(rulings)
	today := s.measure(day)
	around := slices.DeleteFunc(slices.Clone(clocks(known)), func(c calllog.Clock) bool { return c.Day.Equal(day) })
	s.trace(append(slices.Clone(around), today...))
	var again []time.Time
	if !slices.Equal(today.sure(), clocks(known).on(day).sure()) {
		again = around.unsure(day)
	}
	return s, today, again, nil
}

// outside reports whether calls of the day, or what they were weighed against,
// may depend on legs that started before or ended after the window.
func (s *stitching) outside(day, begin, end time.Time) (earlier, later bool) {
	first, last := begin.Add(2*reach).UnixMilli(), end.Add(-2*reach).UnixMilli()
	relevant := make([]bool, len(s.legs)) // by the first leg of a set
	touched := func(g int32) { relevant[s.sets.find(s.groups[g].legs[0])] = true }
	for i := range s.groups {
		for _, l := range s.groups[i].legs {
			if on(s.traces[l].Started, day) {
				touched(int32(i))
			}
		}
	}
	for _, c := range s.children {
		if on(s.traces[s.groups[c.group].legs[0]].Started, day) {
			for _, p := range c.parents {
				touched(p.group)
			}
			for _, a := range c.against {
				touched(a)
			}
		}
	}
	for i := range s.legs {
		if l := &s.legs[i]; relevant[s.sets.find(int32(i))] {
			earlier = earlier || l.start < first
			later = later || l.end > last
		}
	}
	return earlier, later
}

func on(t, day time.Time) bool { return !t.Before(day) && t.Before(day.Add(24*time.Hour)) }

// decide compares what the day's calls are with what they were.
func (s *stitching) decide(day time.Time, standing calllog.Decided, times clocks) calllog.Decision {
	d := calllog.Decision{Clocks: times}
	was, is := differing(standing.Calls, s.calls())
	was, is = concerned(day, was, is)
	before, after := homes(was), homes(is)
	old := map[calllog.CallID]calllog.Call{}
	for _, c := range was {
		old[c.ID] = c
	}
	for _, c := range is {
		d.Put = append(d.Put, c)
		delete(old, c.ID)
		for _, m := range c.Members {
			if from := before[m.Leg]; from != "" && from != c.ID {
				d.Changes = append(d.Changes, calllog.Change{Leg: m.Leg, Started: m.Started, From: from, To: c.ID, Why: moved(c, m)})
			}
		}
	}
	for _, c := range was {
		if _, gone := old[c.ID]; gone {
			d.Drop = append(d.Drop, c.ID)
		}
		for _, m := range c.Members {
			if after[m.Leg] == "" {
				alone := calllog.CallIDOf(m.Leg, m.Started)
				d.Changes = append(d.Changes, calllog.Change{Leg: m.Leg, Started: m.Started, From: c.ID, To: alone, Why: s.parted(c, m)})
			}
		}
	}
	s.reopen(day, standing.Ambiguous, &d)
	return d
}

// differing leaves out the calls that are what they were: nearly all of a day that is
// decided again. They share no leg with any other.
func differing(was, is []calllog.Call) (before, after []calllog.Call) {
	if len(was) == 0 {
		return nil, is
	}
	stands := make(map[calllog.CallID]*calllog.Call, len(was))
	for i := range was {
		stands[was[i].ID] = &was[i]
	}
	for _, c := range is {
		if old := stands[c.ID]; old != nil && same(old, &c) {
			delete(stands, c.ID)
		} else {
			after = append(after, c)
		}
	}
	for _, c := range was {
		if stands[c.ID] != nil {
			before = append(before, c)
		}
	}
	return before, after
}

// concerned keeps of the calls as they were and as they are those with a leg in
// the day, and those that share a leg with one of these: what leaves a call may
// go to another that has nothing in the day.
func concerned(day time.Time, was, is []calllog.Call) (before, after []calllog.Call) {
	legs := map[calllog.LegID]bool{}
	others := func(c calllog.Call) bool {
		return !slices.ContainsFunc(c.Members, func(m calllog.Member) bool { return on(m.Started, day) || legs[m.Leg] })
	}
	for known := -1; known != len(legs) && len(was) > 0; {
		known = len(legs)
		for _, calls := range [][]calllog.Call{was, is} {
			for _, c := range calls {
				if others(c) {
					continue
				}
				for _, m := range c.Members {
					legs[m.Leg] = true
				}
			}
		}
	}
	return slices.DeleteFunc(was, others), slices.DeleteFunc(is, others)
}

func homes(calls []calllog.Call) map[calllog.LegID]calllog.CallID {
	home := map[calllog.LegID]calllog.CallID{}
	for _, c := range calls {
		for _, m := range c.Members {
			home[m.Leg] = c.ID
		}
	}
	return home
}

func moved(c calllog.Call, m calllog.Member) string {
	if m.Join.Method == calllog.First {
		return fmt.Sprintf("with %d legs that belong to it", len(c.Members)-1)
	}
	why := string(m.Join.Method)
	if m.Join.Why != "" {
		why += ": " + m.Join.Why
	}
	return why
}

// parted says why a leg is no longer with its call.
func (s *stitching) parted(c calllog.Call, m calllog.Member) string {
	leg, ok := s.index(m.Leg, m.Started.UnixMilli())
	if !ok {
		return "its record is gone or starts at another time"
	}
	if s.apart[s.legs[leg].group] {
		return "a person said that it is apart"
	}
	for _, k := range s.traces[leg].Keys {
		if why := s.worthless[k]; why != "" {
			return fmt.Sprintf("%s %s: %s", k.Kind, k.Value, why)
		}
	}
	for _, other := range c.Members {
		if n, ok := s.index(other.Leg, other.Started.UnixMilli()); !ok || s.legs[n].group != s.legs[leg].group {
			return "what tied it to the others changed, or another fits as well"
		}
	}
	return "no other leg is left in it"
}

func same(a, b *calllog.Call) bool {
	return a.ID == b.ID && slices.EqualFunc(a.Members, b.Members, func(x, y calllog.Member) bool {
		return x.Leg == y.Leg && x.Join == y.Join && x.Started.Equal(y.Started)
	})
}

// reopen compares the day's ambiguous legs with those that stood open.
func (s *stitching) reopen(day time.Time, standing []calllog.Ambiguity, d *calllog.Decision) {
	was := map[calllog.LegID]calllog.Ambiguity{}
	for _, a := range standing {
		if on(a.Started, day) {
			was[a.Leg] = a
		}
	}
	for _, a := range s.ambiguous() {
		if !on(a.Started, day) {
			continue
		}
		if before, ok := was[a.Leg]; !ok || !slices.Equal(before.Candidates, a.Candidates) {
			d.Open = append(d.Open, a)
		}
		delete(was, a.Leg)
	}
	for _, a := range standing {
		if _, gone := was[a.Leg]; gone {
			d.Closed = append(d.Closed, calllog.Place{Started: a.Started, LegID: a.Leg})
		}
	}
}
