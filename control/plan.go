package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/workflows"
)

// Plans starts and steers plans. What is to be said of a plan that does not run
// it says to the store itself.
type Plans struct {
	*Control

	Store rollout.Store
	// Versions are the plans' own documents.
	Versions plan.Store
	// Explanations are what people said of differences; nil where nobody asks.
	Explanations rollout.Explanations
	// News hears of what is said to the store itself; it may be nil.
	News rollout.News
	// People are the user list as it is now; nil where nobody asks who has left.
	People cutover.People
	// Money tells what plans cost; nil where nobody asks.
	Money Money
	Now   func() time.Time
}

// Money tells how a plan stands in money.
type Money interface {
	// Standing is how a plan stood when its facts were last sampled. ErrNotFound for a
	// plan of which finance knows nothing.
	Standing(ctx context.Context, plan string) (cost.Standing, error)
}

// Submit hands in a version of a plan with the people of its stages for
// approval. Whatever was approved of another version counts no more.
func (p *Plans) Submit(ctx context.Context, v plan.Version, found *plan.Resolution, o rollout.Order) (rollout.Plan, error) {
	now := p.Now()
	o.At = now
	t, err := p.handIn(ctx, v, o)
	if err != nil {
		return rollout.Plan{}, err
	}
	kept := rollout.Plan{Name: v.Name, Hash: string(v.Hash), Author: v.Author, State: t.From, Since: now, Kept: now}
	people := map[string][]dualtone.PersonID{}
	var frozen []plan.Frozen
	for _, s := range found.Stages {
		f := plan.Frozen{Plan: v.Hash, Stage: s.Stage, Hash: s.Hash, By: o.Actor, At: now}
		for _, placed := range s.People {
			f.People = append(f.People, placed.Person)
		}
		frozen = append(frozen, f)
		people[string(s.Stage)] = f.People
		kept.CohortHash = rollout.Chain(kept.CohortHash, string(s.Stage), string(s.Hash))
	}
	if err := p.Versions.Freeze(ctx, frozen...); err != nil {
		return kept, err
	}
	if err := p.Store.KeepPlan(ctx, kept, stagesOf(&v.Document.Plan), people); err != nil {
		return kept, err
	}
	if err := p.record(ctx, t); err != nil {
		return kept, err
	}
	return p.Store.Plan(ctx, v.Name)
}

// WouldSubmit refuses what Submit would refuse of a version of a plan.
func (p *Plans) WouldSubmit(ctx context.Context, v plan.Version, o rollout.Order) error {
	_, err := p.handIn(ctx, v, o)
	return err
}

// handIn is the transition by which a version of a plan is handed in. A plan of its
// name that is under way is not replaced.
func (p *Plans) handIn(ctx context.Context, v plan.Version, o rollout.Order) (rollout.Transition, error) {
	from := rollout.Draft
	held, err := p.Store.Plan(ctx, v.Name)
	switch {
	case errors.Is(err, dualtone.ErrNotFound):
	case err != nil:
		return rollout.Transition{}, err
	case held.Hash == string(v.Hash):
		from = held.State
	case !slices.Contains(rollout.Replaceable(), held.State):
		return rollout.Transition{}, fmt.Errorf("submit of plan %s refused: it is %s and cannot be replaced: %w", v.Name, held.State, dualtone.ErrConflict)
	}
	standing := rollout.Standing{Level: rollout.OfPlan, Plan: v.Name, Hash: string(v.Hash), Author: v.Author, State: from}
	o.Verb = rollout.Submit
	return standing.Take(o)
}

func stagesOf(p *plan.Plan) []rollout.Stage {
	all := make([]rollout.Stage, len(p.Spec.Stages))
	for i, s := range p.Spec.Stages {
		all[i] = rollout.Stage{ID: string(s.ID), Kind: string(s.Kind), State: rollout.Pending}
		for _, after := range s.After {
			all[i].After = append(all[i].After, string(after))
		}
	}
	return all
}

