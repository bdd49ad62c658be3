package rollout

import (
	"slices"

	"github.com/dualtone/dualtone/cutover"
)

// Work is what a stage in a state needs done.
type Work string

// The kinds of work.
const (
	Precheck      Work = "precheck"
	AwaitApproval Work = "await_approval"
	AwaitWindow   Work = "await_window"
	SwitchUsers   Work = "switch"
	Soak          Work = "soak"
	Evaluate      Work = "evaluate"
	TakeBack      Work = "take_back"
	// AwaitOrder: somebody must say how it goes on.
	AwaitOrder Work = "await_order"
	// Over: nothing is left to do until somebody wants it back.
	Over Work = ""
)

// Next names the work of a stage in a state.
func Next(s State) Work {
	switch s {
	case Prechecking:
		return Precheck
	case AwaitingApproval:
		return AwaitApproval
	case WaitingWindow:
		return AwaitWindow
	case Switching:
		return SwitchUsers
	case Soaking:
		return Soak
	case Evaluating:
		return Evaluate
	case RollingBack:
		return TakeBack
	case Blocked, Rejected, Partial, Unknown, Failed, Pending:
		return AwaitOrder
	default:
		return Over
	}
}

// Tried are the states of users whom a pass of a stage switches: at first those
// who were never tried or were deferred, after a retry those who failed as well.
func Tried(retry bool) []cutover.State {
	tried := []cutover.State{cutover.Planned, cutover.Deferred}
	if retry {
		tried = append(tried, FailedUsers()...)
	}
	return tried
}

// ToTakeBack are the states of users whom the way back of a stage is about:
// all of whom something may stand on the new side.
func ToTakeBack() []cutover.State {
	return []cutover.State{
		cutover.Captured, cutover.Drained, cutover.Verifying, cutover.Deferring, cutover.Compensating,
		cutover.OnNew, cutover.RestoreDrift, cutover.Unknown,
	}
}

// ToLeaveOut are the states of users whom a person can leave out of a stage: nobody
// on the new side, and nobody who is being switched.
func ToLeaveOut() []cutover.State { return append(Tried(true), cutover.Skipped) }

// ToDropOut are the states of users whom the prechecks of a stage can leave out:
// nothing of theirs stands on the new side, and nobody has to look at them.
func ToDropOut() []cutover.State {
	return []cutover.State{cutover.Planned, cutover.Deferred, cutover.FailedClean, cutover.Restored}
}

// Ready lists the stages that may begin: not yet begun, and all before them
// passed or were left out.
func Ready(specs []Spec, states map[string]State) []Spec {
	var all []Spec
	for _, s := range specs {
		if states[s.Stage] != Pending {
			continue
		}
		ready := true
		for _, after := range s.After {
			before := states[after]
			ready = ready && (before == Passed || before == Skipped || before == Finalised)
		}
		if ready {
			all = append(all, s)
		}
	}
	return all
}

// WholePlan says what may be said of a plan by its stages: Complete when all
// passed or were left out, and nothing otherwise.
func WholePlan(specs []Spec, states map[string]State) (Verb, bool) {
	for _, s := range specs {
		if st := states[s.Stage]; st != Passed && st != Skipped {
			return "", false
		}
	}
	return Complete, true
}

// WholeBack says what may be said of a plan that goes back once none of its
// stages is left to take back.
func WholeBack(specs []Spec, states map[string]State) Verb {
	for _, s := range specs {
		switch states[s.Stage] {
		case RolledBack, Pending, Skipped:
		default:
			return Drifted
		}
	}
	return Restored
}

// Backwards lists the stages of a plan that are left to take back, in reverse
// of the order in which they come.
func Backwards(specs []Spec, states map[string]State) []Spec {
	var all []Spec
	for _, s := range slices.Backward(specs) {
		switch states[s.Stage] {
		case Pending, Skipped, RolledBack, Finalised:
		default:
			all = append(all, s)
		}
	}
	return all
}
