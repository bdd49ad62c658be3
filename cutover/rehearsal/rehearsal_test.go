package rehearsal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
)

// monday is the start of every rehearsal here: a Monday noon in UTC.
var monday = time.Date(2027, 2, 1, 12, 0, 0, 0, time.UTC)

func always(d time.Duration) rehearsal.Spread { return rehearsal.Spread{d} }

// quiet is a model in which nobody is called and every switch takes a minute.
func quiet() *rehearsal.Model {
	return &rehearsal.Model{
		Steps: rehearsal.Steps{
			Capture: always(10 * time.Second), Ready: always(20 * time.Second), Move: always(20 * time.Second),
			Verify: always(10 * time.Second), TakeBack: always(30 * time.Second), Split: always(time.Second),
		},
		Traffic: rehearsal.Traffic{
			Zone: "Europe/London", Hourly: make([]float64, rehearsal.HalfHours), Busy: always(5 * time.Minute),
		},
		Grounds: []string{"made up for this test"},
	}
}

// calls gives everybody the same calls at all times.
func calls(m *rehearsal.Model, hourly float64, busy time.Duration) *rehearsal.Model {
	for i := range m.Traffic.Hourly {
		m.Traffic.Hourly[i] = hourly
	}
	m.Traffic.Busy = always(busy)
	return m
}

// wave is a plan of one stage.
func wave(limits plan.Limits, windows map[string]plan.Window) *plan.Document {
	d := &plan.Document{Plan: plan.Plan{Spec: plan.Spec{
		Timezone: "Europe/London", Limits: limits, Calendars: plan.Calendars{Windows: windows},
		Stages: []plan.Stage{{ID: "wave-1", Kind: plan.Wave, Cohort: &plan.Cohort{}}},
	}}}
	for name := range windows {
		d.Plan.Spec.Stages[0].Windows = append(d.Plan.Spec.Stages[0].Windows, name)
	}
	return d
}

func crowd(n int) *plan.Resolution {
	s := plan.StagePeople{Stage: "wave-1"}
	for i := range n {
		s.People = append(s.People, plan.Placed{Person: dualtone.PersonID(fmt.Sprintf("E%05d", i))})
	}
	return &plan.Resolution{Stages: []plan.StagePeople{s}}
}

// night is open from 20:00 to 23:30, where the site is or in London.
func night(zone plan.Zone) map[string]plan.Window {
	return map[string]plan.Window{"night": {TZ: zone, From: 20 * 60, To: 23*60 + 30}}
}

func rehearse(t *testing.T, r rehearsal.Request) *rehearsal.Report {
	t.Helper()
	if r.Plays == 0 {
		r.Plays = 20
	}
	r.Start = monday
	report, err := rehearsal.Run(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestAQuietWaveTakesAsLongAsItsSteps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limits plan.Limits
		vendor rehearsal.Vendor
		want   time.Duration
	}{
		"one at a time":   {plan.Limits{Concurrency: 1}, rehearsal.Vendor{}, 60 * time.Minute},
		"ten at a time":   {plan.Limits{Concurrency: 10}, rehearsal.Vendor{}, 6 * time.Minute},
		"two in a minute": {plan.Limits{Concurrency: 60, Rate: plan.Rate{UsersPerMinute: 2}}, rehearsal.Vendor{}, 59*30*time.Second + time.Minute},
		"two requests a second": {
			plan.Limits{Concurrency: 60}, rehearsal.Vendor{Requests: 20, PerSecond: 2}, 59*10*time.Second + time.Minute,
		},
	} {
		m := quiet()
		m.Vendors = map[string]rehearsal.Vendor{"cloud": c.vendor}
		got := rehearse(t, rehearsal.Request{Document: wave(c.limits, nil), Resolution: crowd(60), Model: m}).Stages[0]
		if got.Working.P50.Time() != c.want || got.Working.P90 != got.Working.P10 || got.Windows.P90 != 1 {
			t.Errorf("%s: %s to %s in %d windows, want %s in one", name, got.Working.P10, got.Working.P90, got.Windows.P90, c.want)
		}
	}
}

func TestWhoDoesNotFitWaitsForTheNextWindow(t *testing.T) {
	t.Parallel()
	// 210 minutes a night, one user a minute: the third night has 80.
	got := rehearse(t, rehearsal.Request{
		Document: wave(plan.Limits{Concurrency: 1}, night("Europe/London")), Resolution: crowd(500), Model: quiet(),
	}).Stages[0]
	if got.Windows.P50 != 3 || got.Working.P50.Time() != 500*time.Minute || got.Left.P90 != 0 {
		t.Errorf("%+v, want 500 minutes over 3 windows", got)
	}
	if want := time.Date(2027, 2, 3, 21, 20, 0, 0, time.UTC); !got.Ends.P90.Equal(want) {
		t.Errorf("it ends at %s, want %s", got.Ends.P90, want)
	}
}

