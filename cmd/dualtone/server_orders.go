package main

import (
	"context"
	"net/http"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// CohortStatus is how a cohort's latest move stands.
func (s server) CohortStatus(ctx context.Context, cohort string) (got workflows.CohortStatus, err error) {
	return got, s.Get(ctx, client.Path("cohorts", cohort, "status"), nil, &got)
}

func (s server) orderCohort(ctx context.Context, cohort, verb string, body map[string]any, why control.Why) (got workflows.CohortStatus, err error) {
	if body == nil {
		body = map[string]any{}
	}
	body["reason"] = why.Reason
	return got, s.Send(ctx, http.MethodPost, client.Path("cohorts", cohort)+"/"+verb, body, &got)
}

// Pause lets those in flight end and starts nobody else.
func (s server) Pause(ctx context.Context, cohort string, why control.Why) (workflows.CohortStatus, error) {
	return s.orderCohort(ctx, cohort, "pause", nil, why)
}

// Resume goes on.
func (s server) Resume(ctx context.Context, cohort string, why control.Why) (workflows.CohortStatus, error) {
	return s.orderCohort(ctx, cohort, "resume", nil, why)
}

// Widen sets how many users are moved at the same time.
func (s server) Widen(ctx context.Context, cohort string, window int, why control.Why) (workflows.CohortStatus, error) {
	return s.orderCohort(ctx, cohort, "window", map[string]any{"window": window}, why)
}

// Skip leaves somebody out.
func (s server) Skip(ctx context.Context, cohort string, person dualtone.PersonID, why control.Why) (workflows.CohortStatus, error) {
	return s.orderCohort(ctx, cohort, "skip", map[string]any{"user": person}, why)
}

// Stop starts nobody else and ends.
func (s server) Stop(ctx context.Context, cohort string, inFlight control.InFlight, why control.Why) (workflows.CohortStatus, error) {
	return s.orderCohort(ctx, cohort, "stop", map[string]any{"in_flight": inFlight}, why)
}

// StartMove moves a cohort, or takes it back.
func (s server) StartMove(ctx context.Context, m control.CohortMove) error {
	verb, body := "move", map[string]any{"to": m.To, "reason": m.Why.Reason, "window": m.Window, "only": m.Only, "retry": m.Retry}
	if m.Back() {
		verb, body = "rollback", map[string]any{"reason": m.Why.Reason, "window": m.Window}
	}
	return s.Send(ctx, http.MethodPost, client.Path("cohorts", m.Cohort)+"/"+verb, body, nil)
}

// SwitchPerson starts one person's switch.
func (s server) SwitchPerson(ctx context.Context, person dualtone.PersonID, to dualtone.Side, why control.Why) error {
	return s.Send(ctx, http.MethodPost, client.Path("users", string(person), "switch"), map[string]any{"to": to, "reason": why.Reason}, nil)
}

// taken is what a server says of an order to a plan that it took.
type taken struct {
	Verdict rollout.Verdict `json:"verdict"`
	State   rollout.State   `json:"state"`
}

// give sends an order to a plan.
func (s server) give(ctx context.Context, name string, o workflows.PlanOrder) (got taken, err error) {
	return got, s.Send(ctx, http.MethodPost, client.Path("plans", name)+"/"+string(o.Verb), orderBody(o), &got)
}

// Would asks the server whether it would take an order.
func (s server) Would(ctx context.Context, v control.PlanView, o workflows.PlanOrder) error {
	body := orderBody(o)
	body["dry_run"] = true
	return s.Send(ctx, http.MethodPost, client.Path("plans", v.Plan.Name)+"/"+string(o.Verb), body, nil)
}

// orderBody is an order as the API has it.
func orderBody(o workflows.PlanOrder) map[string]any {
	body := map[string]any{"reason": o.Reason, "role": o.Role, "stage": o.Stage, "user": o.Person, "hold": o.Hold, "hash": o.Hash}
	if !o.Expires.IsZero() {
		body["until"] = o.Expires
	}
	if o.Rate != nil {
		body["rate"] = o.Rate
	}
	if o.Back {
		body["in_flight"] = control.GoBack
	}
	if o.Agree {
		body["agree"] = true
	}
	switch {
	case o.Verb == rollout.Window:
		if o.For > 0 {
			body["for"] = o.For
		}
	case o.Verb == rollout.Extend && o.For > 0:
		body["extend"] = o.For
	case o.Verb == rollout.Extend:
		body["until"] = o.Until
	}
	return body
}

// Give sends an order to a plan.
func (s server) Give(ctx context.Context, name string, o workflows.PlanOrder) error {
	_, err := s.give(ctx, name, o)
	return err
}

// Start starts an approved plan.
func (s server) Start(ctx context.Context, name string, o rollout.Order) (rollout.State, error) {
	got, err := s.give(ctx, name, workflows.PlanOrder{Order: o})
	return got.State, err
}

// Decide approves or rejects a plan.
func (s server) Decide(ctx context.Context, name string, o rollout.Order) (rollout.Verdict, error) {
	got, err := s.give(ctx, name, workflows.PlanOrder{Order: o})
	return got.Verdict, err
}

// Stage says nothing of what an approval of a stage binds: the server finds it out.
func (server) Stage(context.Context, string, string) (workflows.StageStatus, error) {
	return workflows.StageStatus{}, nil
}

// SoakEnds is not told: the server puts the end off by so much.
func (server) SoakEnds(context.Context, string, string) (time.Time, error) {
	return time.Time{}, nil
}

// HandTask makes somebody else the owner of a task.
func (s server) HandTask(ctx context.Context, name, id, owner string, o rollout.Order) (task rollout.Task, err error) {
	body := map[string]any{"reason": o.Reason, "role": o.Role, "owner": owner}
	return task, s.Send(ctx, http.MethodPost, client.Path("plans", name, "tasks", id, "owner"), body, &task)
}

// MoveTask says what became of a manual task.
func (s server) MoveTask(ctx context.Context, name string, o workflows.PlanOrder) error {
	body := map[string]any{"reason": o.Reason, "role": o.Role, "verdict": o.Verdict, "evidence": o.Attached}
	return s.Send(ctx, http.MethodPost, client.Path("plans", name, "tasks", o.Task), body, nil)
}
