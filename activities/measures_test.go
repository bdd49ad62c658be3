package activities_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/report"
	"github.com/dualtone/dualtone/systems"
)

// incoming is a call to a queue, answered or given up.
func incoming(system string, n int, at time.Time, answered bool) calllog.Kept {
	l := calllog.Leg{
		LegID: calllog.LegID{System: system, Record: fmt.Sprint("r", n)}, Started: at, Ended: at.Add(time.Minute),
		Direction: calllog.Inbound, Queue: "sales", Disposition: calllog.AbandonedQueue,
	}
	if answered {
		l.Disposition, l.Answered, l.Talk = calllog.Answered, at.Add(4*time.Second), 50*time.Second
	}
	return calllog.Kept{Leg: l}
}

// sumOf is what one interval of a system came to.
func sumOf(system string, interval int, answered, abandoned int64) report.Sum {
	s := report.Sum{System: system, Interval: interval, Figures: &report.Figures{}}
	s.Figures[report.Offered], s.Figures[report.Answered], s.Figures[report.Abandoned] = answered+abandoned, answered, abandoned
	return s
}

func abandonRate() plan.HealthGate { return plan.HealthGate{Name: "abandon-rate", MinSamples: 1} }

func TestAGateIsMeasuredByTheCallLog(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	hour := func(minute int) time.Time { return noon().Add(time.Duration(minute) * time.Minute) }
	log := &memoryLog{
		legs: []calllog.Kept{
			incoming("cloud", 1, hour(1), false), // before
			incoming("cloud", 2, hour(11), true),
			incoming("cloud", 3, hour(12), false),
			incoming("cloud", 4, hour(20), false), // in a quarter that is summed up
			incoming("pbx", 5, hour(13), true),
			incoming("cloud", 6, hour(46), true),
			incoming("cloud", 7, hour(50), false), // after
		},
		sums: []report.Sum{sumOf("cloud", 0, 96, 1), sumOf("pbx", 0, 1, 1000)},
	}
	compare := &activities.Comparison{User: &activities.User{CRM: &systems.CRM{Name: "sf"}, People: o.people}, Crew: o.store}
	measures := &activities.Measures{Library: o.library, Log: log.log(), Compare: compare}
	measure := func(gate plan.HealthGate, from, to time.Time) rollout.Reading {
		r, err := measures.Measure(t.Context(), rollout.Measure{Plan: "emea", Hash: o.ref().Hash, Stage: "pilot", Gate: gate, From: from, To: to})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := measure(abandonRate(), hour(10), hour(50))
	if r.Samples != 100 || math.Abs(r.Value-0.02) > 1e-9 || r.Source != "call log of cloud" {
		t.Errorf("measured as %+v, want 2 of 100: the ends by their legs, the quarters between by their sums", r)
	}
	aht := plan.HealthGate{Name: "aht"}
	if r := measure(aht, hour(10), hour(14)); r.Samples != 1 || r.Value != 50 {
		t.Errorf("the handle time is %+v, want 50 seconds of one call", r)
	}
	for _, none := range []plan.HealthGate{{Name: "adapter-errors"}, {Name: "mos-p10"}, {Name: "unaccounted-calls"}} {
		if r := measure(none, hour(10), hour(14)); r.Missing == "" || rollout.Rule(none, r).Ruling != rollout.NoData {
			t.Errorf("%s without data is %+v", none.Name, r)
		}
	}
	beside := abandonRate()
	beside.Compare = &plan.Compare{To: plan.ToOldSide}
	if r := measure(beside, hour(10), hour(14)); r.Baseline == nil || *r.Baseline != 0 {
		t.Errorf("beside the old side it is %+v", r)
	}
}

func TestCallsInProgressAreNotUnaccounted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	attempt := func(id, caller string, at time.Time) calllog.Attempt {
		return calllog.Attempt{ID: id, At: at, Caller: caller}
	}
	log := &memoryLog{attempts: []calllog.Attempt{
		attempt("lost", "+12125550001", noon().Add(-3*time.Hour)),
		attempt("talking", "+12125550002", noon().Add(-time.Minute)),
	}}
	measures := &activities.Measures{Library: o.library, Log: log.log()}
	r, err := measures.Measure(t.Context(), rollout.Measure{
		Plan: "emea", Hash: o.ref().Hash, Gate: plan.HealthGate{Name: "unaccounted-calls"}, From: noon().Add(-4 * time.Hour), To: noon(),
	})
	if err != nil || r.Value != 1 || r.Samples != 1 || len(r.Differences) != 1 || r.Differences[0].Key != "lost" {
		t.Errorf("%+v, %v; want the one that is over", r, err)
	}
}

// frozen keeps one baseline.
type frozen struct{ held *rollout.Baseline }

func (f *frozen) Freeze(_ context.Context, b rollout.Baseline) error {
	if f.held == nil {
		f.held = &b
	}
	return nil
}

func (f *frozen) Baseline(context.Context, string) (rollout.Baseline, error) {
	if f.held == nil {
		return rollout.Baseline{}, fmt.Errorf("baseline: %w", dualtone.ErrNotFound)
	}
	return *f.held, nil
}

