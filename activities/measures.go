package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/account"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Measures measures gates by the unified call log, and compares both systems. A
// figure that neither holds is a reading without data, which never passes.
type Measures struct {
	Library   *Library
	Log       *CallLog
	Baselines *Baselines
	Compare   *Comparison
	// Explanations are what people said of differences; nil knows of none.
	Explanations rollout.Explanations
	// Quarantine keeps the records that could not be read.
	Quarantine Quarantined
}

// Quarantined lists the records that could not be read.
type Quarantined interface {
	Quarantined(ctx context.Context, q calllog.QuarantineQuery) ([]calllog.Quarantined, error)
}

// Measure measures the new side in the time that is asked for, with what the gate
// compares it with.
func (g *Measures) Measure(ctx context.Context, m rollout.Measure) (rollout.Reading, error) {
	switch m.Gate.Name {
	case rollout.ReconcilePrefix + string(plan.UserState):
		r, err := g.Compare.people(ctx, m)
		if err == nil {
			err = g.explain(ctx, m, &r)
			r.Value = float64(open(r.Differences))
		}
		return r, err
	case rollout.ReconcilePrefix + string(plan.CallLog):
		r, err := g.Compare.calls(ctx, m)
		if err == nil && r.Missing == "" {
			err = g.explain(ctx, m, &r)
			r.Value = float64(open(r.Differences)) / float64(r.Samples)
		}
		return r, err
	}
	v, err := g.Library.open(ctx, m.Plan, m.Hash)
	if err != nil {
		return rollout.Reading{}, err
	}
	p := &v.Document.Plan
	r, err := g.figure(ctx, p.Spec.Systems, p.Spec.Systems.New, m)
	if err != nil || m.Gate.Compare == nil || r.Missing != "" {
		return r, err
	}
	r.Baseline, err = g.against(ctx, p, m)
	return r, err
}

// explain gives the differences of a comparison the words of people that are in
// force.
func (g *Measures) explain(ctx context.Context, m rollout.Measure, r *rollout.Reading) error {
	if g.Explanations == nil || len(r.Differences) == 0 {
		return nil
	}
	said, err := g.Explanations.Explanations(ctx, m.Plan)
	if err != nil {
		return err
	}
	r.Stage, r.Gate = m.Stage, m.Gate.Name
	rollout.Explain(r, said, g.Compare.Now())
	return nil
}

// against is what a gate's figure is compared with; nil where there is nothing.
func (g *Measures) against(ctx context.Context, p *plan.Plan, m rollout.Measure) (*float64, error) {
	if m.Gate.Compare.To == plan.ToOldSide {
		old, err := g.figure(ctx, p.Spec.Systems, p.Spec.Systems.Old, m)
		if err != nil || old.Missing != "" || old.Samples == 0 {
			return nil, err
		}
		return &old.Value, nil
	}
	base, err := g.Baselines.Frozen(ctx, p, m.Hash)
	if errors.Is(err, dualtone.ErrNotFound) {
		return nil, nil //nolint:nilnil // there is nothing to compare with
	}
	if err != nil {
		return nil, err
	}
	return base.Over(metricOf(m.Gate), m.From, m.To, p.Spec.Baseline.Align), nil
}

func metricOf(g plan.HealthGate) plan.Metric {
	if g.Metric != "" {
		return g.Metric
	}
	return plan.Metric(g.Name)
}

// figure measures a metric of one system.
func (g *Measures) figure(ctx context.Context, s plan.Systems, system string, m rollout.Measure) (rollout.Reading, error) {
	metric, read := metricOf(m.Gate), []string{system}
	if metric == plan.UnaccountedCalls || metric == plan.DoubleOffers {
		read = []string{s.Old, s.New}
	}
	for _, name := range read {
		if _, err := g.Log.catchUp(ctx, name); err != nil {
			return rollout.Reading{}, err
		}
	}
	switch metric {
	case plan.UnaccountedCalls:
		return g.unaccounted(ctx, m)
	case plan.MOSP10:
		return g.voice(ctx, system, m)
	case plan.DoubleOffers:
		return g.doubleOffers(ctx, s, m)
	case plan.AdapterErrors:
		return g.adapterErrors(ctx, system, m)
	case plan.UnmappedWrapUps:
		return g.unmapped(ctx, system, m)
	default:
		return g.shared(ctx, system, metric, m)
	}
}

// shared measures what the figures of the call log tell.
func (g *Measures) shared(ctx context.Context, system string, metric plan.Metric, m rollout.Measure) (rollout.Reading, error) {
	sum, err := g.Log.figures(ctx, system, m.From, m.To)
	if err != nil {
		return rollout.Reading{}, wrap(err, "call log of %s", system)
	}
	share, ok := shareOf(metric, &sum)
	r := rollout.Reading{Source: "call log of " + system, Samples: int(share.Of)}
	switch {
	case !ok:
		r.Missing = fmt.Sprintf("the call log does not tell %s", metric)
	case share.Of == 0:
		r.Missing = "no calls on " + system
	case metric == plan.CallVolume:
		r.Value = share.Sum
	default:
		r.Value = share.Sum / float64(share.Of)
	}
	return r, nil
}

// voice is the mean opinion score that nine of ten calls exceed.
func (g *Measures) voice(ctx context.Context, system string, m rollout.Measure) (rollout.Reading, error) {
	var scores []int
	err := g.Log.each(ctx, calllog.LegQuery{System: system, From: m.From, To: m.To}, func(l *calllog.Leg) {
		if l.Quality.MOS > 0 {
			scores = append(scores, l.Quality.MOS)
		}
	})
	r := rollout.Reading{Source: "call log of " + system, Samples: len(scores)}
	if len(scores) == 0 {
		r.Missing = "no call on " + system + " has a score"
		return r, err
	}
	slices.Sort(scores)
	r.Value = float64(scores[(len(scores)-1)/10]) / 100
	return r, err
}

// stillTalking is how long after an attempt no system need have a record of it:
// one is written when the call is over.
const stillTalking = 2 * time.Hour

// unaccounted counts the attempts that reached the border and that no system
// recorded, once a record would have come.
func (g *Measures) unaccounted(ctx context.Context, m rollout.Measure) (rollout.Reading, error) {
	sum, err := g.Log.Account(ctx, nil, m.From, m.To)
	r := rollout.Reading{Source: "attempts at the border and the call log", Samples: sum.Attempts}
	for _, b := range sum.Booked {
		switch {
		case b.Outcome != account.Unaccounted:
		case m.To.Sub(b.At) < stillTalking:
			r.Samples--
		default:
			r.Value++
			r.Differences = append(r.Differences, rollout.Difference{Key: b.ID, Old: "reached the border at " + b.At.UTC().Format(time.RFC3339)})
		}
	}
	if r.Samples == 0 {
		r.Missing = "no attempt at the border that is over"
	}
	return r, err
}
