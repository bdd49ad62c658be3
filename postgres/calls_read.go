package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// keptRow is a version with the times of its knowledge.
type keptRow struct {
	legRow

	known, until *time.Time
	ingest       calllog.IngestID
}

// selectKept selects the versions of a table, whose alias is l.
func selectKept(until string) string {
	return `SELECT ` + list("l", keptColumns()) + `, b.known_at, ` + until + `, coalesce(b.ingest, '')`
}

const withBatch = ` LEFT JOIN call_batches b ON b.id = l.batch_id`

func (c *Calls) kept(ctx context.Context, q querier, sql string, args ...any) ([]calllog.Kept, error) {
	found, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var all []*keptRow
	ids := map[int32]struct{}{}
	for found.Next() {
		r := new(keptRow)
		if err := found.Scan(append(r.fields(), &r.known, &r.until, &r.ingest)...); err != nil {
			return nil, err
		}
		r.words(ids)
		all = append(all, r)
	}
	if err := found.Err(); err != nil {
		return nil, err
	}
	words, err := c.words.read(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	kept := make([]calllog.Kept, len(all))
	for i, r := range all {
		kept[i] = calllog.Kept{
			Leg: r.leg(words), Version: r.version, Known: utc(r.known), Until: utc(r.until),
			Ingest: r.ingest, Line: r.line, Batch: r.batch,
		}
	}
	return kept, nil
}

// Legs returns legs in the order of their starts.
func (c *Calls) Legs(ctx context.Context, q calllog.LegQuery) ([]calllog.Kept, error) {
	var legs []calllog.Kept
	err := again(ctx, "legs", func() error {
		f, known, err := c.legFilter(ctx, &q)
		if err != nil || !known {
			return err
		}
		times := filter{args: f.args}
		if err := c.legTimes(ctx, &times, &q); err != nil {
			return err
		}
		if q.Number != "" || q.Call != "" {
			legs, err = c.fewLegs(ctx, &q, f, &times)
			return err
		}
		f = f.and(&times)
		legs, err = c.kept(ctx, c.pool, selectLegs(&q, `call_legs l`+f.where(), f), f.args...)
		return err
	})
	return legs, err
}

// selectLegs selects the first legs of a table: the limit comes before the writes, so
// that no more of these are looked up than are shown.
func selectLegs(q *calllog.LegQuery, from string, f *filter) string {
	return selectKept("NULL::timestamptz") + ` FROM (SELECT * FROM ` + from + legOrder(q) + f.limit(q.Limit) + `) l` + withBatch + legOrder(q)
}

func legOrder(q *calllog.LegQuery) string {
	if q.Oldest {
		return " ORDER BY l.started_at, l.system_id, l.record_id"
	}
	return " ORDER BY l.started_at DESC, l.system_id DESC, l.record_id DESC"
}

// legFilter makes the conditions of a query but for its times. A word that the log
// never met selects nothing.
func (c *Calls) legFilter(ctx context.Context, q *calllog.LegQuery) (f *filter, known bool, err error) {
	f = &filter{}
	for _, w := range []struct {
		column, text string
		kind         wordKind
	}{
		{"l.system_id", q.System, systemWord},
		{"l.agent_id", string(q.Agent), agentWord},
		{"l.queue_id", string(q.Queue), queueWord},
		{"l.site_id", q.Site, siteWord},
	} {
		if w.text == "" {
			continue
		}
		id, met, err := c.words.find(ctx, w.kind, w.text)
		if err != nil || !met {
			return f, false, err
		}
		f.add(w.column+" = %s", id)
	}
	if q.Call != "" {
		f.add(hashOf("l.call_key")+" = "+hashOf("%s::text"), q.Call)
		f.add("l.call_key = %s", q.Call)
	}
	if err := legCodes(f, q); err != nil {
		return f, false, err
	}
	if q.Number != "" {
		n := digits(q.Number)
		if n == 0 {
			return f, false, fmt.Errorf("number %q: want it in E.164, such as +49301234567: %w", q.Number, dualtone.ErrInvalid)
		}
		f.add("(l.caller_number = %s OR l.called_number = %s)", n)
	}
	return f, true, nil
}

func legCodes(f *filter, q *calllog.LegQuery) error {
	if q.Direction != "" {
		n, ok := code(directions(), q.Direction)
		if !ok {
			return fmt.Errorf("direction %q: want inbound, outbound or internal: %w", q.Direction, dualtone.ErrInvalid)
		}
		f.add("l.direction = %s", n)
	}
	if q.Disposition != "" {
		n, ok := code(dispositions(), q.Disposition)
		if !ok {
			return fmt.Errorf("disposition %q: want one of %v: %w", q.Disposition, dispositions()[1:], dualtone.ErrInvalid)
		}
		f.add("l.disposition = %s", n)
	}
	return nil
}

func (c *Calls) legTimes(ctx context.Context, f *filter, q *calllog.LegQuery) error {
	if !q.From.IsZero() {
		f.add("l.started_at >= %s", stored(q.From))
	}
	if !q.To.IsZero() {
		f.add("l.started_at < %s", stored(q.To))
	}
	if q.After.Record == "" {
		return nil
	}
	system, _, err := c.words.find(ctx, systemWord, q.After.System)
	if err != nil {
		return err
	}
	compare := "<"
	if q.Oldest {
		compare = ">"
	}
	f.conditions = append(f.conditions, fmt.Sprintf("(l.started_at, l.system_id, l.record_id) %s (%s, %s, %s)",
		compare, f.arg(stored(q.After.Started)), f.arg(system), f.arg(q.After.Record)))
	return nil
}

// Leg returns a leg as it counts now.
func (c *Calls) Leg(ctx context.Context, at calllog.Place) (calllog.Kept, error) {
	versions, err := c.Versions(ctx, at)
	if err != nil {
		return calllog.Kept{}, err
	}
	last := versions[len(versions)-1]
	if !last.Until.IsZero() {
		return last, fmt.Errorf("leg %s of system %s: %w", at.Record, at.System, dualtone.ErrNotFound)
	}
	return last, nil
}

// Versions returns every version of a leg, oldest first. Without its start, the leg
// is found by its record.
func (c *Calls) Versions(ctx context.Context, at calllog.Place) ([]calllog.Kept, error) {
	noun := fmt.Sprintf("leg %s of system %s", at.Record, at.System)
	var versions []calllog.Kept
	err := again(ctx, noun, func() error {
		system, known, err := c.words.find(ctx, systemWord, at.System)
		if err != nil {
			return err
		}
		if !known {
			return dualtone.ErrNotFound
		}
		var f filter
		f.add("l.system_id = %s", system)
		f.add("l.record_id = %s", at.Record)
		past, err := c.kept(ctx, c.pool, selectKept("u.known_at")+` FROM call_legs_history l`+withBatch+
			` LEFT JOIN call_batches u ON u.id = l.until_batch`+f.where()+` ORDER BY l.version`, f.args...)
		if err != nil {
			return err
		}
		if at.Started.IsZero() {
			at.Started, _, err = c.locate(ctx, at.LegID)
			if errors.Is(err, dualtone.ErrNotFound) && len(past) > 0 {
				versions = past
				return nil
			}
			if err != nil {
				return err
			}
		}
		f.add("l.started_at = %s", stored(at.Started))
		now, err := c.kept(ctx, c.pool, selectKept("NULL::timestamptz")+` FROM call_legs l`+withBatch+f.where(), f.args...)
		versions = slices.Concat(past, now)
		if err == nil && len(versions) == 0 {
			return dualtone.ErrNotFound
		}
		return err
	})
	return versions, err
}

var (
	_ calllog.Store       = (*Calls)(nil)
	_ calllog.Log         = (*Calls)(nil)
	_ calllog.Quarantine  = (*Calls)(nil)
	_ calllog.Supplements = (*Calls)(nil)
	_ calllog.Settler     = (*Rollups)(nil)
	_ calllog.Care        = (*Care)(nil)
)
