package rollouttest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// admit lets people of a stage through and returns how the plan stood before.
func (b *bench) admit(t *testing.T, a rollout.Admission, people ...dualtone.PersonID) rollout.Admitted {
	t.Helper()
	var before rollout.Admitted
	a.Plan = "emea"
	must(t, b.Rollouts.Admit(t.Context(), a, func(now rollout.Admitted) ([]dualtone.PersonID, error) {
		before = now
		slices.Sort(before.Open)
		return people, nil
	}))
	return before
}

func (b *bench) switching(t *testing.T, stage string) {
	t.Helper()
	b.record(t, stage, rollout.Open, rollout.Pending, rollout.Switching, 3*time.Second)
}

func admissions(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	b.start(t)
	b.switching(t, "pilot")
	b.switching(t, "wave-1")
	early := noon().Add(-time.Hour) // before b.moved moves anybody
	asks := func(stage string) rollout.Admission { return rollout.Admission{Stage: stage, At: early} }
	for _, c := range []struct {
		what string
		ask  rollout.Admission
		let  []dualtone.PersonID
		open []dualtone.PersonID
		do   func()
	}{
		{what: "nobody yet", ask: asks("pilot"), let: []dualtone.PersonID{"p003", "p001"}},
		{what: "those of another stage", ask: asks("wave-1"), let: []dualtone.PersonID{"p004"}, open: []dualtone.PersonID{"p001", "p003"}},
		{what: "nobody twice", ask: asks("pilot"), let: []dualtone.PersonID{"p003"}, open: []dualtone.PersonID{"p001", "p003", "p004"}},
		{
			what: "nobody who has begun", ask: asks("pilot"), open: []dualtone.PersonID{"p003", "p004"},
			do: func() { b.moved(t, "p001", cutover.OnNew, "emea/pilot") },
		},
		{what: "nobody of a pass that is over", ask: rollout.Admission{Stage: "pilot", At: early, Anew: true}, open: []dualtone.PersonID{"p004"}},
		{
			what: "nobody of a stage that switches no more", ask: asks("pilot"),
			do: func() { b.record(t, "wave-1", rollout.Switched, rollout.Switching, rollout.Soaking, 4*time.Second) },
		},
	} {
		if c.do != nil {
			c.do()
		}
		same(t, c.what, fmt.Sprint(c.open), fmt.Sprint(b.admit(t, c.ask, c.let...).Open))
	}
	failed := errors.New("no calendar")
	refused(t, "who cannot choose", b.Rollouts.Admit(t.Context(), rollout.Admission{Plan: "emea", Stage: "pilot", At: early}, func(rollout.Admitted) ([]dualtone.PersonID, error) {
		return []dualtone.PersonID{"p002"}, failed
	}), failed)
	if open := b.admit(t, asks("pilot")).Open; len(open) > 0 {
		t.Errorf("%v were let through by who could not choose", open)
	}
}

// admissionsAtOnce has many ask at the same time for one place each: as many are
// let through as there are places.
func admissionsAtOnce(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	b.start(t)
	b.switching(t, "wave-1")
	const places = 2
	var all sync.WaitGroup
	through := make(chan dualtone.PersonID, 5)
	for n := 4; n <= 8; n++ {
		all.Go(func() {
			who := person(n)
			err := b.Rollouts.Admit(t.Context(), rollout.Admission{Plan: "emea", Stage: "wave-1", At: noon()}, func(now rollout.Admitted) ([]dualtone.PersonID, error) {
				if len(now.Open) >= places {
					return nil, nil
				}
				// The choice reads other stores meanwhile.
				if _, err := b.Rollouts.Stages(t.Context(), "emea"); err != nil {
					return nil, err
				}
				through <- who
				return []dualtone.PersonID{who}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(through); n != places {
		t.Errorf("%d were let through to %d places", n, places)
	}
}

func failures(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	b.start(t)
	b.switching(t, "pilot")
	b.moved(t, "p001", cutover.OnNew, "emea/pilot")
	b.moved(t, "p002", cutover.FailedClean, "emea/pilot")
	b.moved(t, "p003", cutover.RestoreDrift, "emea/pilot")
	// Whoever was taken back did not fail.
	_, err := b.Switches.Keep(t.Context(), cutover.Switch{ID: "back", Person: "p001", To: dualtone.Old, State: cutover.Restored, Started: noon().Add(time.Minute), Cohort: "emea/pilot"})
	must(t, err)
	n, err := b.Rollouts.Failed(t.Context(), "emea")
	must(t, err)
	same(t, "who failed", "2 and 2", fmt.Sprintf("%d and %d", n, b.admit(t, rollout.Admission{Stage: "pilot", At: noon()}).Failed))
}
