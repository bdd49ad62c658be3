package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// FinalStage stands for the point of no return where approvals name a stage.
const FinalStage = "finalise"

// listen answers queries and takes orders.
func (p *planRun) listen(ctx workflow.Context) error {
	err := workflow.SetQueryHandler(ctx, PlanQuery, func() (PlanStatus, error) { return p.status(workflow.Now(ctx)), nil })
	if err != nil {
		return err
	}
	if err := workflow.SetQueryHandler(ctx, PlanWould, wouldBe(p.against)); err != nil {
		return err
	}
	handle := func(ctx workflow.Context, o PlanOrder) (PlanStatus, error) {
		if err := p.obey(ctx, o); err != nil {
			return PlanStatus{}, refused(err)
		}
		err := p.kept(ctx)
		return p.status(workflow.Now(ctx)), err
	}
	workflow.Go(ctx, p.shareOut)
	return workflow.SetUpdateHandlerWithOptions(ctx, PlanOrderUpdate, handle, workflow.UpdateHandlerOptions{
		Validator: func(ctx workflow.Context, o PlanOrder) error {
			o.At = workflow.Now(ctx)
			if err := p.against(o); err != nil {
				return refused(err)
			}
			return nil
		},
	})
}

// against is what speaks against an order at its time.
func (p *planRun) against(o PlanOrder) error {
	refuse := func(kind error, why string, args ...any) error {
		return fmt.Errorf("%s of plan %s refused: %s: %w", o.Verb, p.Standing.Plan, fmt.Sprintf(why, args...), kind)
	}
	if o.Stage != "" && o.Stage != FinalStage {
		return p.againstStage(o)
	}
	if o.Person != "" {
		return againstPerson(p.Standing, o)
	}
	if o.Verb == rollout.Finalise {
		o.Evidence = o.At // it is looked at when the order is obeyed
	}
	if _, err := p.Standing.Take(o.Order); err != nil {
		return err
	}
	switch o.Verb {
	case rollout.Release:
		if why := p.unheld(o); why != "" {
			return refuse(dualtone.ErrConflict, "%s", why)
		}
	case rollout.Pause:
		if p.Paused != nil {
			return refuse(dualtone.ErrConflict, "%s has paused it already%s", p.Paused.Actor, p.Paused.because())
		}
	case rollout.Resume:
		if p.Paused == nil {
			return refuse(dualtone.ErrConflict, "it is not paused")
		}
	case rollout.Limit:
		return p.againstLimit(o)
	case rollout.Abort:
		return p.Standing.AgainstAbort(o.Order, o.Agree)
	case rollout.Finalise:
		if p.closing {
			return refuse(dualtone.ErrConflict, "somebody is finalising it")
		}
	case rollout.Approve:
		if p.Spec.Final == nil || !slices.Contains(p.Spec.Final.Roles, o.Role) {
			return refuse(dualtone.ErrDenied, "the point of no return is not approved as %s", o.Role)
		}
	default:
	}
	return nil
}

func (p *planRun) againstLimit(o PlanOrder) error {
	if o.Rate == nil {
		return fmt.Errorf("limits of plan %s refused: no limit is named: %w", p.Standing.Plan, dualtone.ErrInvalid)
	}
	rate := p.whole().With(*o.Rate)
	for _, s := range p.Spec.Stages {
		if why := rate.Within(s.Cap); why != "" {
			return fmt.Errorf("limits of plan %s refused: stage %s: %s: %w", p.Standing.Plan, s.Stage, why, dualtone.ErrDenied)
		}
	}
	return nil
}

// againstStage is what speaks against an order to a stage that has no workflow.
func (p *planRun) againstStage(o PlanOrder) error {
	spec, ok := p.stage(o.Stage)
	if !ok {
		return fmt.Errorf("plan %s has no stage %q: %w", p.Standing.Plan, o.Stage, dualtone.ErrNotFound)
	}
	if p.running[o.Stage] != nil {
		return nil // it may just have come to rest; looked at again when the order is obeyed
	}
	if p.Standing.State != rollout.Active && p.Standing.State != rollout.Completed {
		return fmt.Errorf("%s of stage %s refused: plan %s is %s: %w", o.Verb, o.Stage, p.Standing.Plan, p.Standing.State, dualtone.ErrConflict)
	}
	standing := p.resting(spec, o.At)
	if o.Person != "" {
		return againstPerson(standing, o)
	}
	switch o.Verb {
	case rollout.Retry, rollout.Rollback, rollout.Skip:
	default:
		return fmt.Errorf("%s of stage %s refused: it is %s, and takes retry, rollback or skip: %w", o.Verb, o.Stage, p.Stages[o.Stage], dualtone.ErrConflict)
	}
	_, err := standing.Take(o.Order)
	return err
}

