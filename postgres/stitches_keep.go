package postgres

import (
	"bytes"
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
	// In case that this run is cut short before it comes to them. One look through the
	// key for each: left to choose, the planner reads the whole log.
	_, err = e.tx.Exec(ctx, `
		INSERT INTO call_unstitched (day, batch) SELECT d, 0 FROM unnest($1::date[]) d, LATERAL (
			SELECT FROM call_legs
			WHERE started_at >= d::timestamp AT TIME ZONE 'UTC' AND started_at < (d + 1)::timestamp AT TIME ZONE 'UTC'
			ORDER BY started_at LIMIT 1) l
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
	return e.copyMembers(ctx, d.Put, counted)
}

// copyMembers writes the members of calls down.
func (e *evidence) copyMembers(ctx context.Context, calls []calllog.Call, counted map[calllog.CallID][]byte) error {
	to := newEncoder(e.words)
	to.begin()
	for i := range calls {
		for j := range calls[i].Members {
			e.member(to, &calls[i], &calls[i].Members[j], counted[calls[i].ID])
		}
	}
	to.end()
	_, err := e.tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(to.buf), `
		COPY call_members (started_at, system_id, record_id, call_id, method, confidence, to_system, to_record, why, legs, crossed, counted)
		FROM STDIN (FORMAT binary)`)
	return err
}

// member appends a member. The first says as well what there is to say of the call.
func (e *evidence) member(to *encoder, c *calllog.Call, m *calllog.Member, counted []byte) {
	const fields = 12
	to.row(fields)
	to.time(m.Started)
	to.word(systemWord, m.Leg.System)
	to.text(m.Leg.Record)
	to.text(string(c.ID))
	method, _ := code(methods(), m.Join.Method)
	to.always2(method)
	to.always2(int16(m.Join.Confidence)) //nolint:gosec // percent
	if m.Join.To == (calllog.LegID{}) {
		to.null()
	} else {
		to.word(systemWord, m.Join.To.System)
	}
	to.text(m.Join.To.Record)
	to.text(m.Join.Why)
	if m.Join.Method != calllog.First {
		to.null()
		to.null()
		to.null()
		return
	}
	to.int4(len(c.Members))
	to.bool(c.Crossed)
	if len(counted) == 0 {
		to.null()
	} else {
		to.bytes(counted)
	}
}

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
