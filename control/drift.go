package control

import (
	"context"

	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Drift tells who has left the stages of a plan since its people were frozen, and who
// would be in them now and is in none.
func (p *Plans) Drift(ctx context.Context, name string) ([]plan.Drift, error) {
	kept, err := p.Store.Plan(ctx, name)
	if err != nil {
		return nil, err
	}
	v, err := p.Versions.Version(ctx, name, plan.Hash(kept.Hash))
	if err != nil {
		return nil, err
	}
	frozen, err := p.Versions.Frozen(ctx, v.Hash)
	if err != nil {
		return nil, err
	}
	all, err := cutover.Everybody(ctx, p.People, cutover.PeopleQuery{})
	if err != nil {
		return nil, err
	}
	since, err := v.Document.Since(frozen, rollout.Candidates(all))
	if err != nil {
		return nil, err
	}
	return since.Drift, nil
}
