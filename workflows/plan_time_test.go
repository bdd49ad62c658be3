package workflows_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// shelf is a store that holds one version of a plan.
type shelf struct {
	plan.Store

	version plan.Version
}

func (s shelf) Version(context.Context, string, plan.Hash) (plan.Version, error) {
	return s.version, nil
}

// withCalendar makes the hall keep to the calendars of a plan file.
func (h *hall) withCalendar(tb testing.TB, calendars, windows string) {
	tb.Helper()
	read := plan.Read(plan.Source{Name: "plan.yaml", Now: monday(), Text: []byte(`
apiVersion: dualtone/v1
kind: CutoverPlan
metadata: {name: emea, owner: ada}
spec:
  systems: {old: pbx, new: cloud, crm: sf}
  timezone: Europe/London
  calendars:
` + calendars + `
  limits: {concurrency: 10}
  stages:
    - {id: pilot, kind: pilot, cohort: {where: "true"}, windows: [` + windows + `]}
`)})
	library := &activities.Library{Plans: h.store, Versions: shelf{version: plan.Version{Name: "emea", Document: read.Document}}}
	h.open = func(at time.Time) rollout.Opening {
		o, err := library.Opening(context.Background(), "emea", "h1", "pilot", []string{""}, at)
		must(tb, err)
		return o
	}
}

// nights are the days and hours at which users were switched, in UTC.
func (h *hall) nights() []string {
	var all []string
	for _, b := range h.began {
		if b.to == dualtone.New {
			all = append(all, b.at.UTC().Format("02 15:00"))
		}
	}
	return slices.Compact(all)
}

// The clocks of London are put forward on 28 March 2027 at 01:00 UTC: a window
// from 22:00 to 23:00 is an hour earlier in UTC from then on, and one across
// the change is an hour short.
func TestAWindowFollowsTheClocksOverDST(t *testing.T) {
	t.Parallel()
	pilot := slow(wave("pilot"))
	h := newHall(t, []rollout.Spec{pilot}, 700)
	h.withCalendar(t, `    windows: {night: {days: [sat, sun], from: "22:00", to: "23:00"}}`, "night")
	h.env.SetStartTime(time.Date(2027, 3, 27, 9, 0, 0, 0, time.UTC))
	h.tell(t, 9*24*time.Hour, incident(rollout.Rollback))
	h.run(t, h.start())
	if got := strings.Join(h.nights(), ", "); got != "27 22:00, 28 21:00" {
		t.Errorf("users were switched at %s UTC, want from 22:00 before and from 21:00 after the change", got)
	}

	across := newHall(t, []rollout.Spec{slow(wave("pilot"))}, 2000)
	across.withCalendar(t, `    windows: {night: {days: [sat], from: "23:00", to: "03:00"}}`, "night")
	across.env.SetStartTime(time.Date(2027, 3, 27, 9, 0, 0, 0, time.UTC))
	across.tell(t, 3*24*time.Hour, incident(rollout.Rollback))
	across.run(t, across.start())
	if got := strings.Join(across.nights(), ", "); got != "27 23:00, 28 00:00, 28 01:00" {
		t.Errorf("users were switched at %s UTC, want three hours, until 03:00 on the clock", got)
	}
}

func TestABlackoutThatStartsInTheMiddleOfAStageWins(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{slow(wave("pilot"))}, 300)
	h.withCalendar(t, `    windows: {day: {from: "10:00", to: "18:00"}}
    blackouts: [{name: quarter-end, from: "2027-03-01T10:30", to: "2027-03-03T00:00", reason: close}]`, "day")
	h.tell(t, 7*24*time.Hour, incident(rollout.Rollback))
	var why string
	h.after(3*time.Hour, func() { why = h.stage(t, "pilot").Detail })
	h.run(t, h.start())
	if got := strings.Join(h.nights(), ", "); got != "01 10:00, 03 10:00" {
		t.Errorf("users were switched at %s, want half an hour and then after the blackout", got)
	}
	if n := len(slices.DeleteFunc(slices.Clone(h.began), func(b began) bool { return b.at.After(monday().Add(24 * time.Hour)) })); n == 0 || n > 181 {
		t.Errorf("%d users were switched before the blackout", n)
	}
	if !strings.Contains(why, "quarter-end") {
		t.Errorf("meanwhile the stage says %q, want the blackout", why)
	}
}

