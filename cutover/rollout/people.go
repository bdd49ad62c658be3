package rollout

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Missing says who is not where a stage that moves people forward wants them:
// everybody who is neither on the new side nor left out by a person. Empty when
// nobody is missing.
func Missing(users cutover.Tally) string { return told(users, cutover.OnNew, cutover.Skipped) }

// told tells how many are in each state but some.
func told(users cutover.Tally, but ...cutover.State) string {
	var all []string
	for _, s := range users.States() {
		if users[s] > 0 && !slices.Contains(but, s) {
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

// Where is where a plan takes a person to be. Whoever was to come back and did not,
// since they did not come free or nothing could be written, is on the new side still.
func Where(p cutover.PersonState) cutover.State {
	if p.Side == dualtone.New && (p.State == cutover.Deferred || p.State == cutover.FailedClean) {
		return cutover.OnNew
	}
	return p.State
}

// There reports whether somebody who is at a place of a plan is on the new side
// without the plan having brought them there: by a switch of their own, or before
// dualtone came. The plan neither waits for them nor takes them back.
func There(at cutover.State, p cutover.PersonState) bool {
	if at == cutover.OnNew || at == cutover.Skipped || p.Side != dualtone.New {
		return false
	}
	return slices.Contains(ToDropOut(), at) || p.State == cutover.OnNew
}

// NotBack says who is not on the old side as before, nor was ever moved. Empty when
// nobody is missing.
func NotBack(users cutover.Tally) string {
	return told(users, cutover.Planned, cutover.Deferred, cutover.Skipped, cutover.FailedClean, cutover.Restored)
}

// BackEnd is what may be said when a stage was taken back: nobody is left on the
// new side and nobody is anywhere in between.
func BackEnd(users cutover.Tally) Verb {
	if NotBack(users) != "" {
		return Drifted
	}
	return Restored
}

// FailedUsers lists the states of users whom a retry tries again.
func FailedUsers() []cutover.State {
	return []cutover.State{cutover.FailedClean, cutover.Restored, cutover.Unknown, cutover.RestoreDrift}
}

// PeopleAre begins a sentence about so many people: 1 person is, 3 people are.
func PeopleAre(n int) string {
	if n == 1 {
		return "1 person is"
	}
	return fmt.Sprintf("%d people are", n)
}

// Candidates are people as the stages of a plan choose among them.
func Candidates(people []cutover.PersonState) []plan.User {
	users := make([]plan.User, len(people))
	for i, p := range people {
		users[i] = plan.User{Person: p.Person, Side: p.Side}
	}
	return users
}
