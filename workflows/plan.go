package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// PlanRequest asks for a plan to be run, or to be taken back.
type PlanRequest struct {
	Plan activities.PlanRef `json:"plan"`
	// State is the state that it is in, and Begin the order with which it goes on.
	State rollout.State `json:"state"`
	Begin PlanOrder     `json:"begin"`
	// Holds are those of the whole plan that stand.
	Holds []rollout.Hold `json:"holds,omitempty"`
	// DrainWait, Patience and RunLength are those of a cohort.
	DrainWait time.Duration `json:"drain_wait"`
	Patience  time.Duration `json:"patience"`
	RunLength int           `json:"run_length"`

	// Carried is what an earlier run hands over.
	Carried *PlanCarried `json:"carried,omitempty"`
}

// PlanCarried is a plan's progress as one run hands it to the next, which it
// does only while no stage runs.
type PlanCarried struct {
	Spec     rollout.PlanSpec         `json:"spec"`
	Standing rollout.Standing         `json:"standing"`
	Stages   map[string]rollout.State `json:"stages"`
	// Users are the people of each stage when it came to rest.
	Users     map[string]cutover.Tally `json:"users"`
	Holds     int                      `json:"holds,omitempty"` // that it placed
	Paused    *PlanOrder               `json:"paused,omitempty"`
	Rate      *rollout.Rate            `json:"rate,omitempty"`
	Back      PlanOrder                `json:"back,omitzero"` // the order to go back
	TakenBack []string                 `json:"taken_back,omitempty"`
	Approvals []rollout.Approval       `json:"approvals,omitempty"`
	// Movers are the stages that move people, each with its part of the limits.
	Movers []rollout.Mover `json:"movers,omitempty"`
}

// PlanEnd is how a plan came to rest.
type PlanEnd struct {
	State  rollout.State            `json:"state"`
	Stages map[string]rollout.State `json:"stages"`
}

// PlanStatus is where a plan stands.
type PlanStatus struct {
	Standing rollout.Standing         `json:"standing"`
	Stages   map[string]rollout.State `json:"stages"`
	// Whole is what the plan may do at a time, over all its stages.
	Whole rollout.Rate `json:"whole"`
	// Running are the stages that have a workflow.
	Running  []string         `json:"running"`
	Paused   *PlanOrder       `json:"paused,omitempty"`
	Approval *rollout.Verdict `json:"approval,omitempty"` // of the point of no return
}

// PlanWorkflowID is the id of the one workflow that runs a plan.
func PlanWorkflowID(plan string) string { return "plan/" + plan }

// StageWorkflowID is the id of the one workflow that runs a stage.
func StageWorkflowID(plan, stage string) string { return PlanWorkflowID(plan) + "/" + stage }

// RunPlan runs the stages of a plan, each when those before it passed, until the
// plan is finalised, aborted or taken back.
func RunPlan(ctx workflow.Context, r PlanRequest) (PlanEnd, error) {
	p, err := newPlan(ctx, r)
	if err != nil {
		return PlanEnd{}, err
	}
	if err := p.listen(ctx); err != nil {
		return PlanEnd{}, err
	}
	p.open(ctx)
	if r.Carried == nil {
		p.heed(p.Begin)
		if err := p.take(ctx, p.Begin.Order); err != nil {
			return PlanEnd{}, refused(err)
		}
	}
	for !p.over() {
		if p.mustContinue(ctx) {
			if err := p.settle(ctx); err != nil {
				return PlanEnd{}, err
			}
			r.Carried = p.PlanCarried
			return PlanEnd{}, workflow.NewContinueAsNewError(ctx, RunPlan, r)
		}
		if err := p.step(ctx); err != nil {
			return PlanEnd{}, err
		}
	}
	if err := p.perform(ctx); err != nil {
		return PlanEnd{}, err
	}
	err = p.settle(ctx)
	return PlanEnd{State: p.Standing.State, Stages: p.Stages}, err
}

// planRun is the state of one run.
type planRun struct {
	PlanRequest
	*PlanCarried
	book

	running map[string]workflow.ChildWorkflowFuture
	ended   int // stages, in this run
	closing bool
}

