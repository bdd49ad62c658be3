package workflows_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/cutover/rollout/rollouttest"
	"github.com/dualtone/dualtone/workflows"
)

// Each of these is a fault that another system really had; its issue is named.

func (h *hall) atStage(tb testing.TB, id string, want rollout.State) {
	tb.Helper()
	if got := h.stage(tb, id); got.State != want {
		tb.Errorf("stage %s is %s (%s), want %s", id, got.State, got.Detail, want)
	}
}

// atPlan checks the state of the plan as it is kept.
func (h *hall) atPlan(tb testing.TB, want rollout.State) {
	tb.Helper()
	kept, err := h.store.Plan(context.WithoutCancel(tb.Context()), "emea")
	must(tb, err)
	if kept.State != want {
		tb.Errorf("at %s the plan is %s, want %s", h.env.Now(), kept.State, want)
	}
}

// tell gives a plan an order at a time and fails the test if it is refused.
func (h *hall) tell(tb testing.TB, after time.Duration, o workflows.PlanOrder) {
	tb.Helper()
	h.after(after, func() { h.must(tb, h.order(o)) })
}

// must checks, once the order was answered, that nothing spoke against it.
func (h *hall) must(tb testing.TB, refused *string) {
	tb.Helper()
	h.after(time.Millisecond, func() {
		if *refused != "" {
			tb.Errorf("refused: %s", *refused)
		}
	})
}

func incident(v rollout.Verb) workflows.PlanOrder {
	return workflows.PlanOrder{Order: by("ivy", plan.IncidentCommander, v)}
}

func on(stage string, o workflows.PlanOrder) workflows.PlanOrder {
	o.Stage = stage
	return o
}

// argoproj/argo-rollouts#1292: abort with nothing in progress scaled stable to
// zero.
func TestAbortWithNothingRunningChangesNothing(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Soak = plan.Week
	h := newHall(t, []rollout.Spec{pilot, wave("wave-1", "pilot")}, 5, 5)
	h.tell(t, 24*time.Hour, incident(rollout.Abort)) // in the soak
	end := h.run(t, h.start())
	if end.State != rollout.Aborted {
		t.Fatalf("the plan is %s", end.State)
	}
	if users := h.stage(t, "pilot").Users; users[cutover.OnNew] != 5 || len(h.began) != 5 {
		t.Errorf("after the abort the users are %v, %d switches; want 5 on the new side as before", users, len(h.began))
	}
	h.atStage(t, "wave-1", rollout.Pending)
}

// argoproj/argo-rollouts#2929: retried by itself after abort.
func TestAbortIsNotRetriedByItself(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{slow(wave("pilot"))}, 100)
	h.tell(t, 5*time.Minute, incident(rollout.Abort))
	end := h.run(t, h.start())
	if end.State != rollout.Aborted || len(h.began) >= 100 {
		t.Fatalf("the plan is %s after %d switches", end.State, len(h.began))
	}
	h.atStage(t, "pilot", rollout.Aborted)
	if h.env.Now().Sub(monday()) > time.Hour {
		t.Errorf("the workflow went on until %s", h.env.Now())
	}
}

// slow bounds a stage to six users a minute.
func slow(s rollout.Spec) rollout.Spec {
	s.Limits = rollout.Rate{Concurrency: 10, UsersPerMinute: 6}
	return s
}

// github/gh-ost#721: cut over although the postpone flag was set.
func TestAHoldStopsTheVeryNextSwitch(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{slow(wave("pilot"))}, 60)
	h.tell(t, 5*time.Minute-time.Millisecond, incident(rollout.PutHold))
	var held int
	h.after(5*time.Minute, func() { held = len(h.began) })
	h.after(5*time.Hour, func() {
		if len(h.began) != held || held == 60 {
			t.Errorf("%d users were switched when it was held, %d after hours", held, len(h.began))
		}
		h.must(t, h.order(incident(rollout.Release)))
	})
	h.tell(t, 10*time.Hour, incident(rollout.Rollback))
	if end := h.run(t, h.start()); end.State != rollout.RolledBack {
		t.Errorf("the plan is %s", end.State)
	}
}

