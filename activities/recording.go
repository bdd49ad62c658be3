package activities

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/report"
)

// recordedUsers is how many users stand for all of a plan, and recordedLengths how
// many calls of each tell how long calls keep them.
const (
	recordedUsers   = 200
	recordedLengths = 50
)

// recordedDays is how far back calls are looked for where a plan has no baseline:
// whole weeks, so that each weekday counts alike.
const recordedDays = 28

// Recorded reads which calls the agents of a plan had on the old side, for each
// half hour of the week in the days of the plan's baseline. Of many agents it
// reads some, evenly out of their list.
func (l *CallLog) Recorded(ctx context.Context, p *plan.Plan, agents []dualtone.UserID, now time.Time) (rehearsal.Recording, error) {
	system := p.Spec.Systems.Old
	r := rehearsal.Recording{Known: len(agents), Source: "call log of " + system}
	zone, err := time.LoadLocation(string(p.Spec.Timezone))
	if err != nil {
		return r, wrap(err, "traffic of plan %s", p.Metadata.Name)
	}
	times, err := recordedTimes(p.Spec.Baseline, zone, now)
	if err != nil {
		return r, err
	}
	r.From, r.To = times[0], times[len(times)-1]
	r.Traffic = rehearsal.Traffic{Zone: zone.String(), Hourly: make([]float64, rehearsal.HalfHours)}
	var lengths []time.Duration
	agents = evenly(agents, recordedUsers)
	r.Users = len(agents)
	for _, agent := range agents {
		sums, err := l.Rollups.Sums(ctx, report.Ask{Times: times, Facet: report.ByAgent, Keys: []string{string(agent)}})
		if errors.Is(err, dualtone.ErrNotFound) {
			continue // somebody who never had a call
		}
		if err != nil {
			return r, wrap(err, "calls of agent %s", agent)
		}
		for i := range sums.Sums {
			if s := &sums.Sums[i]; s.System == system && s.Key == string(agent) && !s.Once {
				n := s.Figures[report.Offered] + s.Figures[report.Outbound] + s.Figures[report.Internal]
				r.Calls += int(n)
				r.Traffic.Hourly[halfHourOfWeek(times[s.Interval].In(zone))] += float64(n)
			}
		}
		took, err := l.lengths(ctx, system, agent, r.From, r.To)
		if err != nil {
			return r, err
		}
		lengths = append(lengths, took...)
	}
	perHour(&r, times, zone)
	r.Traffic.Busy = rehearsal.SpreadOf(lengths)
	return r, nil
}

// perHour makes of the calls of all users in all half hours of the week those of
// one user in an hour.
func perHour(r *rehearsal.Recording, times []time.Time, zone *time.Location) {
	var days [rehearsal.HalfHours]int
	for _, t := range times[:len(times)-1] {
		days[halfHourOfWeek(t.In(zone))]++
	}
	for half, calls := range r.Traffic.Hourly {
		if of := days[half] * r.Users; of > 0 {
			r.Traffic.Hourly[half] = 2 * calls / float64(of)
		}
	}
}

// halfHourOfWeek counts half hours from Monday 00:00.
func halfHourOfWeek(local time.Time) int {
	day := (int(local.Weekday()) + 6) % 7
	return day*48 + rollout.HalfOf(local)
}

// lengths are how long an agent's latest calls kept them.
func (l *CallLog) lengths(ctx context.Context, system string, agent dualtone.UserID, from, to time.Time) ([]time.Duration, error) {
	legs, err := l.Legs.Legs(ctx, calllog.LegQuery{System: system, Agent: agent, From: from, To: to, Limit: recordedLengths})
	if err != nil {
		return nil, wrap(err, "calls of agent %s", agent)
	}
	var all []time.Duration
	for i := range legs {
		leg := &legs[i].Leg
		took := leg.Talk + leg.Hold
		if took == 0 && !leg.Answered.IsZero() {
			took = leg.Ended.Sub(leg.Answered)
		}
		if took > 0 {
			all = append(all, took+leg.WrapUp)
		}
	}
	return all, nil
}

// recordedTimes are the half hours of the baseline, or of the last weeks.
func recordedTimes(b *plan.Baseline, zone *time.Location, now time.Time) ([]time.Time, error) {
	if b != nil {
		return halfHours(b, zone)
	}
	today := report.DateOf(now.In(zone))
	var all []time.Time
	end := today.Start(zone)
	for t := today.Next(-recordedDays).Start(zone); t.Before(end); t = t.Add(rollout.HalfHour) {
		all = append(all, t)
	}
	return append(all, end), nil
}

// evenly takes some out of many, from the whole list alike.
func evenly[T any](all []T, most int) []T {
	if len(all) <= most {
		return all
	}
	some := make([]T, most)
	for i := range some {
		some[i] = all[i*len(all)/most]
	}
	return slices.Clip(some)
}
