package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Rollouts keeps plans that run: their stages, people, transitions, holds,
// approvals, readings and tasks.
type Rollouts struct {
	pool *pgxpool.Pool
}

var _ rollout.Store = (*Rollouts)(nil)

// NewRollouts returns the plans of a database.
func NewRollouts(pool *pgxpool.Pool) *Rollouts { return &Rollouts{pool: pool} }

// KeepPlan stores a plan with its stages and their people.
func (s *Rollouts) KeepPlan(
	ctx context.Context, p rollout.Plan, stages []rollout.Stage, people map[string][]dualtone.PersonID,
) error {
	if err := rollout.CheckKept(p, stages, people); err != nil {
		return err
	}
	return again(ctx, "plan "+p.Name, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return keepPlan(ctx, tx, p, stages, people) })
	})
}

func keepPlan(
	ctx context.Context, tx pgx.Tx, p rollout.Plan, stages []rollout.Stage, people map[string][]dualtone.PersonID,
) error {
	tag, err := tx.Exec(ctx, `
		INSERT INTO plans (name, hash, cohort_hash, author, state, since, detail, kept)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (name) DO UPDATE SET hash = $2, cohort_hash = $3, author = $4, state = $5, since = $6, detail = $7, kept = $8
		WHERE plans.state = ANY($9)`,
		p.Name, p.Hash, p.CohortHash, p.Author, p.State, stored(p.Since), printable(p.Detail), stored(p.Kept), rollout.Replaceable())
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("it is under way and cannot be replaced: %w", dualtone.ErrConflict)
	}
	for _, table := range []string{"plan_users", "plan_stages", "plan_counts"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE plan = $1`, p.Name); err != nil {
			return err
		}
	}
	for i, st := range stages {
		if _, err := tx.Exec(ctx, `
			INSERT INTO plan_stages (plan, id, position, kind, after, state, since, detail, until, evidence)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			p.Name, st.ID, i+1, st.Kind, append([]string{}, st.After...), st.State, stored(p.Since), printable(st.Detail), nullable(st.Until), st.Evidence); err != nil {
			return err
		}
		if err := placePeople(ctx, tx, p.Name, st.ID, people[st.ID]); err != nil {
			return err
		}
	}
	return nil
}

