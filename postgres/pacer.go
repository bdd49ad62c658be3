package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
)

// Limit is how often a system may be asked by all processes together.
type Limit struct {
	// PerSecond is the pace in the long run.
	PerSecond float64
	// Burst is how many requests may follow each other without a pause after
	// the system was left alone; 0 and 1 space all requests evenly. Over any
	// second there are at most PerSecond + Burst - 1.
	Burst int
}

// Pacer keeps vendors' limits across all processes: requests to a system take
// turns on the database's clock.
type Pacer struct {
	pool *pgxpool.Pool
}

// NewPacer returns the pacer of a database.
func NewPacer(pool *pgxpool.Pool) *Pacer { return &Pacer{pool: pool} }

// Pace waits for the request's turn. A turn that would come after the
// context's deadline is not taken: the call returns at once with
// context.DeadlineExceeded. A turn whose wait is canceled is lost.
func (p *Pacer) Pace(ctx context.Context, system string, limit Limit) error {
	slot, err := p.reserve(ctx, system, limit)
	if err != nil {
		return err
	}
	if slot.wait <= 0 {
		return nil
	}
	timer := time.NewTimer(slot.wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("pace of %s: %w", system, ctx.Err())
	}
}

// Queues returns for how long a request to each system would wait for its turn now.
// A system that never was paced has none.
func (p *Pacer) Queues(ctx context.Context) (map[string]time.Duration, error) {
	type queue struct {
		System string
		Wait   time.Duration
	}
	var found []queue
	err := again(ctx, "queues of systems", func() (err error) {
		found, err = rows[queue](ctx, p.pool, `SELECT system, greatest(next_due - clock_timestamp(), '0') AS wait FROM pacing`)
		return err
	})
	waits := map[string]time.Duration{}
	for _, q := range found {
		waits[q.System] = q.Wait
	}
	return waits, err
}

// slot is one reserved turn.
type slot struct {
	due  time.Time
	wait time.Duration
}

// takeSlot is the generic cell rate algorithm: next_due is the time at which a
// request would be due at even pace, a slot may come earlier than that by the
// burst's length. What a crash of the server forgets of it is under a second,
// and not waiting for the disk keeps the row's lock short.
const takeSlot = `
INSERT INTO pacing AS p (system, next_due) VALUES ($1, clock_timestamp() + $2::interval)
ON CONFLICT (system) DO UPDATE SET next_due = greatest(p.next_due, clock_timestamp()) + $2::interval
	WHERE $4::interval IS NULL OR p.next_due - $3::interval - clock_timestamp() <= $4::interval
RETURNING next_due - $2::interval - $3::interval AS due, clock_timestamp() AS now,
	set_config('synchronous_commit', 'off', true) AS mode`

func (p *Pacer) reserve(ctx context.Context, system string, limit Limit) (slot, error) {
	if limit.PerSecond <= 0 {
		return slot{}, fmt.Errorf("pace of %s: %g requests a second: %w", system, limit.PerSecond, dualtone.ErrInvalid)
	}
	// Rounding up keeps the limit.
	gap := time.Duration(float64(time.Second)/limit.PerSecond + float64(time.Microsecond) - 1).Truncate(time.Microsecond)
	early := time.Duration(max(limit.Burst, 1)-1) * gap
	var patience *time.Duration
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		patience = &left
	}
	type answer struct {
		Due  time.Time
		Now  time.Time
		Mode string
	}
	var found []answer
	err := again(ctx, "pace of "+system, func() (err error) {
		found, err = rows[answer](ctx, p.pool, takeSlot, system, gap, early, patience)
		return err
	})
	if err != nil {
		return slot{}, err
	}
	if len(found) == 0 {
		return slot{}, fmt.Errorf("pace of %s: no turn before the deadline: %w", system, context.DeadlineExceeded)
	}
	return slot{due: found[0].Due.UTC(), wait: found[0].Due.Sub(found[0].Now)}, nil
}