func TestAWindowThatClosesWithUsersLeftDefersThem(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{slow(wave("pilot"))}, 2000)
	h.open = nightly
	var after rollout.Stage
	h.after(15*time.Hour, func() { after = h.stage(t, "pilot") }) // midnight
	h.tell(t, 7*24*time.Hour, incident(rollout.Rollback))
	end := h.run(t, h.start())
	if after.State != rollout.WaitingWindow || after.Users[cutover.Deferred] < 700 || after.Users[cutover.Planned] != 0 {
		t.Errorf("after the first night the stage is %s, users %v", after.State, after.Users)
	}
	for _, b := range h.began {
		if hour := b.at.UTC().Hour(); b.to == dualtone.New && (hour < 20 || hour > 23) {
			t.Fatalf("%s was switched at %s, outside the window", b.person, b.at)
		}
	}
	if story := h.story(t, "pilot"); !strings.Contains(story, "switching waiting_window switching soaking") {
		t.Errorf("the stage went through %q", story)
	}
	if end.State != rollout.RolledBack {
		t.Errorf("the plan is %s", end.State)
	}
}

// A window that never closes has no next one: whoever was deferred is tried again soon.
func TestWhoIsDeferredInAWindowThatNeverClosesIsTriedAgain(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{wave("pilot")}, 3)
	h.withCalendar(t, `    windows: {always: {from: "00:00", to: "24:00"}}`, "always")
	tries := 0
	h.end = func(id dualtone.PersonID) cutover.State {
		if id == "pilot-00000" {
			if tries++; tries < 2 {
				return cutover.Deferred
			}
		}
		return cutover.OnNew
	}
	h.tell(t, 24*time.Hour, incident(rollout.Rollback))
	h.run(t, h.start())
	if tries != 2 {
		t.Errorf("within a day the deferred user was tried %d times", tries)
	}
}

func TestAnApprovalThatExpiresIsNeededAnew(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{approved(wave("pilot"))}, 3)
	h.open = func(at time.Time) rollout.Opening {
		opens := monday().Add(20 * time.Hour)
		return rollout.Opening{Open: !at.Before(opens), Next: opens, Why: "window"}
	}
	approve := on("pilot", workflows.PlanOrder{Order: by("lea", plan.OperationsLead, rollout.Approve)})
	give := func(o workflows.PlanOrder) *string {
		o.Bound = rollout.Bound{Plan: "h1", Evidence: h.stage(t, "pilot").Evidence}
		return h.order(o)
	}
	h.after(time.Hour, func() { h.must(t, give(approve)) })
	h.after(14*time.Hour, func() {
		h.atStage(t, "pilot", rollout.AwaitingApproval)
		author := approve
		author.Actor = "ada"
		operator := approve
		operator.Role = plan.TelecomOwner
		stale := approve
		stale.Bound = rollout.Bound{Plan: "h1", Evidence: "other"}
		said := []*string{give(author), give(operator), h.order(stale)}
		h.after(time.Minute, func() {
			for i, want := range []string{"its author does not approve it", "may: operations-lead", "approves something else"} {
				if !strings.Contains(*said[i], want) {
					t.Errorf("approval %d: %q, want %q", i, *said[i], want)
				}
			}
		})
		h.after(2*time.Minute, func() { h.must(t, give(approve)) })
	})
	h.after(22*time.Hour, func() {
		h.atStage(t, "pilot", rollout.Passed)
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	h.run(t, h.start())
	if len(h.began) != 6 || h.began[0].at.Before(monday().Add(20*time.Hour)) {
		t.Errorf("users were switched %v", h.began)
	}
}

// A stage that soaks for three weeks continues as a new run each day, which is
// where it moves to a newer worker; what it knows comes with it.
func TestAThreeWeekSoakGoesOnInNewRuns(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Soak, pilot.Gates = 3*plan.Week, []plan.HealthGate{answered()}
	h := newHall(t, []rollout.Spec{pilot, wave("wave-1", "pilot")}, 5, 5)
	measured := 0
	h.figure = func(rollout.Measure) rollout.Reading {
		measured++
		return rollout.Reading{Value: 0.95, Samples: 1000}
	}
	h.tell(t, 10*24*time.Hour, incident(rollout.PutHold)) // the hold comes along
	h.tell(t, 25*24*time.Hour, incident(rollout.Release))
	h.after(24*24*time.Hour, func() { h.atStage(t, "pilot", rollout.Soaking) })
	h.tell(t, 30*24*time.Hour, incident(rollout.Rollback))
	if end := h.run(t, h.start()); end.State != rollout.RolledBack {
		t.Errorf("the plan is %s", end.State)
	}
	if passed := h.began[5].at.Sub(monday()); passed < 25*24*time.Hour {
		t.Errorf("the wave began after %s, want after the soak and the hold", passed)
	}
	if measured < 21*24*4 {
		t.Errorf("gates were measured %d times in three weeks, want each quarter of an hour", measured)
	}
}

func TestOrdersWhileAStageRuns(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{slow(wave("pilot"))}, 400)
	rate := func(concurrency, perMinute int) workflows.PlanOrder {
		o := on("pilot", incident(rollout.Limit))
		o.Rate = &rollout.Rate{Concurrency: concurrency, UsersPerMinute: perMinute}
		return o
	}
	var said []*string
	h.after(time.Minute, func() {
		said = append(said, h.order(rate(11, 6)), h.order(rate(10, 60)), h.order(on("pilot", incident(rollout.Resume))),
			h.order(on("none", incident(rollout.Retry))), h.order(on("pilot", workflows.PlanOrder{Order: by("vic", plan.Viewer, rollout.Pause)})))
		h.must(t, h.order(rate(1, 1)))
	})
	var slowed, paused, resumed int
	h.after(11*time.Minute, func() { slowed = len(h.began) })
	h.after(21*time.Minute, func() {
		if n := len(h.began) - slowed; n < 8 || n > 12 {
			t.Errorf("%d users in ten minutes at one a minute", n)
		}
		h.must(t, h.order(incident(rollout.Pause)))
		h.after(time.Minute, func() { paused = len(h.began) })
	})
	h.after(3*time.Hour, func() {
		resumed = len(h.began)
		h.must(t, h.order(incident(rollout.Resume)))
	})
	h.tell(t, 4*time.Hour, incident(rollout.Rollback))
	h.run(t, h.start())
	for i, want := range []string{"more users at a time than were approved", "more users a minute", "it is not paused", `no stage "none"`, "vic acts as viewer; may: operator"} {
		if !strings.Contains(*said[i], want) {
			t.Errorf("refusal %d says %q, want %q", i, *said[i], want)
		}
	}
	if paused != resumed || len(h.began) == resumed {
		t.Errorf("%d users when it was paused, %d when it was resumed, %d at the end", paused, resumed, len(h.began))
	}
}

