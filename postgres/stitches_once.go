package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/report"
)

// A call that crossed systems counts once in the sums of both together. What
// corrects them lies in the rollups under the negative of its leg's system, in the
// knowledge of the time at which the call was decided, and packed on the call's
// first leg, from where it is taken away when the call is decided anew.

// onceIngest is what brings those corrections.
const onceIngest = "stitching"

// addPacked adds a packed ledger, or takes it away.
func (a *accounted) addPacked(packed []byte, do func(sum, f *report.Figures)) error {
	return readLedger(packed, func(k ledgerKey, rest []byte) ([]byte, error) {
		var f report.Figures
		rest, err := f.AddPacked(rest)
		if err == nil {
			do(a.ledger.at(k), &f)
			a.touch(time.Unix(int64(k.quarter)*900, 0).UTC())
		}
		return rest, err
	})
}

// corrected lists calls across systems that stay what they are, but with a leg of
// which something else is known now: what they correct is not what it was.
func (e *evidence) corrected(ctx context.Context, day time.Time, d calllog.Decision) ([]calllog.Call, error) {
	// Most writes are of new legs alone; to find that out among the legs takes long.
	found, err := e.tx.Query(ctx, `SELECT id FROM call_batches WHERE id = ANY($1) AND changed > 0`, e.marks)
	if err != nil {
		return nil, err
	}
	changed, err := pgx.CollectRows(found, pgx.RowTo[int64])
	if err != nil || len(changed) == 0 {
		return nil, err
	}
	found, err = e.tx.Query(ctx, `
		SELECT DISTINCT m.call_id FROM call_legs l JOIN call_members m USING (started_at, system_id, record_id)
		WHERE l.started_at >= $1 AND l.started_at < $2 AND l.batch_id = ANY($3) AND l.version > 1`,
		day.Add(-calllog.StitchReach), day.Add(24*time.Hour+calllog.StitchReach), changed)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(found, pgx.RowTo[calllog.CallID])
	decided := map[calllog.CallID]bool{}
	for _, c := range d.Put {
		decided[c.ID] = true
	}
	for _, id := range d.Drop {
		decided[id] = true
	}
	var all []calllog.Call
	for _, id := range ids {
		if c := e.calls[id]; c.Crossed && !decided[id] {
			all = append(all, c)
		}
	}
	return all, err
}

// dropCalls takes calls out, with what they corrected.
func (e *evidence) dropCalls(ctx context.Context, ids []calllog.CallID, once *accounted) error {
	found, err := e.tx.Query(ctx, `DELETE FROM call_members WHERE call_id = ANY($1) RETURNING counted`, ids)
	if err != nil {
		return err
	}
	packed, err := pgx.CollectRows(found, pgx.RowTo[[]byte])
	if err != nil {
		return err
	}
	for _, p := range packed {
		if err := once.addPacked(p, (*report.Figures).Sub); err != nil {
			return err
		}
	}
	return nil
}

// countOnce packs what each call that crossed systems corrects.
func (e *evidence) countOnce(ctx context.Context, d calllog.Decision, once *accounted) (map[calllog.CallID][]byte, error) {
	calls := map[calllog.LegID]*calllog.Call{}
	var starts []time.Time
	var systems []int32
	var records []string
	for i := range d.Put {
		c := &d.Put[i]
		if !c.Crossed {
			continue
		}
		for _, m := range c.Members {
			calls[m.Leg] = c
			starts, systems, records = append(starts, stored(m.Started)), append(systems, e.system(m.Leg.System)), append(records, m.Leg.Record)
		}
	}
	if len(starts) == 0 {
		return nil, nil //nolint:nilnil // none crossed
	}
	found, err := e.tx.Query(ctx, `
		SELECT `+list("l", figureColumns())+` FROM unnest($1::timestamptz[], $2::integer[], $3::text[]) AS g (started, system, record), LATERAL (
			SELECT * FROM call_legs l WHERE l.started_at = g.started AND l.system_id = g.system AND l.record_id = g.record LIMIT 1) l`,
		starts, systems, records)
	if err != nil {
		return nil, err
	}
	rows, err := scanFigures(found)
	if err != nil {
		return nil, err
	}
	ids := map[int32]struct{}{}
	for _, r := range rows {
		r.words(ids)
	}
	words, err := e.words.read(ctx, e.tx, ids)
	if err != nil {
		return nil, err
	}
	type call struct {
		legs []calllog.Leg
		keys []legKeys
	}
	parts := map[*calllog.Call]*call{}
	for _, r := range rows {
		leg := r.leg(words)
		in := calls[leg.LegID]
		if parts[in] == nil {
			parts[in] = &call{}
		}
		p := parts[in]
		p.legs = append(p.legs, leg)
		p.keys = append(p.keys, legKeys{system: -r.system, queue: of(r.queue), site: of(r.site), agent: of(r.agent), started: leg.Started})
	}
	counted := make(map[calllog.CallID][]byte, len(parts))
	for c, p := range parts {
		own := newLedger(len(p.legs))
		for i, f := range report.Once(p.legs, aheadOf(d.Clocks, c)) {
			own.add(p.keys[i], &f)
		}
		counted[c.ID] = own.pack()
		if err := once.addPacked(counted[c.ID], (*report.Figures).Add); err != nil {
			return nil, err
		}
	}
	return counted, nil
}

// aheadOf is what a system's clock showed more than that of the call's first leg,
// as far as that is sure.
func aheadOf(clocks []calllog.Clock, c *calllog.Call) func(string) time.Duration {
	first := c.Members[0].Leg.System
	return func(system string) time.Duration {
		for _, m := range clocks {
			switch {
			case !m.Sure():
			case m.System == system && m.Against == first:
				return m.At(c.Started)
			case m.System == first && m.Against == system:
				return -m.At(c.Started)
			}
		}
		return 0
	}
}

// keepOnce makes a write of the corrections, which becomes known as any other.
func (e *evidence) keepOnce(ctx context.Context, once *accounted, calls int) error {
	figures := once.ledger.pack()
	if len(figures) == 0 {
		return nil
	}
	_, err := e.tx.Exec(ctx, `
		INSERT INTO call_batches (ingest, first_start, last_start, changed, figures) VALUES ($1, $2, $3, $4, $5)`,
		onceIngest, stored(once.first), stored(once.last), max(calls, 1), figures)
	return err
}
