package cutover

import (
	"fmt"
	"slices"

	"github.com/dualtone/dualtone"
)

// State is where a user's switch stands.
type State string

// The states of a user's switch.
const (
	Planned      State = "planned"
	Captured     State = "captured"  // the before-image is kept, nothing is written
	Drained      State = "drained"   // offers are stopped, no call is left
	Verifying    State = "verifying" // all writes are made, not yet read back
	OnNew        State = "on_new"
	Deferring    State = "deferring" // did not come free: what was prepared is taken back
	Deferred     State = "deferred"  // nothing is left written; try in the next window
	Skipped      State = "skipped"   // left out by a person, or not possible
	FailedClean  State = "failed_clean"
	Compensating State = "compensating"
	Restored     State = "restored"
	RestoreDrift State = "restore_drift"
	// Unknown: the switch was ended from outside; a person must look.
	Unknown State = "unknown"
)

// Work is what is to be done for a user next.
type Work string

// The kinds of work. Each is one activity.
const (
	Capture  Work = "capture"   // read everything, check, keep the before-image and the plan
	Ready    Work = "ready"     // prepare, stop offers, wait until no call is left
	Move     Work = "move"      // write
	Verify   Work = "verify"    // read everything back
	TakeBack Work = "take_back" // undo what was written, compare with the before-image
	Nothing  Work = ""
)

// Outcome is what became of a piece of work.
type Outcome string

// The outcomes of work.
const (
	Done      Outcome = "done"
	Refused   Outcome = "refused"   // a check said no; nothing was written
	NotFree   Outcome = "not_free"  // the user did not come free in time
	Differs   Outcome = "differs"   // what was read back is not what was wanted
	Failed    Outcome = "failed"    // it could not be done, some of it may have been
	Unchanged Outcome = "unchanged" // the user is already where they should be
	LeftOut   Outcome = "left_out"  // somebody left the user out while they waited for their turn
)

// machine is every state in which there is something left to do, what that is,
// and the state after each outcome. What is not in it cannot happen.
type machine map[State]struct {
	work  Work
	after map[Outcome]State
}

func toNew() machine {
	return machine{
		Planned:      {Capture, map[Outcome]State{Done: Captured, Refused: FailedClean, Failed: FailedClean, Unchanged: OnNew, LeftOut: Skipped}},
		Captured:     {Ready, map[Outcome]State{Done: Drained, NotFree: Deferring, Failed: Compensating}},
		Drained:      {Move, map[Outcome]State{Done: Verifying, NotFree: Deferring, Failed: Compensating}},
		Verifying:    {Verify, map[Outcome]State{Done: OnNew, Differs: Compensating, Failed: Compensating}},
		Deferring:    {TakeBack, map[Outcome]State{Done: Deferred, Differs: RestoreDrift, Failed: RestoreDrift}},
		Compensating: {TakeBack, map[Outcome]State{Done: Restored, Differs: RestoreDrift, Failed: RestoreDrift}},
	}
}

// toOld never compensates: a way back that meets trouble goes on with the rest
// and says what it could not restore.
func toOld() machine {
	return machine{
		Planned:   {Capture, map[Outcome]State{Done: Captured, Refused: FailedClean, Failed: FailedClean, Unchanged: Restored}},
		Captured:  {Ready, map[Outcome]State{Done: Drained, NotFree: Deferring, Failed: Drained}},
		Drained:   {Move, map[Outcome]State{Done: Verifying, Failed: Verifying}},
		Verifying: {Verify, map[Outcome]State{Done: Restored, Differs: RestoreDrift, Failed: RestoreDrift}},
		Deferring: {TakeBack, map[Outcome]State{Done: Deferred, Differs: RestoreDrift, Failed: RestoreDrift}},
	}
}

func machineTo(side dualtone.Side) machine {
	if side == dualtone.Old {
		return toOld()
	}
	return toNew()
}

// Next names the work that a user in a state needs on the way to a side;
// Nothing when the state is final.
func Next(to dualtone.Side, s State) Work { return machineTo(to)[s].work }

// After is the state that an outcome of the state's work leads to. It returns
// ErrInvalid for an outcome that the state does not know.
func After(to dualtone.Side, s State, o Outcome) (State, error) {
	next, ok := machineTo(to)[s].after[o]
	if !ok {
		return s, fmt.Errorf("%s to %s: no outcome %q here: %w", s, to, o, dualtone.ErrInvalid)
	}
	return next, nil
}

// Later are the states to which a switch in the state may still come, in the
// order of States, to whichever side it goes. None leads back: a switch only goes forward, so a word
// of an earlier state that arrives late is old news.
func (s State) Later() []State {
	if s.Final() {
		return nil
	}
	machines := []machine{toNew(), toOld()}
	later := []State{Unknown}
	for todo := []State{s}; len(todo) > 0; todo = todo[1:] {
		for _, m := range machines {
			for _, next := range m[todo[0]].after {
				if !slices.Contains(later, next) {
					later, todo = append(later, next), append(todo, next)
				}
			}
		}
	}
	return slices.DeleteFunc(States(), func(s State) bool { return !slices.Contains(later, s) })
}

// Leads reports whether a switch in the state may still come to another one.
func (s State) Leads(to State) bool { return slices.Contains(s.Later(), to) }

// States are all states, each before those that it leads to.
func States() []State {
	return []State{
		Planned, Captured, Drained, Verifying, Deferring, Compensating,
		OnNew, Deferred, Skipped, FailedClean, Restored, RestoreDrift, Unknown,
	}
}

// Final reports whether nothing is left to do for a user in the state.
func (s State) Final() bool {
	switch s {
	case OnNew, Deferred, Skipped, FailedClean, Restored, RestoreDrift, Unknown:
		return true
	default:
		return false
	}
}

// Clean reports whether nothing that a switch to the new side wrote stands in the state,
// before it began or since it was taken back.
func (s State) Clean() bool {
	switch s {
	case Planned, Deferred, Skipped, FailedClean, Restored:
		return true
	default:
		return false
	}
}

// Amiss reports whether a switch has ended with something left that somebody must look at.
func (s State) Amiss() bool { return s == RestoreDrift || s == Unknown }

// Good reports whether a final state is what was asked for on the way to a side.
func (s State) Good(to dualtone.Side) bool {
	if to == dualtone.Old {
		return s == Restored
	}
	return s == OnNew
}
