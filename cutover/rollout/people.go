package rollout

import (
	"fmt"
	"strings"

	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Missing says who is not where a stage that moves people forward wants them:
// everybody who is neither on the new side nor left out by a person. Empty when
// nobody is missing.
func Missing(users cutover.Tally) string {
	var all []string
	for _, s := range users.States() {
		if s != cutover.OnNew && s != cutover.Skipped && users[s] > 0 {
			all = append(all, fmt.Sprintf("%d %s", users[s], s))
		}
	}
	return strings.Join(all, ", ")
}

// Left counts the users of a stage who wait for a window.
func Left(users cutover.Tally) int { return users[cutover.Planned] + users[cutover.Deferred] }

// unclear counts the users of whom nobody knows where they are.
func unclear(users cutover.Tally) int { return users[cutover.Unknown] }

// SwitchEnd is what may be said when nobody else of a stage is in flight.
// Partial success is not success.
func SwitchEnd(users cutover.Tally) Verb {
	switch {
	case unclear(users) > 0:
		return LostTrack
	case Left(users) > 0:
		return Close
	case Missing(users) != "":
		return FellShort
	default:
		return Switched
	}
}

// BackEnd is what may be said when a stage was taken back: nobody is left on the
// new side and nobody is anywhere in between.
func BackEnd(users cutover.Tally) Verb {
	for _, s := range users.States() {
		switch s {
		case cutover.Planned, cutover.Deferred, cutover.Skipped, cutover.FailedClean, cutover.Restored:
		default:
			if users[s] > 0 {
				return Drifted
			}
		}
	}
	return Restored
}

// FailedUsers lists the states of users whom a retry tries again.
func FailedUsers() []cutover.State {
	return []cutover.State{cutover.FailedClean, cutover.Restored, cutover.Unknown, cutover.RestoreDrift}
}

// Candidates are people as the stages of a plan choose among them.
func Candidates(people []cutover.PersonState) []plan.User {
	users := make([]plan.User, len(people))
	for i, p := range people {
		users[i] = plan.User{Person: p.Person, Side: p.Side}
	}
	return users
}