// record keeps a transition and tells of it.
func (p *Plans) record(ctx context.Context, t rollout.Transition) error {
	if err := p.Store.Record(ctx, t); err != nil {
		return err
	}
	if e, heard := rollout.EventOf(t); heard {
		return p.tell(ctx, e)
	}
	return nil
}

func (p *Plans) tell(ctx context.Context, e rollout.Event) error {
	if p.News == nil {
		return nil
	}
	return p.News.Tell(ctx, e)
}

// standing is where a plan that does not run stands.
func (p *Plans) standing(ctx context.Context, name string) (rollout.Standing, error) {
	kept, err := p.Store.Plan(ctx, name)
	if err != nil {
		return rollout.Standing{}, err
	}
	holds, err := p.Store.Holds(ctx, name)
	return rollout.Standing{
		Level: rollout.OfPlan, Plan: name, Hash: kept.Hash, Author: kept.Author, State: kept.State, Since: kept.Since, Holds: holds,
	}, err
}

// Decide approves or rejects a plan that was submitted, and says what its
// approvals then amount to.
func (p *Plans) Decide(ctx context.Context, name string, o rollout.Order) (rollout.Verdict, error) {
	o.At = p.Now()
	standing, err := p.standing(ctx, name)
	if err != nil {
		return rollout.Verdict{}, err
	}
	t, err := standing.Take(o)
	if err != nil {
		return rollout.Verdict{}, err
	}
	if standing.State == rollout.Completed {
		return rollout.Verdict{}, approvedAlready(name, o.Verb)
	}
	need, kept, err := p.need(ctx, name)
	if err != nil {
		return rollout.Verdict{}, err
	}
	bound := rollout.Bound{Plan: kept.Hash, Cohort: kept.CohortHash}
	a := rollout.Approval{
		Plan: name, Actor: o.Actor, Role: o.Role, No: o.Verb == rollout.Reject, Reason: o.Reason, Bound: bound,
		At: o.At, Expires: o.At.Add(need.ValidFor.Time()),
	}
	if err := p.Store.Decide(ctx, a); err != nil {
		return rollout.Verdict{}, err
	}
	if err := p.tell(ctx, rollout.EventOfApproval(a)); err != nil {
		return rollout.Verdict{}, err
	}
	if err := p.record(ctx, t); err != nil {
		return rollout.Verdict{}, err
	}
	return p.clear(ctx, standing.After(t), need, bound)
}

// need is what must be approved of a plan as a whole.
func (p *Plans) need(ctx context.Context, name string) (plan.Approval, rollout.Plan, error) {
	kept, err := p.Store.Plan(ctx, name)
	if err != nil {
		return plan.Approval{}, kept, err
	}
	v, err := p.Versions.Version(ctx, name, plan.Hash(kept.Hash))
	return v.Document.Plan.Spec.Approvals.Plan, kept, err
}

// clear moves a plan to approved once enough approvals count.
func (p *Plans) clear(ctx context.Context, standing rollout.Standing, need plan.Approval, bound rollout.Bound) (rollout.Verdict, error) {
	verdict, err := p.verdict(ctx, standing, need, bound)
	if err != nil || !verdict.Enough || standing.State != rollout.Submitted {
		return verdict, err
	}
	t, err := standing.Take(rollout.Order{
		Verb: rollout.Cleared, Actor: activities.Itself, Role: rollout.System, At: p.Now(), Reason: fmt.Sprintf("approved by %d", len(verdict.Have)),
	})
	if err != nil {
		return verdict, err
	}
	return verdict, p.record(ctx, t)
}

func (p *Plans) verdict(ctx context.Context, s rollout.Standing, need plan.Approval, bound rollout.Bound) (rollout.Verdict, error) {
	all, err := p.Store.Approvals(ctx, s.Plan)
	if err != nil {
		return rollout.Verdict{}, err
	}
	var ofPlan []rollout.Approval
	for _, a := range all {
		if a.Stage == "" {
			ofPlan = append(ofPlan, a)
		}
	}
	return rollout.Count(need, s.Author, bound, ofPlan, p.Now()), nil
}

