package truth

import (
	"slices"

	"github.com/dualtone/dualtone/calllog"
)

// Score counts pairs of legs of different systems: those that are of one call,
// those that were put into one, and those of which both is true.
type Score struct{ True, Put, Right int }

// Precision is the share of the joins that are right, 1 where there are none.
func (s Score) Precision() float64 { return share(s.Right, s.Put) }

// Recall is the share of what belongs together that was joined.
func (s Score) Recall() float64 { return share(s.Right, s.True) }

func share(of, all int) float64 {
	if all == 0 {
		return 1
	}
	return float64(of) / float64(all)
}

// Scores compare calls with the truth, each class by itself; what crosses is
// under the empty class together. A wrong join counts for the classes of both
// its legs.
func (t *Truth) Scores(legs []calllog.Leg, calls []calllog.Call) map[Class]Score {
	scores := map[Class]Score{}
	count := func(a, b calllog.LegID, add func(*Score)) {
		classes := []Class{"", t.Class(a), t.Class(b)}
		slices.Sort(classes)
		for _, c := range slices.Compact(classes) {
			s := scores[c]
			add(&s)
			scores[c] = s
		}
	}
	together := map[int][]calllog.LegID{}
	for i := range legs {
		n := t.Call(legs[i].LegID)
		together[n] = append(together[n], legs[i].LegID)
	}
	for _, ids := range together {
		crossings(ids, func(a, b calllog.LegID) { count(a, b, func(s *Score) { s.True++ }) })
	}
	for _, c := range calls {
		ids := make([]calllog.LegID, len(c.Members))
		for i, m := range c.Members {
			ids[i] = m.Leg
		}
		crossings(ids, func(a, b calllog.LegID) {
			count(a, b, func(s *Score) {
				s.Put++
				if t.Call(a) == t.Call(b) {
					s.Right++
				}
			})
		})
	}
	return scores
}

func crossings(ids []calllog.LegID, visit func(a, b calllog.LegID)) {
	for i, a := range ids {
		for _, b := range ids[i+1:] {
			if a.System != b.System {
				visit(a, b)
			}
		}
	}
}