func TestEachSiteHasItsOwnNight(t *testing.T) {
	t.Parallel()
	ny, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	people := crowd(20)
	zones := map[dualtone.PersonID]*time.Location{}
	for i, p := range people.Stages[0].People {
		zones[p.Person] = map[bool]*time.Location{true: london, false: ny}[i%2 == 0]
	}
	r := rehearsal.Request{
		Document: wave(plan.Limits{Concurrency: 1}, night(plan.SiteZone)), Resolution: people, Zones: zones, Model: quiet(),
	}
	got := rehearse(t, r).Stages[0]
	if want := time.Date(2027, 2, 2, 1, 10, 0, 0, time.UTC); got.Windows.P50 != 2 || !got.Ends.P50.Equal(want) {
		t.Errorf("%d windows, the last user at %s; want London and then New York until %s", got.Windows.P50, got.Ends.P50, want)
	}
	r.Zones = nil
	if got := rehearse(t, r); got.Stages[0].Left.P50 != 20 || got.Fits || len(got.Unmet) != 1 {
		t.Errorf("people of unknown sites: %+v; want all 20 left over", got)
	}
}

func TestWhoIsOnALongCallIsDeferred(t *testing.T) {
	t.Parallel()
	m := calls(quiet(), 1, 40*time.Minute) // two thirds of the time on calls, half of those too long
	got := rehearse(t, rehearsal.Request{
		Document: wave(plan.Limits{Concurrency: 50}, night("Europe/London")), Resolution: crowd(1000), Model: m,
	}).Stages[0]
	// One third of those tried is deferred each time: 1000 × (1/3 + 1/9 + …) = 500.
	if got.Deferred.P50 < 430 || got.Deferred.P50 > 570 || got.Left.P90 != 0 {
		t.Errorf("%d deferred, %d left; want about 500 and none", got.Deferred.P50, got.Left.P90)
	}
}

func TestNobodyIsEverFree(t *testing.T) {
	t.Parallel()
	m := quiet()
	m.Absent = 1
	got := rehearse(t, rehearsal.Request{
		Document: wave(plan.Limits{Concurrency: 5}, night("Europe/London")), Resolution: crowd(3), Model: m, Plays: 2,
	})
	if got.Stages[0].Left.P50 != 3 || got.Fits {
		t.Errorf("%+v, want all 3 left", got.Stages[0])
	}
}

func TestFailuresAndTheStopThatTheyLeadTo(t *testing.T) {
	t.Parallel()
	m := quiet()
	m.Failed = 0.1
	limits := plan.Limits{Concurrency: 10, StopWhen: &plan.StopWhen{FailedUsers: 3 * plan.OnePercent, MinAttempts: 20}}
	got := rehearse(t, rehearsal.Request{Document: wave(limits, nil), Resolution: crowd(1000), Model: m}).Stages[0]
	if got.Failed.P50 < 75 || got.Failed.P50 > 125 || got.Stops < 0.95 {
		t.Errorf("%d failed, stops in %g of the plays; want about 100, and nearly always", got.Failed.P50, got.Stops)
	}
}

// A stop for so many in a row counts those alone, over windows as within one.
func TestOnlyFailuresOneAfterTheOtherStopAPlan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failed float64
		row    int
		stops  float64
	}{
		"nobody fails, each of many arrives":            {0, 3, 0},
		"some fail, none of them long after each other": {0.2, 60, 0},
		"all fail, more than in one night":              {1, 250, 1},
		"all fail, fewer than that":                     {1, 301, 0},
	} {
		m := quiet()
		m.Failed = c.failed
		limits := plan.Limits{Concurrency: 1, StopWhen: &plan.StopWhen{FailedInRow: c.row}}
		got := rehearse(t, rehearsal.Request{Document: wave(limits, night("Europe/London")), Resolution: crowd(300), Model: m}).Stages[0]
		if got.Stops != c.stops || got.Windows.P10 < 2 {
			t.Errorf("%s: stops in %g of the plays over %d windows, want %g over several", name, got.Stops, got.Windows.P10, c.stops)
		}
	}
}