func newPlan(ctx workflow.Context, r PlanRequest) (*planRun, error) {
	p := &planRun{PlanRequest: r, PlanCarried: r.Carried, running: map[string]workflow.ChildWorkflowFuture{}}
	if p.PlanCarried == nil {
		c := &PlanCarried{Users: map[string]cutover.Tally{}}
		ctx := keeping(ctx)
		if err := workflow.ExecuteActivity(ctx, activities.PlanSpecName, r.Plan).Get(ctx, &c.Spec); err != nil {
			return nil, err
		}
		if err := workflow.ExecuteActivity(ctx, activities.StageStatesName, r.Plan.Plan).Get(ctx, &c.Stages); err != nil {
			return nil, err
		}
		c.Standing = rollout.Standing{
			Level: rollout.OfPlan, Plan: r.Plan.Plan, Hash: r.Plan.Hash, Author: c.Spec.Author,
			State: r.State, Since: workflow.Now(ctx), Holds: slices.Clone(r.Holds),
		}
		p.PlanCarried = c
	}
	p.standing = &p.Standing
	return p, nil
}

// over reports whether the plan is at rest and its workflow ends. Whoever wants
// it back then starts another.
func (p *planRun) over() bool {
	switch p.Standing.State {
	case rollout.Active, rollout.Completed, rollout.Aborting, rollout.RollingBack:
		return false
	default:
		return len(p.running) == 0
	}
}

// mustContinue reports whether it is time for a new run, and possible: no run
// can await the stages of the one before.
func (p *planRun) mustContinue(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	due := info.GetContinueAsNewSuggested() || p.turn >= 500
	return due && len(p.running) == 0
}

// settle lets those finish who have given an order, and all be kept.
func (p *planRun) settle(ctx workflow.Context) error {
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return err
	}
	return p.kept(ctx)
}

func (p *planRun) step(ctx workflow.Context) error {
	switch p.Standing.State {
	case rollout.Active:
		return p.goOn(ctx)
	case rollout.Aborting:
		if len(p.running) == 0 {
			return p.find(ctx, rollout.CameToRest, "nobody is in flight any more", time.Time{})
		}
	case rollout.RollingBack:
		return p.goBack(ctx)
	default:
	}
	return p.waitStages(ctx)
}

// waitStages waits until a stage comes to rest or somebody orders something.
func (p *planRun) waitStages(ctx workflow.Context) error {
	ended := p.ended
	return p.wait(ctx, time.Time{}, func() bool { return p.ended != ended })
}

// goOn begins the stages that may begin.
func (p *planRun) goOn(ctx workflow.Context) error {
	if len(p.running) == 0 {
		if v, whole := rollout.WholePlan(p.Spec.Stages, p.Stages); whole {
			p.Standing.Users = p.users()
			return p.find(ctx, v, "every stage passed", time.Time{})
		}
	}
	if p.held(ctx) {
		ended := p.ended
		until := rollout.HeldUntil(p.Standing.Holds, "", workflow.Now(ctx))
		return p.wait(ctx, until, func() bool { return p.ended != ended || !p.held(ctx) })
	}
	if p.Paused == nil {
		for _, spec := range rollout.Ready(p.Spec.Stages, p.Stages) {
			if p.running[spec.Stage] != nil {
				continue
			}
			begin := PlanOrder{Stage: spec.Stage, Order: rollout.Order{
				Verb: rollout.Start, Actor: activities.Itself, Role: rollout.System, Reason: "those before it passed",
			}}
			if err := p.launch(ctx, spec, begin); err != nil {
				return err
			}
		}
	}
	return p.waitStages(ctx)
}

// users counts the people of all stages.
func (p *planRun) users() cutover.Tally {
	all := cutover.Tally{}
	for _, s := range p.Spec.Stages {
		users := p.Users[s.Stage]
		for _, state := range users.States() {
			all[state] += users[state]
		}
	}
	return all
}

// launch runs a stage until it comes to rest.
func (p *planRun) launch(ctx workflow.Context, spec rollout.Spec, begin PlanOrder) error {
	if p.Rate != nil && p.Rate.Within(spec.Cap) == "" {
		spec.Limits = *p.Rate
	}
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: StageWorkflowID(spec.Plan, spec.Stage)})
	child := workflow.ExecuteChildWorkflow(ctx, RunStageName, StageRequest{
		Spec: spec, State: p.Stages[spec.Stage], Begin: begin, Holds: p.openHolds(workflow.Now(ctx)),
		DrainWait: p.DrainWait, Patience: p.Patience, RunLength: p.RunLength,
	})
	p.running[spec.Stage] = child
	if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
		return err
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		var end StageEnd
		err := child.Get(ctx, &end)
		if err != nil {
			end = p.lost(ctx, spec, err)
		}
		delete(p.running, spec.Stage)
		p.share(ctx, rollout.Moves{Stage: spec.Stage, Over: true}.After(p.Movers))
		p.Stages[spec.Stage] = end.State
		if end.Users != nil {
			p.Users[spec.Stage] = end.Users
		}
		p.ended++
		p.judge(ctx, end)
	})
	return nil
}