// Start starts an approved plan, waits a little for it to take orders, and returns
// the state that it is then in: approved, where no worker has taken it up yet. An
// approval that has expired meanwhile is needed anew.
func (p *Plans) Start(ctx context.Context, name string, o rollout.Order) (rollout.State, error) {
	standing, err := p.standing(ctx, name)
	if err != nil {
		return "", err
	}
	o.Verb, o.At = rollout.Start, p.Now()
	if standing.State == rollout.Approved {
		if err := p.stillApproved(ctx, standing); err != nil {
			return standing.State, err
		}
	}
	if _, err := standing.Take(o); err != nil {
		return standing.State, err
	}
	return p.run(ctx, standing, workflows.PlanOrder{Order: o})
}

// missing is what a plan lacks of the approvals that it once had; empty where they
// still count.
func (p *Plans) missing(ctx context.Context, standing rollout.Standing) (string, error) {
	need, kept, err := p.need(ctx, standing.Plan)
	if err != nil {
		return "", err
	}
	verdict, err := p.verdict(ctx, standing, need, rollout.Bound{Plan: kept.Hash, Cohort: kept.CohortHash})
	return verdict.Missing, err
}

func expired(name, missing string) error {
	return fmt.Errorf("start of plan %s refused: an approval expired, it needs %s: %w", name, missing, dualtone.ErrConflict)
}

func (p *Plans) stillApproved(ctx context.Context, standing rollout.Standing) error {
	missing, err := p.missing(ctx, standing)
	if err != nil || missing == "" {
		return err
	}
	t, err := standing.Take(rollout.Order{Verb: rollout.Expire, Actor: activities.Itself, Role: rollout.System, At: p.Now(), Reason: "an approval expired before the plan was started"})
	if err != nil {
		return err
	}
	if err := p.record(ctx, t); err != nil {
		return err
	}
	return expired(standing.Plan, missing)
}

// run starts the workflow of a plan, and returns the state that it soon comes to.
func (p *Plans) run(ctx context.Context, s rollout.Standing, begin workflows.PlanOrder) (rollout.State, error) {
	r := workflows.PlanRequest{
		Plan: activities.PlanRef{Plan: s.Plan, Hash: s.Hash}, State: s.State, Begin: begin,
		DrainWait: p.Defaults.DrainWait, Patience: p.Defaults.Patience, RunLength: p.Defaults.RunLength,
	}
	for _, h := range s.Holds {
		if h.Stage == "" && h.OpenAt(p.Now()) {
			r.Holds = append(r.Holds, h)
		}
	}
	run, err := p.start(ctx, workflows.PlanWorkflowID(s.Plan), "plan "+s.Plan, workflows.RunPlanName, r)
	if err != nil {
		return s.State, err
	}
	return p.begun(ctx, s, run)
}

// Give gives an order to a plan that was started, or to a stage of it. A refused
// one is an error that says why and who may. A rollback that names a person takes
// back that one alone.
func (p *Plans) Give(ctx context.Context, name string, o workflows.PlanOrder) error {
	if o.Verb == rollout.Rollback && o.Person != "" {
		return p.takeBackAlone(ctx, name, o)
	}
	if o.Stage != "" && o.Stage != workflows.FinalStage {
		err := p.update(ctx, workflows.StageWorkflowID(name, o.Stage), o)
		if !errors.Is(err, dualtone.ErrNotFound) {
			return err
		}
	}
	err := p.update(ctx, workflows.PlanWorkflowID(name), o)
	if !errors.Is(err, dualtone.ErrNotFound) {
		return err
	}
	return p.giveAtRest(ctx, name, o)
}

