package cutover

import (
	"maps"
	"slices"

	"github.com/dualtone/dualtone"
)

// Tally counts users by the state in which they ended.
type Tally map[State]int

// Add counts one more.
func (t Tally) Add(s State) { t[s]++ }

// Total is how many have ended.
func (t Tally) Total() int {
	n := 0
	for _, c := range t {
		n += c
	}
	return n
}

// States lists the states that were reached, in a stable order.
func (t Tally) States() []State { return slices.Sorted(maps.Keys(t)) }

// Verdict is what may be said of a cohort as a whole.
type Verdict string

// The verdicts. Anything less than all is partial, never success.
const (
	AllMoved    Verdict = "moved"
	AllRestored Verdict = "restored"
	Partial     Verdict = "partial"
	Stopped     Verdict = "stopped"
	Empty       Verdict = "empty"
)

// Judge says what became of a cohort on its way to a side, given how its users
// ended and whether it was stopped before the last of them.
func Judge(to dualtone.Side, t Tally, stopped bool) Verdict {
	good := 0
	for s, n := range t {
		if s.Good(to) {
			good += n
		}
	}
	switch {
	case stopped:
		return Stopped
	case t.Total() == 0:
		return Empty
	case good < t.Total():
		return Partial
	case to == dualtone.Old:
		return AllRestored
	default:
		return AllMoved
	}
}

// Retryable lists the states in which a user can be tried again on the way to a
// side without anybody having looked first. Restored are also those who were taken
// back on purpose: what their latest switch was for tells them apart.
func Retryable(to dualtone.Side) []State {
	if to == dualtone.Old {
		return []State{Deferred, RestoreDrift}
	}
	return []State{Deferred, FailedClean, Restored, Skipped}
}
