package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/calllog"
)

type quarantineRow struct {
	ID     calllog.QuarantineID
	Ingest calllog.IngestID
	System string
	Kind   calllog.SourceKind
	Key    string
	Name   string
	Format string
	Line   int64
	Raw    []byte
	Column string
	Value  string
	Reason string
	Cut    bool
	State  calllog.QuarantineState
	At     time.Time
	Fixed  []byte
	By     string
	Why    string
	When   *time.Time
}

const selectQuarantine = `
SELECT q.id, q.ingest, i.system, i.kind, i.key, i.name, i.format, q.line, q.raw, q."column", q.value, q.reason, q.cut,
	q.state, q.at, q.fixed, q."by", q.why, q."when"
FROM call_quarantine q JOIN call_ingests i ON i.id = q.ingest`

func (r quarantineRow) quarantined() calllog.Quarantined {
	return calllog.Quarantined{
		ID: r.ID, Ingest: r.Ingest,
		Source: calllog.Source{System: r.System, Kind: r.Kind, Key: r.Key, Name: r.Name, Format: r.Format},
		Line:   r.Line, Raw: r.Raw, Fault: calllog.Fault{Column: r.Column, Value: r.Value, Reason: r.Reason, Cut: r.Cut},
		State: r.State, At: r.At.UTC(), Fixed: r.Fixed, By: r.By, Why: r.Why, When: utc(r.When),
	}
}

// Quarantined returns rows in quarantine, oldest first.
func (c *Calls) Quarantined(ctx context.Context, q calllog.QuarantineQuery) ([]calllog.Quarantined, error) {
	var f filter
	f.equal("i.system", q.System)
	f.equal("q.ingest", string(q.Ingest))
	f.equal("q.state", string(q.State))
	if q.Text != "" {
		f.add(`(q.reason ILIKE %s OR q."column" ILIKE %s OR encode(q.raw, 'escape') ILIKE %s)`, contains(q.Text))
	}
	if q.After > 0 {
		f.add("q.id > %s", q.After)
	}
	var found []quarantineRow
	err := again(ctx, "quarantine", func() (err error) {
		found, err = rows[quarantineRow](ctx, c.pool, selectQuarantine+f.where()+" ORDER BY q.id"+f.limit(q.Limit), f.args...)
		return err
	})
	all := make([]calllog.Quarantined, len(found))
	for i, r := range found {
		all[i] = r.quarantined()
	}
	return all, err
}

// Row returns one row in quarantine.
func (c *Calls) Row(ctx context.Context, id calllog.QuarantineID) (calllog.Quarantined, error) {
	var found quarantineRow
	err := again(ctx, fmt.Sprintf("row %d in quarantine", id), func() (err error) {
		found, err = row[quarantineRow](ctx, c.pool, selectQuarantine+" WHERE q.id = $1", id)
		return err
	})
	return found.quarantined(), err
}

// Fix replaces what a row in quarantine says, or dismisses it.
func (c *Calls) Fix(ctx context.Context, fix calllog.Fix) error {
	noun := fmt.Sprintf("row %d in quarantine", fix.ID)
	state := calllog.Corrected
	switch {
	case fix.Dismiss:
		state, fix.Raw = calllog.Dismissed, nil
	case len(fix.Raw) == 0:
		return fmt.Errorf("%s: neither a corrected row nor a dismissal: %w", noun, dualtone.ErrInvalid)
	}
	return again(ctx, noun, func() error {
		found, err := c.fix(ctx, fix, state)
		if err != nil || found {
			return err
		}
		if _, err := c.Row(ctx, fix.ID); err != nil {
			return err
		}
		return fmt.Errorf("it was read already: %w", dualtone.ErrConflict)
	})
}

// fix corrects a row unless it was read. The audit holds that it was, and not the
// row: numbers of people stand in it, which may have to be erased.
func (c *Calls) fix(ctx context.Context, fix calllog.Fix, state calllog.QuarantineState) (found bool, err error) {
	err = pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			UPDATE call_quarantine SET state = $2, fixed = $3, "by" = $4, why = $5, "when" = now()
			WHERE id = $1 AND state <> 'released'`, fix.ID, state, fix.Raw, fix.By, printable(fix.Why))
		if found = err == nil && tag.RowsAffected() > 0; !found {
			return err
		}
		return noteBy(ctx, tx, fix.By, string(access.CallRepair), fmt.Sprintf("quarantine/%d", fix.ID), nil, map[string]any{"state": state})
	})
	return found, err
}

// Release writes what a corrected row was read as, and closes it.
func (c *Calls) Release(ctx context.Context, id calllog.QuarantineID, read calllog.Row, by string) (calllog.Written, error) {
	noun := fmt.Sprintf("row %d in quarantine", id)
	held, err := c.Row(ctx, id)
	if err != nil {
		return calllog.Written{}, err
	}
	var written calllog.Written
	read.Line = held.Line
	err = again(ctx, noun, func() error {
		w := newWrite(c, held.Ingest)
		if err := w.prepare(ctx, []calllog.Row{read}); err != nil {
			return err
		}
		err := pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error { return w.release(ctx, tx, id, by) })
		written = w.written
		return err
	})
	return written, err
}

func (w *write) release(ctx context.Context, tx pgx.Tx, id calllog.QuarantineID, by string) error {
	var state calllog.QuarantineState
	if err := tx.QueryRow(ctx, `SELECT state FROM call_quarantine WHERE id = $1 FOR UPDATE`, id).Scan(&state); err != nil {
		return err
	}
	if state == calllog.Released || state == calllog.Dismissed {
		return fmt.Errorf("it is %s already: %w", state, dualtone.ErrConflict)
	}
	if len(w.faults) > 0 {
		f := w.faults[0].fault
		w.faults = nil
		w.written.Quarantined = 1
		_, err := tx.Exec(ctx, `UPDATE call_quarantine SET "column" = $2, value = $3, reason = $4, state = 'waiting' WHERE id = $1`,
			id, printable(f.Column), printable(f.Value), printable(f.Reason))
		return err
	}
	if err := tx.QueryRow(ctx, `
		WITH batch AS (INSERT INTO call_batches (ingest) VALUES ($1) RETURNING id)
		SELECT batch.id, i.system, i.kind FROM batch, call_ingests i WHERE i.id = $1`,
		w.ingest).Scan(&w.batch, &w.system, &w.kind); err != nil {
		return err
	}
	if err := w.keepAll(ctx, tx); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		UPDATE call_quarantine SET state = 'released', "when" = now(), "by" = CASE WHEN "by" = '' THEN $2 ELSE "by" END
		WHERE id = $1`, id, by)
	return err
}
