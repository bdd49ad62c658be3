package stitch

import (
	"cmp"
	"slices"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

// child is a group whose call may have come from another system, and the groups
// that it may have come from, best first.
type child struct {
	group   int32
	parents []parent
	joined  bool
	// against are groups that compete with it for its best parent.
	against []int32
}

type parent struct {
	group    int32
	weight   int
	evidence evidence
	off      int64
	within   int64
}

// trace ties groups of different systems by who forwarded whom, by numbers and
// by times. It joins only what is clear from both ends: no other parent fits the
// child nearly as well, nor another child the parent at the same time.
func (s *stitching) trace(times clocks) {
	seek := s.seeker(times)
	rivals := map[int32][]int32{} // a parent's possible children
	for i := range s.groups {
		if !s.heads(int32(i)) {
			continue
		}
		if parents := seek.parents(int32(i)); len(parents) > 0 {
			for _, p := range parents {
				rivals[p.group] = append(rivals[p.group], int32(len(s.children)))
			}
			s.children = append(s.children, child{group: int32(i), parents: parents})
		}
	}
	for i := range s.children {
		s.children[i].against = s.against(i, rivals)
		s.children[i].joined = s.clear(&s.children[i])
	}
	for _, c := range s.children {
		if c.joined {
			p := c.parents[0]
			s.add(edge{
				a: s.groups[p.group].legs[0], b: s.groups[c.group].legs[0], method: p.evidence.method(),
				confidence: min(p.weight, 94), evidence: p.evidence,
			})
		}
	}
}

func (e evidence) method() calllog.Method {
	if e.has(namesDiverter) {
		return calllog.ByDivert
	}
	return calllog.ByNumbers
}

// heads reports whether a group may have come from elsewhere: keys and people
// have not said where from.
func (s *stitching) heads(i int32) bool {
	g := &s.groups[i]
	return s.sets.find(g.legs[0]) == g.legs[0] && !s.ruled[i]
}

// clear reports whether a child's best parent is beyond doubt.
func (s *stitching) clear(c *child) bool {
	return c.parents[0].weight >= enough && (len(c.parents) == 1 || c.parents[0].weight-c.parents[1].weight >= lead) &&
		len(c.against) == 0
}

// against lists the groups that are about as likely to have come from the best
// parent of a child, at the same time.
func (s *stitching) against(i int, rivals map[int32][]int32) []int32 {
	c := &s.children[i]
	best := c.parents[0]
	var all []int32
	for _, r := range rivals[best.group] {
		rival := &s.children[r]
		if r == int32(i) || !overlap(&s.groups[c.group], &s.groups[rival.group]) ||
			s.groups[c.group].system != s.groups[rival.group].system {
			continue
		}
		n := slices.IndexFunc(rival.parents, func(p parent) bool { return p.group == best.group })
		if rival.parents[n].weight > best.weight-lead {
			all = append(all, rival.group)
		}
	}
	return all
}

func overlap(a, b *group) bool { return a.start <= b.end && b.start <= a.end }

// seeker finds groups by what they may have in common with another.
type seeker struct {
	*stitching

	times clocks
	// by holds the groups of each customer and those meant for each number, by
	// their start.
	customers, targets map[uint64][]int32
	// members are the groups of each set of several.
	members map[int32][]int32
}

func (s *stitching) seeker(times clocks) *seeker {
	k := &seeker{
		stitching: s, times: times,
		customers: map[uint64][]int32{}, targets: map[uint64][]int32{}, members: map[int32][]int32{},
	}
	byStart := make([]int32, len(s.groups))
	for i := range byStart {
		byStart[i] = int32(i)
	}
	slices.SortFunc(byStart, func(a, b int32) int {
		return cmp.Or(cmp.Compare(s.groups[a].start, s.groups[b].start), cmp.Compare(s.groups[a].legs[0], s.groups[b].legs[0]))
	})
	for _, i := range byStart {
		g := &s.groups[i]
		first := &s.legs[g.legs[0]]
		if first.customer != 0 {
			k.customers[first.customer] = append(k.customers[first.customer], i)
		}
		for _, n := range k.targetsOf(g) {
			k.targets[n] = append(k.targets[n], i)
		}
		root := s.sets.find(g.legs[0])
		k.members[root] = append(k.members[root], i)
	}
	for _, groups := range k.customers {
		s.busy(groups)
	}
	return k
}

// busy marks groups of one customer, ordered by start, that have many others
// around them: a company's number, behind which many people sit.
func (s *stitching) busy(groups []int32) {
	const (
		many = 10
		span = int64(30 * time.Minute / time.Millisecond)
	)
	from, to := 0, 0
	for _, i := range groups {
		at := s.groups[i].start
		for s.groups[groups[from]].start < at-span {
			from++
		}
		for to < len(groups) && s.groups[groups[to]].start <= at+span {
			to++
		}
		s.groups[i].busy = to-from > many
	}
}

func (k *seeker) targetsOf(g *group) []uint64 {
	var all []uint64
	for _, n := range g.legs {
		l := &k.legs[n]
		for _, t := range []uint64{l.called, l.dialed, l.agent} {
			if t != 0 && !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
	}
	return all
}

// parents lists the groups that a child may have come from.
func (k *seeker) parents(child int32) []parent {
	c := &k.legs[k.groups[child].legs[0]]
	var all []parent
	if c.customer != 0 {
		all = k.among(child, k.customers[c.customer], all)
	}
	if c.diverted != 0 {
		all = k.among(child, k.targets[c.diverted], all)
	}
	slices.SortFunc(all, func(a, b parent) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.off, b.off), cmp.Compare(a.group, b.group))
	})
	return k.onePerCall(all)
}

