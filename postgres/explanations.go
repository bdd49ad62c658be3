package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover/rollout"
)

var _ rollout.Explanations = (*Rollouts)(nil)

// Explain stores a word on a difference and notes it in the audit, both or
// neither.
func (s *Rollouts) Explain(ctx context.Context, e rollout.Explained) error {
	if err := e.Check(); err != nil {
		return err
	}
	return again(ctx, "explanation of "+e.Key, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `
				INSERT INTO plan_explanations (plan, stage, gate, key, old, new, actor, role, reason, at, until)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
				e.Plan, e.Stage, e.Gate, printable(e.Key), printable(e.Old), printable(e.New), e.Actor, e.Role, printable(e.Reason), stored(e.At), nullable(e.Until))
			if err != nil {
				return err
			}
			return noteChange(ctx, tx, string(access.DifferenceExplain), "plan/"+e.Plan+"/"+e.Stage, nil, e)
		})
	})
}

type explainedRow struct {
	Serial int64
	Plan   string
	Stage  string
	Gate   string
	Key    string
	Old    string
	New    string
	Actor  string
	Role   rollout.Role
	Reason string
	At     time.Time
	Until  *time.Time
}

func (r explainedRow) explained() rollout.Explained {
	return rollout.Explained{
		Serial: r.Serial, Plan: r.Plan, Stage: r.Stage, Gate: r.Gate, Key: r.Key, Old: r.Old, New: r.New,
		Actor: r.Actor, Role: r.Role, Reason: r.Reason, At: r.At.UTC(), Until: utc(r.Until),
	}
}

// Explanations returns what was said of a plan's differences, oldest first.
func (s *Rollouts) Explanations(ctx context.Context, plan string) ([]rollout.Explained, error) {
	return listed(ctx, s.pool, "explanations of plan "+plan, `
		SELECT serial, plan, stage, gate, key, old, new, actor, role, reason, at, until FROM plan_explanations
		WHERE plan = $1 ORDER BY serial`, []any{plan}, explainedRow.explained)
}
