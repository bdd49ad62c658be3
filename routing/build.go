package routing

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dualtone/dualtone"
)

// builder makes the next table. What it shares with the one before it copies
// before it writes.
type builder struct {
	*Table
	check   *Checker
	changes []change // of exact numbers, in their order
	ranged  map[Key]*Route
	coded   map[dualtone.Number]*Route
	fresh   ownership
	before  *Route // the last exact number that was added
	ruled   uint32 // and its rule
}

// ownership says that rules and index are the builder's own.
type ownership bool

func (b *builder) apply(routes []Route) error {
	b.changes = make([]change, 0, len(routes))
	b.ranged, b.coded = map[Key]*Route{}, map[dualtone.Number]*Route{}
	if len(b.rules) > indexed && len(b.rules) > 2*b.Len() {
		b.compact()
	}
	for i := range routes {
		if err := b.add(&routes[i]); err != nil {
			return err
		}
	}
	if err := b.applyRanges(); err != nil {
		return err
	}
	if err := b.applyCodes(); err != nil {
		return err
	}
	b.applyNumbers()
	return nil
}

func (b *builder) add(r *Route) error {
	key, err := ParseKey(r.Number)
	if err != nil {
		return fmt.Errorf("route of %q: %w: %w", r.Number, err, dualtone.ErrInvalid)
	}
	if key.kind == exact && key.from != 0 && b.likeBefore(r) && key.emergency(b.guard) == "" {
		b.change(key, r, b.ruled)
		return nil
	}
	if len(r.Sides) > 0 {
		for _, p := range b.check.Check(*r) {
			return fmt.Errorf("route of %s: %s %q: %s: %w", r.Number, p.Column, p.Value, p.Problem, dualtone.ErrInvalid)
		}
	}
	switch {
	case key.kind == byDefault:
		return b.setDefault(*r)
	case key.kind == rangeOf:
		b.ranged[key] = r
	case key.from == 0:
		b.coded[r.Number] = r
	default:
		at, err := b.rule(*r)
		if err != nil {
			return err
		}
		b.before, b.ruled = r, at
		b.change(key, r, at)
	}
	return nil
}

// likeBefore reports whether a route shares its sides with the one before it,
// and says nothing beyond them: then nothing but its number is to be checked. In
// a flip of many numbers almost all do.
func (b *builder) likeBefore(r *Route) bool {
	return b.before != nil && r.Terms == nil && b.before.Terms == nil && slices.Equal(r.Sides, b.before.Sides)
}

func (b *builder) change(key Key, r *Route, rule uint32) {
	b.changes = append(b.changes, change{entry{key.from, rule, r.Owner()}, len(r.Sides) == 0})
}

// rule returns the place of a route's rule, which it shares where it can.
func (b *builder) rule(r Route) (uint32, error) {
	if len(r.Sides) == 0 {
		return 0, nil
	}
	key := keyOf(r)
	if at, ok := b.index[key]; ok {
		return at, nil
	}
	made, err := compile(r)
	if err != nil {
		return 0, fmt.Errorf("route of %s: %w: %w", r.Number, err, dualtone.ErrInvalid)
	}
	if !b.fresh {
		b.rules, b.index, b.fresh = slices.Clone(b.rules), maps.Clone(b.index), true
		if b.index == nil {
			b.index = map[ruleKey]uint32{}
		}
	}
	at := uint32(len(b.rules)) //nolint:gosec // One a number at most.
	b.rules = append(b.rules, made)
	if len(b.index) < indexed {
		b.index[key] = at
	}
	return at, nil
}

func (b *builder) setDefault(r Route) error {
	b.fallback = -1
	if len(r.Sides) == 0 {
		return nil
	}
	at, err := b.rule(r)
	b.fallback = int(at)
	return err
}

func (b *builder) applyRanges() error {
	if len(b.ranged) == 0 {
		return nil
	}
	b.ranges = slices.DeleteFunc(slices.Clone(b.ranges), func(r ranged) bool { _, ok := b.ranged[r.key]; return ok })
	for key, r := range b.ranged {
		if len(r.Sides) == 0 {
			continue
		}
		at, err := b.rule(*r)
		if err != nil {
			return err
		}
		b.ranges = append(b.ranges, ranged{key, at, r.Owner()})
	}
	b.segments = segmentsOf(b.ranges)
	return nil
}

func (b *builder) applyCodes() error {
	if len(b.coded) == 0 {
		return nil
	}
	codes := maps.Clone(b.codes)
	if codes == nil {
		codes = map[dualtone.Number]entry{}
	}
	for code, r := range b.coded {
		at, err := b.rule(*r)
		if err != nil {
			return err
		}
		if len(r.Sides) == 0 {
			delete(codes, code)
		} else {
			codes[code] = entry{0, at, r.Owner()}
		}
	}
	b.codes = codes
	return nil
}

func (b *builder) applyNumbers() {
	shards := *b.shards
	for i, changes := range byShard(b.changes) {
		b.count -= shards[i].len()
		shards[i] = shards[i].with(changes)
		b.count += shards[i].len()
	}
	b.shards = &shards
}

// compact drops rules that no number has any more.
func (b *builder) compact() {
	t := NewTable(*b.options)
	again := builder{Table: t, check: b.check}
	routes := slices.Collect(b.Routes())
	if again.apply(routes) == nil {
		b.shards, b.codes, b.ranges, b.segments = t.shards, t.codes, t.ranges, t.segments
		b.fallback, b.rules, b.index, b.fresh = t.fallback, t.rules, t.index, true
	}
}
