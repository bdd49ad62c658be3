package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// planned is what the part about plans found.
type planned struct {
	Users  int `json:"users"`
	Window int `json:"window"`
	// Seconds lie between the begin of the first switch and the end of the last.
	Seconds float64 `json:"seconds"`
	Bare    []pass  `json:"bare"` // one before and one after the plan
	// Start is how long a command that does nothing took beside the bare workflows.
	Start   waits `json:"start"`
	started []time.Duration
	// Bytes are what a user adds, and Temporal's for one.
	Bytes footprint `json:"bytes"`
	// Longest are the longest histories, by workflow.
	Longest map[string]history `json:"longest"`
	// Reconciled is how long it took to read everybody back, Moving, Apart and Large
	// how long plan status took meanwhile, from a machine that has no other work, and
	// over a plan of many.
	Reconciled float64     `json:"reconciled"`
	Moving     statuses    `json:"moving"`
	Apart      statuses    `json:"apart"`
	Paced      []pacedWave `json:"paced"`
	Large      statuses    `json:"large"`
	// Skipped is the plan in skipped time.
	Skipped *skipped `json:"skipped,omitempty"`
}

func (p *planned) rate() float64 { return float64(p.Users) / p.Seconds }

const (
	// planName is what the measured plan is called.
	planName = "bench"
	// wave is moved as fast as it goes, those that are paced at a share of that.
	wave = "wave"
)

// pacedWave is one that leaves its servers some room.
type pacedWave struct {
	statuses

	Percent   int `json:"percent"` // of what the plan can do
	PerMinute int `json:"per_minute"`
}

// pacedWaves are those of a plan, with enough users to ask often while they move.
func pacedWaves(planUsers int) []pacedWave {
	waves := []pacedWave{{Percent: 80}, {Percent: 50}}
	for i := range waves {
		waves[i].Rows = min(planUsers, 600) * waves[i].Percent / 100
	}
	return waves
}

func (w *pacedWave) name() string { return fmt.Sprintf("paced-%d", w.Percent) }

// plans runs a plan on the real servers between two cohorts of bare workflows,
// and asks all along how it stands.
func plans(ctx context.Context, s settings, found *findings) error {
	r := planned{Users: s.planUsers, Window: s.window, Paced: pacedWaves(s.planUsers)}
	if canConfine() {
		r.Apart.Rows = min(s.planUsers, 600) / 2
	}
	if s.planSkipped > 0 {
		var err error
		if r.Skipped, err = skippedPlan(ctx, s); err != nil {
			return err
		}
	}
	if s.planUsers > 0 {
		if err := realPlan(ctx, s, &r); err != nil {
			return err
		}
	}
	found.Plan = &r
	return nil
}

