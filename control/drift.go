package control

import (
	"context"

	"github.com/dualtone/dualtone/cutover/plan"
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
	users, err := p.candidates(ctx)
	if err != nil {
		return nil, err
	}
	since, err := v.Document.Since(frozen, users)
	if err != nil {
		return nil, err
	}
	return since.Drift, nil
}
