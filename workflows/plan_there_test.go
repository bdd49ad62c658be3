package workflows_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// byHand ends somebody's own switch in a state, which no plan has asked for.
func (h *hall) byHand(tb testing.TB, id dualtone.PersonID, to dualtone.Side, end cutover.State) {
	tb.Helper()
	_, err := h.people.Keep(context.WithoutCancel(tb.Context()), cutover.Switch{
		ID: cutover.SwitchID(fmt.Sprintf("by-hand/%s/%s/%s", id, to, end)), Person: id, To: to, State: end, Started: h.env.Now(),
	})
	must(tb, err)
}

// place is where the plan has somebody, and why.
func (h *hall) place(tb testing.TB, id dualtone.PersonID) rollout.User {
	tb.Helper()
	users, err := h.store.Users(context.WithoutCancel(tb.Context()), rollout.UserQuery{Plan: "emea", Person: id})
	must(tb, err)
	return users[0]
}

// Whom others bring to the new side while a stage is on its way to them is none of
// the plan's: the stage does not count them as moved, does not wait for them, and
// leaves them there when it goes back.
func TestWhomOthersBringThereIsNeitherWaitedForNorTakenBack(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{slow(wave("pilot"))}, 6)
	const before, waiting, begun = "pilot-00000", "pilot-00004", "pilot-00002"
	h.byHand(t, before, dualtone.New, cutover.OnNew)
	h.elsewhere = func(id dualtone.PersonID) bool { return id == begun }
	h.after(15*time.Second, func() { h.byHand(t, begun, dualtone.New, cutover.OnNew) })
	h.after(5*time.Second, func() { h.byHand(t, waiting, dualtone.New, cutover.OnNew) })
	h.after(5*time.Minute, func() {
		h.atStage(t, "pilot", rollout.Passed)
		if users := h.stage(t, "pilot").Users; users[cutover.OnNew] != 3 || users[cutover.Skipped] != 3 {
			t.Errorf("the users are %v, want 3 whom the plan moved and 3 left out", users)
		}
		for _, id := range []dualtone.PersonID{before, waiting, begun} {
			if u := h.place(t, id); u.Detail != "on the new side already, and not by this plan" {
				t.Errorf("of %s the plan says %s, %q", id, u.State, u.Detail)
			}
		}
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	if end := h.run(t, h.start()); end.State != rollout.RolledBack {
		t.Errorf("the plan is %s", end.State)
	}
	for _, b := range h.began {
		if b.person == before || b.person == waiting || b.person == begun {
			t.Errorf("the plan has switched %s to %s", b.person, b.to)
		}
	}
	if users := h.stage(t, "pilot").Users; users[cutover.Restored] != 3 || users[cutover.Skipped] != 3 {
		t.Errorf("after the way back the users are %v", users)
	}
}

// Somebody whose own switch has not ended when the stage is through waits for the
// next window, and the plan says why. What became of that switch decides whose they
// are then.
func TestWhoIsBeingSwitchedByOthersWaitsForTheNextWindow(t *testing.T) {
	t.Parallel()
	for end, want := range map[cutover.State]cutover.State{cutover.OnNew: cutover.Skipped, cutover.FailedClean: cutover.OnNew} {
		t.Run(string(end), func(t *testing.T) {
			t.Parallel()
			h := newHall(t, []rollout.Spec{wave("pilot")}, 3)
			h.open = nightly
			const who = "pilot-00001"
			running := true
			h.elsewhere = func(id dualtone.PersonID) bool { return running && id == who }
			opens := 11 * time.Hour // since nine
			h.after(opens+time.Hour, func() {
				h.atStage(t, "pilot", rollout.WaitingWindow)
				if u := h.place(t, who); u.State != cutover.Deferred || u.Detail != "another switch of this user is running" {
					t.Errorf("the plan says %s, %q", u.State, u.Detail)
				}
				running = false
				h.byHand(t, who, dualtone.New, end)
			})
			h.after(opens+25*time.Hour, func() {
				h.atStage(t, "pilot", rollout.Passed)
				if u := h.place(t, who); u.State != want {
					t.Errorf("in the next window they are %s (%s), want %s", u.State, u.Detail, want)
				}
				h.must(t, h.order(incident(rollout.Rollback)))
			})
			h.run(t, h.start())
		})
	}
}

// playElsewhere answers as RunUser does for somebody whom somebody else is switching.
func (h *hall) playElsewhere(ctx context.Context, r activities.UserRun) (activities.UserEnd, error) {
	const why = "another switch of this user is running"
	if r.Workflow == workflows.SwitchUserName {
		_, err := h.store.Mark(ctx, rollout.Mark{
			Plan: r.Stage.Plan, Stage: r.Stage.Stage, People: []dualtone.PersonID{r.Person}, From: rollout.ToDropOut(),
			State: cutover.Deferred, Detail: why, At: h.env.Now(),
		})
		if err != nil {
			return activities.UserEnd{}, err
		}
	}
	return activities.UserEnd{State: cutover.Deferred, Detail: why}, nil
}
