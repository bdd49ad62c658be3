package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone/calllog"
)

// nearest is how many legs are looked through for a number before all pages are: among
// them are those of a number that everybody calls.
const nearest = 5000

// legsOfNumber finds the few legs of a number by the summaries of the pages, which say
// of each run of pages which numbers it does not hold.
func (c *Calls) legsOfNumber(ctx context.Context, q *calllog.LegQuery, f, times *filter) ([]calllog.Kept, error) {
	legs, err := c.nearLegsOfNumber(ctx, q, f, times)
	if err != nil || q.Limit > 0 && len(legs) == q.Limit {
		return legs, err
	}
	f = f.and(times)
	// Kept apart from its order: the planner would walk back through time until it has
	// met as many of the number's legs as are wanted.
	sql := selectLegs(q, `(SELECT * FROM call_legs l`+f.where()+` OFFSET 0) l`, f)
	err = pgx.BeginTxFunc(ctx, c.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		// It takes numbers without order for numbers that are on every page, and so the
		// reading of all pages for as quick.
		if _, err := tx.Exec(ctx, `SET LOCAL enable_seqscan = off`); err != nil {
			return err
		}
		legs, err = c.kept(ctx, tx, sql, f.args...)
		return err
	})
	return legs, err
}

// nearLegsOfNumber finds those among the first legs of the log.
func (c *Calls) nearLegsOfNumber(ctx context.Context, q *calllog.LegQuery, f, times *filter) ([]calllog.Kept, error) {
	if q.Limit <= 0 {
		return nil, nil
	}
	near := filter{args: times.args}
	from := `(SELECT * FROM call_legs l` + times.where() + legOrder(q) + near.limit(nearest) + `) l` + f.where()
	sql := selectLegs(q, from, &near)
	return c.kept(ctx, c.pool, sql, near.args...)
}
