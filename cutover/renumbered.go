package cutover

import (
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Numbers are those whose routes the image holds. A switch stays with those that a person
// had when it began, whatever the user list gives them or takes from them meanwhile.
func (i Image) Numbers() []dualtone.Number {
	var all []dualtone.Number
	for _, r := range i[Routes].Routes {
		all = append(all, r.Number)
	}
	return all
}

// Renumbered is a move as a way back takes it, of which now is what stands: with the numbers
// that now holds. One that the person was given since the move had before it what leads
// home: the route that it has, if that does, else none.
func Renumbered(before Image, actions []Action, now Image) (Image, []Action) {
	if slices.Equal(before.Numbers(), now.Numbers()) {
		return before, actions
	}
	stands := now[Routes].Routes
	home := slices.Clone(stands)
	for i, r := range stands {
		if r.Terms != nil || !slices.Equal(r.Sides[:min(len(r.Sides), 1)], []dualtone.Side{dualtone.Old}) {
			home[i] = routing.Route{Number: r.Number}
		}
	}
	from := before[Routes].onto(home)
	before = before.With(Routes, from)
	actions = slices.Clone(actions)
	if len(written(Routes, actions)) == 0 {
		// They had no number, so that the move flipped none.
		at := slices.IndexFunc(actions, func(a Action) bool { return a.Facet == Softphone })
		actions = slices.Insert(actions, at+1, Action{Step: FlipRoute, Facet: Routes})
	}
	for i, a := range actions {
		if a.Facet == Routes {
			actions[i].From, actions[i].To = from, a.To.onto(stands)
			from = actions[i].To
		}
	}
	return before, actions
}

// onto are routes with those of the value in the place of the same numbers'.
func (v Value) onto(routes []routing.Route) Value {
	all := slices.Clone(routes)
	for i := range all {
		if at := slices.IndexFunc(v.Routes, func(r routing.Route) bool { return r.Number == all[i].Number }); at >= 0 {
			all[i] = v.Routes[at]
		}
	}
	return Value{Routes: all}
}
