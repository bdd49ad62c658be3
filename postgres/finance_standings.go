package postgres

import (
	"context"
	"fmt"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance/cost"
)

// KeepStanding keeps how a plan stands in money, in the place of how it stood.
func (s *Finance) KeepStanding(ctx context.Context, plan string, st cost.Standing) error {
	var told *cost.Standing
	if st.Unknown == "" {
		told = &st
	}
	return again(ctx, "standing of plan "+plan, func() error {
		_, err := s.pool.Exec(ctx, `INSERT INTO finance_standings (plan, standing, unknown) VALUES ($1, $2, $3)
			ON CONFLICT (plan) DO UPDATE SET standing = excluded.standing, unknown = excluded.unknown`, plan, told, printable(st.Unknown))
		return err
	})
}

// Standing is how a plan stood when it was kept last. ErrNotFound for a plan of which
// nothing was kept, and ErrInvalid, with why, where it could not be told.
func (s *Finance) Standing(ctx context.Context, plan string) (cost.Standing, error) {
	noun := "standing of plan " + plan
	type standingRow struct {
		Standing *cost.Standing
		Unknown  string
	}
	var kept standingRow
	err := again(ctx, noun, func() (err error) {
		kept, err = row[standingRow](ctx, s.pool, `SELECT standing, unknown FROM finance_standings WHERE plan = $1`, plan)
		return err
	})
	switch {
	case err != nil:
		return cost.Standing{}, err
	case kept.Standing == nil:
		return cost.Standing{}, fmt.Errorf("%s: %w", kept.Unknown, dualtone.ErrInvalid)
	default:
		return *kept.Standing, nil
	}
}
