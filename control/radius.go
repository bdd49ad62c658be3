package control

import (
	"context"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// radius is how far failures have shrunk the blast radius of a plan; nil where they
// have not. The plan's own document is read only where somebody has failed.
func (p *Plans) radius(ctx context.Context, v *PlanView) (*rollout.Radius, error) {
	suspect := 0
	for _, s := range v.Stages {
		for _, state := range rollout.FailedUsers() {
			suspect += s.Users[state]
		}
	}
	if suspect == 0 || p.Versions == nil {
		return nil, nil //nolint:nilnil // nothing has shrunk
	}
	version, err := p.Versions.Version(ctx, v.Plan.Name, plan.Hash(v.Plan.Hash))
	if err != nil {
		return nil, err
	}
	limit := version.Document.Plan.Spec.Limits.BlastRadius
	if limit == nil || limit.Shrink == nil {
		return nil, nil //nolint:nilnil // nothing shrinks
	}
	failed, err := p.Store.Failed(ctx, v.Plan.Name)
	if now := limit.After(failed); err == nil && now < limit.MaxOnNew {
		return &rollout.Radius{Planned: limit.MaxOnNew, Now: now, Failed: failed}, nil
	}
	return nil, err
}
