package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/systems"
)

// PlatformMeasures measures gates by the platforms' own call records. A figure
// that call records do not hold is a reading without data, which never passes.
type PlatformMeasures struct {
	Old, New *systems.Platform
	Store    rollout.Crew
	People   cutover.People
}

// Measure measures the new side in the time that is asked for, and the old side
// where that is what the gate compares with.
func (p *PlatformMeasures) Measure(ctx context.Context, m rollout.Measure) (rollout.Reading, error) {
	if m.Gate.Name == rollout.ReconcilePrefix+string(plan.UserState) {
		return p.sides(ctx, m)
	}
	metric := m.Gate.Metric
	if metric == "" {
		metric = plan.Metric(m.Gate.Name)
	}
	figure, ok := figureOf(metric)
	if !ok {
		return rollout.Reading{Missing: fmt.Sprintf("%s cannot be measured by call records", metric)}, nil
	}
	reading, err := read(ctx, p.New, figure, m.From, m.To)
	if err != nil || m.Gate.Compare == nil || reading.Missing != "" {
		return reading, err
	}
	if m.Gate.Compare.To != plan.ToOldSide {
		return reading, nil // no baseline is kept yet: the gate has nothing to compare with
	}
	old, err := read(ctx, p.Old, figure, m.From, m.To)
	if err == nil && old.Missing == "" && old.Samples > 0 {
		reading.Baseline = &old.Value
	}
	return reading, err
}

// figure is a metric of call records: what each adds, and whether it counts.
type figure func(r dualtone.Record) (value float64, counts bool)

func figureOf(m plan.Metric) (figure, bool) {
	switch m {
	case plan.AnsweredRate:
		return func(r dualtone.Record) (float64, bool) { return share(answered(r)), true }, true
	case plan.AbandonRate:
		return func(r dualtone.Record) (float64, bool) { return share(!answered(r)), true }, true
	case plan.AHT:
		return func(r dualtone.Record) (float64, bool) { return r.Talk.Seconds(), answered(r) }, true
	case plan.ASA:
		return func(r dualtone.Record) (float64, bool) { return r.Answer.Sub(r.Start).Seconds(), answered(r) }, true
	default:
		return nil, false
	}
}

func answered(r dualtone.Record) bool { return !r.Answer.IsZero() || r.Talk > 0 }

func share(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// read makes the mean of a figure over the records of a time. Records that come
// twice count once.
func read(ctx context.Context, p *systems.Platform, f figure, from, to time.Time) (rollout.Reading, error) {
	if err := p.Need(systems.CanRecords); err != nil {
		return rollout.Reading{Missing: err.Error()}, nil
	}
	sum, n := 0.0, 0
	seen := map[string]bool{}
	for r, err := range p.Records.Records(ctx, "") {
		if err != nil {
			return rollout.Reading{}, wrap(err, "call records of %s", p.Name)
		}
		if seen[r.ID] || r.Start.Before(from) || !r.Start.Before(to) {
			continue
		}
		seen[r.ID] = true
		if value, counts := f(r); counts {
			sum, n = sum+value, n+1
		}
	}
	if n == 0 {
		return rollout.Reading{Source: "call records of " + p.Name, Missing: "no calls on " + p.Name}, nil
	}
	return rollout.Reading{Value: sum / float64(n), Samples: n, Source: "call records of " + p.Name}, nil
}

// sides compares where the plan has its people with where the user list has
// them, one by one.
func (p *PlatformMeasures) sides(ctx context.Context, m rollout.Measure) (rollout.Reading, error) {
	r := rollout.Reading{Source: "user list"}
	var differ []string
	for q := (rollout.UserQuery{Plan: m.Plan, Stage: m.Stage, Limit: 1000}); ; {
		users, err := p.Store.Users(ctx, q)
		if err != nil {
			return r, err
		}
		for _, u := range users {
			person, err := p.People.Person(ctx, u.Person)
			if err != nil {
				return r, wrap(err, "person %s", u.Person)
			}
			r.Samples++
			if onNew := u.State == cutover.OnNew; onNew != (person.Side == dualtone.New) {
				differ = append(differ, fmt.Sprintf("%s is %s in the plan and on the %s side", u.Person, u.State, person.Side))
			}
		}
		if len(users) < q.Limit {
			break
		}
		q.After = users[len(users)-1].Position
	}
	r.Value = float64(len(differ))
	if len(differ) > 0 {
		r.Source += ": " + strings.ReplaceAll(few(differ), "\n", " ")
	}
	return r, nil
}