// MoveTask says what became of a task: of a stage to its workflow, which waits for
// it, and of the point of no return to the store.
func (p *Plans) MoveTask(ctx context.Context, name string, o workflows.PlanOrder) error {
	if o.Stage != workflows.FinalStage {
		return p.Give(ctx, name, o)
	}
	o.At = p.Now()
	standing, err := p.standing(ctx, name)
	if err != nil {
		return err
	}
	t, err := standing.Take(o.Order)
	if err != nil {
		return err
	}
	task, err := p.Store.Task(ctx, name, o.Task)
	if err != nil {
		return err
	}
	moved, err := task.Move(o.Verdict, o.Actor, o.Attached, o.At)
	if err != nil {
		return err
	}
	if err := p.Store.MoveTask(ctx, task, moved); err != nil {
		return err
	}
	return p.Store.Record(ctx, t)
}

// HandTask makes somebody else the owner of a task.
func (p *Plans) HandTask(ctx context.Context, name, id, owner string, o rollout.Order) (rollout.Task, error) {
	task, err := p.Store.Task(ctx, name, id)
	if err != nil {
		return task, err
	}
	handed, err := task.Hand(owner)
	if err != nil {
		return task, err
	}
	standing, err := p.standing(ctx, name)
	if err != nil {
		return task, err
	}
	o.Verb, o.At = rollout.Progress, p.Now()
	o.Reason = strings.TrimSuffix(fmt.Sprintf("task %s goes from %s to %s: %s", id, task.Owner, owner, o.Reason), ": ")
	t, err := standing.Take(o)
	if err != nil {
		return task, err
	}
	if err := p.Store.MoveTask(ctx, task, handed); err != nil {
		return task, err
	}
	return handed, p.Store.Record(ctx, t)
}

// Stage asks the workflow of a stage how it stands. ErrNotFound when it has none.
func (p *Plans) Stage(ctx context.Context, name, stage string) (workflows.StageStatus, error) {
	var s workflows.StageStatus
	v, err := p.Client.QueryWorkflow(ctx, workflows.StageWorkflowID(name, stage), "", workflows.PlanQuery)
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return s, fmt.Errorf("stage %s of plan %s has not begun: %w", stage, name, dualtone.ErrNotFound)
	}
	if err != nil {
		return s, fmt.Errorf("stage %s of plan %s: %w: %w", stage, name, err, dualtone.ErrUnavailable)
	}
	return s, v.Get(&s)
}

// SoakEnds is when the soak of a stage ends; ErrConflict for one that does not soak.
func (p *Plans) SoakEnds(ctx context.Context, name, stage string) (time.Time, error) {
	status, err := p.Stage(ctx, name, stage)
	if err == nil && status.Standing.State != rollout.Soaking {
		err = fmt.Errorf("soak of stage %s refused: it is %s: %w", stage, status.Standing.State, dualtone.ErrConflict)
	}
	return status.Until, err
}

func (p *Plans) update(ctx context.Context, workflow string, o workflows.PlanOrder) error {
	h, err := p.Client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		UpdateID:   updateID(ctx),
		WorkflowID: workflow, UpdateName: workflows.PlanOrderUpdate, Args: []any{o},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = h.Get(ctx, nil)
	}
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return fmt.Errorf("%s: %w", workflow, dualtone.ErrNotFound)
	}
	return said(err)
}

