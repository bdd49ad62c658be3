package workflows_test

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Whom a hold caught in the middle of their switch is switched in the same window once
// it is released; whoever was on a call waits for the next one.
func TestWhoWasHeldBackIsTakenAgainInTheSameWindow(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{slow(wave("pilot"))}, 6)
	h.open = nightly
	const caught, busy = "pilot-00001", "pilot-00003"
	tries := map[dualtone.PersonID]int{}
	h.end = func(id dualtone.PersonID) cutover.State {
		if tries[id]++; tries[id] == 1 && (id == caught || id == busy) {
			return cutover.Deferred
		}
		return cutover.OnNew
	}
	h.held = func(id dualtone.PersonID) bool { return id == caught && tries[id] == 1 }
	opens := 11 * time.Hour // since nine
	h.after(opens+12*time.Second, func() { h.must(t, h.order(incident(rollout.PutHold))) })
	h.after(opens+30*time.Minute, func() {
		if tries[caught] != 1 || tries[busy] != 0 {
			t.Errorf("under the hold %s was tried %d times and %s %d", caught, tries[caught], busy, tries[busy])
		}
		h.must(t, h.order(incident(rollout.Release)))
	})
	h.after(opens+2*time.Hour, func() {
		if users := h.stage(t, "pilot").Users; users[cutover.OnNew] != 5 || users[cutover.Deferred] != 1 || tries[caught] != 2 || tries[busy] != 1 {
			t.Errorf("after the hold the users are %v, %s was tried %d times and %s %d", users, caught, tries[caught], busy, tries[busy])
		}
		h.atStage(t, "pilot", rollout.WaitingWindow)
	})
	h.after(opens+26*time.Hour, func() {
		h.atPlan(t, rollout.Completed)
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
	if tries[busy] != 2 || tries[caught] != 2 {
		t.Errorf("%s was tried %d times and %s %d, want twice each", caught, tries[caught], busy, tries[busy])
	}
}

// A hold that outlasts the window leaves them for the next one.
func TestWhoWasHeldBackUntilTheWindowClosedWaitsForTheNext(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{slow(wave("pilot"))}, 3)
	h.open = nightly
	tries := 0
	h.end = func(id dualtone.PersonID) cutover.State {
		if id != "pilot-00001" {
			return cutover.OnNew
		}
		if tries++; tries == 1 {
			return cutover.Deferred
		}
		return cutover.OnNew
	}
	h.held = func(id dualtone.PersonID) bool { return id == "pilot-00001" && tries == 1 }
	opens := 11 * time.Hour
	h.after(opens+12*time.Second, func() { h.must(t, h.order(incident(rollout.PutHold))) })
	h.after(opens+5*time.Hour, func() {
		if tries != 1 {
			t.Errorf("tried %d times", tries)
		}
		h.atStage(t, "pilot", rollout.WaitingWindow)
		h.must(t, h.order(incident(rollout.Release)))
	})
	h.after(opens+6*time.Hour, func() {
		if tries != 1 {
			t.Errorf("tried %d times while the window is closed", tries)
		}
	})
	h.after(opens+26*time.Hour, func() {
		h.atPlan(t, rollout.Completed)
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
}
