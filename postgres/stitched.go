package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// Call finds a call by its name, or by following where its legs went.
func (s Stitches) Call(ctx context.Context, id calllog.CallID) (calllog.Call, error) {
	var found []calllog.Call
	err := again(ctx, "call "+string(id), func() (err error) {
		found, err = s.readCalls(ctx, s.pool, `call_id = $1`, id)
		if err != nil || len(found) > 0 {
			return err
		}
		// The name that most of its legs have now, through as many as it had.
		found, err = s.readCalls(ctx, s.pool, `call_id = (
			WITH RECURSIVE names (id, steps) AS (
				SELECT $1::text, 0
				UNION
				SELECT m.to_call, n.steps + 1 FROM names n JOIN call_moves m ON m.from_call = n.id WHERE n.steps < 20
			)
			SELECT m.call_id FROM names n JOIN call_members m ON m.call_id = n.id
			GROUP BY m.call_id, n.steps ORDER BY n.steps, count(*) DESC, m.call_id LIMIT 1)`, id)
		if err == nil && len(found) == 0 {
			return dualtone.ErrNotFound
		}
		return err
	})
	if err != nil {
		return calllog.Call{}, err
	}
	return found[0], nil
}

// CallOf finds the call of a leg.
func (s Stitches) CallOf(ctx context.Context, leg calllog.Place) (calllog.Call, error) {
	var found []calllog.Call
	err := again(ctx, "call of "+leg.Record, func() error {
		system, _, err := s.words.find(ctx, systemWord, leg.System)
		if err != nil {
			return err
		}
		found, err = s.readCalls(ctx, s.pool, `call_id = (
			SELECT call_id FROM call_members WHERE started_at = $1 AND system_id = $2 AND record_id = $3)`,
			stored(leg.Started), system, leg.Record)
		return err
	})
	if err != nil || len(found) > 0 {
		return first(found), err
	}
	return calllog.Call{
		ID: calllog.CallIDOf(leg.LegID, leg.Started), Started: leg.Started,
		Members: []calllog.Member{{Leg: leg.LegID, Started: leg.Started, Join: calllog.Join{Method: calllog.First, Confidence: 100}}},
	}, nil
}

func first[T any](all []T) T {
	if len(all) == 0 {
		var none T
		return none
	}
	return all[0]
}

type moveRow struct {
	StartedAt time.Time
	System    string
	RecordID  string
	FromCall  calllog.CallID
	ToCall    calllog.CallID
	Why       string
	At        time.Time
}

// Moves tells what came to a call and what went from it.
func (s Stitches) Moves(ctx context.Context, id calllog.CallID) ([]calllog.Change, error) {
	var all []calllog.Change
	err := again(ctx, "moves of call "+string(id), func() error {
		found, err := rows[moveRow](ctx, s.pool, `
			SELECT m.started_at, w.word AS system, m.record_id, m.from_call, m.to_call, m.why, m.at
			FROM call_moves m JOIN call_words w ON w.id = m.system_id
			WHERE m.from_call = $1 OR m.to_call = $1 ORDER BY m.at, m.started_at, m.record_id`, id)
		all = make([]calllog.Change, len(found))
		for i, r := range found {
			all[i] = calllog.Change{
				Leg: calllog.LegID{System: r.System, Record: r.RecordID}, Started: r.StartedAt.UTC(),
				From: r.FromCall, To: r.ToCall, Why: r.Why, At: r.At.UTC(),
			}
		}
		return err
	})
	return all, err
}

// Ambiguous lists legs that fit several calls.
func (s Stitches) Ambiguous(ctx context.Context, q calllog.AmbiguousQuery) ([]calllog.Ambiguity, error) {
	var f filter
	f.equal("w.word", q.System)
	if !q.From.IsZero() {
		f.add("o.started_at >= %s", stored(q.From))
	}
	if !q.To.IsZero() {
		f.add("o.started_at < %s", stored(q.To))
	}
	if !q.After.Started.IsZero() {
		f.conditions = append(f.conditions, fmt.Sprintf("(o.started_at, w.word, o.record_id) > (%s, %s, %s)",
			f.arg(stored(q.After.Started)), f.arg(q.After.System), f.arg(q.After.Record)))
	}
	where := "true"
	if w := f.where(); w != "" {
		where = w[len(" WHERE "):]
	}
	limit := f.limit(q.Limit)
	var found []calllog.Ambiguity
	err := again(ctx, "ambiguous legs", func() (err error) {
		found, err = s.readOpen(ctx, s.pool, where+` ORDER BY o.started_at, w.word, o.record_id`+limit, f.args...)
		return err
	})
	return found, err
}

// Clocks lists what was measured.
func (s Stitches) Clocks(ctx context.Context, from, to time.Time) ([]calllog.Clock, error) {
	var found []calllog.Clock
	err := again(ctx, "clocks", func() (err error) {
		found, err = s.clocks(ctx, s.pool, from, to)
		return err
	})
	return found, err
}
