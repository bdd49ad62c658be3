package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone/report"
)

// Rollups are the sums over the call log. What they hold is what was written
// and then settled: each settlement gives the writes before it their time of
// knowledge, which is later than any before, under the lock of one row. So what
// was known at a time never changes.
type Rollups struct {
	pool  *pgxpool.Pool
	words *words
}

// NewRollups returns the sums of a database.
func NewRollups(pool *pgxpool.Pool) *Rollups { return &Rollups{pool: pool, words: newWords(pool)} }

// knowledge is how far the rollups have come.
type knowledge struct {
	at    time.Time
	epoch int32
}

// An epoch of knowledge lasts a day, so that rows of different epochs are few,
// and what was known within one is put together from no more than a day's
// writes.
const epochLength = 24 * time.Hour

// settleBytes bounds the ledgers that are settled at once, and so the memory
// that it takes.
const settleBytes = 2 << 20

// Settle brings what was written into the rollups.
func (r *Rollups) Settle(ctx context.Context) (time.Time, error) {
	var known time.Time
	err := again(ctx, "rollups", func() error {
		for more := true; more; {
			if err := r.pool.QueryRow(ctx, `
				SELECT known_at, EXISTS (SELECT FROM call_batches WHERE known_at IS NULL) FROM call_knowledge`,
			).Scan(&known, &more); err != nil || !more {
				return err
			}
			if err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error { return r.settle(ctx, tx) }); err != nil {
				return err
			}
		}
		return nil
	})
	return known.UTC(), err
}

func (r *Rollups) settle(ctx context.Context, tx pgx.Tx) error {
	head, err := lockKnowledge(ctx, tx)
	if err != nil {
		return err
	}
	found, err := tx.Query(ctx, `
		SELECT id, figures FROM (
			SELECT id, figures, sum(length(figures)) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
			FROM (SELECT id, figures FROM call_batches WHERE known_at IS NULL ORDER BY id LIMIT 256) b
		) b
		WHERE coalesce(before, 0) < $1 ORDER BY id`, settleBytes)
	if err != nil {
		return err
	}
	var batches []int64
	var id int64
	var figures []byte
	m := newMerge()
	if _, err := pgx.ForEachRow(found, []any{&id, &figures}, func() error {
		batches = append(batches, id)
		return m.addLedger(figures)
	}); err != nil || len(batches) == 0 {
		return err
	}
	if head, err = nextEpoch(ctx, tx, head, time.Now()); err != nil {
		return err
	}
	if err := m.write(ctx, tx, head.epoch); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		WITH head AS (
			UPDATE call_knowledge SET known_at = greatest(clock_timestamp(), known_at + interval '1 microsecond'), epoch = $2
			RETURNING known_at
		)
		UPDATE call_batches b SET known_at = head.known_at, epoch = $2 FROM head WHERE b.id = ANY($1)`, batches, head.epoch)
	return err
}

func lockKnowledge(ctx context.Context, tx pgx.Tx) (knowledge, error) {
	var k knowledge
	err := tx.QueryRow(ctx, `SELECT known_at, epoch FROM call_knowledge FOR UPDATE`).Scan(&k.at, &k.epoch)
	return k, err
}

// nextEpoch begins a new epoch if the present one is of an earlier day.
func nextEpoch(ctx context.Context, tx pgx.Tx, head knowledge, now time.Time) (knowledge, error) {
	var opened time.Time
	if err := tx.QueryRow(ctx, `SELECT opened FROM call_epochs WHERE id = $1`, head.epoch).Scan(&opened); err != nil {
		return head, err
	}
	if !opened.Truncate(epochLength).Before(now.Truncate(epochLength)) {
		return head, nil
	}
	return beginEpoch(ctx, tx, head)
}

// beginEpoch ends the present epoch with what is known now.
func beginEpoch(ctx context.Context, tx pgx.Tx, head knowledge) (knowledge, error) {
	next := knowledge{at: head.at, epoch: head.epoch + 1}
	_, err := tx.Exec(ctx, `
		WITH ended AS (UPDATE call_epochs SET closed = $2 WHERE id = $1),
			head AS (UPDATE call_knowledge SET epoch = $3)
		INSERT INTO call_epochs (id, opened) VALUES ($3, $2)`, head.epoch, head.at, next.epoch)
	return next, err
}

var _ report.Rollups = (*Rollups)(nil)
