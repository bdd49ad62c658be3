package cutover

import (
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Undo lists the writes that take actions back, last one first, given what
// stands on the systems now. It needs no knowledge of which action was really
// carried out: a facet that still has its old value needs nothing, one that
// stands at a value that we wrote goes back from there, and one that stands at
// anything else was changed by somebody else. Such a facet is not overwritten
// but reported, and of a softphone and of queues only that part goes back which they left
// as it was written. A write that was broken off halfway counts as ours, and so do the
// routes that an earlier way back has led home.
func Undo(before Image, actions []Action, now Image, home []routing.Route) ([]Action, []Drift) {
	return undo(before, actions, now.unled(before, home), Choice{})
}

// undo also does with somebody else's value what was chosen.
func undo(before Image, actions []Action, now Image, chosen Choice) ([]Action, []Drift) {
	var back []Action
	at, put, drifts := ours(before, actions, now, chosen)
	for i, a := range slices.Backward(actions) {
		v, ok := at[a.Facet]
		if to, whole := put[a.Facet]; ok && whole {
			if to.Offering != nil && len(written(a.Facet, actions[:i])) > 0 {
				continue // who is called again is so once softphone and route are back
			}
			back = append(back, Action{Step: a.Step, Facet: a.Facet, From: v, To: to})
			delete(at, a.Facet)
			continue
		}
		if !ok || !a.reached(v) {
			continue
		}
		switch {
		case !v.Equal(a.From):
			back = append(back, Action{Step: a.Step, Facet: a.Facet, From: v, To: a.From})
		case v.Strays(a.From):
			// What the write meant to give tells its system what to look for.
			back = append(back, Action{Step: a.Step, Facet: a.Facet, From: a.To, To: a.From})
		}
		at[a.Facet] = a.From
	}
	return back, drifts
}

// ours tells what is to go back and from where; put is to what, where that is not for
// each action to say.
func ours(before Image, actions []Action, now Image, chosen Choice) (at, put Image, drifts []Drift) {
	at, put = Image{}, Image{}
	for _, f := range Facets() {
		wrote := written(f, actions)
		if len(wrote) == 0 || chosen.keeps(f, now) {
			continue
		}
		at[f] = now[f]
		seen, over := chosen.Over[f]
		switch {
		case slices.ContainsFunc(actions, func(a Action) bool { return a.Facet == f && a.reached(now[f]) }) || now[f].Equal(before[f]):
		case over && seen.Equal(now[f]):
			put[f] = before[f]
		default:
			last := wrote[len(wrote)-1]
			drifts = append(drifts, Drift{Facet: f, Before: before[f], Wrote: last, Now: now[f]})
			if home, ok := now[f].homeward(before[f], last); ok {
				put[f] = home
			} else {
				delete(at, f)
			}
		}
	}
	return at, put, drifts
}

// Cuts reports whether the action takes away what makes the new side ring: a seat, or a
// route there.
func (a Action) Cuts() bool {
	there := func(r routing.Route) bool { return slices.Contains(r.Sides, dualtone.New) }
	switch a.Facet {
	case NewSeat:
		return a.To.Seat != nil && !a.To.Seat.Enabled
	case Routes:
		return slices.ContainsFunc(a.From.Routes, there) && !slices.ContainsFunc(a.To.Routes, there)
	default:
		return false
	}
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
// action of the switch is taken back in reverse. What somebody else set meanwhile
// is left alone, and reported but for what was chosen. Numbers that had no route
// get theirs of home.
func PlanReturn(before Image, actions []Action, now Image, chosen Choice, home []routing.Route) ([]Action, []Drift) {
	now = now.unled(before, home)
	back, drifts := undo(before, actions, now, chosen)
	back = append(back, chosen.agreed(before, now)...)
	led, apart := LeadHome(back, now, home)
	// Softphone and route change one right after the other.
	softphone := slices.IndexFunc(led, func(a Action) bool { return a.Facet == Softphone })
	back = slices.Insert(led, softphone+1, apart...)
	i := slices.IndexFunc(back, func(a Action) bool { return a.Facet == NewOffering })
	if i < 0 {
		return back, drifts
	}
	leave := back[i]
	stopped := leave.From.Offering.Stopped(pauseReason)
	stop := Action{Step: Drain, Facet: NewOffering, From: leave.From, To: Value{Offering: &stopped}}
	if stop.From.Equal(stop.To) {
		return back, drifts
	}
	back[i].From = stop.To
	return slices.Insert(back, 0, stop), drifts
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
