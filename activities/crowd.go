package activities

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// crowd remembers for a while how much of each group is on the new side, and
// counts those whom it lets through, so that the user list is not read for each
// page of a stage.
type crowd struct {
	mu     sync.Mutex
	counts map[PlanRef]*counted
}

type counted struct {
	at     time.Time
	radius *plan.Radius
}

const crowdFor = time.Minute

// Crowded returns which of the people may not be switched now, because too many
// of those they work with are on the new side. The others count as switched.
func (p *Prechecks) Crowded(ctx context.Context, r StageRef, people []dualtone.Person, rate rollout.Rate) (map[dualtone.PersonID]string, error) {
	v, err := p.Library.open(ctx, r.Plan, r.Hash)
	if err != nil {
		return nil, err
	}
	planned := v.Document.Plan.Spec.Limits.BlastRadius
	if planned == nil {
		return nil, nil
	}
	limit := *planned
	if rate.MaxOnNew > 0 {
		limit.MaxOnNew, limit.MinLeftOnOld = rate.MaxOnNew, rate.MinLeftOnOld
	}
	if lifted, err := p.lifted(ctx, r.Plan, string(limit.LiftAfter)); err != nil || lifted {
		return nil, err
	}
	p.crowd.mu.Lock()
	defer p.crowd.mu.Unlock()
	radius, err := p.radius(ctx, PlanRef{r.Plan, r.Hash}, limit)
	if err != nil {
		return nil, err
	}
	crowded := map[dualtone.PersonID]string{}
	for _, who := range people {
		u := plan.User{Person: who, Side: dualtone.Old}
		if full, refused := radius.Refuses(&u); refused {
			crowded[who.ID] = fmt.Sprintf("%s %s: %d of %d would be on the new side, at most %d may", full.Dimension, full.Value, full.New, full.People, full.Most)
			continue
		}
		radius.Move(&u)
	}
	return crowded, nil
}

// radius counts where everybody is, unless it was counted a moment ago. Whoever
// is on the way counts as there.
func (p *Prechecks) radius(ctx context.Context, ref PlanRef, limit plan.BlastRadius) (*plan.Radius, error) {
	now := p.Now()
	if c := p.crowd.counts[ref]; c != nil && now.Sub(c.at) < crowdFor {
		return c.radius.Within(limit), nil
	}
	all, err := cutover.Everybody(ctx, p.People, cutover.PeopleQuery{})
	if err != nil {
		return nil, err
	}
	users := rollout.Candidates(all)
	for i, person := range all {
		if person.State != "" && !person.State.Final() {
			users[i].Side = dualtone.New
		}
	}
	if p.crowd.counts == nil {
		p.crowd.counts = map[PlanRef]*counted{}
	}
	c := &counted{at: now, radius: plan.NewRadius(limit, users)}
	p.crowd.counts[ref] = c
	return c.radius, nil
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
