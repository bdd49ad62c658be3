package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

var _ rollout.Canaries = (*Rollouts)(nil)

// KeepCanary stores a round trip.
func (s *Rollouts) KeepCanary(ctx context.Context, c rollout.Canary) error {
	if err := c.Check(); err != nil {
		return err
	}
	return again(ctx, "canary "+c.ID, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `
				INSERT INTO canaries (id, class, subject, restored, evidence, at, actor) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
				c.ID, c.Class, printable(c.Subject), c.Restored, printable(c.Evidence), stored(c.At), c.Actor)
			if err != nil || tag.RowsAffected() == 0 {
				return err
			}
			return noteBy(ctx, tx, c.Actor, canaryAction, "canary/"+c.ID, nil, c)
		})
	})
}

// ConfirmCanary stores that somebody else has looked.
func (s *Rollouts) ConfirmCanary(ctx context.Context, c rollout.Canary) error {
	return again(ctx, "canary "+c.ID, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `
				UPDATE canaries SET confirmed_by = $2, confirmed_at = $3
				WHERE id = $1 AND (confirmed_by = '' OR (confirmed_by, confirmed_at) = ($2, $3))`, c.ID, c.ConfirmedBy, stored(c.ConfirmedAt))
			if err != nil {
				return err
			}
			if tag.RowsAffected() > 0 {
				return noteBy(ctx, tx, c.ConfirmedBy, canaryAction, "canary/"+c.ID, nil, map[string]any{"confirmed_by": c.ConfirmedBy, "confirmed_at": c.ConfirmedAt})
			}
			if err := tx.QueryRow(ctx, `SELECT id FROM canaries WHERE id = $1`, c.ID).Scan(new(string)); err != nil {
				return err
			}
			return fmt.Errorf("somebody has confirmed it already: %w", dualtone.ErrConflict)
		})
	})
}

// canaryAction is what the audit calls what is done about round trips.
const canaryAction = string(access.PlanProgress)

const canaryColumns = `id, class, subject, restored, evidence, at, actor, confirmed_by, confirmed_at`

type canaryRow struct {
	ID          string
	Class       plan.Reversal
	Subject     string
	Restored    bool
	Evidence    string
	At          time.Time
	Actor       string
	ConfirmedBy string
	ConfirmedAt *time.Time
}

func (r canaryRow) canary() rollout.Canary {
	return rollout.Canary{
		ID: r.ID, Class: r.Class, Subject: r.Subject, Restored: r.Restored, Evidence: r.Evidence, At: r.At.UTC(), Actor: r.Actor,
		ConfirmedBy: r.ConfirmedBy, ConfirmedAt: utc(r.ConfirmedAt),
	}
}

// Canary returns one round trip.
func (s *Rollouts) Canary(ctx context.Context, id string) (rollout.Canary, error) {
	var found canaryRow
	err := again(ctx, "canary "+id, func() (err error) {
		found, err = row[canaryRow](ctx, s.pool, `SELECT `+canaryColumns+` FROM canaries WHERE id = $1`, id)
		return err
	})
	return found.canary(), err
}

// Canaries returns round trips, newest first.
func (s *Rollouts) Canaries(ctx context.Context, q rollout.CanaryQuery) ([]rollout.Canary, error) {
	var f filter
	f.equal("class", string(q.Class))
	if !q.Before.IsZero() {
		f.add("at < %s", stored(q.Before))
	}
	return listed(ctx, s.pool, "canaries", `SELECT `+canaryColumns+` FROM canaries`+f.where()+` ORDER BY at DESC, id`+f.limit(q.Limit), f.args, canaryRow.canary)
}

// proved returns the last round trip of a class that somebody else confirmed.
func (s *Rollouts) proved(ctx context.Context, class plan.Reversal, since time.Time) (rollout.Proof, error) {
	var found canaryRow
	err := again(ctx, "canary of class "+string(class), func() (err error) {
		found, err = row[canaryRow](ctx, s.pool, `
			SELECT `+canaryColumns+` FROM canaries WHERE class = $1 AND at >= $2 AND confirmed_by <> '' ORDER BY at DESC LIMIT 1`, class, stored(since))
		return err
	})
	if err != nil {
		return rollout.Proof{}, err
	}
	return rollout.Proof{Subject: found.Subject, Restored: found.Restored, At: found.At.UTC(), Detail: found.Evidence}, nil
}
