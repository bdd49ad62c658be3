package probe

import (
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Verdict says how an arrival stands beside the table.
type Verdict string

// The verdicts. Only Right needs no look.
const (
	// Right: it arrived where the table sends it.
	Right Verdict = "right"
	// Second: it arrived at a later target; the first one did not take it.
	Second Verdict = "second"
	// Wrong: it arrived at a side that the table does not name.
	Wrong Verdict = "wrong"
	// Unknown: nothing in the answers tells where it arrived.
	Unknown Verdict = "unknown"
	// Unreached: there was no answer.
	Unreached Verdict = "unreached"
	// Changed: the route changed while it was probed.
	Changed Verdict = "changed"
)

// Judge compares an arrival with what was decided for the call.
func Judge(d routing.Decision, a Arrival) Verdict {
	const notFound, refused = 404, 400
	if d.Result != routing.Routed {
		switch {
		case a.Side != "":
			return Wrong
		case d.Result == routing.NotFound && a.Status == notFound, d.Result == routing.Loop && a.Status >= refused:
			return Right
		default:
			return Unknown
		}
	}
	if a.Side == "" {
		return Unknown
	}
	for i, t := range d.Targets {
		if t.Side == a.Side {
			if i > 0 && d.Order == routing.Serial {
				return Second
			}
			return Right
		}
	}
	return Wrong
}

// Recorded judges an arrival with the sides whose platforms recorded the call, in
// the order in which it reached them. Where the answers told nothing, the last one
// is where it arrived; answers that the records contradict are wrong.
func Recorded(d routing.Decision, a Arrival, sides []dualtone.Side) Verdict {
	switch {
	case len(sides) == 0:
	case a.Side == "":
		a.Side = sides[len(sides)-1]
	case !slices.Contains(sides, a.Side):
		return Wrong
	}
	return Judge(d, a)
}

// Expected are the sides that a decision allows, the first one first.
func Expected(d routing.Decision) []dualtone.Side {
	sides := make([]dualtone.Side, len(d.Targets))
	for i, t := range d.Targets {
		sides[i] = t.Side
	}
	return sides
}
