package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// fastest is the most users that were begun within a time.
func (h *hall) fastest(within time.Duration) int {
	most := 0
	for i := range h.began {
		n := 0
		for j := i; j < len(h.began) && h.began[j].at.Before(h.began[i].at.Add(within)); j++ {
			n++
		}
		most = max(most, n)
	}
	return most
}

func TestStagesAtTheSameTimeKeepToThePlansLimits(t *testing.T) {
	t.Parallel()
	east, west, north := wave("east"), wave("west"), wave("north")
	for _, s := range []*rollout.Spec{&east, &west, &north} {
		s.Limits = rollout.Rate{Concurrency: 7, UsersPerMinute: 12}
	}
	h := newHall(t, []rollout.Spec{east, west, north}, 60, 40, 50)
	h.linger = 5 * time.Millisecond
	h.tell(t, 24*time.Hour, incident(rollout.Rollback))
	if end := h.run(t, h.start()); end.State != rollout.RolledBack {
		t.Errorf("the plan is %s", end.State)
	}
	h.began = h.began[:150] // the way there
	for _, b := range h.began {
		if b.to != dualtone.New {
			t.Fatalf("%s went %s before everybody was there", b.person, b.to)
		}
	}
	if h.most > 7 {
		t.Errorf("%d users were in flight at once over three stages, the plan allows 7", h.most)
	}
	if n := h.fastest(10 * time.Minute); n > 12*11 {
		t.Errorf("%d users were begun in ten minutes, the plan allows 12 a minute", n)
	}
	if took := h.began[149].at.Sub(h.began[0].at); took > 20*time.Minute {
		t.Errorf("150 users at 12 a minute took %s: a stage that is done keeps its part", took)
	}
}

func TestABusyPaceIsSpreadOverTheMinute(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Limits = rollout.Rate{Concurrency: 200, UsersPerMinute: 300}
	h := newHall(t, []rollout.Spec{pilot}, 600)
	h.tell(t, 24*time.Hour, incident(rollout.Rollback))
	h.run(t, h.start())
	for i := range 500 {
		if took := h.began[i+40].at.Sub(h.began[i].at); took < 7*time.Second {
			t.Fatalf("at 300 a minute, 40 users began within %s", took)
		}
	}
}

func TestThePlansLimitIsLoweredForAllItsStagesTogether(t *testing.T) {
	t.Parallel()
	east, west := wave("east"), wave("west")
	east.Limits = rollout.Rate{Concurrency: 10, UsersPerMinute: 60}
	west.Limits = east.Limits
	h := newHall(t, []rollout.Spec{east, west}, 400, 400)
	lower := func(r rollout.Rate) workflows.PlanOrder {
		o := incident(rollout.Limit)
		o.Rate = &r
		return o
	}
	var before, after int
	h.after(2*time.Minute, func() { h.must(t, h.order(lower(rollout.Rate{Concurrency: 2, UsersPerMinute: 6}))) })
	h.after(3*time.Minute, func() { before = len(h.began) })
	h.after(13*time.Minute, func() {
		after = len(h.began)
		h.must(t, h.order(lower(rollout.Rate{Concurrency: 10, UsersPerMinute: 60}))) // as approved
	})
	refused := new(string)
	h.after(14*time.Minute, func() { refused = h.order(lower(rollout.Rate{UsersPerMinute: 61})) })
	h.tell(t, 24*time.Hour, incident(rollout.Rollback))
	h.run(t, h.start())
	if n := after - before; n < 40 || n > 70 {
		t.Errorf("%d users in ten minutes at 6 a minute", n)
	}
	if !strings.Contains(*refused, "more users a minute than were approved") {
		t.Errorf("a limit beyond the approved one: %q", *refused)
	}
}

// Fewer users at a time than stages leave some stages without any: what those have
// in flight ends, and nobody else of them begins.
func TestAStageWithoutAPartOfTheLimitStartsNobody(t *testing.T) {
	t.Parallel()
	east, west := wave("east"), wave("west")
	east.Limits = rollout.Rate{Concurrency: 4, UsersPerMinute: 60}
	west.Limits = east.Limits
	h := newHall(t, []rollout.Spec{east, west}, 200, 200)
	one := incident(rollout.Limit)
	one.Rate = &rollout.Rate{Concurrency: 1, UsersPerMinute: 60}
	h.tell(t, time.Minute, one)
	var from, to int
	h.after(2*time.Minute, func() { from = len(h.began) })
	h.after(3*time.Minute, func() { to = len(h.began) })
	h.tell(t, 24*time.Hour, incident(rollout.Rollback))
	if end := h.run(t, h.start()); end.State != rollout.RolledBack || len(h.began) != 800 {
		t.Errorf("the plan is %s after %d switches", end.State, len(h.began))
	}
	stages := map[string]int{}
	for _, b := range h.began[from:to] {
		stages[string(b.person[:4])]++
	}
	if len(stages) != 1 {
		t.Errorf("with one user at a time these were begun in a minute: %v, want those of one stage", stages)
	}
}

