package cost

import (
	"cmp"
	"slices"

	"github.com/dualtone/dualtone/finance"
)

// spans are days in rows that neither touch nor overlap, in their order.
type spans []finance.Span

// union puts spans in order and joins those that touch, in place.
func union(all spans) spans {
	if len(all) < 2 {
		if len(all) == 1 && all[0].Empty() {
			return all[:0]
		}
		return all
	}
	slices.SortFunc(all, func(a, b finance.Span) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	joined := all[:0]
	for _, s := range all {
		switch last := len(joined) - 1; {
		case s.Empty():
		case last >= 0 && s.From <= joined[last].To+1:
			joined[last].To = max(joined[last].To, s.To)
		default:
			joined = append(joined, s)
		}
	}
	return joined
}

// meet appends the days that two lists of spans share.
func meet(into, a, b spans) spans {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if both := a[i].And(b[j]); !both.Empty() {
			into = append(into, both)
		}
		if a[i].To < b[j].To {
			i++
		} else {
			j++
		}
	}
	return into
}
