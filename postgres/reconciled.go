package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
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
				SELECT FROM call_batches b WHERE b.at > r.made_at AND b.first_start < $2 AND b.last_start >= $3
			) FROM call_reconciled r WHERE day = $1::date`, day, day.AddDate(0, 0, 1), day).Scan(&summary, &stale)
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
		said, err := s.said(ctx, s.pool, day)
		if err != nil {
			return err
		}
		explained, err := s.itemsOf(ctx, day, slices.Collect(maps.Keys(said)))
		if err != nil {
			return err
		}
		r.Explain(explained)
		r.Items, err = s.readItems(ctx, day, q, said)
		return err
	})
	return r, err
}

// itemKey is reconcile.Item.Key in SQL.
const itemKey = `encode(sha256(convert_to(concat_ws(E'\n', coalesce(item->'phone'->>'system', ''), coalesce(item->'phone'->>'record', ''),
	coalesce(item->>'crm', ''), item->>'verdict', coalesce(item->>'what', '')), 'UTF8')), 'hex')`

// itemsOf are the open items of a day that have one of these keys.
func (s Stitches) itemsOf(ctx context.Context, day time.Time, keys []string) ([]reconcile.Item, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	found, err := s.pool.Query(ctx, `SELECT item FROM call_reconciled_items WHERE day = $1::date AND open AND `+itemKey+` = ANY($2)`, day, keys)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[reconcile.Item])
}

// said is what people said of a day's differences and did not take back, by the
// differences' keys.
func (Stitches) said(ctx context.Context, q querier, day time.Time) (map[string]reconcile.Said, error) {
	found, err := q.Query(ctx, `
		SELECT difference, actor, reason, at FROM (
			SELECT DISTINCT ON (difference) * FROM call_explanations WHERE day = $1::date ORDER BY difference, serial DESC
		) AS latest WHERE NOT withdrawn`, day)
	if err != nil {
		return nil, err
	}
	all := map[string]reconcile.Said{}
	var key string
	var said reconcile.Said
	_, err = pgx.ForEachRow(found, []any{&key, &said.Actor, &said.Reason, &said.At}, func() error {
		said.At = said.At.UTC()
		all[key] = said
		return nil
	})
	return all, err
}

// Say keeps what somebody says of a difference and notes it in the audit, both or
// neither.
func (s Stitches) Say(ctx context.Context, w reconcile.Word) (reconcile.Item, error) {
	var item reconcile.Item
	if err := w.Check(); err != nil {
		return item, err
	}
	day := calllog.Day(w.Day)
	what := "difference of " + day.Format(time.DateOnly)
	err := again(ctx, what, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			now, err := s.difference(ctx, tx, day, w)
			if err != nil {
				return err
			}
			if item, err = now.Take(w); err != nil || w.Dry {
				return err
			}
			if _, err := tx.Exec(ctx, `
				INSERT INTO call_explanations (day, difference, actor, reason, at, withdrawn) VALUES ($1::date, $2, $3, $4, $5, $6)`,
				day, now.Key(), w.Actor, printable(w.Reason), stored(w.At), w.Withdraw); err != nil {
				return err
			}
			return noteChange(ctx, tx, string(access.CallDecide), "reconciliation/"+day.Format(time.DateOnly)+"/"+now.Key()[:12], noted(now.Said), noted(item.Said))
		})
	})
	return item, err
}

// noted is what the audit holds of a word; nothing where there is none.
func noted(s *reconcile.Said) any {
	if s == nil {
		return nil
	}
	return s
}

// difference finds the item that a word is about, as it is now. Whoever else speaks
// of the day meanwhile waits.
func (s Stitches) difference(ctx context.Context, tx pgx.Tx, day time.Time, w reconcile.Word) (reconcile.Item, error) {
	var item reconcile.Item
	if _, err := tx.Exec(ctx, `SELECT FROM call_reconciled WHERE day = $1::date FOR UPDATE`, day); err != nil {
		return item, err
	}
	var f filter
	f.add("day = %s::date", day)
	f.equal("item->'phone'->>'system'", w.Phone.System)
	f.equal("item->'phone'->>'record'", w.Phone.Record)
	f.equal("item->>'crm'", w.CRM)
	found, err := tx.Query(ctx, `SELECT item FROM call_reconciled_items`+f.where()+` ORDER BY n LIMIT 1`, f.args...)
	if err != nil {
		return item, err
	}
	items, err := pgx.CollectRows(found, pgx.RowTo[reconcile.Item])
	switch {
	case err != nil:
		return item, err
	case len(items) == 0:
		return item, fmt.Errorf("no comparison of the day found it: %w", dualtone.ErrNotFound)
	}
	said, err := s.said(ctx, tx, day)
	item = items[0]
	if is, ok := said[item.Key()]; ok && item.Open() {
		item.Said = &is
	}
	return item, err
}

func (s Stitches) readItems(ctx context.Context, day time.Time, q reconcile.Query, said map[string]reconcile.Said) ([]reconcile.Item, error) {
	var f filter
	f.add("day = %s::date", day)
	f.equal("crm_user", string(q.User))
	f.equal("verdict", string(q.Verdict))
	if q.OpenOnly {
		f.conditions = append(f.conditions, "open")
		if len(said) > 0 {
			f.add("NOT "+itemKey+" = ANY(%s)", slices.Collect(maps.Keys(said)))
		}
	}
	sql := `SELECT item FROM call_reconciled_items` + f.where() + ` ORDER BY n` + f.limit(q.Limit)
	if q.After > 0 {
		sql += " OFFSET " + f.arg(q.After)
	}
	found, err := s.pool.Query(ctx, sql, f.args...)
	if err != nil {
		return nil, err
	}
	items, err := pgx.CollectRows(found, pgx.RowTo[reconcile.Item])
	for i := range items {
		if is, ok := said[items[i].Key()]; ok && items[i].Open() {
			items[i].Said = &is
		}
	}
	return items, err
}