func TestThoseWhoWaitAreLetThroughAnewOnceSomebodyFailed(t *testing.T) {
	t.Parallel()
	for name, shrinks := range map[string]bool{"a limit that shrinks": true, "one that does not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pilot := wave("pilot")
			pilot.Limits = rollout.Rate{Concurrency: 1, Shrinks: shrinks}
			h := newHall(t, []rollout.Spec{pilot}, 60)
			h.end = func(id dualtone.PersonID) cutover.State {
				if id == "pilot-00009" {
					return cutover.FailedClean
				}
				return cutover.OnNew
			}
			h.crowded = func(people []dualtone.Person, now activities.Crowding) map[dualtone.PersonID]string {
				crowded := map[dualtone.PersonID]string{}
				for _, p := range people {
					if shrinks && now.Failed > 0 {
						crowded[p.ID] = "queue sales: too many"
					}
				}
				return crowded
			}
			h.after(5*time.Minute, func() {
				want := map[bool]cutover.Tally{
					true:  {cutover.OnNew: 9, cutover.FailedClean: 1, cutover.Deferred: 50},
					false: {cutover.OnNew: 59, cutover.FailedClean: 1},
				}[shrinks]
				if diff := cmp.Diff(want, h.stage(t, "pilot").Users); diff != "" {
					t.Errorf("the people (-want +got):\n%s", diff)
				}
			})
			h.tell(t, 10*time.Minute, incident(rollout.Rollback))
			h.run(t, h.start())
		})
	}
}

func TestForwardMovesWaitForTheShareOfTheCRM(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Limits = rollout.Rate{Concurrency: 10, APIShare: 20 * plan.OnePercent}
	h := newHall(t, []rollout.Spec{pilot}, 30)
	asked := 0
	h.left = func() int {
		asked++
		switch {
		case asked == 1:
			return 10
		case h.env.Now().Before(monday().Add(6 * time.Hour)):
			return 0
		default:
			return 1000
		}
	}
	h.after(3*time.Hour, func() {
		if n := len(h.began); n != 10 {
			t.Errorf("%d users were begun, the share allows 10", n)
		}
		if s := h.stage(t, "pilot"); s.State != rollout.Switching || s.Detail != "the plan's share of the CRM is used up" || s.Until.IsZero() {
			t.Errorf("the stage is %s, %q until %s", s.State, s.Detail, s.Until)
		}
	})
	h.after(8*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Passed)
		h.left = func() int { return 0 } // a way back does not ask
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	if end := h.run(t, h.start()); end.State != rollout.RolledBack || len(h.began) != 60 {
		t.Errorf("the plan is %s after %d switches", end.State, len(h.began))
	}
}

func TestAWaitForTheCRMEndsWithTheStage(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Limits = rollout.Rate{Concurrency: 10, APIShare: 20 * plan.OnePercent}
	h := newHall(t, []rollout.Spec{pilot}, 30)
	h.left = func() int { return 0 }
	h.tell(t, time.Hour, on("pilot", incident(rollout.Rollback)))
	h.after(time.Hour+time.Minute, func() { h.atStage(t, "pilot", rollout.RolledBack) })
	h.tell(t, 2*time.Hour, incident(rollout.Rollback))
	if end := h.run(t, h.start()); end.State != rollout.RolledBack || len(h.began) != 0 {
		t.Errorf("the plan is %s after %d switches", end.State, len(h.began))
	}
}

func TestAStopConditionIsTightenedWhileItRuns(t *testing.T) {
	t.Parallel()
	pilot := slow(wave("pilot"))
	pilot.Limits.StopWhen = rollout.StopWhen{InARow: 50}
	pilot.StopWhen = pilot.Limits.StopWhen
	h := newHall(t, []rollout.Spec{pilot}, 200)
	h.end = func(dualtone.PersonID) cutover.State { return cutover.FailedClean }
	h.after(time.Minute, func() {
		o := on("pilot", incident(rollout.Limit))
		o.Rate = &rollout.Rate{StopWhen: rollout.StopWhen{InARow: 20}}
		h.must(t, h.order(o))
	})
	h.after(24*time.Hour, func() {
		if n := len(h.began); n < 20 || n > 35 {
			t.Errorf("%d users were tried before it held itself after 20 in a row", n)
		}
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
}
