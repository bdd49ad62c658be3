package routing

import (
	"maps"
	"slices"

	"github.com/dualtone/dualtone"
)

// Diff lists what makes one table the other, by number: where it is sent, and whose it
// is. A person who is not named in the wanted table stays.
func Diff(have, want []Route) []Change {
	was := byNumber(have)
	var all []Change
	seen := make(map[dualtone.Number]Change, len(want))
	for _, to := range want {
		from := was[to.Number]
		if from.Number == "" {
			from.Number = to.Number
		}
		seen[to.Number] = Change{From: from, To: to}
	}
	for _, from := range have {
		if _, kept := seen[from.Number]; !kept {
			seen[from.Number] = Change{From: from, To: Route{Number: from.Number}}
		}
	}
	for _, n := range slices.Sorted(maps.Keys(seen)) {
		if c := seen[n]; !c.From.Equal(c.To) || c.To.Person != "" && c.To.Person != c.From.Person {
			all = append(all, c)
		}
	}
	return all
}

func byNumber(routes []Route) map[dualtone.Number]Route {
	all := make(map[dualtone.Number]Route, len(routes))
	for _, r := range routes {
		all[r.Number] = r
	}
	return all
}

// Reverse lists the changes that take others back, the numbers in the same
// order.
func Reverse(changes []Change) []Change {
	back := make([]Change, len(changes))
	for i, c := range changes {
		back[i] = Change{From: c.To, To: c.From}
	}
	return back
}
