package stitch

import (
	"github.com/dualtone/dualtone/calllog"
)

// group is the legs of one call on one system, as that system itself ties them.
type group struct {
	system int32
	legs   []int32
	// The life of the group, and whether its end can be believed.
	start, answer, end int64
	ends               bool
	busy               bool // its customer's number is in many calls at a time
}

// group ties legs by their systems' own key of the call. A key that comes back
// after hours is another call's; one that hundreds hold at a time is none.
func (s *stitching) group() {
	type own struct {
		system int32
		call   string
	}
	numbers := make(map[own]int32, len(s.legs))
	keys := make([]int32, len(s.legs)) // of each leg
	count := int32(0)
	for i := range s.traces {
		k := own{s.legs[i].system, s.traces[i].Call}
		n, met := numbers[k]
		if !met {
			n = count
			count++
		}
		if !met && k.call != "" { // without a key a leg is by itself
			numbers[k] = n
		}
		keys[i] = n
		s.legs[i].group = -1
	}
	holders := sortInto(keys, int(count))
	for i := range s.legs {
		if s.legs[i].group >= 0 {
			continue
		}
		legs := holders.of(keys[i])
		if len(legs) == 1 {
			s.newGroup(legs)
			continue
		}
		for _, chain := range s.chains(legs) {
			s.newGroup(chain)
		}
	}
}

func (s *stitching) newGroup(legs []int32) {
	number := int32(len(s.groups)) //nolint:gosec // no more than legs
	before := legs[0]
	for _, l := range legs {
		s.legs[l].group = number
		if l != before {
			s.add(edge{a: before, b: l, method: calllog.SameCall, confidence: 100})
		}
		before = l
	}
	s.groups = append(s.groups, group{system: s.legs[legs[0]].system, legs: legs})
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