func TestASwitchTakesAsLongAsBothSystemsDisagree(t *testing.T) {
	t.Parallel()
	m := quiet()
	m.Steps.Split = always(2 * time.Minute) // the move itself takes 20 seconds
	got := rehearse(t, rehearsal.Request{Document: wave(plan.Limits{Concurrency: 1}, nil), Resolution: crowd(6), Model: m}).Stages[0]
	if want := 6 * 160 * time.Second; got.Working.P50.Time() != want {
		t.Errorf("it takes %s, want %s", got.Working.P50, want)
	}
}

func TestStagesFollowEachOtherAfterTheirSoak(t *testing.T) {
	t.Parallel()
	d := wave(plan.Limits{Concurrency: 10}, nil)
	d.Plan.Spec.Stages[0].Soak = 3 * plan.Day
	d.Plan.Spec.Stages = append(d.Plan.Spec.Stages, plan.Stage{
		ID: "ports", Kind: plan.Manual, After: []plan.StageID{"wave-1"}, Tasks: []plan.Task{{Due: 2 * plan.Day}},
	})
	got := rehearse(t, rehearsal.Request{Document: d, Resolution: crowd(10), Model: quiet()})
	if want := monday.Add(5*24*time.Hour + time.Minute); !got.Ends.P50.Equal(want) {
		t.Errorf("the plan ends at %s, want %s", got.Ends.P50, want)
	}
}

func TestAPlanThatUsedUpItsShareOfADayWaits(t *testing.T) {
	t.Parallel()
	// A fifth of 1,000 requests is enough for 28 users in 24 hours.
	share := rehearsal.Vendor{Requests: 7, PerDay: 1000, Share: 0.2}
	nights := night("Europe/London")
	for name, c := range map[string]struct {
		vendor  rehearsal.Vendor
		windows map[string]plan.Window
		want    rehearsal.Stage
		ends    time.Time
		peak    int
	}{
		// The last four begin a minute apart, 48 hours after the first four.
		"at any time":   {share, nil, rehearsal.Stage{Windows: rehearsal.Counts{P50: 3}}, monday.Add(48*time.Hour + 4*time.Minute), 196},
		"in the nights": {share, nights, rehearsal.Stage{Windows: rehearsal.Counts{P50: 3}}, time.Date(2027, 2, 3, 20, 4, 0, 0, time.UTC), 196},
		"not enough for one user": {
			rehearsal.Vendor{Requests: 7, PerDay: 30, Share: 0.2}, nights, rehearsal.Stage{Left: rehearsal.Counts{P50: 60}}, monday, 0,
		},
		"no share of its own": {rehearsal.Vendor{Requests: 7, PerDay: 1000}, nil, rehearsal.Stage{Windows: rehearsal.Counts{P50: 1}}, monday.Add(time.Hour), 420},
	} {
		m := quiet()
		m.Vendors = map[string]rehearsal.Vendor{"sf": c.vendor}
		report := rehearse(t, rehearsal.Request{Document: wave(plan.Limits{Concurrency: 1}, c.windows), Resolution: crowd(60), Model: m})
		got := report.Stages[0]
		if got.Windows.P50 != c.want.Windows.P50 || got.Left.P50 != c.want.Left.P50 || !got.Ends.P50.Equal(c.ends) || report.Budgets[0].Peak.P90 != c.peak {
			t.Errorf("%s: in %d windows to %s, %d left, %d requests on the busiest day", name, got.Windows.P50, got.Ends.P50, got.Left.P50, report.Budgets[0].Peak.P90)
		}
		if report.Fits != (got.Left.P90 == 0) {
			t.Errorf("%s: fits is %t with %d left", name, report.Fits, got.Left.P90)
		}
	}
}

func TestWhatAPlanAsksOfItsRehearsal(t *testing.T) {
	t.Parallel()
	none := 0
	d := wave(plan.Limits{Concurrency: 1}, nil)
	d.Plan.Spec.Stages = append(d.Plan.Spec.Stages, plan.Stage{
		ID: "rehearsal", Kind: plan.Rehearsal,
		Require: &plan.Rehearsed{P90Duration: plan.Duration(time.Hour), PredictedUnaccountedCalls: &none},
	})
	m := calls(quiet(), 10, time.Second)
	m.Lost = 1
	m.Vendors = map[string]rehearsal.Vendor{"sf": {Requests: 7, PerDay: 200}}
	got := rehearse(t, rehearsal.Request{Document: d, Resolution: crowd(200), Model: m})
	for _, want := range []string{"stage wave-1 takes 3h", "calls ring nowhere, at most 0", "sf is asked 1400 times on the busiest day, the plan may ask 200"} {
		if !strings.Contains(strings.Join(got.Unmet, "\n"), want) {
			t.Errorf("unmet %q, want %q", got.Unmet, want)
		}
	}
	if got := rehearse(t, rehearsal.Request{Document: d, Resolution: crowd(30), Model: quiet()}); len(got.Unmet) != 0 {
		t.Errorf("unmet %q of a small quiet wave, want none", got.Unmet)
	}
}

