package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Plans keeps plans, every version of them, and the people that were frozen.
type Plans struct {
	pool *pgxpool.Pool
}

var _ plan.Store = (*Plans)(nil)

// NewPlans returns the plans of a database.
func NewPlans(pool *pgxpool.Pool) *Plans { return &Plans{pool: pool} }

// Save keeps a version of a plan unless it is the latest already.
func (s *Plans) Save(ctx context.Context, v plan.Version) (plan.Version, error) {
	v.Name, v.Hash = v.Document.Plan.Metadata.Name, v.Document.Hash()
	if v.Name == "" || v.Author == "" {
		return plan.Version{}, fmt.Errorf("a plan without a name or an author: %w", dualtone.ErrInvalid)
	}
	if v.Saved.IsZero() {
		v.Saved = time.Now()
	}
	v.Saved = stored(v.Saved)
	held := v
	err := again(ctx, "plan "+v.Name, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
			held, err = saveVersion(ctx, tx, v)
			return err
		})
	})
	return held, err
}

func saveVersion(ctx context.Context, tx pgx.Tx, v plan.Version) (plan.Version, error) {
	// Two who save at once take turns, so that numbers have no holes.
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('plan ' || $1))`, v.Name); err != nil {
		return v, err
	}
	latest, err := rows[planVersionRow](ctx, tx, selectVersion+` WHERE name = $1 ORDER BY number DESC LIMIT 1`, v.Name)
	if err != nil {
		return v, err
	}
	v.Number = 1
	if len(latest) > 0 {
		if latest[0].Source == v.Source && latest[0].Hash == v.Hash {
			return latest[0].version(), nil
		}
		v.Number = latest[0].Number + 1
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO plan_versions (name, number, hash, document, source, author, saved) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		v.Name, v.Number, v.Hash, v.Document, v.Source, v.Author, v.Saved)
	return v, err
}

type planVersionRow struct {
	Name     string
	Number   int
	Hash     plan.Hash
	Document plan.Document
	Source   string
	Author   string
	Saved    time.Time
}

func (r planVersionRow) version() plan.Version {
	return plan.Version{
		Name: r.Name, Number: r.Number, Hash: r.Hash, Document: r.Document, Source: r.Source, Author: r.Author, Saved: r.Saved.UTC(),
	}
}

const selectVersion = `SELECT name, number, hash, document, source, author, saved FROM plan_versions`

// Version returns a version by the beginning of its hash, or the latest for an
// empty one.
func (s *Plans) Version(ctx context.Context, name string, hash plan.Hash) (plan.Version, error) {
	var f filter
	f.add("name = %s", name)
	if hash != "" {
		f.add("starts_with(hash, %s)", string(hash))
	}
	what := fmt.Sprintf("plan %s %s", name, hash.Short())
	if hash != "" && len(hash) < plan.ShortestHash {
		return plan.Version{}, fmt.Errorf("%s: a hash of fewer than %d digits: %w", what, plan.ShortestHash, dualtone.ErrInvalid)
	}
	var found planVersionRow
	err := again(ctx, what, func() (err error) {
		found, err = row[planVersionRow](ctx, s.pool, selectVersion+f.where()+` ORDER BY number DESC LIMIT 1`, f.args...)
		return err
	})
	if err != nil {
		return plan.Version{}, err
	}
	return found.version(), nil
}

// Versions lists versions without their documents and sources.
func (s *Plans) Versions(ctx context.Context, q plan.VersionQuery) ([]plan.Version, error) {
	var f filter
	f.equal("v.name", q.Name)
	if q.Latest {
		f.conditions = append(f.conditions, "NOT EXISTS (SELECT FROM plan_versions n WHERE n.name = v.name AND n.number > v.number)")
	}
	if q.After.Name != "" {
		f.conditions = append(f.conditions, fmt.Sprintf("(v.name, v.number) > (%s, %s)", f.arg(q.After.Name), f.arg(q.After.Number)))
	}
	sql := `SELECT v.name, v.number, v.hash, v.author, v.saved FROM plan_versions v` + f.where() + ` ORDER BY v.name, v.number` + f.limit(q.Limit)
	type listedRow struct {
		Name   string
		Number int
		Hash   plan.Hash
		Author string
		Saved  time.Time
	}
	var found []listedRow
	err := again(ctx, "plans", func() (err error) {
		found, err = rows[listedRow](ctx, s.pool, sql, f.args...)
		return err
	})
	versions := make([]plan.Version, len(found))
	for i, r := range found {
		versions[i] = plan.Version{Name: r.Name, Number: r.Number, Hash: r.Hash, Author: r.Author, Saved: r.Saved.UTC()}
	}
	return versions, err
}

// Freeze keeps the people of stages, all or none.
func (s *Plans) Freeze(ctx context.Context, stages ...plan.Frozen) error {
	return again(ctx, "freeze", func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			for _, f := range stages {
				if err := freeze(ctx, tx, f); err != nil {
					return fmt.Errorf("stage %s: %w", f.Stage, err)
				}
			}
			return nil
		})
	})
}

func freeze(ctx context.Context, tx pgx.Tx, f plan.Frozen) error {
	if f.At.IsZero() {
		f.At = time.Now()
	}
	ids := make([]string, len(f.People))
	for i, id := range f.People {
		ids[i] = string(id)
	}
	made, err := tx.Exec(ctx, `
		INSERT INTO plan_cohorts (plan, stage, hash, people, actor, frozen)
		SELECT $1, $2, $3, $4, $5, $6 WHERE EXISTS (SELECT FROM plan_versions WHERE hash = $1)
		ON CONFLICT DO NOTHING`, f.Plan, f.Stage, plan.PeopleHash(f.People), ids, f.By, stored(f.At))
	if err != nil || made.RowsAffected() > 0 {
		return err
	}
	held, err := rows[frozenRow](ctx, tx, selectFrozen+` WHERE plan = $1 AND stage = $2`, f.Plan, f.Stage)
	switch {
	case err != nil:
		return err
	case len(held) == 0:
		return fmt.Errorf("plan %s was never saved: %w", f.Plan.Short(), dualtone.ErrNotFound)
	case held[0].Hash != plan.PeopleHash(f.People):
		return fmt.Errorf("frozen already by %s with %d other people: %w", held[0].Actor, len(held[0].People), dualtone.ErrConflict)
	default:
		return nil
	}
}

type frozenRow struct {
	Plan   plan.Hash
	Stage  plan.StageID
	Hash   plan.Hash
	People []dualtone.PersonID
	Actor  string
	Frozen time.Time
}

const selectFrozen = `SELECT plan, stage, hash, people, actor, frozen FROM plan_cohorts`

// Frozen returns the stages that are frozen for a plan.
func (s *Plans) Frozen(ctx context.Context, hash plan.Hash) ([]plan.Frozen, error) {
	var found []frozenRow
	err := again(ctx, "frozen cohorts of plan "+hash.Short(), func() (err error) {
		found, err = rows[frozenRow](ctx, s.pool, selectFrozen+` WHERE plan = $1 ORDER BY stage`, hash)
		return err
	})
	frozen := make([]plan.Frozen, len(found))
	for i, r := range found {
		frozen[i] = plan.Frozen{Plan: r.Plan, Stage: r.Stage, Hash: r.Hash, People: r.People, By: r.Actor, At: r.Frozen.UTC()}
	}
	return frozen, err
}