// resting is how a stage stands that has no workflow.
func (p *planRun) resting(spec rollout.Spec, now time.Time) rollout.Standing {
	return rollout.Standing{
		Level: rollout.OfStage, Plan: p.Standing.Plan, Stage: spec.Stage, Hash: p.Standing.Hash, Author: p.Standing.Author,
		State: p.Stages[spec.Stage], Holds: p.openHolds(now), LastResort: spec.LastResort(),
	}
}

func (p *planRun) stage(id string) (rollout.Spec, bool) {
	for _, s := range p.Spec.Stages {
		if s.Stage == id {
			return s, true
		}
	}
	return rollout.Spec{}, false
}

// obey does what an order says.
func (p *planRun) obey(ctx workflow.Context, o PlanOrder) error {
	switch {
	case o.Verb == rollout.Finalise:
		return p.finalise(ctx, o)
	case o.Verb == rollout.Compare:
		return p.compare(ctx, o)
	case o.Stage != "" && o.Stage != FinalStage:
		return p.relaunch(ctx, o)
	case o.Verb == rollout.Abort && workflow.GetVersion(ctx, twoAbort, workflow.DefaultVersion, 1) > workflow.DefaultVersion:
		return p.abort(ctx, o)
	}
	return p.follow(ctx, o)
}

// follow takes an order, and does what is to be done at once.
func (p *planRun) follow(ctx workflow.Context, o PlanOrder) error {
	if err := p.take(ctx, o.told()); err != nil {
		return err
	}
	p.heed(o)
	switch o.Verb {
	case rollout.PutHold:
		p.hold(ctx, o)
	case rollout.Release:
		for _, h := range p.release(ctx, o) {
			ended := o
			ended.Hold = h.ID
			p.tellStages(ctx, ended)
		}
	case rollout.Approve:
		p.approve(ctx, o)
	case rollout.Pause, rollout.Resume, rollout.Limit, rollout.Abort, rollout.Rollback:
		p.tellStages(ctx, o)
		p.share(ctx, p.Movers)
	default:
	}
	return nil
}

// twoAbort is since when a plan is aborted by two people, or an incident commander.
const twoAbort = "two people abort a plan"

// abort ends the plan where it is: at once for an incident commander, and for whoever
// agrees with somebody else. Anybody else asks for it, which holds the plan.
func (p *planRun) abort(ctx workflow.Context, o PlanOrder) error {
	o.At = workflow.Now(ctx)
	if err := p.Standing.AgainstAbort(o.Order, o.Agree); err != nil {
		return err
	}
	if !o.Agree && !rollout.AbortsAlone(o.Order) {
		asks := o.Order
		asks.Verb, asks.Reason = rollout.PutHold, "asks for it to be aborted: "+o.Reason
		if err := p.take(ctx, asks); err != nil {
			return err
		}
		o.Expires = time.Time{}
		p.hold(ctx, o)
		return nil
	}
	asked, found := rollout.AskedAbort(p.Standing.Holds, o.At)
	if o.Agree {
		o.Order, o.Back = asked.Agreed(o.Order), asked.Abort == rollout.TakeBackThem
	}
	if err := p.follow(ctx, o); err != nil || !found {
		return err
	}
	ended := o
	ended.Verb, ended.Hold, ended.Reason = rollout.Release, asked.ID, "the plan is aborted"
	p.release(ctx, ended)
	p.tellStages(ctx, ended)
	return nil
}

// relaunch gives an order to a stage that is at rest. Whoever reads of a stage
// that it came to rest may be quicker than its end.
func (p *planRun) relaunch(ctx workflow.Context, o PlanOrder) error {
	const soon = 10 * time.Second
	if _, err := workflow.AwaitWithTimeout(ctx, soon, func() bool { return p.running[o.Stage] == nil }); err != nil {
		return err
	}
	if p.running[o.Stage] != nil {
		return fmt.Errorf("stage %s of plan %s is at work, it takes its orders itself: %w", o.Stage, p.Standing.Plan, dualtone.ErrConflict)
	}
	o.At = workflow.Now(ctx)
	if err := p.againstStage(o); err != nil {
		return err
	}
	spec, _ := p.stage(o.Stage)
	if o.Person != "" {
		return leaveOut(ctx, &p.book, p.resting(spec, o.At), o)
	}
	return p.launch(ctx, spec, o)
}

