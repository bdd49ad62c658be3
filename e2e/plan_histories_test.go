package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdk "go.temporal.io/sdk/worker"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/cutover/rollout/rollouttest"
	"github.com/dualtone/dualtone/workflows"
)

// planLab runs a plan on the real server, with stores in memory and its users'
// switches played.
type planLab struct {
	*lab

	people *cutovertest.Stores
	store  *rollouttest.Store
	spec   rollout.PlanSpec
	figure float64
}

// The stages of the lab's plan.
const (
	pilotStage = "pilot"
	waveStage  = "wave-1"
)

func newPlanLab(t *testing.T, soak time.Duration) *planLab {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: machine.Stack(t).TemporalAddress, Namespace: machine.Namespace(t), Logger: quiet{}, Identity: "recorder",
	})
	must(t, err)
	t.Cleanup(c.Close)
	least := plan.Level{Micro: 900_000, Unit: plan.InPercent}
	gate := plan.HealthGate{
		Name: "answered-rate", Threshold: &plan.Threshold{Min: &least}, Window: plan.GateWindow{Stage: true}, MinSamples: 1, OnFail: plan.RollBackStage,
	}
	approve := &plan.Approval{Need: 1, Roles: []plan.Role{plan.OperationsLead}, ValidFor: plan.Day, Binds: []plan.Binding{plan.BindPlan}}
	l := &planLab{lab: &lab{client: c}, figure: 0.95}
	var people []dualtone.Person
	placed := map[string][]dualtone.PersonID{}
	var stages []rollout.Stage
	for i, id := range []string{pilotStage, waveStage} {
		s := rollout.Spec{
			Plan: "emea", Stage: id, Hash: "h1", Author: "ada", Kind: plan.Wave, Approval: approve, Patience: plan.Week, Soak: plan.Duration(soak),
			Gates: []plan.HealthGate{gate}, Limits: rollout.Rate{Concurrency: 3}, Cap: rollout.Rate{Concurrency: 3}, Automatic: true,
		}
		if i > 0 {
			s.After = []string{pilotStage}
		}
		l.spec.Stages = append(l.spec.Stages, s)
		for n := range 5 {
			person := dualtone.PersonID(fmt.Sprintf("%s-%d", id, n))
			people, placed[id] = append(people, dualtone.Person{ID: person}), append(placed[id], person)
		}
		stages = append(stages, rollout.Stage{ID: id, Kind: "wave", After: s.After, State: rollout.Pending})
	}
	l.spec.Plan, l.spec.Hash, l.spec.Author = "emea", "h1", "ada"
	l.people = cutovertest.NewStores(people...)
	l.store = rollouttest.NewStore(l.people)
	must(t, l.store.KeepPlan(t.Context(), rollout.Plan{Name: "emea", Hash: "h1", Author: "ada", State: rollout.Approved, Since: time.Now()}, stages, placed))
	return l
}

// work starts a worker, of a version of a deployment unless it is empty.
func (l *planLab) work(t *testing.T, build string) sdk.Worker {
	t.Helper()
	o := sdk.Options{Interceptors: []interceptor.WorkerInterceptor{&activities.Interceptor{}}, Identity: "worker" + build}
	if build != "" {
		o.DeploymentOptions = sdk.DeploymentOptions{UseVersioning: true, Version: sdk.WorkerDeploymentVersion{DeploymentName: "dualtone", BuildID: build}}
	}
	w := sdk.New(l.client, taskQueue, o)
	workflows.Register(w)
	activities.RegisterRollout(w, &activities.Rollout{
		Store: l.store, Specs: l, People: l.people, Calendar: l, Checks: l, Measures: l, Now: time.Now,
	})
	w.RegisterActivityWithOptions(l.runUser, activity.RegisterOptions{Name: activities.RunUserName})
	must(t, w.Start())
	return w
}

func (l *planLab) runUser(ctx context.Context, r activities.UserRun) (activities.UserEnd, error) {
	to, state := dualtone.New, cutover.OnNew
	if r.Workflow == workflows.ReturnUserName {
		to, state = dualtone.Old, cutover.Restored
	}
	stage := pilotStage
	if r.Person[0] == 'w' {
		stage = waveStage
	}
	_, err := l.people.Keep(ctx, cutover.Switch{
		ID: cutover.SwitchID(fmt.Sprintf("%s/%s/%d", r.Person, to, time.Now().UnixNano())), Person: r.Person, To: to, State: state,
		Started: time.Now(), Cohort: rollout.CohortName("emea", stage),
	})
	return activities.UserEnd{State: state}, err
}

func (l *planLab) Spec(context.Context, string, string) (rollout.PlanSpec, error) { return l.spec, nil }

func (*planLab) Opening(context.Context, string, string, string, []string, time.Time, ...plan.Grant) (rollout.Opening, error) {
	return rollout.Opening{Open: true, Why: "always open"}, nil
}

func (*planLab) OpenFor(context.Context, string, string, string, dualtone.Person, time.Time, ...plan.Grant) (bool, error) {
	return true, nil
}

func (*planLab) Check(context.Context, activities.StageRef) (activities.Checked, error) {
	return activities.Checked{Facts: []string{"all is well"}}, nil
}

func (*planLab) Crowded(context.Context, activities.StageRef, []dualtone.Person, activities.Crowding) (map[dualtone.PersonID]string, error) {
	return nil, nil
}

func (*planLab) Final(context.Context, activities.PlanRef, time.Time, bool) ([]string, error) {
	return nil, nil
}