// github/gh-ost#721 once more, at the last possible moment: the user is drained
// and the next thing to happen is the first write of the move.
func TestAHoldOneMillisecondBeforeTheSwitchIsHonored(t *testing.T) {
	t.Parallel()
	o := newOffice()
	h := newHall(t, []rollout.Spec{wave("pilot")}, 1)
	o.user.Holds = h.store
	o.world.FailWith(onceAt("presence new", func() {
		must(t, h.store.PlaceHold(t.Context(), rollout.Hold{
			ID: "h1", Plan: "emea", Owner: "ivy", Role: plan.IncidentCommander, Reason: "voice quality", Placed: time.Now(),
		}))
	}))
	p := o.runFor(t, workflows.SwitchUser, &activities.StageRef{Plan: "emea", Stage: "pilot"})
	if p.State != cutover.Deferred || !strings.Contains(p.Detail, "ivy holds the plan") {
		t.Errorf("the user is %s (%s), want deferred by the hold", p.State, p.Detail)
	}
	for _, op := range writes(o.world.Ops()) {
		if op == "crm.softphone" || op == "old.forward" {
			t.Errorf("%s was written under a hold", op)
		}
	}
	back := o.runFor(t, workflows.ReturnUser, &activities.StageRef{Plan: "emea", Stage: "pilot"})
	if back.State != cutover.FailedClean && back.State != cutover.Restored {
		t.Errorf("a hold stopped the way back: %s (%s)", back.State, back.Detail)
	}
}

// Whoever waits in the page of those who were let through is left out as well, even
// once their turn has come and they are being looked at.
func TestWhoeverIsLeftOutWhileTheirTurnComesIsNotSwitched(t *testing.T) {
	t.Parallel()
	o := newOffice()
	store := rollouttest.NewStore(o.stores)
	stages := []rollout.Stage{{ID: "pilot", Kind: "pilot", State: rollout.Switching}}
	placed := map[string][]dualtone.PersonID{"pilot": {"E100"}}
	must(t, store.KeepPlan(t.Context(), rollout.Plan{Name: "emea", Hash: "h1", Author: "ada", State: rollout.Active, Since: monday()}, stages, placed))
	o.world.FailWith(onceAt("get routes", func() {
		n, err := store.Mark(t.Context(), rollout.Mark{
			Plan: "emea", Stage: "pilot", People: []dualtone.PersonID{"E100"}, From: rollout.ToLeaveOut(), State: cutover.Skipped,
			Detail: "left out by oscar: on leave", At: monday(),
		})
		if err != nil || n != 1 {
			t.Errorf("%d were left out, %v", n, err)
		}
	}))
	pilot := &activities.StageRef{Plan: "emea", Stage: "pilot"}
	p := o.runFor(t, workflows.SwitchUser, pilot)
	if p.State != cutover.Skipped || p.Detail != "left out by oscar: on leave" {
		t.Errorf("the user is %s (%s), want skipped as oscar said", p.State, p.Detail)
	}
	if ops := writes(o.world.Ops()); len(ops) > 0 {
		t.Errorf("written all the same: %v", ops)
	}
	// A workflow of a version that does not know of it is told what it knows.
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	activities.Register(env, o.user, &activities.Cohort{})
	answer, err := env.ExecuteActivity(string(cutover.Capture), activities.Order{
		Switch: "earlier", Person: "E100", To: dualtone.New, Cohort: "emea/pilot", State: cutover.Planned, Held: pilot,
	})
	must(t, err)
	var r activities.Result
	must(t, answer.Get(&r))
	if r.Outcome != cutover.Refused || r.Detail != p.Detail {
		t.Errorf("a workflow of the version before is told %s (%s), want refused", r.Outcome, r.Detail)
	}
	// On nobody's behalf but their own they are switched.
	if p := o.run(t, workflows.SwitchUser); p.State != cutover.OnNew {
		t.Errorf("alone the user is %s (%s)", p.State, p.Detail)
	}
}