// lost holds the plan when the workflow of a stage ended in a way that nobody
// foresaw; the stage is where the store says.
func (p *planRun) lost(ctx workflow.Context, spec rollout.Spec, failure error) StageEnd {
	why := fmt.Sprintf("the workflow of stage %s ended: %s", spec.Stage, reason(failure))
	p.hold(ctx, PlanOrder{Order: rollout.Order{Actor: activities.Itself, Role: rollout.System, Reason: why}})
	var states map[string]rollout.State
	if err := workflow.ExecuteActivity(keeping(ctx), activities.StageStatesName, spec.Plan).Get(ctx, &states); err != nil {
		return StageEnd{State: rollout.Unknown}
	}
	return StageEnd{State: states[spec.Stage]}
}

// policyStops is since when the stages that run go back with the plan at once, not
// only when they have come to rest.
const policyStops = "the policy stops stages that run"

// judge follows the policy when a gate took a stage back, and reopens a plan
// that is no longer complete.
func (p *planRun) judge(ctx workflow.Context, end StageEnd) {
	if end.ByItself && p.Spec.Scope == plan.ScopePlan && p.Standing.State == rollout.Active {
		o := rollout.Order{Verb: rollout.GoBack, Actor: activities.Itself, Role: rollout.System, Reason: "a gate took a stage back, and the policy is to take all of it back"}
		p.Back = PlanOrder{Order: o}
		if p.take(ctx, o) == nil && workflow.GetVersion(ctx, policyStops, workflow.DefaultVersion, 1) > workflow.DefaultVersion {
			p.tellStages(ctx, p.Back)
		}
	}
	if p.Standing.State == rollout.Completed && end.State != rollout.Passed && end.State != rollout.Skipped {
		_ = p.take(ctx, rollout.Order{Verb: rollout.Reopen, Actor: activities.Itself, Role: rollout.System, Reason: "a stage was taken back"})
	}
}

// goBack takes back what is left to take back, the last stage first.
func (p *planRun) goBack(ctx workflow.Context) error {
	if len(p.running) > 0 {
		return p.waitStages(ctx)
	}
	for _, spec := range rollout.Backwards(p.Spec.Stages, p.Stages) {
		if slices.Contains(p.TakenBack, spec.Stage) || spec.LastResort() && p.Stages[spec.Stage].Started() {
			continue
		}
		p.TakenBack = append(p.TakenBack, spec.Stage)
		begin := p.Back
		begin.Verb, begin.Stage = rollout.Rollback, spec.Stage
		if begin.Role == rollout.System {
			begin.Verb = rollout.GoBack
		}
		if err := p.launch(ctx, spec, begin); err != nil {
			return err
		}
		return p.waitStages(ctx)
	}
	why := "everybody is where they were before"
	v := rollout.WholeBack(p.Spec.Stages, p.Stages)
	if v == rollout.Drifted {
		why = "not everything could be taken back; see the stages"
	}
	p.TakenBack = nil
	return p.find(ctx, v, why, time.Time{})
}

// openHolds are the holds of the whole plan that are in force.
func (p *planRun) openHolds(now time.Time) []rollout.Hold {
	var open []rollout.Hold
	for _, h := range p.Standing.Holds {
		if h.OpenAt(now) && h.Stage == "" {
			open = append(open, h)
		}
	}
	return open
}

func (p *planRun) status(now time.Time) PlanStatus {
	st := PlanStatus{Standing: p.Standing, Stages: p.Stages, Whole: p.whole(), Running: []string{}, Paused: p.Paused}
	for _, s := range p.Spec.Stages {
		if p.running[s.Stage] != nil {
			st.Running = append(st.Running, s.Stage)
		}
	}
	if p.Spec.Final != nil {
		v := rollout.Count(*p.Spec.Final, p.Spec.Author, p.bound(), p.Approvals, now)
		st.Approval = &v
	}
	return st
}
