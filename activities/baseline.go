package activities

import (
	"context"
	"errors"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/report"
)

// Baselines freezes what the old side's figures were before a cutover, by the sums
// over the call log.
type Baselines struct {
	Rollups report.Rollups
	Store   rollout.Baselines
}

// Frozen returns the baseline of a version of a plan, and freezes it now if it was
// not frozen yet. ErrNotFound where the plan asks for none, or the log holds no
// calls of that time.
func (b *Baselines) Frozen(ctx context.Context, p *plan.Plan, hash string) (rollout.Baseline, error) {
	held, err := b.Store.Baseline(ctx, hash)
	if !errors.Is(err, dualtone.ErrNotFound) || p.Spec.Baseline == nil {
		return held, err
	}
	made, none := b.make(ctx, p, hash)
	if none != nil {
		return made, none
	}
	if made.Calls() == 0 {
		return made, err
	}
	if err := b.Store.Freeze(ctx, made); err != nil {
		return made, err
	}
	return b.Store.Baseline(ctx, hash) // somebody else may have been quicker
}

// make sums up each half hour of the baseline's days.
func (b *Baselines) make(ctx context.Context, p *plan.Plan, hash string) (rollout.Baseline, error) {
	made := rollout.Baseline{PlanHash: hash, Zone: string(p.Spec.Timezone), Source: "call log of " + p.Spec.Systems.Old}
	zone, err := time.LoadLocation(made.Zone)
	if err != nil {
		return made, wrap(err, "baseline of plan %s", p.Metadata.Name)
	}
	times, err := halfHours(p.Spec.Baseline, zone)
	if err != nil {
		return made, err
	}
	made.From, made.To = times[0].UTC(), times[len(times)-1].UTC()
	answer, err := b.Rollups.Sums(ctx, report.Ask{Times: times, Facet: report.ByQueue})
	if err != nil {
		return made, wrap(err, "baseline of plan %s", p.Metadata.Name)
	}
	made.KnownAt = answer.KnownAt
	var week [7][48]cell
	for _, t := range times[:len(times)-1] {
		local := t.In(zone)
		week[local.Weekday()][rollout.HalfOf(local)].days++
	}
	for i := range answer.Sums {
		if s := &answer.Sums[i]; s.System == p.Spec.Systems.Old && !s.Once {
			local := times[s.Interval].In(zone)
			week[local.Weekday()][rollout.HalfOf(local)].sum.Add(s.Figures)
		}
	}
	for day := range week {
		for half, c := range week[day] {
			if c.sum != (report.Figures{}) {
				made.Cells = append(made.Cells, rollout.Cell{Weekday: time.Weekday(day), Half: half, Days: c.days, Shares: shares(&c.sum)})
			}
		}
	}
	return made, nil
}

// cell is one half hour of the week while it is summed up.
type cell struct {
	days int
	sum  report.Figures
}

// halfHours are the starts of the half hours of a baseline's days and the end of
// the last one, by the clock of a zone.
func halfHours(b *plan.Baseline, zone *time.Location) ([]time.Time, error) {
	from, err := report.ParseDate(b.From.String())
	if err != nil {
		return nil, err
	}
	to, err := report.ParseDate(b.To.String())
	if err != nil {
		return nil, err
	}
	end := to.Next(1).Start(zone)
	var all []time.Time
	for t := from.Start(zone); t.Before(end); t = t.Add(rollout.HalfHour) {
		all = append(all, t)
	}
	return append(all, end), nil
}

// shares are the metrics that sums tell, each as a sum and over how many calls.
func shares(f *report.Figures) map[plan.Metric]rollout.Share {
	all := map[plan.Metric]rollout.Share{}
	for _, m := range []plan.Metric{
		plan.AnsweredRate, plan.AbandonRate, plan.ServiceLevel, plan.AHT, plan.ASA, plan.ACW, plan.CallVolume, plan.ScreenPopMatch,
	} {
		if s, ok := shareOf(m, f); ok && s.Of > 0 {
			all[m] = s
		}
	}
	return all
}

// serviceWait is the wait within which an answer is in time: the one that reports
// use unless they are asked for another.
const serviceWait = 20 * time.Second

// shareOf reads a metric from sums, as reports define it; false for one that they
// do not tell. Times are in seconds.
func shareOf(m plan.Metric, f *report.Figures) (rollout.Share, bool) {
	of := func(sum, n int64) (rollout.Share, bool) { return rollout.Share{Sum: float64(sum), Of: n}, true }
	seconds := func(sum, n int64) (rollout.Share, bool) { return rollout.Share{Sum: float64(sum) / 1000, Of: n}, true }
	switch m {
	case plan.AnsweredRate:
		return of(f[report.Answered], f[report.Offered])
	case plan.AbandonRate:
		return of(f[report.Abandoned], f[report.Offered])
	case plan.ServiceLevel:
		return of(f.AnsweredWithin(serviceWait), f[report.Offered])
	case plan.AHT:
		return seconds(f[report.Talk]+f[report.Hold]+f[report.WrapUp], f[report.Answered])
	case plan.ASA:
		return seconds(f[report.AnswerWait], f[report.Answered])
	case plan.ACW:
		return seconds(f[report.WrapUp], f[report.Answered])
	case plan.CallVolume:
		return of(f[report.Offered], f[report.Offered])
	case plan.ScreenPopMatch:
		return of(f[report.Popped], f[report.Popped]+f[report.PopMissed]+f[report.PopFailed])
	default:
		return rollout.Share{}, false
	}
}
