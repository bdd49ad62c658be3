package cutover

import (
	"slices"
)

// Undo lists the writes that take actions back, last one first, given what
// stands on the systems now. It needs no knowledge of which action was really
// carried out: a facet that still has its old value needs nothing, one that
// stands at a value that we wrote goes back from there, and one that stands at
// anything else was changed by somebody else. Such a facet is not overwritten
// but reported. A write that was broken off halfway counts as ours.
func Undo(before Image, actions []Action, now Image) ([]Action, []Drift) {
	var undo []Action
	var drifts []Drift
	at := map[Facet]Value{}
	for _, f := range Facets() {
		wrote := written(f, actions)
		if len(wrote) == 0 {
			continue
		}
		at[f] = now[f]
		if ours := slices.ContainsFunc(actions, func(a Action) bool { return a.Facet == f && a.reached(now[f]) }); !ours && !now[f].Equal(before[f]) {
			drifts = append(drifts, Drift{Facet: f, Before: before[f], Wrote: wrote[len(wrote)-1], Now: now[f]})
			delete(at, f)
		}
	}
	for _, a := range slices.Backward(actions) {
		v, ok := at[a.Facet]
		if !ok || !a.reached(v) {
			continue
		}
		switch {
		case !v.Equal(a.From):
			undo = append(undo, Action{Step: a.Step, Facet: a.Facet, From: v, To: a.From})
		case v.Strays(a.From):
			// What the write meant to give tells its system what to look for.
			undo = append(undo, Action{Step: a.Step, Facet: a.Facet, From: a.To, To: a.From})
		}
		at[a.Facet] = a.From
	}
	return undo, drifts
}

// reached reports whether a value is what the action writes, or a part of the
// way there: a write of many parts may have been broken off.
func (a Action) reached(v Value) bool {
	begun := !v.Kept(a.From) || v.Strays(a.From)
	return v.Kept(a.To) || begun && v.Between(a.From, a.To)
}

// written lists the values that the actions write to a facet, in order.
func written(f Facet, actions []Action) []Value {
	var all []Value
	for _, a := range actions {
		if a.Facet == f {
			all = append(all, a.To)
		}
	}
	return all
}

// PlanReturn lists the writes that bring a user back to where they were before
// a switch: first the side they are on stops offering them calls, then every
// action of the switch is taken back in reverse.
func PlanReturn(before Image, actions []Action, now Image) ([]Action, []Drift) {
	undo, drifts := Undo(before, actions, now)
	i := slices.IndexFunc(undo, func(a Action) bool { return a.Facet == NewOffering })
	if i < 0 {
		return undo, drifts
	}
	leave := undo[i]
	stopped := leave.From.Offering.Stopped(pauseReason)
	stop := Action{Step: Drain, Facet: NewOffering, From: leave.From, To: Value{Offering: &stopped}}
	if stop.From.Equal(stop.To) {
		return undo, drifts
	}
	undo[i].From = stop.To
	return slices.Insert(undo, 0, stop), drifts
}

// Phase splits a plan at the moment at which the user must be free: what comes
// before it prepares and stops offers, what comes after it moves.
func Phase(actions []Action) (ready, move []Action) {
	i := slices.IndexFunc(actions, func(a Action) bool {
		return a.Step != Prepare && a.Step != DualRoute && a.Step != Drain
	})
	if i < 0 {
		i = len(actions)
	}
	return actions[:i], actions[i:]
}
