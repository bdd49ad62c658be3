package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone/calllog"
)

// Decided reads what stands of the time between two.
func (e *evidence) Decided(ctx context.Context, from, to time.Time) (calllog.Decided, error) {
	var d calllog.Decided
	var err error
	d.Calls, err = e.readCalls(ctx, e.tx, `call_id IN (
		SELECT call_id FROM call_members WHERE started_at >= $1 AND started_at < $2)`, from, to)
	if err != nil {
		return d, err
	}
	for _, c := range d.Calls {
		e.calls[c.ID] = c
	}
	if d.Ambiguous, err = e.readOpen(ctx, e.tx, `o.started_at >= $1 AND o.started_at < $2`, from, to); err != nil {
		return d, err
	}
	d.Rulings, err = e.readRulings(ctx, e.tx, `r.started_at >= $1 AND r.started_at < $2 AND undone_at IS NULL`, from, to)
	return d, err
}

// readCalls reads the calls whose members fulfill a condition, each whole, by
// their start.
func (s Stitches) readCalls(ctx context.Context, q querier, where string, args ...any) ([]calllog.Call, error) {
	found, err := q.Query(ctx, `
		SELECT call_id, started_at, system_id, record_id, method, confidence, to_system, to_record, why, crossed
		FROM call_members WHERE `+where+` ORDER BY call_id COLLATE "C", started_at`, args...)
	if err != nil {
		return nil, err
	}
	var all []calllog.Call
	var systems [][2]int32
	needed := map[int32]struct{}{}
	var (
		m        calllog.Member
		id       calllog.CallID
		system   int32
		toSystem *int32
		toRecord *string
		why      *string
		method   *int16
		crossed  *bool
	)
	_, err = pgx.ForEachRow(found, []any{
		&id, &m.Started, &system, &m.Leg.Record, &method, &m.Join.Confidence, &toSystem, &toRecord, &why, &crossed,
	}, func() error {
		m.Started = m.Started.UTC()
		m.Join.Method, m.Join.To.Record, m.Join.Why = decode(methods(), method), of(toRecord), of(why)
		if len(all) == 0 || all[len(all)-1].ID != id {
			all = append(all, calllog.Call{ID: id, Started: m.Started})
		}
		c := &all[len(all)-1]
		c.Members = append(c.Members, m)
		c.Crossed = c.Crossed || of(crossed)
		systems = append(systems, [2]int32{system, of(toSystem)})
		needed[system], needed[of(toSystem)] = struct{}{}, struct{}{}
		return nil
	})
	if err != nil {
		return nil, err
	}
	words, err := s.words.read(ctx, q, needed)
	if err != nil {
		return nil, err
	}
	n := 0
	for i := range all {
		for j := range all[i].Members {
			m := &all[i].Members[j]
			m.Leg.System, m.Join.To.System = words[systems[n][0]], words[systems[n][1]]
			n++
		}
		all[i].Order()
	}
	return all, nil
}

type openRow struct {
	StartedAt  time.Time
	System     string
	RecordID   string
	Candidates json.RawMessage
}

func (Stitches) readOpen(ctx context.Context, q querier, where string, args ...any) ([]calllog.Ambiguity, error) {
	found, err := rows[openRow](ctx, q, `
		SELECT o.started_at, w.word AS system, o.record_id, o.candidates
		FROM call_open o JOIN call_words w ON w.id = o.system_id WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	all := make([]calllog.Ambiguity, len(found))
	for i, r := range found {
		all[i] = calllog.Ambiguity{Leg: calllog.LegID{System: r.System, Record: r.RecordID}, Started: r.StartedAt.UTC()}
		if err := json.Unmarshal(r.Candidates, &all[i].Candidates); err != nil {
			return nil, err
		}
	}
	return all, nil
}

type rulingRow struct {
	StartedAt time.Time
	System    string
	RecordID  string
	ToSystem  *string
	ToRecord  *string
	Actor     string
	Reason    string
	At        time.Time
}

func (Stitches) readRulings(ctx context.Context, q querier, where string, args ...any) ([]calllog.Ruling, error) {
	found, err := rows[rulingRow](ctx, q, `
		SELECT r.started_at, w.word AS system, r.record_id, t.word AS to_system, r.to_record, r.actor, r.reason, r.at
		FROM call_rulings r JOIN call_words w ON w.id = r.system_id LEFT JOIN call_words t ON t.id = r.to_system
		WHERE `+where+` ORDER BY r.id`, args...)
	all := make([]calllog.Ruling, len(found))
	for i := range found {
		all[i] = found[i].ruling()
	}
	return all, err
}

func (r *rulingRow) ruling() calllog.Ruling {
	return calllog.Ruling{
		Leg: calllog.LegID{System: r.System, Record: r.RecordID}, Started: r.StartedAt.UTC(),
		To:    calllog.LegID{System: of(r.ToSystem), Record: of(r.ToRecord)},
		Actor: r.Actor, Reason: r.Reason, At: r.At.UTC(),
	}
}