// vitessio/vitess#16794: the forward switch was allowed though the way back
// could not work.
func TestForwardIsRefusedWhenTheWayBackIsUnproved(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{wave("pilot")}, 5)
	h.checks = func() activities.Checked {
		return activities.Checked{Blocks: []string{"nobody has gone out and come back in 14d"}}
	}
	h.after(time.Hour, func() {
		h.atStage(t, "pilot", rollout.Blocked)
		h.checks = func() activities.Checked { return activities.Checked{} }
		h.must(t, h.order(on("pilot", incident(rollout.Retry))))
	})
	h.tell(t, 2*time.Hour, incident(rollout.Rollback))
	h.run(t, h.start())
	if got := h.story(t, "pilot"); !strings.HasPrefix(got, "prechecking blocked prechecking awaiting_approval") {
		t.Errorf("the stage went through %q", got)
	}
}

// vitessio/vitess#14276: a failed reverse could delete the workflow.
func TestAFailedRollbackLosesNoState(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{wave("pilot")}, 6)
	broken := true
	h.back = func(id dualtone.PersonID) cutover.State {
		if broken && id == "pilot-00003" {
			return cutover.RestoreDrift
		}
		return cutover.Restored
	}
	h.tell(t, time.Hour, on("pilot", incident(rollout.Rollback)))
	h.after(2*time.Hour, func() {
		h.atStage(t, "pilot", rollout.RollbackIncomplete)
		if users := h.stage(t, "pilot").Users; users[cutover.RestoreDrift] != 1 || users[cutover.Restored] != 5 {
			t.Errorf("after the rollback the users are %v", users)
		}
		broken = false
		h.must(t, h.order(on("pilot", incident(rollout.Retry))))
	})
	h.after(3*time.Hour, func() {
		h.atStage(t, "pilot", rollout.RolledBack)
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	if end := h.run(t, h.start()); end.State != rollout.RolledBack {
		t.Errorf("the plan is %s, want all taken back in the end", end.State)
	}
}

// Whoever does not come free on the way back is on the new side still, and the stage
// does not say otherwise.
func TestWhoDidNotComeBackIsNotTakenForRestored(t *testing.T) {
	t.Parallel()
	for _, end := range []cutover.State{cutover.Deferred, cutover.FailedClean} {
		t.Run(string(end), func(t *testing.T) {
			t.Parallel()
			h := newHall(t, []rollout.Spec{wave("pilot")}, 4)
			talking := true
			h.back = func(id dualtone.PersonID) cutover.State {
				if talking && id == "pilot-00002" {
					return end
				}
				return cutover.Restored
			}
			h.tell(t, time.Hour, on("pilot", incident(rollout.Rollback)))
			h.after(2*time.Hour, func() {
				h.atStage(t, "pilot", rollout.RollbackIncomplete)
				if s := h.stage(t, "pilot"); s.Users[cutover.OnNew] != 1 || !strings.Contains(s.Detail, "1 on_new") {
					t.Errorf("after the rollback the users are %v, %q", s.Users, s.Detail)
				}
				talking = false
				h.must(t, h.order(on("pilot", incident(rollout.Retry))))
			})
			h.after(3*time.Hour, func() {
				h.atStage(t, "pilot", rollout.RolledBack)
				h.must(t, h.order(incident(rollout.Rollback)))
			})
			h.run(t, h.start())
		})
	}
}

// vitessio/vitess#17620: the cancel path always failed and the failure was only
// logged.
func TestACompensationThatFailedIsSurfaced(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{wave("pilot")}, 6)
	h.end = failing1("pilot-00002", cutover.RestoreDrift)
	h.after(time.Hour, func() {
		h.atStage(t, "pilot", rollout.Partial)
		if why := h.stage(t, "pilot").Detail; !strings.Contains(why, "1 restore_drift") {
			t.Errorf("the stage says %q, want the drift", why)
		}
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
}

// failing1 ends the switch of one user in a state, and all others well.
func failing1(who dualtone.PersonID, in cutover.State) func(dualtone.PersonID) cutover.State {
	return func(id dualtone.PersonID) cutover.State {
		if id == who {
			return in
		}
		return cutover.OnNew
	}
}

// spotify/helios#650, camunda/camunda#31367: a batch was COMPLETED though some
// of it had failed.
func TestAPartialStageIsNeverPassed(t *testing.T) {
	t.Parallel()
	for _, bad := range []cutover.State{cutover.FailedClean, cutover.Restored, cutover.RestoreDrift, cutover.Unknown} {
		t.Run(string(bad), func(t *testing.T) {
			t.Parallel()
			h := newHall(t, []rollout.Spec{wave("pilot"), wave("wave-1", "pilot")}, 20, 5)
			h.end = failing1("pilot-00007", bad)
			h.tell(t, 24*time.Hour, incident(rollout.Rollback))
			h.run(t, h.start())
			if story := h.story(t, "pilot"); strings.Contains(story, "soaking") || strings.Contains(story, "passed") {
				t.Errorf("with a user %s the stage went through %q", bad, story)
			}
			if story := h.story(t, "wave-1"); story != "" {
				t.Errorf("the next stage went through %q", story)
			}
		})
	}
}

// hawkBit#1454: retry only the failed, keep the reason.
func TestOnlyTheFailedAreRetried(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{wave("pilot")}, 20)
	h.end = failing1("pilot-00007", cutover.FailedClean)
	h.after(time.Hour, func() {
		h.end = func(dualtone.PersonID) cutover.State { return cutover.OnNew }
		h.must(t, h.order(on("pilot", incident(rollout.Retry))))
	})
	h.after(2*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Passed)
		if len(h.began) != 21 || h.began[20].person != "pilot-00007" {
			t.Errorf("%d switches, the last of %v; want the failed one alone again", len(h.began), h.began[len(h.began)-1])
		}
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
}

// A stage of which somebody failed goes on once a person leaves them out.
func TestAStageGoesOnWhenTheFailedAreLeftOut(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{wave("pilot")}, 4)
	h.end = failing1("pilot-00001", cutover.FailedClean)
	skip := on("pilot", incident(rollout.Skip))
	skip.Person = "pilot-00001"
	h.tell(t, time.Hour, skip)
	h.after(2*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Passed)
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
}

