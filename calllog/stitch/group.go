package stitch

import (
	"github.com/dualtone/dualtone/calllog"
)

// group is the legs of one call on one system, as that system itself ties them.
type group struct {
	system string
	legs   []int32
	// The life of the group, and whether its end can be believed.
	start, answer, end int64
	ends               bool
	busy               bool // its customer's number is in many calls at a time
}

// group ties legs by their systems' own key of the call. A key that comes back
// after hours is another call's; one that hundreds hold at a time is none.
func (s *stitching) group() {
	type own struct{ system, call string }
	open := make(map[own][]int32, len(s.legs))
	for i := range s.traces {
		if t := &s.traces[i]; t.Call != "" {
			k := own{t.System, t.Call}
			open[k] = append(open[k], int32(i))
		}
	}
	for i := range s.legs {
		s.legs[i].group = -1
	}
	for i := range s.traces {
		if s.legs[i].group >= 0 {
			continue
		}
		t := &s.traces[i]
		holders := open[own{t.System, t.Call}]
		if t.Call == "" || len(holders) == 1 {
			s.newGroup([]int32{int32(i)})
			continue
		}
		for _, chain := range s.chains(holders) {
			s.newGroup(chain)
		}
	}
}

func (s *stitching) newGroup(legs []int32) {
	number := int32(len(s.groups))
	before := legs[0]
	for _, l := range legs {
		s.legs[l].group = number
		if l != before {
			s.add(edge{a: before, b: l, method: calllog.SameCall, confidence: 100})
		}
		before = l
	}
	s.groups = append(s.groups, group{system: s.traces[legs[0]].System, legs: legs})
}

// chains cuts holders of a key, ordered by start, where none of them lived for
// a while, and leaves alone those in the middle of too many.
func (s *stitching) chains(holders []int32) [][]int32 {
	var all [][]int32
	var chain []int32
	var last int64
	from, to := 0, 0
	for n, i := range holders {
		l := &s.legs[i]
		for s.legs[holders[from]].start < l.start-reach.Milliseconds() {
			from++
		}
		for to = max(to, n); to < len(holders) && s.legs[holders[to]].start <= l.start+reach.Milliseconds(); {
			to++
		}
		if to-from > mostLegs {
			all = append(all, []int32{i})
			continue
		}
		if len(chain) > 0 && l.start > last+reach.Milliseconds() {
			all, chain = append(all, chain), nil
		}
		chain = append(chain, i)
		last = max(last, l.end)
	}
	if len(chain) > 0 {
		all = append(all, chain)
	}
	return all
}

// envelop finds the lives of the groups.
func (s *stitching) envelop() {
	for i := range s.groups {
		g := &s.groups[i]
		g.start, g.ends = s.legs[g.legs[0]].start, true
		for _, n := range g.legs {
			l := &s.legs[n]
			g.start, g.end = min(g.start, l.start), max(g.end, l.end)
			g.ends = g.ends && l.ends
			if l.answer != 0 && (g.answer == 0 || l.answer < g.answer) {
				g.answer = l.answer
			}
		}
	}
}
