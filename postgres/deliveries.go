package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/report/delivery"
)

// Deliveries keeps reports that go out by themselves. It is a delivery.Book and a
// delivery.Ledger.
type Deliveries struct {
	pool *pgxpool.Pool
}

// NewDeliveries returns the deliveries of a database.
func NewDeliveries(pool *pgxpool.Pool) *Deliveries { return &Deliveries{pool: pool} }

// Put adds a delivery.
func (s *Deliveries) Put(ctx context.Context, d delivery.Delivery) error {
	return again(ctx, "delivery "+d.Name, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			added, err := tx.Exec(ctx, `
				INSERT INTO deliveries (name, spec, actor, added) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, d.Name, d, d.Actor, stored(d.Added))
			if err != nil {
				return err
			}
			if added.RowsAffected() == 0 {
				return fmt.Errorf("there is one of that name: %w", dualtone.ErrConflict)
			}
			return noteBy(ctx, tx, d.Actor, string(access.ReportDeliver), "delivery/"+d.Name, nil, d)
		})
	})
}

// Remove takes a delivery out.
func (s *Deliveries) Remove(ctx context.Context, name string) error {
	return again(ctx, "delivery "+name, func() error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			removed, err := row[deliveryRow](ctx, tx, `DELETE FROM deliveries WHERE name = $1 RETURNING spec`, name)
			if err != nil {
				return err
			}
			return noteChange(ctx, tx, string(access.ReportDeliver), "delivery/"+name, removed.Spec, nil)
		})
	})
}

type deliveryRow struct{ Spec delivery.Delivery }

// Get finds a delivery.
func (s *Deliveries) Get(ctx context.Context, name string) (delivery.Delivery, error) {
	var found deliveryRow
	err := again(ctx, "delivery "+name, func() (err error) {
		found, err = row[deliveryRow](ctx, s.pool, `SELECT spec FROM deliveries WHERE name = $1`, name)
		return err
	})
	return found.Spec, err
}

// List has deliveries in the order of their names.
func (s *Deliveries) List(ctx context.Context, after string, limit int) ([]delivery.Delivery, error) {
	var f filter
	if after != "" {
		f.add("name > %s", after)
	}
	var found []deliveryRow
	err := again(ctx, "deliveries", func() (err error) {
		ask := f
		found, err = rows[deliveryRow](ctx, s.pool, `SELECT spec FROM deliveries`+ask.where()+` ORDER BY name`+ask.limit(limit), ask.args...)
		return err
	})
	all := make([]delivery.Delivery, len(found))
	for i := range found {
		all[i] = found[i].Spec
	}
	return all, err
}

const runColumns = `key, delivery, began, state, attempts, files, sum, failure, ended, workflow, workflow_run`

type runRow struct {
	Key, Delivery         string
	Began                 time.Time
	State                 string
	Attempts              int
	Files                 []string
	Sum, Failure          string
	Ended                 *time.Time
	Workflow, WorkflowRun string
}

func (r *runRow) run() delivery.Run {
	run := delivery.Run{
		Delivery: r.Delivery, Began: r.Began.UTC(), Key: r.Key, State: delivery.State(r.State), Attempts: r.Attempts, Sum: r.Sum, Failure: r.Failure,
		Ended: utc(r.Ended), Workflow: r.Workflow, WorkflowRun: r.WorkflowRun,
	}
	if len(r.Files) > 0 {
		run.Files = r.Files
	}
	return run
}

// Begin notes that a run is tried, and returns it as it was before.
func (s *Deliveries) Begin(ctx context.Context, r delivery.Run) (delivery.Run, error) {
	var was runRow
	err := again(ctx, "delivery "+r.Delivery, func() (err error) {
		if _, err := s.pool.Exec(ctx, `
			INSERT INTO delivery_runs (key, delivery, began, state, workflow, workflow_run) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
			r.Key, r.Delivery, stored(r.Began), string(delivery.Begun), r.Workflow, r.WorkflowRun); err != nil {
			return err
		}
		was, err = row[runRow](ctx, s.pool, `SELECT `+runColumns+` FROM delivery_runs WHERE key = $1`, r.Key)
		return err
	})
	return was.run(), err
}

// End notes what became of a run. One that is done stays as it is.
func (s *Deliveries) End(ctx context.Context, r delivery.Run) error {
	files := r.Files
	if files == nil {
		files = []string{}
	}
	return again(ctx, "delivery "+r.Delivery, func() error {
		_, err := s.pool.Exec(ctx, `
			UPDATE delivery_runs SET state = $2, attempts = $3, files = $4, sum = $5, failure = $6, ended = $7, workflow = $8, workflow_run = $9
			WHERE key = $1 AND state <> 'done'`,
			r.Key, string(r.State), r.Attempts, files, r.Sum, printable(r.Failure), nullable(r.Ended), r.Workflow, r.WorkflowRun)
		return err
	})
}

// Runs lists runs, the latest first.
func (s *Deliveries) Runs(ctx context.Context, q delivery.RunsQuery) ([]delivery.Run, error) {
	var f filter
	f.equal("delivery", q.Delivery)
	f.equal("state", string(q.State))
	if !q.Before.IsZero() {
		f.add("began < %s", stored(q.Before))
	}
	var found []runRow
	err := again(ctx, "runs of deliveries", func() (err error) {
		ask := f
		found, err = rows[runRow](ctx, s.pool, `SELECT `+runColumns+` FROM delivery_runs`+ask.where()+` ORDER BY began DESC, key`+ask.limit(q.Limit), ask.args...)
		return err
	})
	all := make([]delivery.Run, len(found))
	for i := range found {
		all[i] = found[i].run()
	}
	return all, err
}
