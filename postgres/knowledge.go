package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// know gives a write of finance the time at which it becomes known: later than
// that of any before it. Others wait until the transaction is over, so what is
// known at a time does not change any more.
func know(ctx context.Context, tx pgx.Tx) (time.Time, error) {
	var at time.Time
	err := tx.QueryRow(ctx, `
		UPDATE finance_knowledge SET known_at = greatest(clock_timestamp(), known_at + interval '1 microsecond')
		RETURNING known_at`).Scan(&at)
	return at, err
}

// known runs reads that all see what was known at one time: the latest for the
// zero time.
func known(ctx context.Context, pool *pgxpool.Pool, at time.Time, read func(tx pgx.Tx, at time.Time) error) error {
	return pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var latest time.Time
		if err := tx.QueryRow(ctx, `SELECT known_at FROM finance_knowledge`).Scan(&latest); err != nil {
			return err
		}
		if at.IsZero() || at.After(latest) {
			at = latest
		}
		return read(tx, stored(at))
	})
}

// atKnown selects the rows that were known at the time of a placeholder.
const atKnown = ` known_from <= $1 AND (known_until IS NULL OR known_until > $1)`
