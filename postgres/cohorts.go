package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// Cohorts keeps cohorts and their members.
type Cohorts struct {
	pool *pgxpool.Pool
}

var _ cutover.Cohorts = (*Cohorts)(nil)

// NewCohorts returns the cohorts of a database.
func NewCohorts(pool *pgxpool.Pool) *Cohorts { return &Cohorts{pool: pool} }

// Create stores a cohort with its members in order. ErrInvalid when somebody is
// in it twice.
func (s *Cohorts) Create(ctx context.Context, c cutover.Cohort, members []dualtone.PersonID) error {
	if c.Name == "" {
		return fmt.Errorf("cohort without a name: %w", dualtone.ErrInvalid)
	}
	ids, seen := make([]string, len(members)), make(map[dualtone.PersonID]int, len(members))
	for i, id := range members {
		if first, ok := seen[id]; ok {
			return fmt.Errorf("cohort %s: person %s is member %d and %d: %w", c.Name, id, first, i+1, dualtone.ErrInvalid)
		}
		seen[id], ids[i] = i+1, string(id)
	}
	if c.Created.IsZero() {
		c.Created = time.Now()
	}
	return again(ctx, "cohort "+c.Name, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return createCohort(ctx, tx, c, ids) })
	})
}

func createCohort(ctx context.Context, tx pgx.Tx, c cutover.Cohort, ids []string) error {
	made, err := tx.Exec(ctx, `INSERT INTO cohorts (name, note, actor, created) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		c.Name, c.Note, c.Actor, stored(c.Created))
	if err != nil {
		return err
	}
	if made.RowsAffected() == 0 {
		return fmt.Errorf("the name is taken: %w", dualtone.ErrConflict)
	}
	found, err := tx.Query(ctx, `
		SELECT m.id FROM unnest($1::text[]) WITH ORDINALITY AS m (id, position)
		WHERE NOT EXISTS (SELECT FROM people p WHERE p.id = m.id) ORDER BY m.position`, ids)
	if err != nil {
		return err
	}
	missing, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("not in the user list: %s: %w", enumerate(missing), dualtone.ErrNotFound)
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO cohort_members (cohort, position, person)
		SELECT $1, m.position, m.id FROM unnest($2::text[]) WITH ORDINALITY AS m (id, position)`, c.Name, ids)
	if err != nil {
		return err
	}
	e, err := changed("cohort.edit", "cohort/"+c.Name, nil, map[string]any{"size": len(ids), "note": c.Note})
	if err != nil {
		return err
	}
	e.Actor = c.Actor
	return note(ctx, tx, e)
}

type cohortRow struct {
	Name    string
	Note    string
	Actor   string
	Created time.Time
	Size    int
	States  map[cutover.State]int
}

func (r cohortRow) cohort() cutover.Cohort {
	return cutover.Cohort{Name: r.Name, Note: r.Note, Actor: r.Actor, Created: r.Created.UTC(), Size: r.Size, States: r.States}
}

const selectCohorts = `
SELECT c.name, c.note, c.actor, c.created, coalesce(m.size, 0)::int AS size, m.states
FROM cohorts c, LATERAL (
	SELECT sum(n) AS size, jsonb_object_agg(state, n) AS states FROM (
		SELECT coalesce(p.state, 'planned') AS state, count(*) AS n
		FROM cohort_members m JOIN people p ON p.id = m.person
		WHERE m.cohort = c.name GROUP BY 1
	) counted
) m`

// Cohort returns one cohort with the states of its members.
func (s *Cohorts) Cohort(ctx context.Context, name string) (cutover.Cohort, error) {
	var found cohortRow
	err := again(ctx, "cohort "+name, func() (err error) {
		found, err = row[cohortRow](ctx, s.pool, selectCohorts+` WHERE c.name = $1`, name)
		return err
	})
	if err != nil {
		return cutover.Cohort{}, err
	}
	return found.cohort(), nil
}

// Cohorts returns cohorts in the order of their names, byte by byte. Text is
// searched in name and note.
func (s *Cohorts) Cohorts(ctx context.Context, q cutover.CohortQuery) ([]cutover.Cohort, error) {
	var f filter
	if q.Text != "" {
		f.add("(c.name ILIKE %s OR c.note ILIKE %s)", contains(q.Text))
	}
	if q.After != "" {
		f.add("c.name > %s", q.After)
	}
	sql := selectCohorts + f.where() + " ORDER BY c.name" + f.limit(q.Limit)
	var found []cohortRow
	err := again(ctx, "cohorts", func() (err error) {
		found, err = rows[cohortRow](ctx, s.pool, sql, f.args...)
		return err
	})
	cohorts := make([]cutover.Cohort, len(found))
	for i, r := range found {
		cohorts[i] = r.cohort()
	}
	return cohorts, err
}

type memberRow struct {
	Position int
	personRow
}

// Members pages through a cohort; ErrNotFound for an unknown one.
func (s *Cohorts) Members(ctx context.Context, q cutover.MemberQuery) ([]cutover.Member, error) {
	var f filter
	f.add("m.cohort = %s", q.Cohort)
	order, beyond := "m.position", "m.position > %s"
	if q.Reverse {
		order, beyond = "m.position DESC", "m.position < %s"
	}
	if q.After > 0 {
		f.add(beyond, q.After)
	}
	if q.Side != "" {
		f.add("p.side = %s", q.Side)
	}
	if len(q.States) > 0 {
		f.add("coalesce(p.state, 'planned') = ANY(%s)", q.States)
	}
	if q.Retry != "" {
		f.add("p.side = %s", q.Retry.Other())
		f.add("p.state = ANY(%s)", cutover.Retryable(q.Retry))
		f.add(`EXISTS (SELECT FROM switches w WHERE w.id = p.switch AND w.person = p.id AND w."to" = %s)`, q.Retry)
	}
	sql := `SELECT m.position, ` + personColumns + ` FROM cohort_members m JOIN people p ON p.id = m.person` +
		f.where() + " ORDER BY " + order + f.limit(q.Limit)
	var found []memberRow
	err := again(ctx, "members of cohort "+q.Cohort, func() (err error) {
		found, err = rows[memberRow](ctx, s.pool, sql, f.args...)
		return err
	})
	if err == nil && len(found) == 0 {
		_, err = s.Cohort(ctx, q.Cohort)
	}
	members := make([]cutover.Member, len(found))
	for i, r := range found {
		members[i] = cutover.Member{Position: r.Position, PersonState: r.person()}
	}
	return members, err
}
