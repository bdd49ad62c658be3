package routing

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
)

// Options are what decides beside the table and does not change with it.
type Options struct {
	// Countries are those in which the company has phones: their emergency
	// numbers are guarded even when a trunk's country is not known.
	Countries []string
	// Locations are the places that can call for help, by the name that the SBC
	// gives them.
	Locations map[string]Location
	// Unplaced is where help is called from when the location is not known.
	Unplaced Location
	// Dialing reads digits that are not E.164, by the trunk's country; the empty
	// country is for all others.
	Dialing map[string]Dialing
}

// Table is an immutable routing table in memory. A changed one shares with the
// one before what did not change.
type Table struct {
	options  *Options
	guard    []guarded
	revision Revision
	at       time.Time
	loaded   tableState
	shards   *[shardCount]*shard
	codes    map[dualtone.Number]entry
	ranges   []ranged
	segments []segment
	fallback int // rule of the default, or -1
	rules    []*rule
	index    map[ruleKey]uint32
	count    int // of exact numbers in shards
	only     map[dualtone.Side][]Target
}

type tableState bool

// indexed bounds the rules that are shared; a table with more of them has a
// rule a number anyway.
const indexed = 4096

var (
	_ Decider = (*Table)(nil)

	errStale = errors.New("changes are older than the table")
)

// NewTable returns a table without routes. Until one is loaded it decides
// emergency calls only.
func NewTable(o Options) *Table {
	t := &Table{options: &o, guard: guard(o.Countries), shards: new([shardCount]*shard), fallback: -1, only: map[dualtone.Side][]Target{}}
	for _, side := range []dualtone.Side{dualtone.Old, dualtone.New} {
		t.only[side] = []Target{{Side: side, Q: 1000}}
	}
	return t
}

// Load returns a table that holds all routes of a snapshot and nothing else. A
// route that is not valid or touches an emergency number is ErrInvalid.
func (t *Table) Load(s Snapshot) (*Table, error) { return NewTable(*t.options).With(s) }

// With returns the table after the routes that a snapshot says have changed.
func (t *Table) With(s Snapshot) (*Table, error) {
	if t.loaded && s.Revision < t.revision {
		return nil, fmt.Errorf("revision %d after %d: %w: %w", s.Revision, t.revision, errStale, dualtone.ErrConflict)
	}
	next := *t
	next.revision, next.at, next.loaded = s.Revision, s.At, true
	b := builder{Table: &next, check: &Checker{guard: t.guard, hours: map[string]error{}}}
	if err := b.apply(s.Routes); err != nil {
		return nil, err
	}
	return &next, nil
}

// Revision is the one that the table stands at.
func (t *Table) Revision() Revision { return t.revision }

// At is when the revision was made.
func (t *Table) At() time.Time { return t.at }

// Age is how long ago the revision was made.
func (t *Table) Age(now time.Time) time.Duration { return now.Sub(t.at) }

// Len counts the routes.
func (t *Table) Len() int {
	n := t.count + len(t.codes) + len(t.ranges)
	if t.fallback >= 0 {
		n++
	}
	return n
}

// Route returns the route of a key, without sides when there is none.
func (t *Table) Route(number dualtone.Number) Route {
	key, err := ParseKey(number)
	switch {
	case err != nil:
	case key.kind == byDefault:
		if t.fallback >= 0 {
			return t.rules[t.fallback].route(number, "")
		}
	case key.kind == rangeOf:
		for _, r := range t.ranges {
			if r.key == key {
				return t.rules[r.rule].route(number, r.owner)
			}
		}
	default:
		if e, ok := t.exact(number, key.from); ok {
			return t.rules[e.rule].route(number, e.owner)
		}
	}
	return Route{Number: number}
}

func (t *Table) exact(text dualtone.Number, d digits) (entry, bool) {
	if d == 0 {
		e, ok := t.codes[text]
		return e, ok
	}
	h := d.mix()
	s := t.shards[shardOf(h)]
	if at := s.find(d, h); at != nil {
		return entry{d, at.rule, s.owner(at)}, true
	}
	return entry{}, false
}

// Routes are all routes, in no order.
func (t *Table) Routes() iter.Seq[Route] {
	return func(yield func(Route) bool) {
		if t.fallback >= 0 && !yield(t.rules[t.fallback].route(Default, "")) {
			return
		}
		for _, r := range t.ranges {
			if !yield(t.rules[r.rule].route(r.key.text, r.owner)) {
				return
			}
		}
		for code, e := range t.codes {
			if !yield(t.rules[e.rule].route(code, e.owner)) {
				return
			}
		}
		t.numbers(yield)
	}
}

func (t *Table) numbers(yield func(Route) bool) {
	for _, s := range t.shards {
		if s == nil {
			continue
		}
		for i := range s.slots {
			at := &s.slots[i]
			if at.number != 0 && !yield(t.rules[at.rule].route(dualtone.Number(at.number.String()), s.owner(at))) {
				return
			}
		}
	}
}

// ranged is a range and its rule.
type ranged struct {
	key   Key
	rule  uint32
	owner string
}

// segment is a run of numbers for which the same ranges hold, the narrowest
// first.
type segment struct {
	from, to digits
	ranges   []uint32
}

// segmentsOf cuts ranges where one begins or ends.
func segmentsOf(ranges []ranged) []segment {
	var cuts []digits
	for _, r := range ranges {
		cuts = append(cuts, r.key.from, r.key.to+1)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	order := make([]uint32, len(ranges))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortStableFunc(order, func(a, b uint32) int { return cmp.Compare(ranges[a].key.from, ranges[b].key.from) })
	var all []segment
	var open []uint32
	for i, from := range cuts[:max(0, len(cuts)-1)] {
		for len(order) > 0 && ranges[order[0]].key.from == from {
			open, order = append(open, order[0]), order[1:]
		}
		open = slices.DeleteFunc(open, func(r uint32) bool { return ranges[r].key.to < from })
		if len(open) == 0 {
			continue
		}
		here := slices.Clone(open)
		slices.SortFunc(here, func(a, b uint32) int { return narrower(ranges[a].key, ranges[b].key) })
		all = append(all, segment{from, cuts[i+1] - 1, here})
	}
	return all
}

// narrower puts the narrower range first; of equally wide ones, which then
// overlap in part, the later one.
func narrower(a, b Key) int {
	return cmp.Or(cmp.Compare(a.to-a.from, b.to-b.from), cmp.Compare(b.from, a.from))
}
