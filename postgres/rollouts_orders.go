package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Record appends a transition and moves what it is about, in one transaction.
func (s *Rollouts) Record(ctx context.Context, t rollout.Transition) error {
	noun := "plan " + t.Plan
	if t.Stage != "" {
		noun = fmt.Sprintf("stage %s of plan %s", t.Stage, t.Plan)
	}
	return again(ctx, noun, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return recordTransition(ctx, tx, t) })
	})
}

func recordTransition(ctx context.Context, tx pgx.Tx, t rollout.Transition) error {
	// The state first: it lets one writer at a time at the plan or the stage.
	sql, args := `SELECT state FROM plans WHERE name = $1 FOR NO KEY UPDATE`, []any{t.Plan}
	if t.Stage != "" {
		sql, args = `SELECT state FROM plan_stages WHERE plan = $1 AND id = $2 FOR NO KEY UPDATE`, []any{t.Plan, t.Stage}
	}
	var state rollout.State
	if err := tx.QueryRow(ctx, sql, args...).Scan(&state); err != nil {
		return err
	}
	added, err := tx.Exec(ctx, `
		INSERT INTO plan_transitions (plan, stage, "from", "to", verb, actor, role, reason, hash, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		t.Plan, t.Stage, t.From, t.To, t.Verb, t.Actor, t.Role, printable(t.Reason), t.Hash, stored(t.At))
	if err != nil || added.RowsAffected() == 0 {
		return err
	}
	if state != t.From {
		return fmt.Errorf("%s: it is %s, no longer %s: %w", t.Verb, state, t.From, dualtone.ErrConflict)
	}
	if t.From != t.To {
		if err := moveState(ctx, tx, t); err != nil {
			return err
		}
	}
	return noteTransition(ctx, tx, t)
}

// noteTransition has the audit note a transition. Its actor, role and reason are
// those of whoever gave the order, whichever worker stores it.
func noteTransition(ctx context.Context, tx pgx.Tx, t rollout.Transition) error {
	object := "plan/" + t.Plan
	if t.Stage != "" {
		object += "/" + t.Stage
	}
	e, err := changed("plan."+string(t.Verb), object, map[string]any{"state": t.From}, map[string]any{"state": t.To, "hash": t.Hash})
	if err != nil {
		return err
	}
	e.Actor, e.Role, e.Reason = t.Actor, string(t.Role), t.Reason
	return note(ctx, tx, e)
}

func moveState(ctx context.Context, tx pgx.Tx, t rollout.Transition) error {
	if t.Stage == "" {
		_, err := tx.Exec(ctx, `UPDATE plans SET state = $2, since = $3, detail = $4 WHERE name = $1`,
			t.Plan, t.To, stored(t.At), printable(t.Reason))
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE plan_stages SET state = $3, since = $4, detail = $5, until = NULL WHERE plan = $1 AND id = $2`,
		t.Plan, t.Stage, t.To, stored(t.At), printable(t.Reason))
	return err
}

const transitionColumns = `serial, plan, stage, "from", "to", verb, actor, role, reason, hash, at`

type transitionRow struct {
	Serial int64
	Plan   string
	Stage  string
	From   rollout.State
	To     rollout.State
	Verb   rollout.Verb
	Actor  string
	Role   rollout.Role
	Reason string
	Hash   string
	At     time.Time
}

func (r transitionRow) transition() rollout.Transition {
	t := rollout.Transition(r)
	t.At = r.At.UTC()
	return t
}

// Transitions returns transitions, oldest first.
func (s *Rollouts) Transitions(ctx context.Context, q rollout.TransitionQuery) ([]rollout.Transition, error) {
	var f filter
	f.equal("plan", q.Plan)
	f.equal("stage", q.Stage)
	f.equal("actor", q.Actor)
	if q.After > 0 {
		f.add("serial > %s", q.After)
	}
	return listed(ctx, s.pool, "transitions of plan "+q.Plan, `
		SELECT `+transitionColumns+` FROM plan_transitions`+
		f.where()+` ORDER BY serial`+f.limit(q.Limit), f.args, transitionRow.transition)
}

