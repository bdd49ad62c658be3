package rollout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func change(t *testing.T, text string) *plan.Change {
	t.Helper()
	var c plan.Change
	if err := c.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return &c
}

func level(t *testing.T, text string) *plan.Level {
	t.Helper()
	var l plan.Level
	if err := l.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return &l
}

func TestAGateRulesAReading(t *testing.T) {
	t.Parallel()
	base := func(v float64) *float64 { return &v }
	drop := plan.HealthGate{Name: "answered-rate", Compare: &plan.Compare{To: plan.ToBaseline, MaxDrop: change(t, "3%")}, MinSamples: 200}
	rise := plan.HealthGate{Name: "abandon-rate", Compare: &plan.Compare{To: plan.ToBaseline, MaxRise: change(t, "2pp")}, MinSamples: 200}
	least := plan.HealthGate{Name: "screen-pop-match", Threshold: &plan.Threshold{Min: level(t, "99%")}, MinSamples: 100}
	none := plan.HealthGate{Name: "unaccounted-calls", Threshold: &plan.Threshold{Max: level(t, "0")}, MinSamples: 1}
	handle := plan.HealthGate{Name: "aht", Threshold: &plan.Threshold{Max: level(t, "6m")}, MinSamples: 1}
	for _, c := range []struct {
		what string
		gate plan.HealthGate
		r    rollout.Reading
		want rollout.Ruling
		why  string
	}{
		{"just within a drop of 3 percent of the baseline", drop, rollout.Reading{Value: 0.873, Samples: 200, Baseline: base(0.9)}, rollout.GatePasses, "87.3%"},
		{"a drop of more", drop, rollout.Reading{Value: 0.872, Samples: 200, Baseline: base(0.9)}, rollout.GateFails, "is 87.2%, down from 90% by more than 3%"},
		{"a rise where only drops count", drop, rollout.Reading{Value: 0.99, Samples: 200, Baseline: base(0.9)}, rollout.GatePasses, ""},
		{"within two points", rise, rollout.Reading{Value: 0.045, Samples: 200, Baseline: base(0.025)}, rollout.GatePasses, ""},
		{"beyond two points", rise, rollout.Reading{Value: 0.046, Samples: 200, Baseline: base(0.025)}, rollout.GateFails, "up from 2.5% by more than 2pp"},
		{"too few samples", drop, rollout.Reading{Value: 0.1, Samples: 199, Baseline: base(0.9)}, rollout.NoData, "199 samples, needs 200"},
		{"nothing to compare with", drop, rollout.Reading{Value: 0.9, Samples: 200}, rollout.NoData, "nothing to compare with on baseline"},
		{"nothing measured", drop, rollout.Reading{Missing: "records are away"}, rollout.NoData, "records are away"},
		{"at the threshold", least, rollout.Reading{Value: 0.99, Samples: 100}, rollout.GatePasses, ""},
		{"below it", least, rollout.Reading{Value: 0.98, Samples: 100}, rollout.GateFails, "is 98%, at least 99% is wanted"},
		{"one call too many", none, rollout.Reading{Value: 1, Samples: 5000}, rollout.GateFails, "is 1, at most 0 is allowed"},
		{"too long", handle, rollout.Reading{Value: 361, Samples: 9}, rollout.GateFails, "is 6m1s, at most 6m is allowed"},
		{"a gate without a limit", plan.HealthGate{Name: "aht"}, rollout.Reading{Value: 1, Samples: 9}, rollout.NoData, "nothing to keep to"},
	} {
		if got := rollout.Rule(c.gate, c.r); got.Ruling != c.want || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %s (%s), want %s with %q", c.what, got.Ruling, got.Why, c.want, c.why)
		}
	}
}

// row makes readings an hour apart, the last at noon.
func row(values ...float64) []rollout.Reading {
	all := make([]rollout.Reading, len(values))
	for i, v := range values {
		at := noon().Add(time.Duration(i-len(values)+1) * time.Hour)
		all[i] = rollout.Reading{Gate: "screen-pop-match", Value: v, Samples: 500, At: at, To: at}
	}
	return all
}

func TestAGateFailsOnceEnoughMeasurementsInARowFailed(t *testing.T) {
	t.Parallel()
	g := plan.HealthGate{Name: "screen-pop-match", Threshold: &plan.Threshold{Min: level(t, "99%")}, MinSamples: 1, FailAfter: 2}
	since := noon().Add(-24 * time.Hour)
	for _, c := range []struct {
		values []float64
		since  time.Time
		want   rollout.Ruling
	}{
		{[]float64{1, 1, 0.5}, since, rollout.Warns},
		{[]float64{1, 0.5, 0.5}, since, rollout.GateFails},
		{[]float64{0.5, 0.5, 1}, since, rollout.GatePasses},
		{[]float64{0.5, 1, 0.5}, since, rollout.Warns},
		{[]float64{0.5, 0.5}, noon().Add(-30 * time.Minute), rollout.Warns}, // the first is old
		{nil, since, rollout.NoData},
	} {
		if got, why := rollout.Decide(g, row(c.values...), c.since); got != c.want {
			t.Errorf("%v since %s: %s (%s), want %s", c.values, c.since, got, why, c.want)
		}
	}
	g.ObserveOnly = true
	if got, _ := rollout.Decide(g, row(0.5, 0.5), since); got != rollout.Observes {
		t.Errorf("a gate that only observes says %s", got)
	}
	g.ObserveOnly, g.OnNoData = false, plan.FailOnNoData
	if got, _ := rollout.Decide(g, nil, since); got != rollout.GateFails {
		t.Errorf("no data on a gate for which that is a failure: %s", got)
	}
}