// among adds those of some groups, ordered by start, that a child may have come
// from.
func (k *seeker) among(child int32, groups []int32, all []parent) []parent {
	const off = 2 * time.Hour // the most that clocks may be apart
	c := &k.groups[child]
	latest := c.start + off.Milliseconds()
	for n := k.after(groups, latest) - 1; n >= 0; n-- {
		p := &k.groups[groups[n]]
		if p.start < c.start-(longest+off).Milliseconds() {
			break
		}
		if p.end < c.start-(blind+off).Milliseconds() || p.system == c.system {
			continue // nearly all of them
		}
		if q, ok := k.parent(p, c); ok && !k.apart[groups[n]] {
			q.group = groups[n]
			all = append(all, q)
		}
	}
	return all
}

// parent weighs whether one group came from another.
func (k *seeker) parent(p, c *group) (parent, bool) {
	ahead, within := k.times.window(c.system, p.system, c.start)
	start := c.start - ahead
	if p.end < start-within || p.start > start+within || !k.before(p, c, ahead, within) || k.served(p, c, ahead, within) {
		return parent{}, false
	}
	e, off := k.weigh(p, c, ahead, within)
	weight := e.weight(off, within)
	return parent{weight: weight, evidence: e, off: off, within: within}, weight > enough-lead
}

// after is how many of some groups, ordered by start, started up to a time.
func (k *seeker) after(groups []int32, at int64) int {
	n, _ := slices.BinarySearchFunc(groups, at, func(g int32, at int64) int {
		if k.groups[g].start <= at {
			return -1
		}
		return 1
	})
	return n
}

// before says which of two groups is the earlier, as far as can be told, so that
// never each comes from the other: the one that the other names as its diverter,
// or that began first by the clocks; at the same moment the one that handed the
// call over, or that stayed in it longer.
func (k *seeker) before(p, c *group, ahead, within int64) bool {
	parent, child := &k.legs[p.legs[0]], &k.legs[c.legs[0]]
	if on, back := parent.names(child.diverted), child.names(parent.diverted); on != back {
		return on
	}
	start, end := c.start-ahead, c.end-ahead
	if d := start - p.start; abs(d) > within {
		return d > 0
	}
	if on, back := k.sentAway(p) && p.end <= start+within, k.sentAway(c) && end <= p.start+within; on != back {
		return on
	}
	if d := p.end - end; p.ends && c.ends && abs(d) > within {
		return d > 0
	}
	if start != p.start {
		return start > p.start
	}
	return p.system < c.system
}

// served reports whether a parent's call is already known to have gone on to the
// child's system at that time. What it was before it was handed over does not
// count: it may have come from there.
func (k *seeker) served(p, c *group, ahead, within int64) bool {
	handed := p.ends && k.sentAway(p) && abs(c.start-ahead-p.end) <= within
	for _, i := range k.members[k.sets.find(p.legs[0])] {
		g := &k.groups[i]
		if g == p || g.system != c.system || !overlap(g, c) || handed && g.start < c.start-within {
			continue
		}
		if k.before(p, g, ahead, within) {
			return true
		}
	}
	return false
}

// onePerCall keeps the best parent of each call.
func (k *seeker) onePerCall(all []parent) []parent {
	kept := all[:0]
	for _, p := range all {
		root := k.sets.find(k.groups[p.group].legs[0])
		if !slices.ContainsFunc(kept, func(q parent) bool { return k.sets.find(k.groups[q.group].legs[0]) == root }) {
			kept = append(kept, p)
		}
	}
	return kept
}