// heed notes what an order changes beside the state.
func (p *planRun) heed(o PlanOrder) {
	switch o.Verb {
	case rollout.Pause:
		p.Paused = &o
	case rollout.Resume:
		p.Paused = nil
	case rollout.Limit:
		rate := p.whole().With(*o.Rate)
		p.Rate = &rate
	case rollout.Rollback:
		p.Back, p.TakenBack = o, nil
	default:
	}
}

// tellStages passes an order on to the stages that run.
func (p *planRun) tellStages(ctx workflow.Context, o PlanOrder) {
	for _, s := range p.Spec.Stages {
		if child := p.running[s.Stage]; child != nil {
			// A stage that has just come to rest needs no order.
			_ = child.SignalChildWorkflow(ctx, PlanOrderSignal, o).Get(ctx, nil)
		}
	}
}

// hold holds the whole plan.
func (p *planRun) hold(ctx workflow.Context, o PlanOrder) {
	p.PlanCarried.Holds++
	h := o.hold(fmt.Sprintf("plan-%s-%d", workflow.Now(ctx).UTC().Format(holdTime), p.PlanCarried.Holds), p.Standing.Plan, workflow.Now(ctx))
	h.Stage = ""
	p.place(h)
	o.Verb, o.Stage, o.Hold = rollout.PutHold, "", h.ID
	p.tellStages(ctx, o)
}

// bound is what an approval of the point of no return binds.
func (p *planRun) bound() rollout.Bound {
	return rollout.Bound{Plan: p.Spec.Hash, Cohort: p.Spec.CohortHash}
}

func (p *planRun) approve(ctx workflow.Context, o PlanOrder) {
	now := workflow.Now(ctx)
	a := rollout.Approval{
		Plan: p.Standing.Plan, Stage: FinalStage, Actor: o.Actor, Role: o.Role, Reason: o.Reason, Bound: p.bound(),
		At: now, Expires: now.Add(p.Spec.Final.ValidFor.Time()),
	}
	p.Approvals = append(p.Approvals, a)
	p.keep(activities.KeepApprovalName, a)
}

// finalise passes the point of no return, if everything is as it must be.
func (p *planRun) finalise(ctx workflow.Context, o PlanOrder) error {
	p.closing = true
	defer func() { p.closing = false }()
	asked := workflow.Now(ctx)
	var missing []string
	err := workflow.ExecuteActivity(asking(ctx), activities.CheckFinalName, p.Plan).Get(ctx, &missing)
	if err != nil {
		return err
	}
	if p.Spec.Final != nil {
		v := rollout.Count(*p.Spec.Final, p.Spec.Author, p.bound(), p.Approvals, workflow.Now(ctx))
		if !v.Enough {
			missing = append(missing, v.Missing)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("finalise of plan %s refused: %s: %w", p.Standing.Plan, strings.Join(missing, "; "), dualtone.ErrConflict)
	}
	p.Standing.Users = p.users()
	o.Evidence = asked
	if err := p.take(ctx, o.Order); err != nil {
		return err
	}
	for _, s := range p.Spec.Stages {
		p.Stages[s.Stage] = p.finaliseStage(ctx, s)
	}
	return nil
}

// compare holds both systems against each other, and keeps what was found.
func (p *planRun) compare(ctx workflow.Context, o PlanOrder) error {
	var found string
	asked := activities.ReconcileOrder{PlanRef: p.Plan, At: workflow.Now(ctx)}
	if err := workflow.ExecuteActivity(asking(ctx), activities.ReconcilePlanName, asked).Get(ctx, &found); err != nil {
		return err
	}
	if o.Reason != "" {
		found = o.Reason + ": " + found
	}
	o.Reason = found
	return p.take(ctx, o.Order)
}

// perform does what the plan names for after the point of no return, however long
// that takes.
func (p *planRun) perform(ctx workflow.Context) error {
	if p.Standing.State != rollout.Finalised || workflow.GetVersion(ctx, "final-actions", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return nil
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: wayBack, HeartbeatTimeout: heartbeat,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: time.Minute},
	})
	return workflow.ExecuteActivity(ctx, activities.PerformFinalName, p.Plan).Get(ctx, nil)
}

// finaliseStage keeps that a stage has no way back any more.
func (p *planRun) finaliseStage(ctx workflow.Context, s rollout.Spec) rollout.State {
	standing := rollout.Standing{Level: rollout.OfStage, Plan: s.Plan, Stage: s.Stage, Hash: s.Hash, State: p.Stages[s.Stage]}
	t, err := standing.Take(rollout.Order{
		Verb: rollout.Finalise, Actor: activities.Itself, Role: rollout.System, Reason: "the plan was finalised", At: workflow.Now(ctx),
	})
	if err != nil {
		return standing.State
	}
	p.keep(activities.KeepTransitionName, t)
	return t.To
}