func realPlan(ctx context.Context, s settings, r *planned) error {
	s.limit = 0
	people := s.planUsers + r.Apart.Rows + warm
	for _, w := range r.Paced {
		people += w.Rows
	}
	t, err := newStage(ctx, s, "plan", people)
	if err != nil {
		return err
	}
	defer t.close()
	if err := t.startBoth(ctx); err != nil {
		return err
	}
	if err := t.openCounter(ctx); err != nil {
		return err
	}
	for _, act := range []func(context.Context, *planned) error{t.bareBeside, t.runPlan, t.bareBeside, t.runApart, t.runPaced, t.largePlan} {
		if err := act(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (t *stage) bareBeside(ctx context.Context, r *planned) error {
	started := t.watchStart(ctx)
	p, err := t.pass(ctx, bareNamespace, fmt.Sprintf("bare-%d-%d", len(r.Bare), t.users), t.users)
	r.started = append(r.started, started()...)
	if err != nil {
		return err
	}
	r.Start = waitsOf(r.started)
	t.say("bare workflow: %5.1f users/s, a command that does nothing %.0f ms (p99 %.0f)", p.rate(), r.Start.Half, r.Start.P99)
	r.Bare = append(r.Bare, p)
	return nil
}

// planFile is a plan whose waves ask prechecks before and read everybody back after.
const planFile = `apiVersion: dualtone/v1
kind: CutoverPlan
metadata: {name: %s, owner: ada}
spec:
  systems: {old: pbx, new: cloud, crm: crm}
  timezone: Etc/UTC
  calendars: {windows: {always: {from: "00:00", to: "24:00"}}}
  gates:
    precheck:
      - {check: before_image_complete, on_fail: skip_user}
      - {check: new_seat_and_number_ready, on_fail: skip_user}
      - {check: restore_rehearsed, max_age: 14d, on_fail: block_stage}
    reconcile:
      - {diff: user_state, max_unexplained: 0, max_age: 24h}
  limits: {concurrency: %d, stop_when: {failed_in_a_row: 3}}
  approvals:
    plan: {need: 1, roles: [cutover-approver]}
    stage_default: {need: 1, roles: [operations-lead]}
  rollback: {on_gate_fail: automatic, scope: stage, window: 14d}
  stages:
`

const planWave = `    - id: %s
      cohort: {where: 'id >= %q and id <= %q'}
      windows: [always]
      soak: 1s
      gates: [precheck, reconcile]
`

// planText is the plan's file.
func (p *planned) planText() []byte {
	text := fmt.Appendf(nil, planFile, planName, p.Window)
	text = fmt.Appendf(text, planWave, wave, personID(0), personID(p.Users-1))
	first := p.Users
	if p.Apart.Rows > 0 {
		text = fmt.Appendf(text, planWave, apartWave, personID(first), personID(first+p.Apart.Rows-1))
		first += p.Apart.Rows
	}
	for _, w := range p.Paced {
		text = fmt.Appendf(text, planWave, w.name(), personID(first), personID(first+w.Rows-1))
		first += w.Rows
	}
	return text
}

// runPlan runs the plan until its wave has passed.
func (t *stage) runPlan(ctx context.Context, r *planned) error {
	file := filepath.Join(t.dir, "plan.yaml")
	if err := os.WriteFile(file, r.planText(), 0o600); err != nil {
		return err
	}
	// Somebody has to have come back before anybody may go.
	if err := t.program(ctx, "switch", string(personID(t.people-1)), "--to", "old", "--reason", "canary"); err != nil {
		return err
	}
	before, err := t.counts(ctx)
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"submit", file, "--as", "ada"}, {"approve", planName, "--as", "eve"}, {"start", planName, "--as", "oscar"},
	} {
		if err := t.program(ctx, append([]string{"plan"}, args...)...); err != nil {
			return err
		}
	}
	if r.Moving, err = t.runWave(ctx, wave, r.Users); err != nil {
		return err
	}
	if err := t.judgePlan(ctx, r); err != nil {
		return err
	}
	after, err := t.counts(ctx)
	if err != nil {
		return err
	}
	r.Bytes = after.bytes.since(before.bytes, float64(r.Users))
	t.say("plan of %d: %.1f users/s, everybody read back in %.1f s, status %s", r.Users, r.rate(), r.Reconciled, r.Moving)
	return t.longest(ctx, r)
}

// program runs dualtone's own command line at the database and Temporal.
func (t *stage) program(ctx context.Context, args ...string) error {
	return t.programWith(ctx, filepath.Join(t.dir, "dualtone.yaml"), args...)
}

// programWith runs dualtone's own command line with settings.
func (t *stage) programWith(ctx context.Context, settings string, args ...string) error {
	args = slices.Concat(t.asker, []string{t.dualtone, "--config", settings}, args)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // our own program
	cmd.Env = append(os.Environ(), t.environment()...)
	// An operator's terminal is a session of its own, to which the kernel gives a
	// share of the processors beside that of the servers.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	_, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Errorf("dualtone %v: %w: %s", args, err, exit.Stderr)
	}
	return err
}

// runPaced runs the other waves at shares of what the first one reached, which is
// how a plan that leaves its servers some room is run.
func (t *stage) runPaced(ctx context.Context, r *planned) error {
	for i := range r.Paced {
		w := &r.Paced[i]
		w.PerMinute = int(60 * r.rate() * float64(w.Percent) / 100)
		if err := t.program(ctx, "plan", "limits", planName, "--per-minute", strconv.Itoa(w.PerMinute), "--reason", "room", "--as", "oscar"); err != nil {
			return err
		}
		var err error
		if w.statuses, err = t.runWave(ctx, w.name(), w.Rows); err != nil {
			return err
		}
		t.say("%d users at %d a minute: status %s", w.Rows, w.PerMinute, w.statuses)
	}
	return nil
}

