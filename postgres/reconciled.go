package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/reconcile"
)

// Joined lists legs with their calls.
func (s Stitches) Joined(ctx context.Context, from, to time.Time) ([]calllog.Joined, error) {
	var all []calllog.Joined
	err := again(ctx, "legs and their calls", func() error {
		return pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
			all, err = s.joined(ctx, tx, from, to)
			return err
		})
	})
	return all, err
}

func (s Stitches) joined(ctx context.Context, q querier, from, to time.Time) ([]calllog.Joined, error) {
	traces, err := s.traces(ctx, q, `SELECT `+traceColumns+`
		FROM call_legs WHERE started_at >= $1 AND started_at < $2 ORDER BY started_at, system_id, record_id`, from, to)
	if err != nil {
		return nil, err
	}
	found, err := q.Query(ctx, `
		SELECT w.word, m.record_id, m.call_id FROM call_members m JOIN call_words w ON w.id = m.system_id
		WHERE m.started_at >= $1 AND m.started_at < $2`, from, to)
	if err != nil {
		return nil, err
	}
	homes := map[calllog.LegID]calllog.CallID{}
	var leg calllog.LegID
	var call calllog.CallID
	_, err = pgx.ForEachRow(found, []any{&leg.System, &leg.Record, &call}, func() error {
		homes[leg] = call
		return nil
	})
	all := make([]calllog.Joined, len(traces))
	for i, t := range traces {
		all[i] = calllog.Joined{Trace: t, StitchedTo: homes[t.LegID]}
		if all[i].StitchedTo == "" {
			all[i].StitchedTo = calllog.CallIDOf(t.LegID, t.Started)
		}
	}
	return all, err
}

// Keep replaces what was compared of a day before.
func (s Stitches) Keep(ctx context.Context, r reconcile.Reconciled) error {
	items := r.Items
	r.Items = nil
	summary, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return again(ctx, "reconciliation of "+r.Day.Format(time.DateOnly), func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `
				INSERT INTO call_reconciled (day, made_at, summary) VALUES ($1::date, $2, $3)
				ON CONFLICT (day) DO UPDATE SET made_at = excluded.made_at, summary = excluded.summary`,
				r.Day, stored(r.Made), string(summary)); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `DELETE FROM call_reconciled_items WHERE day = $1::date`, r.Day); err != nil {
				return err
			}
			_, err := tx.CopyFrom(ctx, pgx.Identifier{"call_reconciled_items"},
				[]string{"day", "n", "crm_user", "verdict", "open", "item"},
				pgx.CopyFromSlice(len(items), func(i int) ([]any, error) {
					text, err := json.Marshal(items[i])
					return []any{r.Day, int32(i), string(items[i].User), string(items[i].Verdict), items[i].Open(), string(text)}, err //nolint:gosec // a day's calls
				}))
			return err
		})
	})
}

// Kept reads a day again.
func (s Stitches) Kept(ctx context.Context, q reconcile.Query) (reconcile.Reconciled, error) {
	day := calllog.Day(q.Day)
	var r reconcile.Reconciled
	err := again(ctx, "reconciliation of "+day.Format(time.DateOnly), func() error {
		var summary []byte
		var stale bool
		err := s.pool.QueryRow(ctx, `
			SELECT summary, EXISTS (
				SELECT FROM call_batches b WHERE b.at > r.made_at AND b.first_start < r.day + 1 AND b.last_start >= r.day
			) FROM call_reconciled r WHERE day = $1::date`, day).Scan(&summary, &stale)
		if err == pgx.ErrNoRows { //nolint:errorlint // QueryRow returns it bare
			return fmt.Errorf("never made: %w", dualtone.ErrNotFound)
		}
		if err != nil {
			return err
		}
		if err := json.Unmarshal(summary, &r); err != nil {
			return err
		}
		r.Stale = stale
		r.Items, err = s.readItems(ctx, day, q)
		return err
	})
	return r, err
}

func (s Stitches) readItems(ctx context.Context, day time.Time, q reconcile.Query) ([]reconcile.Item, error) {
	var f filter
	f.add("day = %s::date", day)
	f.equal("crm_user", string(q.User))
	f.equal("verdict", string(q.Verdict))
	if q.OpenOnly {
		f.conditions = append(f.conditions, "open")
	}
	sql := `SELECT item FROM call_reconciled_items` + f.where() + ` ORDER BY n` + f.limit(q.Limit)
	if q.After > 0 {
		sql += " OFFSET " + f.arg(q.After)
	}
	found, err := s.pool.Query(ctx, sql, f.args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[reconcile.Item])
}
