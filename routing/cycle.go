package routing

import (
	"slices"

	"github.com/dualtone/dualtone"
)

// Forwarded is a number that a platform itself sends on to another one.
type Forwarded struct {
	Side     dualtone.Side
	From, To dualtone.Number
}

// Cycles finds numbers that the table and the platforms' own forwards send round
// in a circle, each circle once: a number whose route goes to a side that
// forwards it to a number whose route goes to a side that forwards it back. No
// rule for one call can see that before it happens.
func Cycles(t *Table, forwards []Forwarded) [][]dualtone.Number {
	next := map[dualtone.Number][]dualtone.Number{}
	for _, f := range forwards {
		if slices.Contains(t.reaches(f.From), f.Side) {
			next[f.From] = append(next[f.From], f.To)
		}
	}
	var circles [][]dualtone.Number
	done := map[dualtone.Number]bool{}
	for _, f := range forwards {
		circles = walk(next, done, []dualtone.Number{f.From}, circles)
	}
	return circles
}

// walk follows the forwards of the last number on the way.
func walk(next map[dualtone.Number][]dualtone.Number, done map[dualtone.Number]bool, way []dualtone.Number, found [][]dualtone.Number) [][]dualtone.Number {
	last := way[len(way)-1]
	if done[last] {
		return found
	}
	for _, to := range next[last] {
		if at := slices.Index(way, to); at >= 0 {
			found = append(found, slices.Clone(way[at:]))
			continue
		}
		found = walk(next, done, append(way, to), found)
	}
	done[last] = true
	return found
}

// reaches lists the sides that a number's rule can send a call to at any time.
func (t *Table) reaches(n dualtone.Number) []dualtone.Side {
	key, err := ParseKey(n)
	if err != nil {
		return nil
	}
	c := t.wide(n, key.from)
	if c == nil {
		return nil
	}
	sides := slices.Clone(c.sides)
	if c.otherwise != nil {
		for _, target := range c.otherwise.inside {
			sides = append(sides, target.Side)
		}
	}
	return sides
}

// wide is the rule of a number, whatever the time.
func (t *Table) wide(n dualtone.Number, d digits) *rule {
	if e, ok := t.exact(n, d); ok {
		return t.rules[e.rule]
	}
	if at := t.inRange(d); at != nil {
		return t.rules[t.ranges[at.ranges[0]].rule]
	}
	if t.fallback >= 0 {
		return t.rules[t.fallback]
	}
	return nil
}