func placePeople(ctx context.Context, tx pgx.Tx, name, stage string, people []dualtone.PersonID) error {
	if len(people) == 0 {
		return nil
	}
	found, err := tx.Query(ctx, `
		SELECT m.id FROM unnest($1::text[]) WITH ORDINALITY AS m (id, position)
		WHERE NOT EXISTS (SELECT FROM people p WHERE p.id = m.id) ORDER BY m.position`, people)
	if err != nil {
		return err
	}
	missing, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("stage %s: not in the user list: %s: %w", stage, enumerate(missing), dualtone.ErrNotFound)
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO plan_users (plan, stage, position, person)
		SELECT $1, $2, m.position, m.id FROM unnest($3::text[]) WITH ORDINALITY AS m (id, position)`, name, stage, people)
	return err
}

const (
	planColumns = `name, hash, cohort_hash, author, state, since, detail, kept`
	planNamed   = `SELECT ` + planColumns + ` FROM plans WHERE name = $1`
)

type planRow struct {
	Name       string
	Hash       string
	CohortHash string
	Author     string
	State      rollout.State
	Since      time.Time
	Detail     string
	Kept       time.Time
}

func (r planRow) plan() rollout.Plan {
	p := rollout.Plan(r)
	p.Since, p.Kept = r.Since.UTC(), r.Kept.UTC()
	return p
}

// Plan returns one plan.
func (s *Rollouts) Plan(ctx context.Context, name string) (rollout.Plan, error) {
	var found planRow
	err := again(ctx, "plan "+name, func() (err error) {
		found, err = row[planRow](ctx, s.pool, planNamed, name)
		return err
	})
	if err != nil {
		return rollout.Plan{}, err
	}
	return found.plan(), nil
}

// Plans returns plans in the order of their names, byte by byte.
func (s *Rollouts) Plans(ctx context.Context, q rollout.PlanQuery) ([]rollout.Plan, error) {
	var f filter
	if len(q.States) > 0 {
		f.add("state = ANY(%s)", q.States)
	}
	if q.Text != "" {
		f.add("name ILIKE %s", contains(q.Text))
	}
	if q.After != "" {
		f.add("name > %s", q.After)
	}
	return listed(ctx, s.pool, "plans", `SELECT `+planColumns+` FROM plans`+f.where()+` ORDER BY name`+f.limit(q.Limit), f.args, planRow.plan)
}

// listed reads all rows of a query and makes of each what it stands for.
func listed[R, T any](ctx context.Context, q querier, noun, sql string, args []any, of func(R) T) ([]T, error) {
	var found []R
	err := again(ctx, noun, func() (err error) {
		found, err = rows[R](ctx, q, sql, args...)
		return err
	})
	all := make([]T, len(found))
	for i, r := range found {
		all[i] = of(r)
	}
	return all, err
}

type stageRow struct {
	Plan     string
	ID       string
	Position int
	Kind     string
	After    []string
	State    rollout.State
	Since    time.Time
	Detail   string
	Until    *time.Time
	Evidence string
	Users    map[cutover.State]int
}

func (r stageRow) stage() rollout.Stage {
	st := rollout.Stage{
		Plan: r.Plan, ID: r.ID, Position: r.Position, Kind: r.Kind, State: r.State, Since: r.Since.UTC(),
		Detail: r.Detail, Until: utc(r.Until), Evidence: r.Evidence, Users: r.Users,
	}
	if len(r.After) > 0 {
		st.After = r.After
	}
	return st
}

const stagesOf = `
	SELECT s.plan, s.id, s.position, s.kind, s.after, s.state, s.since, s.detail, s.until, s.evidence, c.users
	FROM plan_stages s, LATERAL (
		SELECT jsonb_object_agg(state, n) AS users FROM (
			SELECT state, sum(n) AS n FROM plan_counts c WHERE c.plan = s.plan AND c.stage = s.id GROUP BY state HAVING sum(n) <> 0
		) counted
	) c
	WHERE s.plan = $1 ORDER BY s.position`

// Stages returns the stages of a plan with the people of each counted.
func (s *Rollouts) Stages(ctx context.Context, name string) ([]rollout.Stage, error) {
	return listed(ctx, s.pool, "stages of plan "+name, stagesOf, []any{name}, stageRow.stage)
}

// Refine tells more of the state that a stage is in.
func (s *Rollouts) Refine(ctx context.Context, n rollout.Note) error {
	return again(ctx, fmt.Sprintf("stage %s of plan %s", n.Stage, n.Plan), func() error {
		tag, err := s.pool.Exec(ctx, `
			UPDATE plan_stages SET detail = $3, until = $4, evidence = coalesce(nullif($5, ''), evidence)
			WHERE plan = $1 AND id = $2`, n.Plan, n.Stage, printable(n.Detail), nullable(n.Until), n.Evidence)
		if err == nil && tag.RowsAffected() == 0 {
			return dualtone.ErrNotFound
		}
		return err
	})
}

type planUserRow struct {
	Plan     string
	Stage    string
	Position int
	Person   dualtone.PersonID
	Site     string
	State    cutover.State
	Since    *time.Time
	Detail   string
}

func (r planUserRow) user() rollout.User {
	return rollout.User{
		Plan: r.Plan, Stage: r.Stage, Position: r.Position, Person: r.Person, Site: r.Site,
		State: r.State, Since: utc(r.Since), Detail: r.Detail,
	}
}

// Users returns the people of a plan, by stage and position.
func (s *Rollouts) Users(ctx context.Context, q rollout.UserQuery) ([]rollout.User, error) {
	var f filter
	f.equal("u.plan", q.Plan)
	f.equal("u.stage", q.Stage)
	f.equal("u.person", string(q.Person))
	if len(q.States) > 0 {
		f.add("u.state = ANY(%s)", q.States)
	}
	if q.There {
		f.add("p.side = 'new' AND u.state NOT IN ('on_new', 'skipped') AND (u.state = ANY(%s) OR p.state = 'on_new')", rollout.ToDropOut())
	}
	order, sign := "u.plan, u.stage, u.position", ">"
	if q.Reverse {
		order, sign = "u.plan, u.stage DESC, u.position DESC", "<"
	}
	switch {
	case q.After == 0:
	case q.AfterStage == "":
		f.add("u.position "+sign+" %s", q.After)
	default:
		f.conditions = append(f.conditions, fmt.Sprintf("(u.stage, u.position) %s (%s, %s)", sign, f.arg(q.AfterStage), f.arg(q.After)))
	}
	return listed(ctx, s.pool, "people of plan "+q.Plan, `
		SELECT u.plan, u.stage, u.position, u.person, coalesce(p.site, '') AS site, u.state, u.since, u.detail
		FROM plan_users u JOIN people p ON p.id = u.person`+f.where()+` ORDER BY `+order+f.limit(q.Limit), f.args, planUserRow.user)
}

// Mark moves people of a stage for whom no switch says where they are.
func (s *Rollouts) Mark(ctx context.Context, m rollout.Mark) (int, error) {
	from := m.From
	if from == nil {
		from = cutover.States()
	}
	var moved int64
	err := again(ctx, fmt.Sprintf("people of stage %s of plan %s", m.Stage, m.Plan), func() error {
		// The statements travel together; the second one sees what the first one waited for.
		var batch pgx.Batch
		batch.Queue(`
			UPDATE plan_users SET state = $4, since = $5, detail = $6
			WHERE plan = $1 AND stage = $2 AND ($3::text[] IS NULL OR person = ANY($3)) AND state = ANY($7) AND (state, detail) <> ($4, $6)`,
			m.Plan, m.Stage, m.People, m.State, stored(m.At), printable(m.Detail), from).Exec(func(tag pgconn.CommandTag) error {
			moved = tag.RowsAffected()
			return nil
		})
		if m.People != nil {
			batch.Queue(`SELECT count(*) FROM plan_users WHERE plan = $1 AND stage = $2 AND person = ANY($3) AND (state, detail) = ($4, $5)`,
				m.Plan, m.Stage, m.People, m.State, printable(m.Detail)).QueryRow(func(row pgx.Row) error { return row.Scan(&moved) })
		}
		return s.pool.SendBatch(ctx, &batch).Close()
	})
	return int(moved), err
}

// reversed is a list from its end.
func reversed[T any](all []T) []T {
	slices.Reverse(all)
	return all
}