// vitessio/vitess#16918: half-switched could be neither canceled nor reversed.
func TestAHalfSwitchedStageGoesBothWays(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{slow(wave("pilot"))}, 60)
	h.tell(t, 5*time.Minute, on("pilot", incident(rollout.Rollback)))
	h.after(time.Hour, func() {
		h.atStage(t, "pilot", rollout.RolledBack)
		h.must(t, h.order(on("pilot", incident(rollout.Retry)))) // it is at rest: the plan begins it anew
	})
	h.after(5*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Passed)
		if users := h.stage(t, "pilot").Users; users[cutover.OnNew] != 60 {
			t.Errorf("the users are %v", users)
		}
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	if end := h.run(t, h.start()); end.State != rollout.RolledBack {
		t.Errorf("the plan is %s", end.State)
	}
}

// vitessio/vitess#15630: one busy node blocked all.
func TestOneBusyUserDoesNotBlockTheOthers(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{wave("pilot")}, 30)
	tries := 0
	h.end = func(id dualtone.PersonID) cutover.State {
		if id == "pilot-00000" {
			if tries++; tries < 3 {
				return cutover.Deferred
			}
		}
		return cutover.OnNew
	}
	h.open = nightly
	h.tell(t, 7*24*time.Hour, incident(rollout.Rollback))
	h.run(t, h.start())
	if tries != 3 {
		t.Errorf("the busy user was tried %d times, want in three windows", tries)
	}
	var last time.Time
	for _, b := range h.began {
		if b.person == "pilot-00000" && b.to == dualtone.New {
			if !last.IsZero() && b.at.Sub(last) < 20*time.Hour {
				t.Errorf("the busy user was tried again after %s, want in the next window", b.at.Sub(last))
			}
			last = b.at
		}
	}
	if !strings.Contains(h.story(t, "pilot"), "soaking") {
		t.Errorf("the stage went through %q", h.story(t, "pilot"))
	}
}

