package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone/calllog"
)

// Stitches keeps which legs are one call.
type Stitches struct{ *Calls }

// NewStitches returns the stitching of a log.
func NewStitches(calls *Calls) Stitches { return Stitches{calls} }

// Unstitched lists the days that are not up to date.
func (s Stitches) Unstitched(ctx context.Context, since time.Time) ([]time.Time, error) {
	var days []time.Time
	err := again(ctx, "days to stitch", func() error {
		found, err := s.pool.Query(ctx, `SELECT DISTINCT day FROM call_unstitched WHERE day >= $1::date ORDER BY day`, calllog.Day(since))
		if err != nil {
			return err
		}
		days, err = pgx.CollectRows(found, pgx.RowTo[time.Time])
		return err
	})
	return days, err
}

// Stitch decides a day in one snapshot. The lock is taken before the snapshot,
// so that it shows what the one before decided.
func (s Stitches) Stitch(
	ctx context.Context, day time.Time, decide func(context.Context, calllog.Evidence) (calllog.Decision, error),
) error {
	months := map[month]struct{}{}
	for d := day.AddDate(0, 0, -2); !d.After(day.AddDate(0, 0, 2)); d = d.AddDate(0, 0, 1) {
		months[monthOf(d)] = struct{}{}
	}
	err := again(ctx, "stitch "+day.Format(time.DateOnly), func() error {
		if err := s.partitions.ensure(ctx, "call_members", months); err != nil {
			return err
		}
		return pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `LOCK TABLE call_clocks IN EXCLUSIVE MODE`); err != nil {
				return err
			}
			found, err := tx.Query(ctx, `DELETE FROM call_unstitched WHERE day = $1::date RETURNING batch`, day)
			if err != nil {
				return err
			}
			marks, err := pgx.CollectRows(found, pgx.RowTo[int64])
			if err != nil {
				return err
			}
			e := &evidence{Stitches: s, tx: tx, marks: marks, calls: map[calllog.CallID]calllog.Call{}}
			d, err := decide(ctx, e)
			if err != nil {
				return err
			}
			return e.keep(ctx, day, d)
		})
	})
	if err != nil {
		return err
	}
	_, err = (&Rollups{pool: s.pool, words: s.words}).Settle(ctx) // calls across systems count once from now on
	return err
}

// evidence reads in the transaction in which the decision is kept.
type evidence struct {
	Stitches

	tx    pgx.Tx
	marks []int64                         // the writes since the day was decided last
	calls map[calllog.CallID]calllog.Call // those that are written down
}

// longestLeg is how long before a time a leg may have started that matters then.
const longestLeg = 12 * time.Hour

// Traces reads the legs that were alive between two times.
func (e *evidence) Traces(ctx context.Context, from, to time.Time) ([]calllog.Trace, error) {
	return e.traces(ctx, e.tx, `
		SELECT `+traceColumns+` FROM call_legs WHERE started_at >= $1 AND started_at < $2
		UNION ALL
		SELECT `+traceColumns+` FROM call_legs WHERE started_at >= $3 AND started_at < $1 AND ended_at > $1`,
		from, to, from.Add(-longestLeg))
}

func (s Stitches) traces(ctx context.Context, q querier, sql string, args ...any) ([]calllog.Trace, error) {
	found, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var all []calllog.Trace
	var coded []traceWords
	needed := map[int32]struct{}{}
	row := newTraceRow()
	for found.Next() {
		var t calllog.Trace
		var w traceWords
		if err := row.scan(found, &t, &w); err != nil {
			return nil, err
		}
		if len(all) == cap(all) { // left to itself it would be copied five times over
			all = slices.Grow(all, max(len(all), 256))
		}
		all, coded = append(all, t), append(coded, w)
		needed[w.system], needed[w.agent] = struct{}{}, struct{}{}
	}
	if err := found.Err(); err != nil {
		return nil, err
	}
	words, err := s.words.read(ctx, q, needed)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].System, all[i].Agent = words[coded[i].system], userID(words[coded[i].agent])
	}
	return all, nil
}

// Clocks reads those of days from one time to before another.
func (e *evidence) Clocks(ctx context.Context, from, to time.Time) ([]calllog.Clock, error) {
	return e.clocks(ctx, e.tx, from, to)
}

type clockRow struct {
	Day     time.Time
	System  string
	Against string
	Ahead   time.Duration
	Drift   time.Duration
	Spread  time.Duration
	Pairs   int
}

func (Stitches) clocks(ctx context.Context, q querier, from, to time.Time) ([]calllog.Clock, error) {
	found, err := rows[clockRow](ctx, q, `
		SELECT c.day, s.word AS system, a.word AS against, c.ahead, c.drift, c.spread, c.pairs
		FROM call_clocks c JOIN call_words s ON s.id = c.system_id JOIN call_words a ON a.id = c.against_id
		WHERE c.day >= $1::date AND c.day < $2 ORDER BY c.day, system, against`, calllog.Day(from), to.UTC())
	clocks := make([]calllog.Clock, len(found))
	for i, r := range found {
		clocks[i] = calllog.Clock{
			System: r.System, Against: r.Against, Day: r.Day, Ahead: r.Ahead, Drift: r.Drift, Spread: r.Spread, Pairs: r.Pairs,
		}
	}
	return clocks, err
}
