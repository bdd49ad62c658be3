package rollouttest

import (
	"fmt"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// there are those of a stage whom others have brought to the new side, as in
// "p004 planned", no more than so many.
func (b *bench) there(t *testing.T, stage string, most int) []string {
	t.Helper()
	users, err := b.Rollouts.Users(t.Context(), rollout.UserQuery{Plan: "emea", Stage: stage, There: true, Limit: most})
	must(t, err)
	all := []string{}
	for _, u := range users {
		all = append(all, fmt.Sprintf("%s %s", u.Person, u.State))
	}
	return all
}

func broughtByOthers(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	b.moved(t, "p003", cutover.OnNew, "spring") // before the plan began
	b.start(t)
	b.moved(t, "p001", cutover.OnNew, "emea/pilot")
	b.moved(t, "p002", cutover.Captured, "") // is on the way
	b.moved(t, "p004", cutover.Deferred, "emea/wave-1")
	b.moved(t, "p005", cutover.FailedClean, "emea/wave-1")
	b.moved(t, "p006", cutover.RestoreDrift, "emea/wave-1")
	b.moved(t, "p007", cutover.OnNew, "emea/wave-1")
	b.switched(t, "p007", dualtone.Old, cutover.RestoreDrift, "emea/wave-1") // the plan's own is there still
	b.moved(t, "p008", cutover.Verifying, "emea/wave-1")
	same(t, "before others do anything", []string{"p003 planned"}, b.there(t, "", 0))
	for _, id := range []dualtone.PersonID{"p004", "p005", "p006", "p008"} {
		b.moved(t, id, cutover.Verifying, "")
		b.moved(t, id, cutover.OnNew, "")
	}
	b.count(t, "pilot", cutover.Tally{cutover.Planned: 2, cutover.OnNew: 1})
	b.count(t, "wave-1", cutover.Tally{cutover.Deferred: 1, cutover.FailedClean: 1, cutover.RestoreDrift: 2, cutover.Verifying: 1})
	same(t, "in the pilot", []string{"p003 planned"}, b.there(t, "pilot", 0))
	same(t, "in the wave", []string{"p004 deferred", "p005 failed_clean", "p006 restore_drift", "p008 verifying"}, b.there(t, "wave-1", 0))
	same(t, "one of the wave", []string{"p004 deferred"}, b.there(t, "wave-1", 1))
	b.leave(t, "p004")
	same(t, "once one is left out", []string{"p005 failed_clean"}, b.there(t, "wave-1", 1))
	// Who comes back by themselves waits as before.
	b.switched(t, "p005", dualtone.Old, cutover.Restored, "")
	b.switched(t, "p004", dualtone.Old, cutover.Restored, "")
	b.count(t, "wave-1", cutover.Tally{cutover.Skipped: 1, cutover.FailedClean: 1, cutover.RestoreDrift: 2, cutover.Verifying: 1})
	// What the plan has done is taken back by whoever does.
	b.switched(t, "p001", dualtone.Old, cutover.Verifying, "")
	b.count(t, "pilot", cutover.Tally{cutover.Planned: 2, cutover.Verifying: 1})
	b.switched(t, "p001", dualtone.Old, cutover.Restored, "spring")
	b.count(t, "pilot", cutover.Tally{cutover.Planned: 2, cutover.Restored: 1})
}