func TestAStageThatGoesWrongHoldsItself(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.StopWhen, pilot.Limits = rollout.StopWhen{InARow: 3}, rollout.Rate{Concurrency: 1}
	h := newHall(t, []rollout.Spec{pilot}, 100)
	h.end = func(id dualtone.PersonID) cutover.State {
		if id >= "pilot-00010" {
			return cutover.FailedClean
		}
		return cutover.OnNew
	}
	h.after(24*time.Hour, func() {
		holds, err := h.store.Holds(t.Context(), "emea")
		if err != nil || len(holds) != 1 || !strings.Contains(holds[0].Reason, "3 users failed one after the other") {
			t.Errorf("the holds are %+v, %v", holds, err)
		}
		if n := len(h.began); n != 13 {
			t.Errorf("%d users were tried, want 13", n)
		}
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	if end := h.run(t, h.start()); end.State != rollout.RolledBack {
		t.Errorf("the plan is %s", end.State)
	}
}

func TestWhatAPersonMustDoIsAStage(t *testing.T) {
	t.Parallel()
	port := rollout.Spec{Stage: "port", Kind: plan.Port, Tasks: []plan.Task{
		{Name: "numbers", Owner: "tel", Due: plan.Week, Instruction: "order ext:port-771", Evidence: "a letter", Confirm: plan.ByAnother},
	}}
	h := newHall(t, []rollout.Spec{port}, 0)
	did := func(actor string, v rollout.TaskState, evidence string) *string {
		o := on("port", workflows.PlanOrder{Order: by(actor, plan.TelecomOwner, rollout.Progress)})
		o.Task, o.Verdict, o.Attached = "port/numbers", v, evidence
		return h.order(o)
	}
	var said []*string
	h.after(time.Hour, func() {
		h.atStage(t, "port", rollout.Switching)
		said = append(said, did("zoe", rollout.TaskConfirmed, "calls arrive"))
	})
	h.after(2*time.Hour, func() { h.must(t, did("tel", rollout.TaskDone, "letter of 1 March")) })
	h.after(3*time.Hour, func() { said = append(said, did("tel", rollout.TaskConfirmed, "I say so")) })
	h.after(4*time.Hour, func() {
		if why := h.stage(t, "port").Detail; !strings.Contains(why, "numbers (tel, done)") {
			t.Errorf("the stage says %q", why)
		}
		h.must(t, did("zoe", rollout.TaskConfirmed, "calls arrive"))
	})
	h.after(5*time.Hour, func() {
		h.atStage(t, "port", rollout.Passed)
		h.must(t, h.order(incident(rollout.Rollback)))
	})
	if end := h.run(t, h.start()); end.State != rollout.RolledBackPartial {
		t.Errorf("the plan is %s; what people did by hand is not undone by itself", end.State)
	}
	for i, want := range []string{"it can be confirmed once tel has done it", "cannot confirm their own work"} {
		if !strings.Contains(*said[i], want) {
			t.Errorf("refusal %d says %q, want %q", i, *said[i], want)
		}
	}
}

func TestFinaliseIsRefusedUntilEverythingIsAsItMustBe(t *testing.T) {
	t.Parallel()
	h := newHall(t, []rollout.Spec{wave("pilot")}, 3)
	h.spec.Final = &plan.Approval{
		Need: 2, Roles: []plan.Role{plan.CutoverApprover, plan.FinanceOwner}, ValidFor: plan.Week, Binds: []plan.Binding{plan.BindPlan},
	}
	h.final = []string{"reconcile is stale"}
	finalise := workflows.PlanOrder{Order: by("fin", plan.FinanceOwner, rollout.Finalise)}
	approve := func(who string, role rollout.Role) {
		h.must(t, h.order(on(workflows.FinalStage, workflows.PlanOrder{Order: by(who, role, rollout.Approve)})))
	}
	var said []*string
	h.after(time.Hour, func() { said = append(said, h.order(finalise)) })
	h.after(2*time.Hour, func() {
		h.final = nil
		approve("eve", plan.CutoverApprover)
		said = append(said, h.order(finalise))
	})
	h.after(3*time.Hour, func() { approve("fin", plan.FinanceOwner) })
	h.after(4*time.Hour, func() { h.must(t, h.order(finalise)) })
	if end := h.run(t, h.start()); end.State != rollout.Finalised || end.Stages["pilot"] != rollout.Finalised {
		t.Errorf("the plan is %s, stages %v", end.State, end.Stages)
	}
	if len(h.performed) != 1 || h.performed[0].Plan != "emea" {
		t.Errorf("the final actions were done for %v, want once", h.performed)
	}
	for i, want := range []string{"reconcile is stale", "an approval as finance-owner"} {
		if !strings.Contains(*said[i], want) {
			t.Errorf("refusal %d says %q, want %q", i, *said[i], want)
		}
	}
}

func TestBothSystemsAreComparedAnewOnOrder(t *testing.T) {
	t.Parallel()
	pilot, unmoved := wave("pilot"), wave("wave-1", "pilot")
	none := plan.Level{Unit: plan.InNumbers}
	compare := plan.HealthGate{Name: "reconcile/user_state", Threshold: &plan.Threshold{Max: &none}, Window: plan.GateWindow{Stage: true}, MinSamples: 1}
	pilot.Soak, pilot.Gates = plan.Day, []plan.HealthGate{compare, answered()}
	unmoved.Gates = pilot.Gates
	h := newHall(t, []rollout.Spec{pilot, unmoved}, 3, 2)
	measured := map[string]int{}
	h.figure = func(m rollout.Measure) rollout.Reading {
		measured[m.Stage+" "+m.Gate.Name]++
		return rollout.Reading{Samples: 1000, Value: map[string]float64{"reconcile/user_state": 0, "answered-rate": 0.95}[m.Gate.Name]}
	}
	h.tell(t, 48*time.Hour, incident(rollout.PutHold))
	h.open = func(at time.Time) rollout.Opening { // the wave waits until the day after
		return rollout.Opening{Open: at.Before(monday().Add(time.Hour)), Next: monday().Add(1000 * time.Hour)}
	}
	h.after(72*time.Hour, func() {
		before := measured["pilot reconcile/user_state"]
		h.must(t, h.order(incident(rollout.Compare)))
		h.after(time.Minute, func() {
			if n := measured["pilot reconcile/user_state"] - before; n != 1 || measured["wave-1 reconcile/user_state"] != 0 {
				t.Errorf("the pilot was compared %d times on order, want once, and the wave not: %v", n, measured)
			}
			h.must(t, h.order(incident(rollout.Rollback)))
		})
	})
	h.run(t, h.start())
	all, err := h.store.Transitions(t.Context(), rollout.TransitionQuery{Plan: "emea"})
	must(t, err)
	i := slices.IndexFunc(all, func(tr rollout.Transition) bool { return tr.Verb == rollout.Compare })
	if i < 0 || !strings.Contains(all[i].Reason, "reconcile/user_state of stage pilot: pass") {
		t.Errorf("the log tells of the comparison as %+v", all)
	}
}
