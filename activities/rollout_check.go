package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// CheckResult is what a stage's prechecks come to.
type CheckResult struct {
	// Blocks says why the stage may not begin; empty if it may.
	Blocks string `json:"blocks,omitempty"`
	// Evidence is the hash of what was found.
	Evidence string    `json:"evidence"`
	LeftOut  int       `json:"left_out"`
	At       time.Time `json:"at"`
}

// CheckStage asks whether a stage may begin, leaves out people who are not
// ready, and keeps the hash of what it found.
func (r *Rollout) CheckStage(ctx context.Context, s StageRef) (CheckResult, error) {
	found, err := r.Checks.Check(ctx, s)
	if err != nil {
		return CheckResult{}, wrap(err, "prechecks of stage %s of plan %s", s.Stage, s.Plan)
	}
	result := CheckResult{Blocks: strings.Join(found.Blocks, "; "), LeftOut: len(found.LeftOut), At: r.Now()}
	lines := slices.Concat(found.Blocks, found.Facts)
	if result.Blocks == "" {
		// Whoever proves the way back while the stage is blocked will be back.
		there, err := r.leaveThere(ctx, s)
		if err != nil {
			return CheckResult{}, err
		}
		result.LeftOut += len(there)
		for _, u := range there {
			lines = append(lines, fmt.Sprintf("%s left out: %s", u.Person, u.Detail))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(found.LeftOut)) {
		why := found.LeftOut[id]
		lines = append(lines, fmt.Sprintf("%s left out: %s", id, why))
		if _, err := r.MarkPeople(ctx, Marking{
			StageRef: s, People: []dualtone.PersonID{id}, From: rollout.ToDropOut(),
			State: cutover.Skipped, Detail: why,
		}); err != nil {
			return CheckResult{}, err
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	result.Evidence = hex.EncodeToString(sum[:])
	return result, nil
}

// MeasureOrder asks for the gates of a stage to be measured.
type MeasureOrder struct {
	StageRef

	Gates []plan.HealthGate `json:"gates"`
	// Since is when the step began that is judged, Began when the stage did.
	Since time.Time `json:"since"`
	Began time.Time `json:"began"`
	// At is when they are measured, so that a repeated activity measures the same.
	At time.Time `json:"at"`
}

// MeasureStage measures gates, keeps the readings, and returns what each gate
// says by all that was measured since.
func (r *Rollout) MeasureStage(ctx context.Context, o MeasureOrder) ([]rollout.Finding, error) {
	findings := make([]rollout.Finding, 0, len(o.Gates))
	for _, g := range o.Gates {
		from := o.Began
		if !g.Window.Stage {
			from = o.At.Add(-g.Window.For.Time())
		}
		reading, err := r.Measures.Measure(ctx, rollout.Measure{Plan: o.Plan, Hash: o.Hash, Stage: o.Stage, Gate: g, From: from, To: o.At})
		if err != nil {
			return nil, wrap(err, "gate %s of stage %s of plan %s", g.Name, o.Stage, o.Plan)
		}
		reading.Plan, reading.Stage, reading.Gate, reading.From, reading.To, reading.At = o.Plan, o.Stage, g.Name, from, o.At, o.At
		if err := r.Store.KeepReadings(ctx, rollout.Rule(g, reading)); err != nil {
			return nil, wrap(err, "gate %s of stage %s of plan %s", g.Name, o.Stage, o.Plan)
		}
		past, err := r.Store.Readings(ctx, rollout.ReadingQuery{Plan: o.Plan, Stage: o.Stage, Gate: g.Name, Since: o.Since, Last: max(g.FailAfter, 1) + 1})
		if err != nil {
			return nil, wrap(err, "gate %s of stage %s of plan %s", g.Name, o.Stage, o.Plan)
		}
		f := rollout.Finding{Gate: g.Name, OnFail: g.OnFail, At: o.At}
		f.Ruling, f.Why = rollout.Decide(g, past, o.Since)
		findings = append(findings, f)
	}
	return findings, nil
}

// ReconcileOrder asks for both systems to be held against each other.
type ReconcileOrder struct {
	PlanRef

	// At is when, so that a repeated activity measures the same.
	At time.Time `json:"at"`
}

// ReconcilePlan holds both systems against each other for every stage whose
// people have been moved, and says in a line what was found.
func (r *Rollout) ReconcilePlan(ctx context.Context, o ReconcileOrder) (string, error) {
	spec, err := r.Specs.Spec(ctx, o.Plan, o.Hash)
	if err != nil {
		return "", wrap(err, "plan %s", o.Plan)
	}
	since, err := r.arrivals(ctx, o)
	if err != nil {
		return "", err
	}
	var found []string
	for _, s := range spec.Stages {
		began, moved := since[s.Stage]
		gates := slices.DeleteFunc(slices.Clone(s.Gates), func(g plan.HealthGate) bool { return !strings.HasPrefix(g.Name, rollout.ReconcilePrefix) })
		if !moved || len(gates) == 0 {
			continue
		}
		all, err := r.MeasureStage(ctx, MeasureOrder{
			StageRef: StageRef{Plan: o.Plan, Stage: s.Stage, Hash: o.Hash}, Gates: gates, Since: began, Began: began, At: o.At,
		})
		if err != nil {
			return "", err
		}
		for _, f := range all {
			found = append(found, fmt.Sprintf("%s of stage %s: %s, %s", f.Gate, s.Stage, f.Ruling, f.Why))
		}
	}
	if len(found) == 0 {
		return "nobody has been moved in a stage that the plan has compared", nil
	}
	return strings.Join(found, "; "), nil
}

// arrivals are when the people of each stage were last all on the new side, of
// stages that are not taken back.
func (r *Rollout) arrivals(ctx context.Context, o ReconcileOrder) (map[string]time.Time, error) {
	all, err := r.Store.Transitions(ctx, rollout.TransitionQuery{Plan: o.Plan})
	since := map[string]time.Time{}
	for _, t := range all {
		switch {
		case t.Stage == "" || t.Hash != o.Hash:
		case t.Verb == rollout.Switched:
			since[t.Stage] = t.At
		case t.To == rollout.RollingBack, t.To == rollout.RolledBack:
			delete(since, t.Stage)
		}
	}
	return since, wrap(err, "log of plan %s", o.Plan)
}

// TaskOrder opens the tasks of a stage, or says what became of one.
type TaskOrder struct {
	StageRef

	Open []plan.Task `json:"open,omitempty"`

	ID       string            `json:"id,omitempty"`
	Verdict  rollout.TaskState `json:"verdict,omitempty"` // done, confirmed or refused
	Actor    string            `json:"actor,omitempty"`
	Evidence string            `json:"evidence,omitempty"`
	At       time.Time         `json:"at"`
}

// TasksFound is how the tasks of a stage stand.
type TasksFound struct {
	// Undone says which are not confirmed; empty when all are.
	Undone string `json:"undone,omitempty"`
	// Begun says that something of them was done.
	Begun bool `json:"begun,omitempty"`
}

// StageTasks opens tasks or moves one, and says how they stand.
func (r *Rollout) StageTasks(ctx context.Context, o TaskOrder) (TasksFound, error) {
	for _, t := range o.Open {
		task := rollout.Task{
			Plan: o.Plan, Stage: o.Stage, ID: o.Stage + "/" + t.Name, Name: t.Name, Owner: t.Owner, Due: o.At.Add(t.Due.Time()),
			Instruction: t.Instruction, Wanted: t.Evidence, Confirm: t.Confirm, State: rollout.TaskOpen,
		}
		if err := r.Store.OpenTasks(ctx, task); err != nil {
			return TasksFound{}, wrap(err, "task %s of plan %s", task.ID, o.Plan)
		}
	}
	if o.ID != "" {
		if err := r.moveTask(ctx, o); err != nil {
			return TasksFound{}, err
		}
	}
	all, err := r.Store.Tasks(ctx, rollout.TaskQuery{Plan: o.Plan, Stage: o.Stage})
	begun := slices.ContainsFunc(all, func(t rollout.Task) bool { return t.State != rollout.TaskOpen })
	return TasksFound{Undone: rollout.Undone(all), Begun: begun}, wrap(err, "tasks of plan %s", o.Plan)
}

func (r *Rollout) moveTask(ctx context.Context, o TaskOrder) error {
	t, err := r.Store.Task(ctx, o.Plan, o.ID)
	if err != nil {
		return wrap(err, "task %s of plan %s", o.ID, o.Plan)
	}
	if t.State == o.Verdict && (t.DoneAt.Equal(o.At) || t.ConfirmedAt.Equal(o.At)) {
		return nil // an earlier attempt did it
	}
	moved, err := t.Move(o.Verdict, o.Actor, o.Evidence, o.At)
	if err != nil {
		return err
	}
	return wrap(r.Store.MoveTask(ctx, t, moved), "task %s of plan %s", o.ID, o.Plan)
}
