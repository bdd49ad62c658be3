package control

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// CohortMove says how a cohort is to be moved. Zero fields take the defaults.
type CohortMove struct {
	Cohort string
	To     dualtone.Side
	Window int
	// Only keeps members whose latest switch is in one of these states.
	Only []cutover.State
	// Retry keeps those whom their latest switch was to bring to the same side, and
	// did not.
	Retry bool
	Why
}

// Members asks for those whom the move would switch, in its order.
func (m *CohortMove) Members() cutover.MemberQuery {
	r := workflows.CohortRequest{Cohort: m.Cohort, To: m.To, Only: m.Only, Retry: m.Retry}
	return r.Members()
}

// Back reports whether everybody is taken back.
func (m *CohortMove) Back() bool { return m.To == dualtone.Old && len(m.Only) == 0 && !m.Retry }

// CohortRun is a cohort's move that was started.
type CohortRun struct {
	run    client.WorkflowRun
	cohort string
}

func cohortID(cohort string) string { return "cohort/" + cohort }

// MoveCohort starts moving a cohort. ErrConflict when it is being moved already.
func (c *Control) MoveCohort(ctx context.Context, m CohortMove) (*CohortRun, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	r := workflows.CohortRequest{
		Cohort: m.Cohort, To: m.To, Actor: m.Actor, Reason: m.Reason, Window: m.Window, Only: m.Only, Retry: m.Retry,
		DrainWait: c.Defaults.DrainWait, Patience: c.Defaults.Patience, RunLength: c.Defaults.RunLength,
	}
	if r.Window == 0 {
		r.Window = c.Defaults.Window
	}
	if m.Retry && len(m.Only) == 0 {
		// A worker of an older build does not know what a retry is, and would move everybody.
		r.Only = cutover.Retryable(m.To)
	}
	run, err := c.start(ctx, cohortID(m.Cohort), "cohort "+m.Cohort, workflows.MoveCohortName, r)
	if err != nil {
		return nil, err
	}
	return &CohortRun{run: run, cohort: m.Cohort}, nil
}

// Wait waits for the cohort to come to rest. Users who could not be moved are
// not an error: the status says how everybody ended.
func (r *CohortRun) Wait(ctx context.Context) (workflows.CohortStatus, error) {
	var s workflows.CohortStatus
	return s, named(r.run.Get(ctx, &s), "cohort "+r.cohort)
}

// CohortStatus asks how a cohort's latest move stands. ErrNotFound when it was
// never moved.
func (c *Control) CohortStatus(ctx context.Context, cohort string) (workflows.CohortStatus, error) {
	var s workflows.CohortStatus
	v, err := c.Client.QueryWorkflow(ctx, cohortID(cohort), "", workflows.CohortQuery)
	if err != nil {
		return s, named(err, "cohort "+cohort)
	}
	return s, v.Get(&s)
}

// Order gives a running cohort an order. A refused order is ErrConflict and
// says why.
func (c *Control) order(ctx context.Context, cohort, verb string, o workflows.Order) (workflows.CohortStatus, error) {
	var s workflows.CohortStatus
	h, err := c.Client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		UpdateID:   updateID(ctx),
		WorkflowID: cohortID(cohort), UpdateName: verb, Args: []any{o},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = h.Get(ctx, &s)
	}
	return s, named(err, "cohort "+cohort)
}

// Pause lets those in flight finish and starts nobody else until Resume.
func (c *Control) Pause(ctx context.Context, cohort string, why Why) (workflows.CohortStatus, error) {
	return c.order(ctx, cohort, workflows.PauseVerb, workflows.Order{Actor: why.Actor, Reason: why.Reason})
}

// Resume goes on with a paused cohort.
func (c *Control) Resume(ctx context.Context, cohort string, why Why) (workflows.CohortStatus, error) {
	return c.order(ctx, cohort, workflows.ResumeVerb, workflows.Order{Actor: why.Actor, Reason: why.Reason})
}

// Widen sets how many users are switched at the same time.
func (c *Control) Widen(ctx context.Context, cohort string, window int, why Why) (workflows.CohortStatus, error) {
	return c.order(ctx, cohort, workflows.WindowVerb, workflows.Order{Actor: why.Actor, Reason: why.Reason, Window: window})
}

// Skip leaves a member out who was not started yet.
func (c *Control) Skip(ctx context.Context, cohort string, person dualtone.PersonID, why Why) (workflows.CohortStatus, error) {
	return c.order(ctx, cohort, workflows.SkipVerb, workflows.Order{Actor: why.Actor, Reason: why.Reason, Person: person})
}

// InFlight says what becomes of users who are being switched when a cohort is
// stopped.
type InFlight = rollout.InFlight

// What may become of users in flight.
const (
	Finish = rollout.FinishThem
	GoBack = rollout.TakeBackThem
)

// Stop starts nobody else. Those in flight finish or go back, as chosen.
func (c *Control) Stop(ctx context.Context, cohort string, inFlight InFlight, why Why) (workflows.CohortStatus, error) {
	if inFlight != Finish && inFlight != GoBack {
		return workflows.CohortStatus{}, fmt.Errorf("in flight %q: want finish or back: %w", inFlight, dualtone.ErrInvalid)
	}
	return c.order(ctx, cohort, workflows.StopVerb, workflows.Order{
		Actor: why.Actor, Reason: why.Reason, Back: inFlight == GoBack,
	})
}

// RollBack takes everybody in the cohort who was moved back, in reverse order.
// A running move starts nobody else and turns back once those in flight have
// ended.
func (c *Control) RollBack(ctx context.Context, m CohortMove) error {
	m.To = dualtone.Old
	_, err := c.MoveCohort(ctx, m)
	if dualtone.Kind(err) != "conflict" {
		return err
	}
	_, err = c.order(ctx, m.Cohort, workflows.TurnBackVerb, workflows.Order{Actor: m.Actor, Reason: m.Reason})
	return err
}
