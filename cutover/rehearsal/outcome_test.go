package rehearsal_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func minutes(n int) plan.Duration { return plan.Duration(n) * plan.Duration(time.Minute) }

func counts(p50, p90 int) rehearsal.Counts { return rehearsal.Counts{P50: p50, P90: p90} }

// predicted is a rehearsal of a pilot that works for half an hour and soaks for a
// day, and of a wave after it.
func predicted() *rehearsal.Kept {
	at := func(hours int) rehearsal.Moments {
		m := monday.Add(time.Duration(hours) * time.Hour)
		return rehearsal.Moments{P10: m, P50: m, P90: m.Add(time.Hour)}
	}
	return &rehearsal.Kept{
		Made:  monday.Add(-24 * time.Hour),
		Model: rehearsal.Model{Vendors: map[string]rehearsal.Vendor{"sf": {Requests: 7}}},
		Report: rehearsal.Report{
			Plan: "emea", PlanHash: "h1", Start: monday, Plays: 50, Fits: true, Ends: at(50), AtRisk: counts(1, 2), Grounds: []string{"calls: assumed"},
			Budgets: []rehearsal.Budget{{System: "sf", Peak: counts(20, 20), Allows: 100}},
			Stages: []rehearsal.Stage{
				{Stage: "pilot", People: 3, Begins: at(0), Ends: at(25), Working: rehearsal.Lengths{P50: minutes(30), P90: minutes(40)}, Deferred: counts(1, 2), Failed: counts(0, 1)},
				{Stage: "wave-1", People: 2, Begins: at(25), Ends: at(50), Working: rehearsal.Lengths{P50: minutes(10), P90: minutes(20)}, AtRisk: counts(1, 2)},
			},
		},
	}
}

func step(stage string, from, to rollout.State, after time.Duration) rollout.Transition {
	return rollout.Transition{Plan: "emea", Stage: stage, From: from, To: to, Hash: "h1", At: monday.Add(after)}
}

func TestWhatARehearsalPredictedIsHeldAgainstWhatCame(t *testing.T) {
	t.Parallel()
	attempt := func(s plan.StageID, state cutover.State, after time.Duration) rehearsal.Tried {
		return rehearsal.Tried{Stage: s, State: state, Began: monday.Add(after)}
	}
	asked := func(stage, system string, after time.Duration, n int) rollout.Usage {
		return rollout.Usage{Plan: "emea", Stage: stage, System: system, Hour: monday.Truncate(24 * time.Hour).Add(after), Requests: n}
	}
	day := 24 * time.Hour
	course := rehearsal.Course{
		State: rollout.Active,
		Log: []rollout.Transition{
			step("", rollout.Approved, rollout.Active, 0),
			step("pilot", rollout.Pending, rollout.Prechecking, time.Minute),
			step("pilot", rollout.AwaitingApproval, rollout.Prechecking, 30*time.Minute), // an approval expired
			step("pilot", rollout.WaitingWindow, rollout.Switching, time.Hour),
			step("pilot", rollout.Switching, rollout.WaitingWindow, time.Hour+20*time.Minute), // a window closed
			step("pilot", rollout.WaitingWindow, rollout.Switching, 2*day),
			step("pilot", rollout.Switching, rollout.Switching, 2*day+time.Minute), // a pause
			step("pilot", rollout.Switching, rollout.Soaking, 2*day+15*time.Minute),
			step("pilot", rollout.Evaluating, rollout.Passed, 3*day+15*time.Minute),
			step("wave-1", rollout.Pending, rollout.Prechecking, 3*day+16*time.Minute),
			step("wave-1", rollout.WaitingWindow, rollout.Switching, 3*day+17*time.Minute),
		},
		Tried: []rehearsal.Tried{
			attempt("pilot", cutover.OnNew, time.Hour), attempt("pilot", cutover.Deferred, time.Hour), attempt("pilot", cutover.Deferred, time.Hour),
			attempt("pilot", cutover.Deferred, 2*day), attempt("pilot", cutover.Restored, 2*day), attempt("pilot", cutover.OnNew, 2*day), attempt("pilot", cutover.OnNew, 2*day),
		},
		AtRisk: map[plan.StageID]int{"pilot": 1},
		Asked: []rollout.Usage{
			asked("pilot", "sf", time.Hour, 9), asked("pilot", "sf", 23*time.Hour, 10), asked("pilot", "pbx", time.Hour, 500),
			asked("pilot", "sf", 2*day, 21), asked("", "sf", 2*day+23*time.Hour, 7),
		},
	}
	got := predicted().Hold(course, monday.Add(4*day))
	n := func(n int) *int { return &n }
	l := func(d plan.Duration) *plan.Duration { return &d }
	hour := minutes(60)
	want := &rehearsal.Outcome{
		Plan: "emea", PlanHash: "h1", Rehearsed: monday.Add(-day), AsOf: monday.Add(4 * day), State: rollout.Active,
		Plays: 50, Fits: true, Ends: rehearsal.Moments{P10: monday.Add(50 * time.Hour), P50: monday.Add(50 * time.Hour), P90: monday.Add(51 * time.Hour)},
		Grounds:  []string{"calls: assumed"},
		Lasts:    rehearsal.Length{P50: 50 * hour, P90: 51 * hour}, // it is not over
		Deferred: rehearsal.Number{P50: 1, P90: 2, Actual: n(3)},
		Failed:   rehearsal.Number{P50: 0, P90: 1, Actual: n(1)},
		AtRisk:   rehearsal.Number{P50: 1, P90: 2, Actual: n(1)},
		Stages: []rehearsal.StageOutcome{
			{
				Stage: "pilot", State: rollout.Passed, People: 3,
				Lasts:    rehearsal.Length{P50: 25 * hour, P90: 25 * hour, Actual: l(72*hour + minutes(14))},
				Working:  rehearsal.Length{P50: minutes(30), P90: minutes(40), Actual: l(minutes(35))},
				Deferred: rehearsal.Number{P50: 1, P90: 2, Actual: n(3)}, Failed: rehearsal.Number{P90: 1, Actual: n(1)}, AtRisk: rehearsal.Number{Actual: n(1)},
			},
			{
				Stage: "wave-1", State: rollout.Switching, People: 2,
				Lasts: rehearsal.Length{P50: 25 * hour, P90: 25 * hour}, Working: rehearsal.Length{P50: minutes(10), P90: minutes(20)}, AtRisk: rehearsal.Number{P50: 1, P90: 2},
			},
		},
		Budgets: []rehearsal.Spent{{System: "sf", Number: rehearsal.Number{P50: 20, P90: 20, Actual: n(28)}, Allows: 100}}, // on the busier day
		Beyond: []string{
			"plan: 3 deferred, in nine of ten plays at most 2",
			"stage pilot: lasted 3d14m, in nine of ten plays at most 1d1h",
			"stage pilot: 1 calls at risk, in nine of ten plays at most 0",
			"stage pilot: 3 deferred, in nine of ten plays at most 2",
			"sf: 28 requests on the busiest day, in nine of ten plays at most 20",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// Before anything is known nothing is claimed: not even that nothing failed.
func TestWhatIsNotKnownIsLeftOpen(t *testing.T) {
	t.Parallel()
	got := predicted().Hold(rehearsal.Course{State: rollout.Approved}, monday)
	if got.Lasts.Actual != nil || got.Failed.Actual != nil || got.AtRisk.Actual != nil || got.Stages[0].Working.Actual != nil || got.Budgets[0].Actual != nil || len(got.Beyond) > 0 {
		t.Errorf("%+v", got)
	}
}