// giveAtRest gives an order to a plan whose workflow does not run: a way back
// starts it again, a hold is placed or released in the store, and everything
// else says why it cannot be.
func (p *Plans) giveAtRest(ctx context.Context, name string, o workflows.PlanOrder) error {
	standing, err := p.standing(ctx, name)
	if err != nil {
		return err
	}
	o.At = p.Now()
	t, err := standing.Take(o.Order)
	switch {
	case o.Stage != "":
		return doesNotRun(standing, o)
	case err != nil:
		return err
	case o.Verb == rollout.Rollback:
		_, err := p.run(ctx, standing, o)
		return err
	case o.Verb == rollout.PutHold:
		h := rollout.Hold{
			ID: "plan-" + o.At.UTC().Format("0102-150405"), Plan: name, Owner: o.Actor, Role: o.Role, Reason: o.Reason, Placed: o.At, Expires: o.Expires,
		}
		if err := p.Store.PlaceHold(ctx, h); err != nil {
			return err
		}
		if err := p.tell(ctx, rollout.EventOfHold(h)); err != nil {
			return err
		}
	case o.Verb == rollout.Release:
		if err := p.releaseAtRest(ctx, standing, o); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s of plan %s refused: its workflow does not run: %w", o.Verb, name, dualtone.ErrConflict)
	}
	return p.record(ctx, t)
}

func (p *Plans) releaseAtRest(ctx context.Context, s rollout.Standing, o workflows.PlanOrder) error {
	released := false
	for _, h := range s.Holds {
		if !h.OpenAt(o.At) || o.Hold != "" && o.Hold != h.ID {
			continue
		}
		h.Released, h.ReleasedBy, h.Why = o.At, o.Actor, o.Reason
		if err := p.Store.ReleaseHold(ctx, h); err != nil {
			return err
		}
		if err := p.tell(ctx, rollout.EventOfHold(h)); err != nil {
			return err
		}
		released = true
	}
	if !released {
		return fmt.Errorf("release of plan %s refused: there is no such open hold: %w", s.Plan, dualtone.ErrConflict)
	}
	return nil
}

// PlanView is where a plan stands, as it is kept.
type PlanView struct {
	Plan      rollout.Plan       `json:"plan"`
	Stages    []rollout.Stage    `json:"stages"`
	Holds     []rollout.Hold     `json:"holds"` // those that are open
	Approvals []rollout.Approval `json:"approvals"`
	Tasks     []rollout.Task     `json:"tasks"` // those that are not confirmed
	AsOf      time.Time          `json:"as_of"`
	// Pauses are those in force.
	Pauses []rollout.Paused `json:"pauses,omitempty"`
	// Needs is what must be approved now, by stage: an empty one is the plan itself.
	Needs map[string]plan.Approval `json:"needs,omitempty"`
	// Finalise is what the plan asks for before its point of no return; nil where it
	// names none, and before the plan is completed.
	Finalise *plan.Finalise `json:"finalise,omitempty"`
	// Radius is the blast radius as it shrank; nil where it did not.
	Radius *rollout.Radius `json:"blast_radius,omitempty"`
	// Money is nil where it was not asked for, or nothing is known of it.
	Money *cost.Standing `json:"money,omitempty"`
	// MoneyUnknown says why what it costs cannot be told. It keeps nobody from
	// seeing how a plan stands.
	MoneyUnknown string `json:"money_unknown,omitempty"`
}

// View reads where a plan stands. It asks no workflow, so it is as quick while
// the plan moves thousands.
func (p *Plans) View(ctx context.Context, name string) (PlanView, error) {
	v := PlanView{AsOf: p.Now(), Holds: []rollout.Hold{}}
	o, err := p.Store.Overview(ctx, name)
	if err != nil {
		return v, err
	}
	v.Plan, v.Stages, v.Approvals, v.Tasks, v.Pauses = o.Plan, o.Stages, o.Approvals, o.Tasks, o.Pauses
	for _, h := range o.Holds {
		if h.OpenAt(v.AsOf) {
			v.Holds = append(v.Holds, h)
		}
	}
	if err := p.needs(ctx, &v); err != nil {
		return v, err
	}
	if v.Radius, err = p.radius(ctx, &v); err != nil || p.Money == nil {
		return v, err
	}
	money, err := p.Money.Standing(ctx, name)
	switch {
	case err == nil:
		v.Money = &money
	case !errors.Is(err, dualtone.ErrNotFound):
		v.MoneyUnknown = err.Error()
	}
	return v, nil
}
