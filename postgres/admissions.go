package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// admitPatience is how long a worker waits before it asks again whether it is its
// turn. It waits without a connection, which whoever has the turn may need.
const admitPatience = 50 * time.Millisecond

// Admit lets people of a stage through.
func (s *Rollouts) Admit(ctx context.Context, a rollout.Admission, choose func(rollout.Admitted) ([]dualtone.PersonID, error)) error {
	for {
		turn := false
		// What choose does is not done again here: its own stores try again.
		err := wrap("admissions of plan "+a.Plan, pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
			turn, err = admit(ctx, tx, a, choose)
			return err
		}))
		if err != nil || turn {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(admitPatience):
		}
	}
}

// admit has choose choose, unless it is somebody else's turn.
func admit(ctx context.Context, tx pgx.Tx, a rollout.Admission, choose func(rollout.Admitted) ([]dualtone.PersonID, error)) (turn bool, err error) {
	if err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(hashtextextended('admit/' || $1, 0))`, a.Plan).Scan(&turn); err != nil || !turn {
		return turn, err
	}
	// Of a stage that has ended its pass, or begins anew, nobody is on the way.
	if _, err := tx.Exec(ctx, `
		DELETE FROM plan_admissions a USING plan_stages st, plan_users u
		WHERE a.plan = $1 AND st.plan = a.plan AND st.id = a.stage AND u.plan = a.plan AND u.person = a.person
			AND (st.state <> $2 AND st.since > a.at OR u.state = 'skipped' OR u.since >= a.at OR $3 AND a.stage = $4)`,
		a.Plan, rollout.Switching, a.Anew, a.Stage); err != nil {
		return true, err
	}
	var now rollout.Admitted
	if now.Open, err = texts[dualtone.PersonID](ctx, tx, `SELECT person FROM plan_admissions WHERE plan = $1`, a.Plan); err != nil {
		return true, err
	}
	if now.Failed, err = failedUsers(ctx, tx, a.Plan); err != nil {
		return true, err
	}
	through, err := choose(now)
	if err != nil || len(through) == 0 {
		return true, err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO plan_admissions (plan, person, stage, at) SELECT $1, p, $3, $4 FROM unnest($2::text[]) p
		ON CONFLICT (plan, person) DO UPDATE SET stage = excluded.stage, at = excluded.at`, a.Plan, through, a.Stage, stored(a.At))
	return true, err
}

// texts reads a list of texts.
func texts[T ~string](ctx context.Context, q querier, sql string, args ...any) ([]T, error) {
	found, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[T])
}

// Failed counts the people of a plan whose way to the new side failed.
func (s *Rollouts) Failed(ctx context.Context, plan string) (n int, err error) {
	err = again(ctx, "people of plan "+plan, func() (err error) {
		n, err = failedUsers(ctx, s.pool, plan)
		return err
	})
	return n, err
}

func failedUsers(ctx context.Context, q querier, plan string) (n int, err error) {
	found, err := q.Query(ctx, `
		SELECT count(*) FROM plan_users u JOIN people p ON p.id = u.person JOIN switches w ON w.id = p.switch
		WHERE u.plan = $1 AND u.state = ANY($2) AND w."to" = $3`, plan, rollout.FailedUsers(), dualtone.New)
	if err != nil {
		return 0, err
	}
	return pgx.CollectExactlyOneRow(found, pgx.RowTo[int])
}
