package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// A number, a record and a call's key are found by the summaries of the pages, which
// say of each run of pages what it does not hold.

// bySummaries reads in a transaction in which the planner takes the summaries. It
// takes what comes without order for something that is on every page, and so the
// reading of all pages, or of the whole of the table's key, for as quick.
func (c *Calls) bySummaries(ctx context.Context, read func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, c.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexonlyscan', 'off', true)`); err != nil {
			return err
		}
		return read(tx)
	})
}

// hashOf is what the summaries hold of a text column.
func hashOf(column string) string { return "hashtextextended(" + column + ", 0)" }

// startOfRecord looks for a leg by its record. The condition of the summaries is kept
// apart: with the other two, the planner would look through the table's key.
func startOfRecord() string {
	return `
		SELECT started_at FROM (
			SELECT started_at, system_id, record_id FROM call_legs WHERE ` + hashOf("record_id") + ` = ` + hashOf("$2::text") + ` OFFSET 0
		) l WHERE system_id = $1 AND record_id = $2 LIMIT 1`
}

// Find returns where a leg stands; ErrNotFound for an unknown one.
func (c *Calls) Find(ctx context.Context, leg calllog.LegID) (calllog.Place, error) {
	place := calllog.Place{LegID: leg}
	err := again(ctx, fmt.Sprintf("leg %s of system %s", leg.Record, leg.System), func() (err error) {
		place.Started, _, err = c.locate(ctx, leg)
		return err
	})
	return place, err
}

// locate finds when a leg started, and the number of its system.
func (c *Calls) locate(ctx context.Context, leg calllog.LegID) (started time.Time, system int32, err error) {
	system, met, err := c.words.find(ctx, systemWord, leg.System)
	if err != nil {
		return started, 0, err
	}
	if !met {
		return started, 0, fmt.Errorf("the system has no legs: %w", dualtone.ErrNotFound)
	}
	err = c.bySummaries(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, startOfRecord(), system, leg.Record).Scan(&started)
		if err == pgx.ErrNoRows { //nolint:errorlint // QueryRow returns it bare
			return dualtone.ErrNotFound
		}
		return err
	})
	return started.UTC(), system, err
}

// nearest is how many legs are looked through for a number or a key before all pages
// are: among them are those of a number that everybody calls.
const nearest = 5000

// fewLegs finds legs of a number or a call's key.
func (c *Calls) fewLegs(ctx context.Context, q *calllog.LegQuery, f, times *filter) ([]calllog.Kept, error) {
	legs, err := c.nearLegs(ctx, q, f, times)
	if err != nil || q.Limit > 0 && len(legs) == q.Limit {
		return legs, err
	}
	f = f.and(times)
	// Kept apart from its order: the planner would walk back through time until it has
	// met as many of the legs as are wanted.
	sql := selectLegs(q, `(SELECT * FROM call_legs l`+f.where()+` OFFSET 0) l`, f)
	err = c.bySummaries(ctx, func(tx pgx.Tx) error {
		legs, err = c.kept(ctx, tx, sql, f.args...)
		return err
	})
	return legs, err
}

// nearLegs finds those among the first legs of the log.
func (c *Calls) nearLegs(ctx context.Context, q *calllog.LegQuery, f, times *filter) ([]calllog.Kept, error) {
	if q.Limit <= 0 {
		return nil, nil
	}
	near := filter{args: times.args}
	from := `(SELECT * FROM call_legs l` + times.where() + legOrder(q) + near.limit(nearest) + `) l` + f.where()
	sql := selectLegs(q, from, &near)
	return c.kept(ctx, c.pool, sql, near.args...)
}