func (l *planLab) Measure(context.Context, rollout.Measure) (rollout.Reading, error) {
	return rollout.Reading{Value: l.figure, Samples: 100}, nil
}

func (l *planLab) begin(t *testing.T) {
	t.Helper()
	l.start(t, workflows.PlanWorkflowID("emea"), workflows.RunPlanName, workflows.PlanRequest{
		Plan: activities.PlanRef{Plan: "emea", Hash: "h1"}, State: rollout.Approved,
		Begin:     workflows.PlanOrder{Order: rollout.Order{Verb: rollout.Start, Actor: "oscar", Role: plan.Operator}},
		DrainWait: time.Second, Patience: time.Minute, RunLength: 100,
	})
}

// give gives an order to the plan, or to one of its stages.
func (l *planLab) give(t *testing.T, stage string, o workflows.PlanOrder) {
	t.Helper()
	id := workflows.PlanWorkflowID("emea")
	if stage != "" {
		id, o.Stage = workflows.StageWorkflowID("emea", stage), stage
	}
	o.Actor, o.Reason = "ivy", "history"
	h, err := l.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: id, UpdateName: workflows.PlanOrderUpdate, Args: []any{o}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	must(t, err)
	must(t, h.Get(t.Context(), nil))
}

func (l *planLab) approve(t *testing.T, stage string) {
	t.Helper()
	l.reaches(t, stage, rollout.AwaitingApproval)
	v, err := l.client.QueryWorkflow(t.Context(), workflows.StageWorkflowID("emea", stage), "", workflows.PlanQuery)
	must(t, err)
	var s workflows.StageStatus
	must(t, v.Get(&s))
	l.give(t, stage, workflows.PlanOrder{Order: rollout.Order{Verb: rollout.Approve, Role: plan.OperationsLead}, Bound: s.Bound})
}

func (l *planLab) reaches(t *testing.T, stage string, want rollout.State) {
	t.Helper()
	eventually(t, fmt.Sprintf("stage %s is %s", stage, want), func() bool {
		stages, err := l.store.Stages(t.Context(), "emea")
		must(t, err)
		return slices.ContainsFunc(stages, func(s rollout.Stage) bool { return s.ID == stage && s.State == want })
	})
}

// playPlan is a plan whose wave is taken back by a gate, tried again under a
// hold and a pause, and in the end taken back with all else.
func playPlan(t *testing.T, l *planLab) {
	t.Helper()
	order := func(v rollout.Verb) workflows.PlanOrder {
		return workflows.PlanOrder{Order: rollout.Order{Verb: v, Role: plan.IncidentCommander}}
	}
	l.begin(t)
	l.approve(t, pilotStage)
	l.reaches(t, waveStage, rollout.AwaitingApproval)
	l.figure = 0.5
	l.give(t, "", order(rollout.PutHold))
	l.approve(t, waveStage)
	l.give(t, "", order(rollout.Release))
	l.reaches(t, waveStage, rollout.RolledBack)
	l.figure = 0.95
	retry := order(rollout.Retry)
	retry.Stage = waveStage
	l.give(t, "", retry)
	l.approve(t, waveStage)
	l.reaches(t, waveStage, rollout.Passed)
	l.give(t, "", order(rollout.Rollback))
	var end workflows.PlanEnd
	must(t, l.run.Get(t.Context(), &end))
	if end.State != rollout.RolledBack {
		t.Fatalf("the plan is %s, stages %v", end.State, end.Stages)
	}
}

func TestHistoriesOfPlansReplay(t *testing.T) {
	t.Parallel()
	l := newPlanLab(t, time.Second)
	w := l.work(t, "")
	t.Cleanup(w.Stop)
	playPlan(t, l)
	for name, id := range map[string]string{
		"plan_taken_back":  workflows.PlanWorkflowID("emea"),
		"stage_taken_back": workflows.StageWorkflowID("emea", waveStage),
		"stage_pilot_back": workflows.StageWorkflowID("emea", pilotStage),
	} {
		for i, h := range l.allRuns(t, id) {
			l.replays(t, fmt.Sprintf("%s_%d", name, i+1), h)
		}
	}
}

// A worker of a new version is deployed while a stage soaks: the stage and the
// plan go on with it, and the old one may leave.
func TestAWorkerIsDeployedInTheMiddleOfASoak(t *testing.T) {
	t.Parallel()
	l := newPlanLab(t, 20*time.Second)
	l.spec.Stages = l.spec.Stages[:1]
	l.spec.Stages[0].Gates = nil
	one := l.work(t, "v1")
	l.current(t, "v1")
	l.begin(t)
	l.approve(t, pilotStage)
	l.reaches(t, pilotStage, rollout.Soaking)
	two := l.work(t, "v2")
	t.Cleanup(two.Stop)
	l.current(t, "v2")
	one.Stop()
	l.reaches(t, pilotStage, rollout.Passed)
	l.give(t, "", workflows.PlanOrder{Order: rollout.Order{Verb: rollout.Rollback, Role: plan.IncidentCommander}})
	var end workflows.PlanEnd
	must(t, l.run.Get(t.Context(), &end))
	if end.State != rollout.RolledBack {
		t.Errorf("the plan is %s", end.State)
	}
}

// current makes a version the one that new work goes to.
func (l *planLab) current(t *testing.T, build string) {
	t.Helper()
	eventually(t, "version "+build+" is current", func() bool {
		_, err := l.client.WorkerDeploymentClient().GetHandle("dualtone").SetCurrentVersion(t.Context(), client.WorkerDeploymentSetCurrentVersionOptions{BuildID: build})
		return err == nil
	})
}