// A figure that is measured only now tells nothing of now if it is about what came
// before.
func TestAGateIsJudgedByWhatCameSince(t *testing.T) {
	t.Parallel()
	g := plan.HealthGate{Name: "screen-pop-match", Threshold: &plan.Threshold{Min: level(t, "99%")}, MinSamples: 1}
	late := row(1)
	late[0].To = noon().Add(-2 * time.Hour)
	if got, why := rollout.Decide(g, late, noon().Add(-time.Hour)); got != rollout.NoData {
		t.Errorf("old calls, measured just now: %s (%s), want %s", got, why, rollout.NoData)
	}
}

func TestTheGravestFindingCounts(t *testing.T) {
	t.Parallel()
	finding := func(r rollout.Ruling, f plan.GateFail) rollout.Finding {
		return rollout.Finding{Gate: string(r), Ruling: r, OnFail: f}
	}
	pass, watch := finding(rollout.GatePasses, plan.HoldPlan), finding(rollout.Observes, plan.RollBackStage)
	for _, c := range []struct {
		all       []rollout.Finding
		automatic bool
		want      rollout.Consequence
	}{
		{nil, true, rollout.GoOn},
		{[]rollout.Finding{pass, watch}, true, rollout.GoOn},
		{[]rollout.Finding{pass, finding(rollout.Warns, plan.RollBackStage)}, true, rollout.WaitMore},
		{[]rollout.Finding{finding(rollout.NoData, plan.RollBackStage), pass}, true, rollout.HoldIt},
		{[]rollout.Finding{finding(rollout.GateFails, plan.HoldPlan)}, true, rollout.FailIt},
		{[]rollout.Finding{finding(rollout.NoData, plan.HoldPlan), finding(rollout.GateFails, plan.HoldPlan)}, true, rollout.FailIt},
		{[]rollout.Finding{finding(rollout.GateFails, plan.Block), finding(rollout.NoData, plan.Block)}, true, rollout.BlockIt},
		{[]rollout.Finding{finding(rollout.GateFails, plan.RollBackStage), finding(rollout.GateFails, plan.Block)}, true, rollout.TakeItBack},
		{[]rollout.Finding{finding(rollout.GateFails, plan.RollBackStage)}, false, rollout.FailIt},
	} {
		if got, why := rollout.Conclude(c.all, c.automatic); got != c.want {
			t.Errorf("%+v: %s (%s), want %s", c.all, got, why, c.want)
		}
	}
}

func TestAStageStopsWhenTooManyFail(t *testing.T) {
	t.Parallel()
	w := rollout.StopWhen{Share: 0.03, InARow: 3, MinAttempts: 20}
	for _, c := range []struct {
		ended cutover.Tally
		row   int
		stops bool
	}{
		{cutover.Tally{cutover.OnNew: 10, cutover.FailedClean: 2}, 2, false}, // too few to say
		{cutover.Tally{cutover.FailedClean: 3}, 3, true},
		{cutover.Tally{cutover.OnNew: 98, cutover.Restored: 3}, 1, false},
		{cutover.Tally{cutover.OnNew: 96, cutover.Restored: 4}, 1, true},
		{cutover.Tally{cutover.OnNew: 19, cutover.Deferred: 50, cutover.Skipped: 9}, 0, false}, // no failures
	} {
		if why := w.Met(c.ended, c.row); (why != "") != c.stops {
			t.Errorf("%v, %d in a row: %q", c.ended, c.row, why)
		}
	}
	if why := (rollout.StopWhen{}).Met(cutover.Tally{cutover.FailedClean: 99}, 99); why != "" {
		t.Errorf("no condition is met: %q", why)
	}
}

func TestLimitsGoDownFreelyAndUpToTheApprovedCap(t *testing.T) {
	t.Parallel()
	most := rollout.Rate{Concurrency: 10, UsersPerMinute: 30}
	for _, r := range []rollout.Rate{{Concurrency: 1, UsersPerMinute: 1}, most} {
		if why := r.Within(most); why != "" {
			t.Errorf("%+v: %s", r, why)
		}
	}
	for _, r := range []rollout.Rate{{Concurrency: 11, UsersPerMinute: 30}, {Concurrency: 10, UsersPerMinute: 31}, {Concurrency: 10}, {UsersPerMinute: 3}} {
		if r.Within(most) == "" {
			t.Errorf("%+v is within %+v", r, most)
		}
	}
}
