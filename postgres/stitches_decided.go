package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone/calllog"
)

// Decided reads what stands of the time between two.
func (e *evidence) Decided(ctx context.Context, from, to time.Time) (calllog.Decided, error) {
	var d calllog.Decided
	var err error
	d.Calls, err = e.callsBetween(ctx, e.tx, from, to)
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

// readCalls reads the calls whose members fulfill a condition, by their names: those
// begin with the calls' starts.
func (s Stitches) readCalls(ctx context.Context, q querier, where string, args ...any) ([]calllog.Call, error) {
	found, err := s.readMembers(ctx, q, where, args...)
	return found.calls, err
}

// callsBetween reads the calls of which a leg started between two times, each whole.
// The legs of nearly every call started close to each other, and what is close lies
// together; only a call that is missing one is looked up by its name.
func (s Stitches) callsBetween(ctx context.Context, q querier, from, to time.Time) ([]calllog.Call, error) {
	found, err := s.readMembers(ctx, q, `started_at >= $1 AND started_at < $2`, from.Add(-calllog.StitchReach), to.Add(calllog.StitchReach))
	if err != nil {
		return nil, err
	}
	var whole []calllog.Call
	var parts []calllog.CallID
	for i, c := range found.calls {
		switch {
		case !slices.ContainsFunc(c.Members, func(m calllog.Member) bool { return !m.Started.Before(from) && m.Started.Before(to) }):
		case len(c.Members) == found.legs[i]:
			whole = append(whole, c)
		default:
			parts = append(parts, c.ID)
		}
	}
	if len(parts) == 0 {
		return whole, nil
	}
	more, err := s.readCalls(ctx, q, `call_id = ANY($1)`, parts)
	whole = append(whole, more...)
	slices.SortFunc(whole, byName)
	return whole, err
}

func byName(a, b calllog.Call) int { return cmp.Compare(a.ID, b.ID) }

// heldCalls are calls as far as they were read, and of how many legs each is: 0 where
// the first, which says so, was not read.
type heldCalls struct {
	calls []calllog.Call
	legs  []int
}

func (s Stitches) readMembers(ctx context.Context, q querier, where string, args ...any) (heldCalls, error) {
	found, err := q.Query(ctx, `
		SELECT call_id, started_at, system_id, record_id, method, confidence, to_system, to_record, why, crossed, legs
		FROM call_members WHERE `+where+` ORDER BY call_id COLLATE "C", started_at`, args...)
	if err != nil {
		return heldCalls{}, err
	}
	var held heldCalls
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
		legs     *int
	)
	codes := methods()
	_, err = pgx.ForEachRow(found, []any{
		&id, &m.Started, &system, &m.Leg.Record, &method, &m.Join.Confidence, &toSystem, &toRecord, &why, &crossed, &legs,
	}, func() error {
		m.Started = m.Started.UTC()
		m.Join.Method, m.Join.To.Record, m.Join.Why = decode(codes, method), of(toRecord), of(why)
		last := len(held.calls) - 1
		if last < 0 || held.calls[last].ID != id {
			held.calls = append(held.calls, calllog.Call{ID: id, Started: m.Started})
			held.legs = append(held.legs, 0)
			last++
		}
		c := &held.calls[last]
		c.Members = append(c.Members, m)
		c.Crossed = c.Crossed || of(crossed)
		held.legs[last] += of(legs)
		systems = append(systems, [2]int32{system, of(toSystem)})
		needed[system], needed[of(toSystem)] = struct{}{}, struct{}{}
		return nil
	})
	if err != nil {
		return heldCalls{}, err
	}
	words, err := s.words.read(ctx, q, needed)
	if err != nil {
		return heldCalls{}, err
	}
	n := 0
	for i := range held.calls {
		for j := range held.calls[i].Members {
			m := &held.calls[i].Members[j]
			m.Leg.System, m.Join.To.System = words[systems[n][0]], words[systems[n][1]]
			n++
		}
		held.calls[i].Order()
	}
	return held, nil
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