// nightly is open from 20:00 to 23:30 UTC.
func nightly(at time.Time) rollout.Opening {
	day := at.UTC().Truncate(24 * time.Hour)
	from, to := day.Add(20*time.Hour), day.Add(23*time.Hour+30*time.Minute)
	switch {
	case at.Before(from):
		return rollout.Opening{Next: from, Why: "no window is open"}
	case at.Before(to):
		return rollout.Opening{Open: true, Until: to, Why: "window night is open"}
	default:
		return rollout.Opening{Next: from.Add(24 * time.Hour), Why: "no window is open"}
	}
}

// fluxcd/flagger#1450: stuck waiting for promotion, time limit ignored.
func TestAnApprovalThatNobodyGivesEndsAsRejected(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{approved(wave("pilot"))}, 3)
	h.after(8*24*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Rejected)
		if why := h.stage(t, "pilot").Detail; !strings.Contains(why, "nobody approved in 7d") {
			t.Errorf("the stage says %q", why)
		}
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	if end := h.run(t, h.start()); end.State != rollout.RolledBack {
		t.Errorf("the plan is %s", end.State)
	}
}

// approved asks for the approval of one operations lead, good for 12 hours.
func approved(s rollout.Spec) rollout.Spec {
	s.Approval = &plan.Approval{
		Need: 1, Roles: []plan.Role{plan.OperationsLead}, ValidFor: plan.Duration(12 * time.Hour),
		Binds: []plan.Binding{plan.BindPlan, plan.BindCohort, plan.BindEvidence},
	}
	return s
}

// argoproj/argo-rollouts#1905, fluxcd/flagger: no metric value must not pass.
func TestNoDataHolds(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Soak, pilot.Gates = plan.Day, []plan.HealthGate{answered()}
	h := newHall(t, []rollout.Spec{pilot}, 3)
	samples := 0
	h.figure = func(rollout.Measure) rollout.Reading { return rollout.Reading{Value: 1, Samples: samples} }
	h.after(48*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Evaluating)
		holds, err := h.store.Holds(t.Context(), "emea")
		if err != nil || len(holds) != 1 || !strings.Contains(holds[0].Reason, "0 samples, needs 200") {
			t.Errorf("the holds are %+v, %v", holds, err)
		}
		h.must(t, h.order(on("pilot", incident(rollout.Release)))) // still no data: it holds again
	})
	h.after(72*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Evaluating)
		samples = 500
		h.must(t, h.order(on("pilot", incident(rollout.Release))))
	})
	h.after(96*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Passed)
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
}

// argoproj/argo-rollouts#1411: a failed analysis did not stop the rollout.
func TestAFailedGateTakesTheStageBackByItself(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Soak, pilot.Gates, pilot.Automatic = 5*plan.Day, []plan.HealthGate{answered()}, true
	pilot.Gates[0].FailAfter = 2
	h := newHall(t, []rollout.Spec{pilot, wave("wave-1", "pilot")}, 12, 5)
	broken := monday().Add(30 * time.Hour)
	h.figure = func(m rollout.Measure) rollout.Reading {
		if m.To.After(broken) {
			return rollout.Reading{Value: 0.5, Samples: 1000}
		}
		return rollout.Reading{Value: 0.95, Samples: 1000}
	}
	h.after(48*time.Hour, func() {
		h.atStage(t, "pilot", rollout.RolledBack)
		h.atStage(t, "wave-1", rollout.Pending)
		broken = broken.Add(1000 * time.Hour)
		h.must(t, h.order(on("pilot", incident(rollout.Retry))))
	})
	h.tell(t, 10*24*time.Hour, incident(rollout.Rollback))
	h.run(t, h.start())
	want := "prechecking awaiting_approval waiting_window switching soaking rolling_back rolled_back " +
		"prechecking awaiting_approval waiting_window switching soaking evaluating passed"
	if got := h.story(t, "pilot"); !strings.HasPrefix(got, want) {
		t.Errorf("the stage went through %q, want %q", got, want)
	}
	all, err := h.store.Transitions(t.Context(), rollout.TransitionQuery{Plan: "emea", Stage: "pilot"})
	must(t, err)
	for _, tr := range all {
		if tr.Verb == rollout.GoBack && (tr.Actor != "system" || !strings.Contains(tr.Reason, "answered-rate")) {
			t.Errorf("it was taken back by %s because of %q", tr.Actor, tr.Reason)
		}
	}
}