// runWave approves a wave, waits until it has passed, and asks all along how the
// plan stands.
func (t *stage) runWave(ctx context.Context, stage string, people int) (statuses, error) {
	if err := t.reaches(ctx, stage, rollout.AwaitingApproval); err != nil {
		return statuses{}, err
	}
	watched := t.watchStatus(ctx, people)
	if err := t.program(ctx, "plan", "approve", planName, "--stage", stage, "--as", "lea", "--role", "operations-lead"); err != nil {
		return watched(), err
	}
	err := t.reaches(ctx, stage, rollout.Passed)
	return watched(), err
}

// reaches waits until a wave is in a state.
func (t *stage) reaches(ctx context.Context, stage string, want rollout.State) error {
	for {
		standing, err := t.read(ctx, planName)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(standing.Stages, func(s rollout.Stage) bool { return s.ID == stage })
		if i < 0 {
			return fmt.Errorf("plan %s has no stage %s: %w", planName, stage, dualtone.ErrNotFound)
		}
		switch s := standing.Stages[i]; s.State {
		case want:
			return nil
		case rollout.Blocked, rollout.Partial, rollout.Failed, rollout.Unknown, rollout.RolledBack, rollout.RollbackIncomplete:
			return fmt.Errorf("the %s is %s, want %s: %s", stage, s.State, want, s.Detail)
		default:
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// judgePlan reads how long it took, from the switches and transitions as they are
// kept. Everybody must have arrived.
func (t *stage) judgePlan(ctx context.Context, r *planned) error {
	var arrived int
	err := t.pool.QueryRow(ctx, `
		SELECT count(*) FILTER (WHERE state = $2), extract(epoch FROM max(ended) - min(started))::float8
		FROM switches WHERE cohort = $1`, rollout.CohortName(planName, wave), cutover.OnNew).Scan(&arrived, &r.Seconds)
	if err != nil {
		return err
	}
	if arrived != r.Users {
		return fmt.Errorf("%d of %d people arrived", arrived, r.Users)
	}
	return t.pool.QueryRow(ctx, `
		SELECT extract(epoch FROM r.seen - t.at)::float8 FROM plan_transitions t, LATERAL (
			SELECT min(at) AS seen FROM plan_transitions p WHERE p.plan = t.plan AND p.stage = t.stage AND p.verb = $3
		) r WHERE t.plan = $1 AND t.stage = $4 AND t.verb = $2`, planName, rollout.Soaked, rollout.Pass, wave).Scan(&r.Reconciled)
}

// longest reads the longest history of each workflow that the plan had.
func (t *stage) longest(ctx context.Context, r *planned) error {
	r.Longest = map[string]history{}
	c := t.clients[t.stack.Namespace]
	var token []byte
	for {
		page, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: fmt.Sprintf("WorkflowId STARTS_WITH '%s'", workflows.PlanWorkflowID(planName)), PageSize: 200, NextPageToken: token,
		})
		if err != nil {
			return fmt.Errorf("histories of plan %s: %w", planName, err)
		}
		for _, e := range page.GetExecutions() {
			d, err := c.DescribeWorkflowExecution(ctx, e.GetExecution().GetWorkflowId(), e.GetExecution().GetRunId())
			if err != nil {
				return fmt.Errorf("history of %s: %w", e.GetExecution().GetWorkflowId(), err)
			}
			name, info := e.GetType().GetName(), d.GetWorkflowExecutionInfo()
			h := r.Longest[name]
			r.Longest[name] = history{Events: max(h.Events, info.GetHistoryLength()), Bytes: max(h.Bytes, info.GetHistorySizeBytes())}
		}
		if token = page.GetNextPageToken(); len(token) == 0 {
			break
		}
	}
	user, err := t.history(ctx, t.stack.Namespace, "user/"+string(personID(r.Users/2)))
	r.Longest[workflows.SwitchUserName] = history{Events: user.Events, Bytes: user.Bytes}
	return err
}
