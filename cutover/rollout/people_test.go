package rollout_test

import (
	"testing"

	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func TestPartialSuccessIsNotSuccess(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what  string
		users cutover.Tally
		want  rollout.Verb
	}{
		{"everybody arrived", cutover.Tally{cutover.OnNew: 3}, rollout.Switched},
		{"but who was left out", cutover.Tally{cutover.OnNew: 3, cutover.Skipped: 1}, rollout.Switched},
		{"one failed", cutover.Tally{cutover.OnNew: 3, cutover.FailedClean: 1}, rollout.FellShort},
		{"one was taken back", cutover.Tally{cutover.OnNew: 3, cutover.Restored: 1}, rollout.FellShort},
		{"one was not reached", cutover.Tally{cutover.OnNew: 3, cutover.Planned: 1, cutover.FailedClean: 1}, rollout.Close},
		{"one was deferred", cutover.Tally{cutover.OnNew: 3, cutover.Deferred: 1}, rollout.Close},
		{"one is nobody knows where", cutover.Tally{cutover.OnNew: 3, cutover.Unknown: 1, cutover.Planned: 5}, rollout.LostTrack},
	} {
		if got := rollout.SwitchEnd(c.users); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}

func TestNobodyIsBackWhoIsNotWhereTheyWere(t *testing.T) {
	t.Parallel()
	before := cutover.Tally{cutover.Planned: 1, cutover.Deferred: 1, cutover.Skipped: 1, cutover.FailedClean: 1, cutover.Restored: 1}
	if got := rollout.BackEnd(before); got != rollout.Restored {
		t.Errorf("everybody is where they were: %s", got)
	}
	for _, s := range []cutover.State{cutover.OnNew, cutover.RestoreDrift, cutover.Unknown, cutover.Drained} {
		if got := rollout.BackEnd(cutover.Tally{cutover.Restored: 9, s: 1}); got != rollout.Drifted {
			t.Errorf("one is %s: %s", s, got)
		}
	}
}
