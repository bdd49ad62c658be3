package activities

import (
	"context"
	"fmt"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Crowding is how a plan stands when people ask to be switched.
type Crowding struct {
	// Rate may say less than the plan.
	Rate rollout.Rate
	// Open are people who were let through and have not begun.
	Open []dualtone.PersonID
	// Failed counts the people whose switch failed, for which the limit shrinks.
	Failed int
}

// Crowded returns which of the people may not be switched now, because too many
// of those they work with are on the new side or on their way there. Each who may
// counts for those behind them.
func (p *Prechecks) Crowded(ctx context.Context, r StageRef, people []dualtone.Person, now Crowding) (map[dualtone.PersonID]string, error) {
	v, err := p.Library.open(ctx, r.Plan, r.Hash)
	if err != nil {
		return nil, err
	}
	planned := v.Document.Plan.Spec.Limits.BlastRadius
	if planned == nil {
		return nil, nil
	}
	limit := *planned
	if now.Rate.MaxOnNew > 0 {
		limit.MaxOnNew, limit.MinLeftOnOld = now.Rate.MaxOnNew, now.Rate.MinLeftOnOld
	}
	if lifted, err := p.lifted(ctx, r.Plan, string(limit.LiftAfter)); err != nil || lifted {
		return nil, err
	}
	limit.MaxOnNew = limit.After(now.Failed)
	radius, err := p.radius(ctx, limit, people, now.Open)
	if err != nil {
		return nil, err
	}
	crowded := map[dualtone.PersonID]string{}
	for _, who := range people {
		u := plan.User{Person: who, Side: dualtone.Old}
		if full, refused := radius.Refuses(&u); refused {
			crowded[who.ID] = fmt.Sprintf("%s %s: %d of %d would be on the new side, at most %d may%s",
				full.Dimension, full.Value, full.New, full.People, full.Most, shrunk(*planned, limit.MaxOnNew, now.Failed))
			continue
		}
		radius.Move(&u)
	}
	return crowded, nil
}

// shrunk says in words why the limit is lower than planned; nothing if it is not.
func shrunk(planned plan.BlastRadius, now plan.Percent, failed int) string {
	if failed == 0 || planned.Shrink == nil {
		return ""
	}
	return fmt.Sprintf("; the limit is %s while %d users have failed", now, failed)
}

// radius counts where those are now with whom people work. Whoever is on the way
// counts as there.
func (p *Prechecks) radius(ctx context.Context, limit plan.BlastRadius, people []dualtone.Person, open []dualtone.PersonID) (*plan.Radius, error) {
	var groups []plan.Group
	seen := map[plan.Group]bool{}
	for _, who := range people {
		for g := range limit.Groups(&plan.User{Person: who}) {
			if !seen[g] {
				seen[g] = true
				groups = append(groups, g)
			}
		}
	}
	counts, err := p.Store.Headcounts(ctx, groups, open)
	return plan.CountedRadius(limit, counts), wrap(err, "%d groups", len(groups))
}

// lifted reports whether the stage has passed after which there is no limit.
func (p *Prechecks) lifted(ctx context.Context, name, after string) (bool, error) {
	if after == "" {
		return false, nil
	}
	stages, err := p.Store.Stages(ctx, name)
	for _, s := range stages {
		if s.ID == after && (s.State == rollout.Passed || s.State == rollout.Finalised) {
			return true, nil
		}
	}
	return false, err
}
