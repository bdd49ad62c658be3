package cutover_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

func outcomes() []cutover.Outcome {
	return []cutover.Outcome{
		cutover.Done, cutover.Refused, cutover.NotFree, cutover.Differs, cutover.Failed, cutover.Unchanged, cutover.LeftOut,
	}
}

func TestEverySwitchEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		to := rapid.SampledFrom([]dualtone.Side{dualtone.Old, dualtone.New}).Draw(t, "to")
		state := cutover.Planned
		for range 10 {
			if state.Final() {
				break
			}
			known := slices.DeleteFunc(outcomes(), func(o cutover.Outcome) bool {
				_, err := cutover.After(to, state, o)
				return err != nil
			})
			if len(known) == 0 || cutover.Next(to, state) == cutover.Nothing {
				t.Fatalf("to %s: %s is not final and leads nowhere", to, state)
			}
			state, _ = cutover.After(to, state, rapid.SampledFrom(known).Draw(t, "outcome"))
		}
		if !state.Final() {
			t.Fatalf("to %s: still in %s after ten steps", to, state)
		}
		if work := cutover.Next(to, state); work != cutover.Nothing {
			t.Fatalf("to %s: %s is final and asks for %s", to, state, work)
		}
	})
}

func TestAnyFailureHasAWayOn(t *testing.T) {
	t.Parallel()
	for _, to := range []dualtone.Side{dualtone.Old, dualtone.New} {
		for _, s := range []cutover.State{
			cutover.Planned, cutover.Captured, cutover.Drained, cutover.Verifying, cutover.Deferring,
		} {
			if _, err := cutover.After(to, s, cutover.Failed); err != nil {
				t.Errorf("to %s: a failure in %s leads nowhere: %v", to, s, err)
			}
		}
	}
}

func TestAWayBackThatMeetsTroubleGoesOnWithTheRest(t *testing.T) {
	t.Parallel()
	state := cutover.Captured
	for _, work := range []cutover.Work{cutover.Ready, cutover.Move, cutover.Verify} {
		if got := cutover.Next(dualtone.Old, state); got != work {
			t.Fatalf("after what came before failed, the way back does %q in %s, want %s", got, state, work)
		}
		state, _ = cutover.After(dualtone.Old, state, cutover.Failed)
	}
	if state != cutover.RestoreDrift {
		t.Errorf("a way back of which all failed ends %s, want restore_drift", state)
	}
}

func TestAnOutcomeThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	s, err := cutover.After(dualtone.New, cutover.OnNew, cutover.Done)
	if !errors.Is(err, dualtone.ErrInvalid) || s != cutover.OnNew {
		t.Errorf("a final state moved on to %s, %v", s, err)
	}
}

func TestNothingWrittenMeansFailedClean(t *testing.T) {
	t.Parallel()
	for _, o := range []cutover.Outcome{cutover.Refused, cutover.Failed} {
		if s, _ := cutover.After(dualtone.New, cutover.Planned, o); s != cutover.FailedClean {
			t.Errorf("%s before the first write leads to %s, want failed_clean", o, s)
		}
	}
}

func TestPartOfACohortIsNotTheWhole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		to      dualtone.Side
		tally   cutover.Tally
		stopped bool
		want    cutover.Verdict
	}{
		"everybody moved":    {dualtone.New, cutover.Tally{cutover.OnNew: 3}, false, cutover.AllMoved},
		"everybody restored": {dualtone.Old, cutover.Tally{cutover.Restored: 3}, false, cutover.AllRestored},
		"one deferred":       {dualtone.New, cutover.Tally{cutover.OnNew: 2, cutover.Deferred: 1}, false, cutover.Partial},
		"one restored":       {dualtone.New, cutover.Tally{cutover.OnNew: 2, cutover.Restored: 1}, false, cutover.Partial},
		"one drifted":        {dualtone.Old, cutover.Tally{cutover.Restored: 2, cutover.RestoreDrift: 1}, false, cutover.Partial},
		"stopped":            {dualtone.New, cutover.Tally{cutover.OnNew: 2}, true, cutover.Stopped},
		"nobody":             {dualtone.New, cutover.Tally{}, false, cutover.Empty},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := cutover.Judge(c.to, c.tally, c.stopped); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
