package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

type unmatchedRow struct {
	System     string
	RecordID   string
	Supplement string
	BatchID    calllog.BatchID
	SourceLine int64
	At         time.Time
	Ingest     calllog.IngestID
	Kind       calllog.SourceKind
	Key        string
	Name       string
	Format     string
}

const fromUnmatched = ` FROM call_supplements s JOIN call_words w ON w.id = s.system_id JOIN call_batches b ON b.id = s.batch_id`

// unmatched is what has no leg and should have one; an index holds it.
const unmatched = `s.owner_record IS NULL AND s.supplement -> 'spare' IS NULL`

// Unmatched lists supplements whose leg is not in the log.
func (c *Calls) Unmatched(ctx context.Context, q calllog.UnmatchedQuery) ([]calllog.Unmatched, error) {
	f := filter{conditions: []string{unmatched}}
	f.equal("w.word", q.System)
	f.equal("b.ingest", string(q.Ingest))
	if !q.Before.IsZero() {
		f.add("b.at < %s", stored(q.Before))
	}
	if q.After.Record != "" {
		f.conditions = append(f.conditions, fmt.Sprintf("(s.batch_id, s.source_line, s.record_id) > (%s, %s, %s)",
			f.arg(q.After.Batch), f.arg(q.After.Line), f.arg(q.After.Record)))
	}
	sql := `
		SELECT w.word AS system, s.record_id, s.supplement::text AS supplement, s.batch_id, s.source_line, b.at, b.ingest, i.kind, i.key, i.name, i.format` +
		fromUnmatched + ` JOIN call_ingests i ON i.id = b.ingest` + f.where() + ` ORDER BY s.batch_id, s.source_line, s.record_id` + f.limit(q.Limit)
	var all []calllog.Unmatched
	err := again(ctx, "supplements without a leg", func() error {
		found, err := rows[unmatchedRow](ctx, c.pool, sql, f.args...)
		if err != nil {
			return err
		}
		all = make([]calllog.Unmatched, len(found))
		for i := range found {
			if all[i], err = found[i].unmatched(); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

func (r *unmatchedRow) unmatched() (calllog.Unmatched, error) {
	var p calllog.Supplement
	err := json.Unmarshal([]byte(r.Supplement), &p)
	return calllog.Unmatched{
		LegID: calllog.LegID{System: r.System, Record: r.RecordID}, Leg: p.Leg, At: whenOf(&p).UTC(),
		Since: r.At.UTC(), Ingest: r.Ingest, Line: r.SourceLine, Batch: r.BatchID,
		Source: calllog.Source{System: r.System, Kind: r.Kind, Key: r.Key, Name: r.Name, Format: r.Format},
	}, err
}

// Backlogs counts supplements without a leg that were read before a time.
func (c *Calls) Backlogs(ctx context.Context, before time.Time) ([]calllog.Backlog, error) {
	var all []calllog.Backlog
	err := again(ctx, "supplements without a leg", func() (err error) {
		all, err = rows[calllog.Backlog](ctx, c.pool, `
			SELECT w.word AS system, count(*) AS count, min(b.at) AS oldest`+fromUnmatched+`
			WHERE `+unmatched+` AND b.at < $1 GROUP BY w.word ORDER BY w.word`, stored(before))
		return err
	})
	for i := range all {
		all[i].Oldest = all[i].Oldest.UTC()
	}
	return all, err
}
