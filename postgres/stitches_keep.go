package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone/calllog"
)

// keep writes a decision down.
func (e *evidence) keep(ctx context.Context, day time.Time, d calllog.Decision) error {
	if err := e.learn(ctx, d); err != nil {
		return err
	}
	corrected, err := e.corrected(ctx, day, d)
	if err != nil {
		return fmt.Errorf("corrected legs: %w", err)
	}
	d.Put = append(d.Put, corrected...)
	for what, keep := range map[string]func(context.Context, calllog.Decision) error{
		"calls": e.keepCalls, "moves": e.keepMoves, "open legs": e.keepOpen,
	} {
		if err := keep(ctx, d); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	if err := e.keepClocks(ctx, day, d.Clocks); err != nil || len(d.Again) == 0 {
		return err
	}
	// In case that this run is cut short before it comes to them.
	_, err = e.tx.Exec(ctx, `
		INSERT INTO call_unstitched (day, batch) SELECT d, 0 FROM unnest($1::date[]) d
		WHERE EXISTS (SELECT FROM call_legs WHERE started_at >= d::timestamp AT TIME ZONE 'UTC' AND started_at < (d + 1)::timestamp AT TIME ZONE 'UTC')
		ON CONFLICT DO NOTHING`, d.Again)
	return err
}

// learn makes sure that every system has a number. All have one, having legs,
// unless this process has not met them yet.
func (e *evidence) learn(ctx context.Context, d calllog.Decision) error {
	systems := map[string]bool{}
	for _, c := range d.Put {
		for _, m := range c.Members {
			systems[m.Leg.System] = true
		}
	}
	for _, c := range d.Changes {
		systems[c.Leg.System] = true
	}
	for _, a := range d.Open {
		systems[a.Leg.System] = true
	}
	for _, l := range d.Closed {
		systems[l.System] = true
	}
	for _, c := range d.Clocks {
		systems[c.System], systems[c.Against] = true, true
	}
	for s := range systems {
		if _, ok, err := e.words.find(ctx, systemWord, s); err != nil || !ok {
			return fmt.Errorf("system %q is not in the log: %w", s, err)
		}
	}
	return nil
}

func (s Stitches) system(name string) int32 {
	id, _ := s.words.known(systemWord, name)
	return id
}

func (e *evidence) keepCalls(ctx context.Context, d calllog.Decision) error {
	var old []calllog.CallID
	members := 0
	for _, c := range d.Put {
		if _, standing := e.calls[c.ID]; standing {
			old = append(old, c.ID)
		}
		members += len(c.Members)
	}
	once := newAccounted(0)
	if old = append(old, d.Drop...); len(old) > 0 {
		if err := e.dropCalls(ctx, old, &once); err != nil {
			return err
		}
	}
	counted, err := e.countOnce(ctx, d, &once)
	if err != nil {
		return fmt.Errorf("calls across systems: %w", err)
	}
	if err := e.keepOnce(ctx, &once, len(counted)); err != nil || members == 0 {
		return err
	}
	_, err = e.tx.CopyFrom(ctx, pgx.Identifier{"call_members"}, []string{
		"started_at", "system_id", "record_id", "call_id", "method", "confidence", "to_system", "to_record", "why", "legs", "crossed", "counted",
	}, &memberRows{Stitches: e.Stitches, calls: d.Put, counted: counted, member: -1})
	return err
}

// memberRows walks over the members of calls.
type memberRows struct {
	Stitches

	calls   []calllog.Call
	counted map[calllog.CallID][]byte
	member  int
}

// Next moves on to the next member.
func (r *memberRows) Next() bool {
	r.member++
	for len(r.calls) > 0 && r.member == len(r.calls[0].Members) {
		r.calls, r.member = r.calls[1:], 0
	}
	return len(r.calls) > 0
}

// Values are the columns of the member.
func (r *memberRows) Values() ([]any, error) {
	c := &r.calls[0]
	m := &c.Members[r.member]
	method, _ := code(methods(), m.Join.Method)
	values := []any{
		m.Started, r.system(m.Leg.System), m.Leg.Record, string(c.ID), method, int16(m.Join.Confidence), //nolint:gosec // percent
		nil, nil, nil, nil, nil, nil,
	}
	if m.Join.To != (calllog.LegID{}) {
		values[6], values[7] = r.system(m.Join.To.System), m.Join.To.Record
	}
	if m.Join.Why != "" {
		values[8] = printable(m.Join.Why)
	}
	if m.Join.Method == calllog.First {
		values[9], values[10] = int32(len(c.Members)), c.Crossed //nolint:gosec // a few
		if packed := r.counted[c.ID]; len(packed) > 0 {
			values[11] = packed
		}
	}
	return values, nil
}

// Err is nil: the rows are in memory.
func (*memberRows) Err() error { return nil }

func (e *evidence) keepMoves(ctx context.Context, d calllog.Decision) error {
	if len(d.Changes) == 0 {
		return nil
	}
	_, err := e.tx.CopyFrom(ctx, pgx.Identifier{"call_moves"},
		[]string{"started_at", "system_id", "record_id", "from_call", "to_call", "why"},
		pgx.CopyFromSlice(len(d.Changes), func(i int) ([]any, error) {
			c := &d.Changes[i]
			return []any{c.Started, e.system(c.Leg.System), c.Leg.Record, string(c.From), string(c.To), printable(c.Why)}, nil
		}))
	return err
}

func (e *evidence) keepOpen(ctx context.Context, d calllog.Decision) error {
	for _, l := range d.Closed {
		if _, err := e.tx.Exec(ctx, `DELETE FROM call_open WHERE started_at = $1 AND system_id = $2 AND record_id = $3`,
			stored(l.Started), e.system(l.System), l.Record); err != nil {
			return err
		}
	}
	for _, a := range d.Open {
		text, err := json.Marshal(a.Candidates)
		if err != nil {
			return err
		}
		_, err = e.tx.Exec(ctx, `
			INSERT INTO call_open (started_at, system_id, record_id, candidates) VALUES ($1, $2, $3, $4)
			ON CONFLICT (started_at, system_id, record_id) DO UPDATE SET candidates = excluded.candidates, at = now()`,
			stored(a.Started), e.system(a.Leg.System), a.Leg.Record, string(text))
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *evidence) keepClocks(ctx context.Context, day time.Time, clocks []calllog.Clock) error {
	if _, err := e.tx.Exec(ctx, `DELETE FROM call_clocks WHERE day = $1::date`, day); err != nil {
		return err
	}
	for _, c := range clocks {
		_, err := e.tx.Exec(ctx, `
			INSERT INTO call_clocks (day, system_id, against_id, ahead, drift, spread, pairs) VALUES ($1::date, $2, $3, $4, $5, $6, $7)`,
			day, e.system(c.System), e.system(c.Against), int64(c.Ahead), int64(c.Drift), int64(c.Spread), c.Pairs)
		if err != nil {
			return err
		}
	}
	return nil
}
