package rollout_test

import (
	"math"
	"testing"
	"time"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// weeks is a baseline of four weeks in London in which ten of a hundred callers
// gave up on Mondays between 10:00 and 10:30, twenty of forty in the half hour
// after, and none of a thousand on Tuesdays.
func weeks() rollout.Baseline {
	cell := func(day time.Weekday, half int, gaveUp float64, of int64) rollout.Cell {
		return rollout.Cell{Weekday: day, Half: half, Days: 4, Shares: map[plan.Metric]rollout.Share{
			plan.AbandonRate: {Sum: gaveUp, Of: of}, plan.CallVolume: {Sum: float64(of), Of: of},
		}}
	}
	return rollout.Baseline{
		PlanHash: "h1", Zone: "Europe/London", From: at("2027-01-04T00:00:00Z"), To: at("2027-02-01T00:00:00Z"),
		Cells: []rollout.Cell{cell(time.Monday, 20, 10, 100), cell(time.Monday, 21, 20, 40), cell(time.Tuesday, 20, 0, 1000)},
	}
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestABaselineIsComparedByWeekdayAndHalfHour(t *testing.T) {
	t.Parallel()
	b := weeks()
	const monday, aligned = "2027-03-01T", plan.SameWeekdaySameHalfHour
	for name, tt := range map[string]struct {
		metric   plan.Metric
		from, to string
		align    plan.Align
		want     float64 // NaN for nothing
	}{
		"one half hour":            {plan.AbandonRate, monday + "10:00:00Z", monday + "10:30:00Z", aligned, 0.1},
		"part of one":              {plan.AbandonRate, monday + "10:10:00Z", monday + "10:11:00Z", aligned, 0.1},
		"both, by their calls":     {plan.AbandonRate, monday + "10:00:00Z", monday + "11:00:00Z", aligned, 30.0 / 140},
		"half of each":             {plan.AbandonRate, monday + "10:15:00Z", monday + "10:45:00Z", aligned, 30.0 / 140},
		"another weekday":          {plan.AbandonRate, "2027-03-02T10:00:00Z", "2027-03-02T10:30:00Z", aligned, 0},
		"no calls at that hour":    {plan.AbandonRate, monday + "12:00:00Z", monday + "12:30:00Z", aligned, math.NaN()},
		"by the clock in summer":   {plan.AbandonRate, "2027-06-07T09:00:00Z", "2027-06-07T09:30:00Z", aligned, 0.1},
		"whatever the hour":        {plan.AbandonRate, monday + "12:00:00Z", monday + "12:30:00Z", plan.WholeBaseline, 30.0 / 1140},
		"a figure it has not":      {plan.AHT, monday + "10:00:00Z", monday + "10:30:00Z", aligned, math.NaN()},
		"the calls of a usual day": {plan.CallVolume, monday + "10:00:00Z", monday + "10:30:00Z", aligned, 25},
		"the calls of two halves":  {plan.CallVolume, monday + "10:15:00Z", monday + "10:45:00Z", aligned, 17.5},
		"the calls of any day":     {plan.CallVolume, monday + "12:00:00Z", "2027-03-02T12:00:00Z", plan.WholeBaseline, 1140.0 / 28},
		"no time":                  {plan.AbandonRate, monday + "10:00:00Z", monday + "10:00:00Z", aligned, math.NaN()},
	} {
		got := b.Over(tt.metric, at(tt.from), at(tt.to), tt.align)
		if (got == nil) != math.IsNaN(tt.want) || got != nil && math.Abs(*got-tt.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
	if n := b.Calls(); n != 1140 {
		t.Errorf("it rests on %d calls, want 1140", n)
	}
}

func TestABaselinesHashBindsEveryFigure(t *testing.T) {
	t.Parallel()
	b, same, other := weeks(), weeks(), weeks()
	other.Cells[1].Shares[plan.AbandonRate] = rollout.Share{Sum: 21, Of: 40}
	if b.Hash() != same.Hash() || b.Hash() == other.Hash() {
		t.Errorf("hashes %s, %s of the same and %s of another", b.Hash(), same.Hash(), other.Hash())
	}
}
