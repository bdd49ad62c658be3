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
	tree := newSets(len(s.legs))
	s.edges = slices.DeleteFunc(s.edges, func(e edge) bool { return !tree.union(e.a, e.b) })
	ends := make([]int32, 0, 2*len(s.edges))
	for i := range s.edges {
		ends = append(ends, s.edges[i].a, s.edges[i].b)
	}
	at := sortInto(ends, len(s.legs))
	all := make([]calllog.Call, 0, len(s.edges))
	for i := range s.legs {
		if root := int32(i); s.sets.find(root) == root && len(at.of(root)) > 0 {
			all = append(all, s.call(root, &at))
		}
	}
	return all
}

func (s *stitching) strongestFirst() {
	slices.SortStableFunc(s.edges, func(a, b edge) int {
		if by := cmp.Compare(rank(a.method), rank(b.method)); by != 0 {
			return by
		}
		return cmp.Or(
			cmp.Compare(b.confidence, a.confidence), cmp.Compare(a.b, b.b), cmp.Compare(a.a, b.a),
			cmp.Compare(a.key.Kind, b.key.Kind), cmp.Compare(a.key.Value, b.key.Value),
		)
	})
}

func rank(m calllog.Method) int {
	switch m {
	case calllog.ByPerson:
		return 0
	case calllog.SameCall:
		return 1
	case calllog.ByKey:
		return 2
	case calllog.ByDivert:
		return 3
	default:
		return 4
	}
}

// call walks a tree of edges from a call's first leg. Each edge is at its legs twice
// its number, and that and one.
func (s *stitching) call(first int32, at *buckets) calllog.Call {
	t := &s.traces[first]
	c := calllog.Call{ID: calllog.CallIDOf(t.LegID, t.Started), Started: t.Started}
	type step struct{ leg, from, by int32 }
	steps := []step{{first, first, -1}}
	for n := 0; n < len(steps); n++ {
		leg := steps[n].leg
		for _, end := range at.of(leg) {
			if by := end / 2; by != steps[n].by {
				steps = append(steps, step{s.edges[by].a + s.edges[by].b - leg, leg, by})
			}
		}
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Compare(a.leg, b.leg) })
	c.Members = make([]calllog.Member, len(steps))
	for i, step := range steps {
		m := &c.Members[i]
		m.Leg, m.Started, m.Join = s.traces[step.leg].LegID, s.traces[step.leg].Started, calllog.Join{Method: calllog.First, Confidence: 100}
		if step.by >= 0 {
			m.Join = s.join(&s.edges[step.by], step.from)
		}
		c.Crossed = c.Crossed || m.Leg.System != t.System
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
