package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Overview returns how a plan stands. All of it is asked in one go: on a busy
// machine each answer is waited for longer than it takes to read.
func (s *Rollouts) Overview(ctx context.Context, plan string) (rollout.Overview, error) {
	var o rollout.Overview
	err := again(ctx, "plan "+plan, func() error {
		var plans []rollout.Plan
		var batch pgx.Batch
		collect(&batch, &plans, planRow.plan, planNamed, plan)
		collect(&batch, &o.Stages, stageRow.stage, stagesOf, plan)
		collect(&batch, &o.Holds, holdRow.hold, holdsOf, plan)
		collect(&batch, &o.Approvals, approvalRow.approval, approvalsOf, plan)
		collect(&batch, &o.Tasks, taskRow.task, `
			SELECT `+taskColumns+` FROM plan_tasks WHERE plan = $1 AND state = ANY($2) ORDER BY due, plan, id`, plan, rollout.Unconfirmed())
		var paused []rollout.Transition
		collect(&batch, &paused, transitionRow.transition, `
			SELECT `+transitionColumns+` FROM plan_transitions WHERE plan = $1 AND verb = ANY($2) ORDER BY serial`, plan, rollout.Pausing())
		if err := s.pool.SendBatch(ctx, &batch).Close(); err != nil {
			return err
		}
		if len(plans) == 0 {
			return dualtone.ErrNotFound
		}
		o.Plan, o.Pauses = plans[0], rollout.PausesOf(paused)
		return nil
	})
	return o, err
}

// collect has a batch read all rows of a query, and make of each what it stands
// for.
func collect[R, T any](b *pgx.Batch, into *[]T, of func(R) T, sql string, args ...any) {
	b.Queue(sql, args...).Query(func(found pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(found, func(one pgx.CollectableRow) (T, error) {
			r, err := pgx.RowToStructByName[R](one)
			return of(r), err
		})
		return err
	})
}
