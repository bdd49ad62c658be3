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

// Rule keeps what a person said of a leg.
func (s Stitches) Rule(ctx context.Context, r calllog.Ruling) error {
	if r.Actor == "" || r.Reason == "" {
		return fmt.Errorf("ruling on %s: who says so and why must be told: %w", r.Leg.Record, dualtone.ErrInvalid)
	}
	return again(ctx, "ruling on "+r.Leg.Record, func() error {
		of, err := s.ruled(ctx, &r)
		if err != nil {
			return err
		}
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return s.rule(ctx, tx, &r, of) })
	})
}

// ruledLegs are where the legs of a ruling stand.
type ruledLegs struct {
	starts []time.Time
	system int32
	to     *int32 // its system
}

func (s Stitches) ruled(ctx context.Context, r *calllog.Ruling) (of ruledLegs, err error) {
	started, system, err := s.locate(ctx, r.Leg)
	if err != nil {
		return of, err
	}
	of = ruledLegs{starts: []time.Time{started}, system: system}
	if r.To == (calllog.LegID{}) {
		return of, nil
	}
	at, to, err := s.locate(ctx, r.To)
	if err != nil {
		return of, fmt.Errorf("%s of system %s: %w", r.To.Record, r.To.System, err)
	}
	if r.To == r.Leg || at.Sub(started).Abs() > calllog.StitchReach {
		return of, fmt.Errorf("%s and %s started at %s and %s and cannot be one call: %w", r.Leg.Record, r.To.Record,
			started.Format(time.RFC3339), at.Format(time.RFC3339), dualtone.ErrInvalid)
	}
	of.to, of.starts = &to, append(of.starts, at)
	return of, nil
}

func (s Stitches) rule(ctx context.Context, tx pgx.Tx, r *calllog.Ruling, of ruledLegs) error {
	var toRecord *string
	if of.to != nil {
		toRecord = &r.To.Record
	}
	var id int64
	err := tx.QueryRow(ctx, `
		INSERT INTO call_rulings (started_at, system_id, record_id, to_system, to_record, actor, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id`,
		of.starts[0], of.system, r.Leg.Record, of.to, toRecord, r.Actor, printable(r.Reason)).Scan(&id)
	if err == pgx.ErrNoRows { //nolint:errorlint // QueryRow returns it bare
		return fmt.Errorf("another ruling stands; take it back first: %w", dualtone.ErrConflict)
	}
	if err != nil {
		return err
	}
	if err := s.mark(ctx, tx, id, of.starts); err != nil {
		return err
	}
	return noteBy(ctx, tx, r.Actor, string(access.CallDecide), legObject(r.Leg), nil, r)
}

// legObject is what the audit calls a leg.
func legObject(leg calllog.LegID) string { return "leg/" + leg.System + "/" + leg.Record }

// Withdraw takes a ruling back.
func (s Stitches) Withdraw(ctx context.Context, leg calllog.LegID, actor, reason string) error {
	if actor == "" || reason == "" {
		return fmt.Errorf("ruling on %s: who takes it back and why must be told: %w", leg.Record, dualtone.ErrInvalid)
	}
	return again(ctx, "ruling on "+leg.Record, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			var id int64
			var started time.Time
			err := tx.QueryRow(ctx, `
				UPDATE call_rulings SET undone_at = now(), undone_by = $3, undone_why = $4
				WHERE system_id = (SELECT id FROM call_words WHERE kind = $5 AND word = $1) AND record_id = $2 AND undone_at IS NULL
				RETURNING id, started_at`, leg.System, leg.Record, actor, printable(reason), int16(systemWord)).Scan(&id, &started)
			if err == pgx.ErrNoRows { //nolint:errorlint // QueryRow returns it bare
				return fmt.Errorf("no ruling stands: %w", dualtone.ErrNotFound)
			}
			if err != nil {
				return err
			}
			if err := s.mark(ctx, tx, id, []time.Time{started}); err != nil {
				return err
			}
			return noteBy(ctx, tx, actor, string(access.CallDecide), legObject(leg), map[string]int64{"ruling": id}, nil)
		})
	})
}

// mark makes the days of legs to be stitched anew; no write has a number below
// zero.
func (Stitches) mark(ctx context.Context, tx pgx.Tx, ruling int64, starts []time.Time) error {
	for _, at := range starts {
		_, err := tx.Exec(ctx, `INSERT INTO call_unstitched (day, batch) SELECT unnest($1::date[]), $2 ON CONFLICT DO NOTHING`,
			calllog.StitchDays(at), -ruling)
		if err != nil {
			return err
		}
	}
	return nil
}

type ruledRow struct {
	rulingRow

	UndoneAt  *time.Time
	UndoneBy  *string
	UndoneWhy *string
}

// Rulings lists what people said.
func (s Stitches) Rulings(ctx context.Context, limit int) ([]calllog.Ruled, error) {
	var all []calllog.Ruled
	var f filter
	most := f.limit(limit)
	err := again(ctx, "rulings", func() error {
		found, err := rows[ruledRow](ctx, s.pool, `
			SELECT r.started_at, w.word AS system, r.record_id, t.word AS to_system, r.to_record, r.actor, r.reason, r.at,
				r.undone_at, r.undone_by, r.undone_why
			FROM call_rulings r JOIN call_words w ON w.id = r.system_id LEFT JOIN call_words t ON t.id = r.to_system
			ORDER BY r.id DESC`+most, f.args...)
		all = make([]calllog.Ruled, len(found))
		for i, r := range found {
			all[i] = calllog.Ruled{
				Ruling: r.ruling(), Withdrawn: utc(r.UndoneAt), WithdrawnBy: of(r.UndoneBy), Why: of(r.UndoneWhy),
			}
		}
		return err
	})
	return all, err
}
