package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// KeepReadings stores what gates measured.
func (s *Rollouts) KeepReadings(ctx context.Context, all ...rollout.Reading) error {
	if len(all) == 0 {
		return nil
	}
	return again(ctx, "readings of plan "+all[0].Plan, func() error {
		var batch pgx.Batch
		for _, r := range all {
			batch.Queue(`
				INSERT INTO plan_readings (plan, stage, gate, at, "from", "to", value, samples, baseline, source, missing, ruling, why, differences)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING`,
				r.Plan, r.Stage, r.Gate, stored(r.At), stored(r.From), stored(r.To), r.Value, r.Samples, r.Baseline,
				printable(r.Source), printable(r.Missing), r.Ruling, printable(r.Why), orEmpty(r.Differences))
		}
		return s.pool.SendBatch(ctx, &batch).Close()
	})
}

func orNil[T any](all []T) []T {
	if len(all) == 0 {
		return nil
	}
	return all
}

type readingRow struct {
	Plan        string
	Stage       string
	Gate        string
	At          time.Time
	From        time.Time
	To          time.Time
	Value       float64
	Samples     int
	Baseline    *float64
	Source      string
	Missing     string
	Ruling      rollout.Ruling
	Why         string
	Differences []rollout.Difference
}

func (r readingRow) reading() rollout.Reading {
	return rollout.Reading{
		Plan: r.Plan, Stage: r.Stage, Gate: r.Gate, At: r.At.UTC(), From: r.From.UTC(), To: r.To.UTC(), Value: r.Value,
		Samples: r.Samples, Baseline: r.Baseline, Source: r.Source, Missing: r.Missing, Ruling: r.Ruling, Why: r.Why,
		Differences: orNil(r.Differences),
	}
}

// Readings returns readings, oldest first.
func (s *Rollouts) Readings(ctx context.Context, q rollout.ReadingQuery) ([]rollout.Reading, error) {
	var f filter
	f.equal("plan", q.Plan)
	f.equal("stage", q.Stage)
	f.equal("gate", q.Gate)
	if !q.Since.IsZero() {
		f.add("at >= %s", stored(q.Since))
	}
	all, err := listed(ctx, s.pool, "readings of plan "+q.Plan, `
		SELECT plan, stage, gate, at, "from", "to", value, samples, baseline, source, missing, ruling, why, differences FROM plan_readings`+
		f.where()+` ORDER BY at DESC, gate DESC`+f.limit(q.Last), f.args, readingRow.reading)
	return reversed(all), err
}

// OpenTasks stores tasks.
func (s *Rollouts) OpenTasks(ctx context.Context, all ...rollout.Task) error {
	if len(all) == 0 {
		return nil
	}
	return again(ctx, "tasks of plan "+all[0].Plan, func() error {
		var batch pgx.Batch
		for _, t := range all {
			batch.Queue(`
				INSERT INTO plan_tasks (plan, stage, id, name, owner, due, instruction, wanted, confirm, state)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
				t.Plan, t.Stage, t.ID, t.Name, t.Owner, stored(t.Due), printable(t.Instruction), printable(t.Wanted), t.Confirm, t.State)
		}
		return s.pool.SendBatch(ctx, &batch).Close()
	})
}

// MoveTask stores what became of a task.
func (s *Rollouts) MoveTask(ctx context.Context, from, to rollout.Task) error {
	return again(ctx, fmt.Sprintf("task %s of plan %s", to.ID, to.Plan), func() error {
		tag, err := s.pool.Exec(ctx, `
			UPDATE plan_tasks SET state = $3, evidence = $4, done_by = $5, done_at = $6, confirmed_by = $7, confirmed_at = $8, finding = $9, owner = $12
			WHERE plan = $1 AND id = $2 AND state = $10 AND done_at IS NOT DISTINCT FROM $11`,
			to.Plan, to.ID, to.State, printable(to.Evidence), to.DoneBy, nullable(to.DoneAt), to.ConfirmedBy, nullable(to.ConfirmedAt),
			printable(to.Finding), from.State, nullable(from.DoneAt), printable(to.Owner))
		if err == nil && tag.RowsAffected() == 0 {
			return fmt.Errorf("it was changed meanwhile: %w", dualtone.ErrConflict)
		}
		return err
	})
}

const taskColumns = `plan, stage, id, name, owner, due, instruction, wanted, confirm, state, evidence, done_by, done_at, confirmed_by, confirmed_at, finding`

type taskRow struct {
	Plan        string
	Stage       string
	ID          string
	Name        string
	Owner       string
	Due         time.Time
	Instruction string
	Wanted      string
	Confirm     rollout.Confirmation
	State       rollout.TaskState
	Evidence    string
	DoneBy      string
	DoneAt      *time.Time
	ConfirmedBy string
	ConfirmedAt *time.Time
	Finding     string
}

func (r taskRow) task() rollout.Task {
	return rollout.Task{
		Plan: r.Plan, Stage: r.Stage, ID: r.ID, Name: r.Name, Owner: r.Owner, Due: r.Due.UTC(), Instruction: r.Instruction,
		Wanted: r.Wanted, Confirm: r.Confirm, State: r.State, Evidence: r.Evidence, DoneBy: r.DoneBy, DoneAt: utc(r.DoneAt),
		ConfirmedBy: r.ConfirmedBy, ConfirmedAt: utc(r.ConfirmedAt), Finding: r.Finding,
	}
}

// Task returns one task.
func (s *Rollouts) Task(ctx context.Context, plan, id string) (rollout.Task, error) {
	var found taskRow
	err := again(ctx, fmt.Sprintf("task %s of plan %s", id, plan), func() (err error) {
		found, err = row[taskRow](ctx, s.pool, `SELECT `+taskColumns+` FROM plan_tasks WHERE plan = $1 AND id = $2`, plan, id)
		return err
	})
	if err != nil {
		return rollout.Task{}, err
	}
	return found.task(), nil
}

// Tasks returns tasks in the order in which they are due.
func (s *Rollouts) Tasks(ctx context.Context, q rollout.TaskQuery) ([]rollout.Task, error) {
	var f filter
	f.equal("plan", q.Plan)
	f.equal("stage", q.Stage)
	f.equal("owner", q.Owner)
	if len(q.States) > 0 {
		f.add("state = ANY(%s)", q.States)
	}
	if q.After != "" {
		f.add("(due, plan, id) > (SELECT due, plan, id FROM plan_tasks a WHERE a.id = %s AND a.plan = "+f.arg(q.Plan)+")", q.After)
	}
	return listed(ctx, s.pool, "tasks", `SELECT `+taskColumns+` FROM plan_tasks`+f.where()+` ORDER BY due, plan, id`+f.limit(q.Limit), f.args, taskRow.task)
}