func TestTheBaselineIsFrozenOnce(t *testing.T) {
	t.Parallel()
	read := plan.Read(plan.Source{
		Name: "plan.yaml", Now: noon(),
		Text: []byte(strings.Replace(planText, "  gates:\n", "  baseline: {from: 2027-01-11, to: 2027-02-05}\n  gates:\n", 1)),
	})
	if err := read.Faults.Err(); err != nil {
		t.Fatal(err)
	}
	log := &memoryLog{}
	b := &activities.Baselines{Rollups: log, Store: &frozen{}}
	if _, err := b.Frozen(t.Context(), &read.Document.Plan, "h1"); err == nil {
		t.Error("a baseline without a single call is frozen")
	}
	// 2027-01-11 is a Monday: interval 20 begins at 10:00, and 336 half hours are a week.
	log.sums = []report.Sum{sumOf("pbx", 20, 90, 10), sumOf("pbx", 336+20, 90, 10), sumOf("cloud", 20, 0, 500)}
	base, err := b.Frozen(t.Context(), &read.Document.Plan, "h1")
	if err != nil || base.Calls() != 200 || len(base.Cells) != 1 || base.Cells[0].Days != 4 {
		t.Fatalf("the baseline is %+v, %v; want 200 calls in one half hour of four Mondays", base, err)
	}
	from := time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)
	if v := base.Over(plan.AbandonRate, from, from.Add(10*time.Minute), plan.SameWeekdaySameHalfHour); v == nil || math.Abs(*v-0.1) > 1e-9 {
		t.Errorf("on a Monday at ten one in ten gave up, it says %v", v)
	}
	log.sums = append(log.sums, sumOf("pbx", 672+20, 0, 1000))
	again, err := b.Frozen(t.Context(), &read.Document.Plan, "h1")
	if err != nil || again.Hash() != base.Hash() {
		t.Errorf("what became known later changed it: %+v, %v", again, err)
	}
}

func TestEverybodyIsReadBackWhenSystemsAreCompared(t *testing.T) {
	t.Parallel()
	o := newMovedOffice(t)
	s, err := o.people.Switch(t.Context(), "s1")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		spoil func(cutover.Image) cutover.Image
		want  string
	}{
		"as their switch left them": {func(i cutover.Image) cutover.Image { return i }, ""},
		"in the old call center": {func(i cutover.Image) cutover.Image {
			return i.With(cutover.Softphone, cutover.Value{Softphone: &dualtone.Softphone{CallCenter: "04vOld"}})
		}, "E100 crm.softphone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := cutovertest.NewWorld(tt.spoil(cutover.Apply(s.Before, s.Actions)))
			u := &activities.User{
				Old: world.Platform(dualtone.Old), New: world.Platform(dualtone.New), CRM: world.CRM(cutovertest.CallCenters()...),
				Router: world.Router(), People: o.people, Switches: o.people, Now: o.later,
			}
			measures := &activities.Measures{Library: o.library, Log: o.log.log(), Compare: &activities.Comparison{User: u, Crew: o.store, Log: o.log.log(), Now: o.later}}
			gate := plan.HealthGate{Name: "reconcile/user_state", Threshold: &plan.Threshold{Max: &plan.Level{Unit: plan.InNumbers}}, MinSamples: 1}
			r, err := measures.Measure(t.Context(), rollout.Measure{Plan: "emea", Hash: o.ref().Hash, Stage: "pilot", Gate: gate})
			if err != nil || r.Samples != 1 || len(r.Differences) != min(len(tt.want), 1) {
				t.Fatalf("%+v, %v", r, err)
			}
			if tt.want != "" && (r.Differences[0].Key != tt.want || rollout.Rule(gate, r).Ruling != rollout.GateFails) {
				t.Errorf("the difference is %+v", r.Differences[0])
			}
		})
	}
}

// words are what people said of differences.
type words []rollout.Explained

func (words) Explain(context.Context, rollout.Explained) error { return nil }

func (w words) Explanations(context.Context, string) ([]rollout.Explained, error) { return w, nil }

// A difference that a person explained fails no gate, until what they said of it
// ends.
func TestADifferenceThatAPersonExplainedFailsNoGate(t *testing.T) {
	t.Parallel()
	o := newMovedOffice(t)
	s, err := o.people.Switch(t.Context(), "s1")
	if err != nil {
		t.Fatal(err)
	}
	world := cutovertest.NewWorld(cutover.Apply(s.Before, s.Actions).With(cutover.Softphone, cutover.Value{Softphone: &dualtone.Softphone{CallCenter: "04vOld"}}))
	u := &activities.User{
		Old: world.Platform(dualtone.Old), New: world.Platform(dualtone.New), CRM: world.CRM(cutovertest.CallCenters()...),
		Router: world.Router(), People: o.people, Switches: o.people, Now: o.later,
	}
	now := o.later()
	measures := &activities.Measures{Library: o.library, Log: o.log.log(), Compare: &activities.Comparison{User: u, Crew: o.store, Log: o.log.log(), Now: func() time.Time { return now }}}
	gate := plan.HealthGate{Name: "reconcile/user_state", Threshold: &plan.Threshold{Max: &plan.Level{Unit: plan.InNumbers}}, MinSamples: 1}
	measure := func() rollout.Reading {
		t.Helper()
		r, err := measures.Measure(t.Context(), rollout.Measure{Plan: "emea", Hash: o.ref().Hash, Stage: "pilot", Gate: gate})
		if err != nil || len(r.Differences) != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
		return rollout.Rule(gate, r)
	}
	found := measure()
	if found.Ruling != rollout.GateFails {
		t.Fatalf("unexplained: %+v", found)
	}
	d := found.Differences[0]
	measures.Explanations = words{{
		Plan: "emea", Stage: "pilot", Gate: gate.Name, Key: d.Key, Old: d.Old, New: d.New, Actor: "lea", Role: plan.OperationsLead,
		Reason: "CHG-1", At: now, Until: now.Add(time.Hour),
	}}
	if r := measure(); r.Ruling != rollout.GatePasses || !strings.Contains(r.Differences[0].Explanation, "CHG-1") {
		t.Errorf("explained: %+v", r)
	}
	now = now.Add(time.Hour)
	if r := measure(); r.Ruling != rollout.GateFails {
		t.Errorf("when that is over: %+v", r)
	}
}
