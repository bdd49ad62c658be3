package stitch

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dualtone/dualtone/calllog"
)

// calls makes a call of every set of several legs.
func (s *stitching) calls() []calllog.Call {
	s.strongestFirst()
	neighbors := map[int32][]int32{} // edges of a leg, those of a tree alone
	tree := newSets(len(s.legs))
	for i, e := range s.edges {
		if tree.union(e.a, e.b) {
			neighbors[e.a] = append(neighbors[e.a], int32(i))
			neighbors[e.b] = append(neighbors[e.b], int32(i))
		}
	}
	var all []calllog.Call
	for i := range s.legs {
		if root := int32(i); s.sets.find(root) == root && len(neighbors[root]) > 0 {
			all = append(all, s.call(root, neighbors))
		}
	}
	return all
}

func (s *stitching) strongestFirst() {
	slices.SortStableFunc(s.edges, func(a, b edge) int {
		return cmp.Or(
			cmp.Compare(rank(a.method), rank(b.method)), cmp.Compare(b.confidence, a.confidence),
			cmp.Compare(a.b, b.b), cmp.Compare(a.a, b.a), cmp.Compare(a.key.Kind, b.key.Kind), cmp.Compare(a.key.Value, b.key.Value),
		)
	})
}

func rank(m calllog.Method) int {
	return slices.Index([]calllog.Method{
		calllog.ByPerson, calllog.SameCall, calllog.ByKey, calllog.ByDivert, calllog.ByNumbers,
	}, m)
}

// call walks a tree of edges from a call's first leg.
func (s *stitching) call(first int32, neighbors map[int32][]int32) calllog.Call {
	t := &s.traces[first]
	c := calllog.Call{ID: calllog.CallIDOf(t.LegID, t.Started), Started: t.Started}
	type step struct{ leg, by int32 }
	todo := []step{{first, -1}}
	members := map[int32]calllog.Join{first: {Method: calllog.First, Confidence: 100}}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, n := range neighbors[at.leg] {
			if n == at.by {
				continue
			}
			e := &s.edges[n]
			next := e.a + e.b - at.leg
			members[next] = s.join(e, at.leg)
			todo = append(todo, step{next, n})
		}
	}
	legs := make([]int32, 0, len(members))
	for l := range members {
		legs = append(legs, l)
	}
	slices.Sort(legs)
	for _, l := range legs {
		c.Members = append(c.Members, calllog.Member{Leg: s.traces[l].LegID, Started: s.traces[l].Started, Join: members[l]})
		c.Crossed = c.Crossed || s.traces[l].System != t.System
	}
	return c
}

func (s *stitching) join(e *edge, to int32) calllog.Join {
	j := calllog.Join{Method: e.method, Confidence: e.confidence, To: s.traces[to].LegID}
	switch {
	case e.ruling != nil:
		j.Why = fmt.Sprintf("%s: %s", e.ruling.Actor, e.ruling.Reason)
	case e.key.Value != "":
		j.Why = fmt.Sprintf("%s %s", e.key.Kind, e.key.Value)
	case e.evidence != 0:
		j.Why = e.evidence.words()
	}
	return j
}

// ambiguous lists the children that had a good parent and no clear one.
func (s *stitching) ambiguous() []calllog.Ambiguity {
	var all []calllog.Ambiguity
	for i := range s.children {
		c := &s.children[i]
		if c.joined || c.parents[0].weight < enough {
			continue
		}
		t := &s.traces[s.groups[c.group].legs[0]]
		a := calllog.Ambiguity{Leg: t.LegID, Started: t.Started}
		for _, p := range c.parents {
			why := p.evidence.words() + ", " + apart(p.off, p.within)
			if p.group == c.parents[0].group && len(c.against) > 0 {
				why += "; " + s.traces[s.groups[c.against[0]].legs[0]].Record + " may have come from it as well"
			}
			a.Candidates = append(a.Candidates, calllog.Candidate{
				Leg: s.traces[s.groups[p.group].legs[0]].LegID, Confidence: min(p.weight, 94), Why: why,
			})
		}
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b calllog.Ambiguity) int {
		return cmp.Or(a.Started.Compare(b.Started), a.Leg.Compare(b.Leg))
	})
	return all
}
