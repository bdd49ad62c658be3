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
				rivals[p.group] = append(rivals[p.group], int32(len(s.children))) //nolint:gosec // no more than legs
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
		if int(r) == i || !overlap(&s.groups[c.group], &s.groups[rival.group]) ||
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
	// The groups of each customer, and those meant for each number.
	customers, targets map[uint64]*lane
	// members are the groups of each set of several.
	members map[int32][]int32
	// read are the clocks of every two systems on the day that was asked last.
	day  time.Time
	read map[[2]int32]reading
	// sights are how every other system sees the child that is looked at, and
	// earliest and latest between which a parent is alive and has begun.
	sights           []sight
	earliest, latest int64
}

// lane is some groups by their start, and the longest life among them; one of more than
// any leg may last is not waited for.
type lane struct {
	groups []int32
	life   int64
}

func (l *lane) add(i int32, g *group) {
	l.groups = append(l.groups, i)
	l.life = max(l.life, min(g.end-g.start, longest.Milliseconds()))
}

// sight is what a child's clock shows more than a system's, and how far off a moment
// may be.
type sight struct{ ahead, within int64 }

func (s *stitching) seeker(times clocks) *seeker {
	k := &seeker{
		stitching: s, times: times, customers: map[uint64]*lane{}, targets: map[uint64]*lane{}, members: s.joined(),
		sights: make([]sight, len(s.systems)),
	}
	byStart := make([]int32, len(s.groups))
	for i := range byStart {
		byStart[i] = int32(i)
	}
	slices.SortFunc(byStart, func(a, b int32) int {
		return cmp.Or(cmp.Compare(s.groups[a].start, s.groups[b].start), cmp.Compare(s.groups[a].legs[0], s.groups[b].legs[0]))
	})
	put := func(in map[uint64]*lane, number uint64, i int32) {
		l := in[number]
		if l == nil {
			l = new(lane)
			in[number] = l
		}
		l.add(i, &s.groups[i])
	}
	for _, i := range byStart {
		g := &s.groups[i]
		if customer := s.legs[g.legs[0]].customer; customer != 0 {
			put(k.customers, customer, i)
		}
		for _, n := range k.targetsOf(g) {
			put(k.targets, n, i)
		}
	}
	for _, l := range k.customers {
		s.busy(l.groups)
	}
	return k
}

// look finds out what the clocks of the other systems make of a child's start.
func (k *seeker) look(c *group) {
	if at := calllog.Day(time.UnixMilli(c.start)); !at.Equal(k.day) || k.read == nil {
		k.day, k.read = at, map[[2]int32]reading{}
	}
	k.earliest, k.latest = c.start, c.start
	for n := range k.sights {
		other := int32(n)
		if other == c.system {
			continue
		}
		m, met := k.read[[2]int32{c.system, other}]
		if !met {
			m = k.times.nearest(k.systems[c.system], k.systems[other], k.day)
			k.read[[2]int32{c.system, other}] = m
		}
		ahead, within := m.window(k.systems[c.system], c.start)
		k.sights[n] = sight{ahead, within}
		k.earliest, k.latest = min(k.earliest, c.start-ahead-within), max(k.latest, c.start-ahead+within)
	}
	const most = 2 * time.Hour // that clocks may be apart
	k.earliest = max(k.earliest, c.start-(blind+most).Milliseconds())
	k.latest = min(k.latest, c.start+most.Milliseconds())
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
	k.look(&k.groups[child])
	var all []parent
	if c.customer != 0 {
		all = k.among(child, k.customers[c.customer], all)
	}
	if l := k.targets[c.diverted]; l != nil && c.diverted != 0 {
		all = k.among(child, l, all)
	}
	slices.SortFunc(all, func(a, b parent) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.off, b.off), cmp.Compare(a.group, b.group))
	})
	return k.onePerCall(all)
}

// among adds those of some groups that a child may have come from.
func (k *seeker) among(child int32, in *lane, all []parent) []parent {
	c := &k.groups[child]
	for n := k.after(in.groups, k.latest) - 1; n >= 0; n-- {
		i := in.groups[n]
		p := &k.groups[i]
		if p.start < k.earliest-in.life {
			break
		}
		if p.end < k.earliest || p.system == c.system {
			continue
		}
		if q, ok := k.parent(p, c); ok && !k.apart[i] {
			q.group = i
			all = append(all, q)
		}
	}
	return all
}

// parent weighs whether one group came from another.
func (k *seeker) parent(p, c *group) (parent, bool) {
	ahead, within := k.sights[p.system].ahead, k.sights[p.system].within
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
	return k.systems[p.system] < k.systems[c.system]
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