func TestAnOldOrBadRehearsalDoesNotStand(t *testing.T) {
	t.Parallel()
	asks := &plan.Plan{Spec: plan.Spec{Stages: []plan.Stage{{Kind: plan.Rehearsal, Require: &plan.Rehearsed{MaxAge: 7 * plan.Day}}}}}
	if rehearsal.Asked(&plan.Plan{}) || !rehearsal.Asked(asks) {
		t.Error("a plan asks for a rehearsal by what it requires of one")
	}
	good := rehearsal.Kept{Made: monday}
	bad := rehearsal.Kept{Made: monday, Report: rehearsal.Report{Unmet: []string{"3 calls ring nowhere"}}}
	for _, c := range []struct {
		kept  rehearsal.Kept
		after time.Duration
		want  string
	}{
		{good, 7 * 24 * time.Hour, ""},
		{good, 7*24*time.Hour + time.Minute, "is 7d1m old, at most 7d"},
		{bad, 0, "3 calls ring nowhere"},
	} {
		if got := c.kept.Against(asks, monday.Add(c.after)); got != c.want && (c.want == "" || !strings.Contains(got, c.want)) {
			t.Errorf("after %s: %q, want %q", c.after, got, c.want)
		}
	}
}

func TestTheSameSeedGivesTheSameReport(t *testing.T) {
	t.Parallel()
	m := calls(quiet(), 3, 10*time.Minute)
	m.Failed, m.Absent = 0.05, 0.05
	told := func(seed uint64) string {
		text, err := json.Marshal(rehearse(t, rehearsal.Request{
			Document: wave(plan.Limits{Concurrency: 4}, night("Europe/London")), Resolution: crowd(300), Model: m, Seed: seed,
		}))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Replace(string(text), fmt.Sprintf(`"seed":%d`, seed), "", 1)
	}
	first := told(1)
	if told(1) != first {
		t.Error("one seed, two reports")
	}
	if told(2) == first {
		t.Error("two seeds, one report")
	}
}

func TestARehearsalIsStopped(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	r := rehearsal.Request{
		Document: wave(plan.Limits{Concurrency: 4}, nil), Resolution: crowd(3), Model: quiet(), Start: monday, Plays: 1000,
		Progress: func(done int) {
			if done == 3 {
				stop()
			}
			if done > 3 {
				t.Errorf("play %d after the stop", done)
			}
		},
	}
	if _, err := rehearsal.Run(ctx, r); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
}

func TestAModelThatCannotBePlayedIsRefusedWhole(t *testing.T) {
	t.Parallel()
	err := (&rehearsal.Model{Traffic: rehearsal.Traffic{Zone: "Mars"}, Failed: 2}).Check()
	if !errors.Is(err, dualtone.ErrInvalid) {
		t.Fatalf("%v, want a refusal", err)
	}
	for _, want := range []string{"capture: no duration", "busy: no duration", `"Mars\" is not a time zone`, "0 half hours", "failed: 2 is no share"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %q is missing", err, want)
		}
	}
}

func TestASpreadKeepsTheShapeOfWhatWasMeasured(t *testing.T) {
	t.Parallel()
	var measured []time.Duration
	for i := range 10_001 {
		measured = append(measured, time.Duration((i*7919)%10_001)*time.Millisecond)
	}
	s := rehearsal.SpreadOf(measured)
	for _, u := range []float64{0, 0.1, 0.5, 0.9, 1} {
		if got, want := s.At(u), time.Duration(u*10_000)*time.Millisecond; (got - want).Abs() > 20*time.Millisecond {
			t.Errorf("at %g: %s, want %s", u, got, want)
		}
	}
	if got := s.Mean(); (got - 5*time.Second).Abs() > 20*time.Millisecond {
		t.Errorf("mean %s, want 5s", got)
	}
}

func BenchmarkHundredThousandUsers(b *testing.B) {
	m := calls(quiet(), 3, 5*time.Minute)
	d, people := wave(plan.Limits{Concurrency: 100}, night("Europe/London")), crowd(100_000)
	for b.Loop() {
		if _, err := rehearsal.Run(b.Context(), rehearsal.Request{Document: d, Resolution: people, Model: m, Start: monday, Plays: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
