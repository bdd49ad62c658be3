package workflows_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// What becomes of those in flight is what the order says: they finish, or are asked
// to go back; a way back of everybody lets them finish and then takes them back too.
func TestWhoIsInFlightFinishesOrGoesBackAsTheOrderSays(t *testing.T) {
	t.Parallel()
	back := incident(rollout.Abort)
	back.Back = true
	for name, c := range map[string]struct {
		order    workflows.PlanOrder
		end      rollout.State // of the stage
		canceled int
		users    cutover.Tally
	}{
		"an abort of the plan":                {incident(rollout.Abort), rollout.Aborted, 0, cutover.Tally{cutover.OnNew: 2, cutover.Planned: 4}},
		"an abort of the plan that goes back": {back, rollout.Aborted, 2, cutover.Tally{cutover.Restored: 2, cutover.Planned: 4}},
		"a way back of the stage":             {on("pilot", incident(rollout.Rollback)), rollout.RolledBack, 0, cutover.Tally{cutover.Restored: 2, cutover.Planned: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pilot := wave("pilot")
			pilot.Limits = rollout.Rate{Concurrency: 2}
			h := newHall(t, []rollout.Spec{pilot}, 6)
			h.last = make(chan struct{})
			if c.canceled > 0 {
				h.end = func(dualtone.PersonID) cutover.State { return cutover.Restored }
			}
			canceled := h.cancels(6)
			var watch func()
			watch = func() {
				if h.flying() < 2 {
					h.after(100*time.Millisecond, watch)
					return
				}
				h.must(t, h.order(c.order))
				h.after(500*time.Millisecond, func() { close(h.last) })
			}
			h.after(100*time.Millisecond, watch)
			h.after(time.Hour, func() {
				h.atStage(t, "pilot", c.end)
				if c.end != rollout.Aborted {
					h.must(t, h.order(incident(rollout.Rollback)))
				}
			})
			h.run(t, h.start())
			users := h.stage(t, "pilot").Users
			for _, s := range cutover.States() {
				if users[s] != c.users[s] {
					t.Errorf("the users are %v, want %v", users, c.users)
					break
				}
			}
			if got := canceled(); len(got) != c.canceled || len(got) == 2 && got[0] == got[1] {
				t.Errorf("asked to go back were %v, want %d", got, c.canceled)
			}
			forth := slices.DeleteFunc(slices.Clone(h.began), func(b began) bool { return b.to == dualtone.Old })
			if len(forth) != 2 {
				t.Errorf("%d were switched, want nobody but the two in flight", len(forth))
			}
			if n := len(h.began) - len(forth); c.end == rollout.RolledBack && n != 2 {
				t.Errorf("%d were taken back, want both", n)
			}
		})
	}
}

// flying is how many switches are in flight.
func (h *hall) flying() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.inFlight
}

// cancels hears which of the pilot's first users are asked to stop.
func (h *hall) cancels(people int) func() []string {
	var mu sync.Mutex
	var all []string
	heard := func(_, id, _ string) error {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, id)
		return nil
	}
	for n := range people {
		id := activities.UserWorkflowID(dualtone.PersonID(fmt.Sprintf("pilot-%05d", n)))
		h.env.OnRequestCancelExternalWorkflow("default-test-namespace", id, "").Return(heard)
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}