// PlaceHold stores a hold.
func (s *Rollouts) PlaceHold(ctx context.Context, h rollout.Hold) error {
	return again(ctx, "hold of plan "+h.Plan, func() error {
		_, err := s.pool.Exec(ctx, `
			INSERT INTO plan_holds (id, plan, stage, owner, role, reason, placed, expires, abort)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
			h.ID, h.Plan, h.Stage, h.Owner, h.Role, printable(h.Reason), stored(h.Placed), nullable(h.Expires), h.Abort)
		return err
	})
}

// ReleaseHold ends a hold.
func (s *Rollouts) ReleaseHold(ctx context.Context, h rollout.Hold) error {
	return again(ctx, fmt.Sprintf("hold %s of plan %s", h.ID, h.Plan), func() error {
		tag, err := s.pool.Exec(ctx, `
			UPDATE plan_holds SET released = $3, released_by = $4, why = $5
			WHERE plan = $1 AND id = $2 AND (released IS NULL OR released = $3)`,
			h.Plan, h.ID, stored(h.Released), h.ReleasedBy, printable(h.Why))
		if err != nil || tag.RowsAffected() > 0 {
			return err
		}
		var by string
		if err := s.pool.QueryRow(ctx, `SELECT released_by FROM plan_holds WHERE plan = $1 AND id = $2`, h.Plan, h.ID).Scan(&by); err != nil {
			return err
		}
		return fmt.Errorf("%s released it already: %w", by, dualtone.ErrConflict)
	})
}

type holdRow struct {
	ID         string
	Plan       string
	Stage      string
	Owner      string
	Role       rollout.Role
	Reason     string
	Placed     time.Time
	Expires    *time.Time
	Released   *time.Time
	ReleasedBy string
	Why        string
	Abort      rollout.InFlight
}

func (r holdRow) hold() rollout.Hold {
	return rollout.Hold{
		ID: r.ID, Plan: r.Plan, Stage: r.Stage, Owner: r.Owner, Role: r.Role, Reason: r.Reason, Placed: r.Placed.UTC(),
		Expires: utc(r.Expires), Released: utc(r.Released), ReleasedBy: r.ReleasedBy, Why: r.Why, Abort: r.Abort,
	}
}

const holdsOf = `
	SELECT id, plan, stage, owner, role, reason, placed, expires, released, released_by, why, abort
	FROM plan_holds WHERE plan = $1 ORDER BY placed, id`

// Holds returns a plan's holds, oldest first.
func (s *Rollouts) Holds(ctx context.Context, plan string) ([]rollout.Hold, error) {
	return listed(ctx, s.pool, "holds of plan "+plan, holdsOf, []any{plan}, holdRow.hold)
}

// Decide stores what somebody said of a plan or a stage.
func (s *Rollouts) Decide(ctx context.Context, a rollout.Approval) error {
	return again(ctx, "approval of plan "+a.Plan, func() error {
		_, err := s.pool.Exec(ctx, `
			INSERT INTO plan_approvals (plan, stage, actor, role, no, reason, bound_plan, bound_cohort, bound_evidence, at, expires)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
			a.Plan, a.Stage, a.Actor, a.Role, a.No, printable(a.Reason),
			a.Bound.Plan, a.Bound.Cohort, a.Bound.Evidence, stored(a.At), stored(a.Expires))
		return err
	})
}

type approvalRow struct {
	Plan          string
	Stage         string
	Actor         string
	Role          rollout.Role
	No            bool
	Reason        string
	BoundPlan     string
	BoundCohort   string
	BoundEvidence string
	At            time.Time
	Expires       time.Time
}

func (r approvalRow) approval() rollout.Approval {
	return rollout.Approval{
		Plan: r.Plan, Stage: r.Stage, Actor: r.Actor, Role: r.Role, No: r.No, Reason: r.Reason,
		Bound: rollout.Bound{Plan: r.BoundPlan, Cohort: r.BoundCohort, Evidence: r.BoundEvidence},
		At:    r.At.UTC(), Expires: r.Expires.UTC(),
	}
}

const approvalsOf = `
	SELECT plan, stage, actor, role, no, reason, bound_plan, bound_cohort, bound_evidence, at, expires
	FROM plan_approvals WHERE plan = $1 ORDER BY at, serial`

// Approvals returns what was said of a plan and its stages, oldest first.
func (s *Rollouts) Approvals(ctx context.Context, plan string) ([]rollout.Approval, error) {
	return listed(ctx, s.pool, "approvals of plan "+plan, approvalsOf, []any{plan}, approvalRow.approval)
}

// Switched counts the switches of a plan's people that began since a time.
func (s *Rollouts) Switched(ctx context.Context, plan string, since time.Time) (int, error) {
	var n int
	err := again(ctx, "switches of plan "+plan, func() error {
		return s.pool.QueryRow(ctx, `
			SELECT count(*) FROM switches WHERE started >= $2 AND starts_with(cohort, $1)`, rollout.CohortName(plan, ""), stored(since)).Scan(&n)
	})
	return n, err
}

// WayBack returns how the last way back of a class since a time ended. One that
// found nothing to take back proves nothing.
func (s *Rollouts) WayBack(ctx context.Context, class plan.Reversal, since time.Time) (rollout.Proof, error) {
	if class != plan.ReversalMinutes {
		return s.proved(ctx, class, since)
	}
	type proof struct {
		Person dualtone.PersonID
		State  cutover.State
		Ended  time.Time
		Detail string
	}
	var found proof
	err := again(ctx, "way back since "+since.UTC().Format(time.RFC3339), func() (err error) {
		found, err = row[proof](ctx, s.pool, `
			SELECT person, state, ended, detail FROM switches
			WHERE "to" = 'old' AND undoes <> '' AND state IN ('restored', 'restore_drift') AND ended >= $1
			ORDER BY ended DESC LIMIT 1`, stored(since))
		return err
	})
	if err != nil {
		return rollout.Proof{}, err
	}
	return rollout.Proof{Subject: string(found.Person), Restored: found.State == cutover.Restored, At: found.Ended.UTC(), Detail: found.Detail}, nil
}
