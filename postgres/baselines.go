package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone/cutover/rollout"
)

// Baselines keeps what plans compare with. It is a rollout.Baselines.
type Baselines struct {
	pool *pgxpool.Pool
}

var _ rollout.Baselines = (*Baselines)(nil)

// NewBaselines returns the baselines of a database.
func NewBaselines(pool *pgxpool.Pool) *Baselines { return &Baselines{pool: pool} }

// Freeze keeps a baseline; the first of a version of a plan stays.
func (s *Baselines) Freeze(ctx context.Context, b rollout.Baseline) error {
	return again(ctx, "baseline of plan "+b.PlanHash, func() error {
		_, err := s.pool.Exec(ctx, `INSERT INTO plan_baselines (plan_hash, made, baseline) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			b.PlanHash, stored(b.KnownAt), b)
		return err
	})
}

// Baseline returns the baseline of a version of a plan.
func (s *Baselines) Baseline(ctx context.Context, planHash string) (rollout.Baseline, error) {
	type kept struct{ Baseline rollout.Baseline }
	var k kept
	err := again(ctx, "baseline of plan "+planHash, func() (err error) {
		k, err = row[kept](ctx, s.pool, `SELECT baseline FROM plan_baselines WHERE plan_hash = $1`, planHash)
		return err
	})
	return k.Baseline, err
}