// Temporal's sliding-window sample: a child signals that it is done whether or
// not its work succeeded.
func TestTheEndOfAStageCarriesItsOutcome(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{wave("pilot"), wave("wave-1", "pilot")}, 3, 3)
	h.tell(t, time.Second, on("pilot", incident(rollout.PutHold)))
	abort := on("pilot", incident(rollout.Abort))
	h.tell(t, time.Hour, abort)
	h.after(2*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Aborted)
		h.atStage(t, "wave-1", rollout.Pending) // done, but not passed
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.open = func(at time.Time) rollout.Opening {
		return rollout.Opening{Open: !at.Before(monday().Add(time.Minute)), Next: monday().Add(time.Minute)}
	}
	h.run(t, h.start())
}

// vitessio/vitess#17326: two things switched by one command left a mixed state of
// which nothing was recorded.
func TestNoTwoThingsAreSwitchedWithoutARecordBetween(t *testing.T) {
	t.Parallel()
	for name, workflow := range map[string]any{"forth": workflows.SwitchUser, "back": workflows.ReturnUser} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice()
			if name == "back" {
				o.run(t, workflows.SwitchUser)
			}
			seen := 0
			o.world.FailWith(func(op string) cutovertest.Failure {
				facet, write := strings.CutPrefix(op, "set ")
				if !write {
					return cutovertest.Failure{}
				}
				seen++
				entries, err := o.stores.Journal(context.Background(), cutover.JournalQuery{Person: "E100"})
				must(t, err)
				last := entries[len(entries)-1]
				if last.Kind != cutover.Intent || string(last.Facet) != facet {
					t.Errorf("%s is written, and the journal's last line is %s of %s", facet, last.Kind, last.Facet)
				}
				if undecided := withoutOutcome(entries[:len(entries)-1]); len(undecided) > 0 {
					t.Errorf("%s is written while it stands nowhere what became of %v", facet, undecided)
				}
				return cutovertest.Failure{}
			})
			o.run(t, workflow)
			if seen < 5 {
				t.Errorf("only %d writes were seen", seen)
			}
		})
	}
}

// withoutOutcome are the facets that were to be written and of which the journal
// does not tell what became.
func withoutOutcome(entries []cutover.Entry) []cutover.Facet {
	type write struct {
		id     cutover.SwitchID
		action int
	}
	left := map[write]cutover.Facet{}
	for _, e := range entries {
		switch {
		case e.Kind == cutover.Intent:
			left[write{e.Switch, e.Action}] = e.Facet
		case e.Action != 0:
			delete(left, write{e.Switch, e.Action})
		}
	}
	return slices.Sorted(maps.Values(left))
}

// vitessio/vitess#16563: the position was taken before the lock, so that what came
// between the two was lost.
func TestWhetherAUserIsFreeIsReadAfterOffersAreStopped(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.run(t, workflows.SwitchUser)
	ops := o.world.Ops()
	stopped, moved := slices.Index(ops, "set old.offering"), slices.Index(ops, "set crm.softphone")
	if stopped < 0 || moved < stopped {
		t.Fatalf("offers are stopped at %d and the softphone is moved at %d of %v", stopped, moved, ops)
	}
	for _, look := range []string{"presence old", "presence new"} {
		if !slices.Contains(ops[stopped:moved], look) {
			t.Errorf("%s is not asked between the stop of offers and the move: a call that came meanwhile would be cut; %v", look, ops)
		}
	}
}
