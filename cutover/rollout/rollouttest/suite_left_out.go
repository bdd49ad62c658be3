package rollouttest

import (
	"errors"
	"sync"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// leave leaves people out of the wave and returns how many that were.
func (b *bench) leave(t *testing.T, people ...dualtone.PersonID) int {
	t.Helper()
	n, err := b.Rollouts.Mark(t.Context(), rollout.Mark{
		Plan: "emea", Stage: "wave-1", People: people, From: rollout.ToLeaveOut(), State: cutover.Skipped, Detail: "left out by oscar: on leave", At: noon(),
	})
	must(t, err)
	return n
}

func leftOut(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	b.start(t)
	if n := b.leave(t, "p004", "p005", "p006"); n != 3 {
		t.Fatalf("%d were left out, want 3", n)
	}
	begin := func(id dualtone.PersonID, to dualtone.Side, cohort string) error {
		_, err := b.Switches.Keep(t.Context(), cutover.Switch{
			ID: cutover.SwitchID("s-" + string(id)), Person: id, To: to, State: cutover.Captured, Cohort: cohort, Started: noon(),
		})
		return err
	}
	err := begin("p004", dualtone.New, "emea/wave-1")
	left, ok := errors.AsType[*cutover.LeftOutError](err)
	if !ok || left.Why != "left out by oscar: on leave" || !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("for the stage: %v, want that oscar left them out", err)
	}
	_, err = b.Switches.Switch(t.Context(), "s-p004")
	refused(t, "their switch", err, dualtone.ErrNotFound)
	p, err := b.People.Person(t.Context(), "p004")
	must(t, err)
	if p.State != "" || p.Switch != "" {
		t.Errorf("they are %s by switch %q, want untouched", p.State, p.Switch)
	}
	b.count(t, "wave-1", cutover.Tally{cutover.Planned: 2, cutover.Skipped: 3})
	must(t, begin("p005", dualtone.New, "somebody-elses"))
	must(t, begin("p006", dualtone.Old, "emea/wave-1"))
	must(t, begin("p007", dualtone.New, "emea/wave-1"))
	if n := b.leave(t, "p007"); n != 0 {
		t.Error("somebody who was captured is left out")
	}
	// A retried capture finds what it kept, whatever the plan says by now.
	must(t, begin("p007", dualtone.New, "emea/wave-1"))
}

func leftOutAtOnce(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	b.start(t)
	for _, id := range []dualtone.PersonID{"p004", "p005", "p006", "p007", "p008"} {
		var begun, out bool
		var both sync.WaitGroup
		both.Go(func() {
			_, err := b.Switches.Keep(t.Context(), cutover.Switch{
				ID: cutover.SwitchID("s-" + string(id)), Person: id, To: dualtone.New, State: cutover.Captured, Cohort: "emea/wave-1", Started: noon(),
			})
			if _, left := errors.AsType[*cutover.LeftOutError](err); err != nil && !left {
				t.Errorf("switch of %s: %v", id, err)
			}
			begun = err == nil
		})
		both.Go(func() { out = b.leave(t, id) == 1 })
		both.Wait()
		at, err := b.Rollouts.Users(t.Context(), rollout.UserQuery{Plan: "emea", Person: id})
		must(t, err)
		want := cutover.Captured
		if out {
			want = cutover.Skipped
		}
		if begun == out || at[0].State != want {
			t.Errorf("%s: switched %t, left out %t, and is %s", id, begun, out, at[0].State)
		}
	}
}
