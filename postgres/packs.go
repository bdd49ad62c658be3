package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	pack "github.com/dualtone/dualtone/cutover/evidence"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Packs keeps the receipts of packs of evidence. It is an evidence.Receipts.
type Packs struct {
	pool *pgxpool.Pool
}

var _ pack.Receipts = (*Packs)(nil)

// NewPacks returns the receipts of a database.
func NewPacks(pool *pgxpool.Pool) *Packs { return &Packs{pool: pool} }

// KeepPack stores the receipt of a pack.
func (s *Packs) KeepPack(ctx context.Context, r pack.Receipt) error {
	return again(ctx, "pack of stage "+string(r.Stage)+" of plan "+r.Plan, func() error {
		_, err := s.pool.Exec(ctx, `
			INSERT INTO plan_packs (plan, plan_hash, stage, seal, previous, key, made, by, users, open, unaccounted, findings)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
			r.Plan, r.PlanHash, r.Stage, r.Seal, r.Previous, r.Key, stored(r.Made), printable(r.By), r.Users, r.Open, r.Unaccounted, orEmpty(r.Findings))
		return err
	})
}

// Packs returns the receipts of a version of a plan, oldest first.
func (s *Packs) Packs(ctx context.Context, name string, hash plan.Hash) ([]pack.Receipt, error) {
	return listed(ctx, s.pool, "packs of plan "+name, `
		SELECT plan, plan_hash, stage, seal, previous, key, made, by, users, open, unaccounted, findings
		FROM plan_packs WHERE plan = $1 AND plan_hash = $2 ORDER BY made, seal`, []any{name, hash},
		func(r pack.Receipt) pack.Receipt {
			r.Made = r.Made.UTC()
			return r
		})
}
