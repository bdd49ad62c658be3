package workflows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/cutover/rollout/rollouttest"
	"github.com/dualtone/dualtone/workflows"
)

// hall is a plan in a world of memory in which months pass in seconds. Its
// users' own switches are played; everything else is real.
type hall struct {
	env    *testsuite.TestWorkflowEnvironment
	people *cutovertest.Stores
	store  *rollouttest.Store
	spec   rollout.PlanSpec

	mu       sync.Mutex
	began    []began
	inFlight int
	most     int
	runs     int
	// asked is the latest switch of each person.
	asked map[dualtone.PersonID]*played
	// went and counted are for plans that are too big to keep every switch of;
	// nil for others.
	went    *travels
	counted *histories
	// end says how a user's switch ends, back how a way back does.
	end, back func(dualtone.PersonID) cutover.State
	// held says of a switch that ended deferred whether a hold was the reason; nil for
	// never.
	held func(dualtone.PersonID) bool
	// elsewhere says of somebody whether somebody else is switching them right now; nil
	// for of nobody.
	elsewhere func(dualtone.PersonID) bool
	// open is the calendar, figure what a gate reads, checks what prechecks find.
	open   func(at time.Time) rollout.Opening
	figure func(m rollout.Measure) rollout.Reading
	checks func() activities.Checked
	final  []string
	// seconds is the second of each minute at which a stage may begin to move people,
	// wherever it is open; nil for any.
	seconds map[string]int
	// crowded says who may not be switched now; nil for everybody may.
	crowded func(people []dualtone.Person, now activities.Crowding) map[dualtone.PersonID]string
	// left is how many users the plan's share of the CRM allows; nil for all.
	left func() int
	// linger is how long a switch takes by the real clock.
	linger time.Duration
	// last, where there is one, has switches last until it is closed.
	last chan struct{}
	// interceptors come before the program's own.
	interceptors []interceptor.WorkerInterceptor
	// performed are the plans whose final actions were done.
	performed []activities.PlanRef
}

// began is a user's switch that was begun.
type began struct {
	person dualtone.PersonID
	to     dualtone.Side
	at     time.Time
	asked  workflows.UserRequest
}

// played is a user's switch as the stub plays it; state is set once done is closed.
type played struct {
	pass  string // of the cohort
	done  chan struct{}
	state cutover.State
	// early says that the run which goes on asked before the one that it goes on
	// from.
	early bool
}

// monday is when plans in tests are started.
func monday() time.Time { return time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC) }

// newHall makes a plan with so many people in each of its stages.
func newHall(tb testing.TB, specs []rollout.Spec, sizes ...int) *hall {
	tb.Helper()
	h := &hall{
		spec: rollout.PlanSpec{Plan: "emea", Hash: "h1", Author: "ada", Stages: specs},
		end:  func(dualtone.PersonID) cutover.State { return cutover.OnNew },
		back: func(dualtone.PersonID) cutover.State { return cutover.Restored },
		open: func(time.Time) rollout.Opening { return rollout.Opening{Open: true, Why: "always open"} },
		figure: func(rollout.Measure) rollout.Reading {
			return rollout.Reading{Value: 0.95, Samples: 1000, Source: "test"}
		},
		checks: func() activities.Checked { return activities.Checked{} },
	}
	var staff []dualtone.Person
	people := map[string][]dualtone.PersonID{}
	var stages []rollout.Stage
	for i, size := range sizes {
		s := &h.spec.Stages[i]
		s.Plan, s.Hash, s.Author = "emea", "h1", "ada"
		if s.Limits.Concurrency == 0 {
			s.Limits = rollout.Rate{Concurrency: 10}
		}
		s.Cap, s.Patience = s.Limits, plan.Week
		for n := range size {
			id := dualtone.PersonID(fmt.Sprintf("%s-%05d", s.Stage, n))
			staff, people[s.Stage] = append(staff, dualtone.Person{ID: id}), append(people[s.Stage], id)
		}
		stages = append(stages, rollout.Stage{ID: s.Stage, Kind: string(s.Kind), After: s.After, State: rollout.Pending})
	}
	h.people = cutovertest.NewStores(staff...)
	h.store = rollouttest.NewStore(h.people)
	must(tb, h.store.KeepPlan(tb.Context(), rollout.Plan{Name: "emea", Hash: "h1", Author: "ada", State: rollout.Approved, Since: monday()}, stages, people))
	h.fresh()
	return h
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// fresh makes the environment of one more run of the plan's workflow.
func (h *hall) fresh() {
	start := monday()
	if h.env != nil {
		start = h.env.Now()
	}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	h.env = suite.NewTestWorkflowEnvironment()
	h.env.SetStartTime(start)
	h.env.SetTestTimeout(5 * time.Minute)
	interceptors := append(slices.Clone(h.interceptors), &activities.Interceptor{})
	if h.counted != nil {
		interceptors = append(interceptors, h.counted)
	}
	h.env.SetWorkerOptions(worker.Options{
		Interceptors:             interceptors,
		DeadlockDetectionTimeout: time.Minute, // a busy machine is no deadlock
	})
	h.env.SetStartWorkflowOptions(startOptions(workflows.PlanWorkflowID("emea")))
	h.env.RegisterActivityWithOptions(h.runUser, activity.RegisterOptions{Name: activities.RunUserName})
	activities.RegisterRollout(h.env, &activities.Rollout{
		Store: h.store, Specs: h, People: h.people, Calendar: h, Checks: h, Measures: h, Budgets: h, Final: h, Now: h.env.Now,
	})
	workflows.Register(h.env)
}

// runUser plays a user's switch. Of a run of the cohort and the one that goes on
// from it, either may be the first to ask; the other joins the switch and waits
// for its end.
func (h *hall) runUser(ctx context.Context, r activities.UserRun) (activities.UserEnd, error) {
	if h.elsewhere != nil && h.elsewhere(r.Person) {
		return h.playElsewhere(ctx, r)
	}
	asked, err := requested(r)
	if err != nil {
		return activities.UserEnd{}, err
	}
	h.mu.Lock()
	if held := h.asked[r.Person]; held != nil && held.pass == r.For && (r.Resumed || held.early) {
		held.early = held.early && r.Resumed
		h.mu.Unlock()
		<-held.done
		return activities.UserEnd{State: held.state}, nil
	}
	if h.asked == nil {
		h.asked = map[dualtone.PersonID]*played{}
	}
	if p, err := h.people.Person(ctx, r.Person); err == nil && p.Side == dualtone.New && r.Workflow == workflows.SwitchUserName {
		h.mu.Unlock()
		return activities.UserEnd{State: cutover.OnNew}, nil // there is nothing to do
	}
	this := &played{pass: r.For, done: make(chan struct{}), early: r.Resumed}
	defer close(this.done)
	h.asked[r.Person] = this
	h.inFlight++
	h.most = max(h.most, h.inFlight)
	h.runs++
	to, end := dualtone.New, h.end
	if r.Workflow == workflows.ReturnUserName {
		to, end = dualtone.Old, h.back
	}
	if h.went == nil {
		h.began = append(h.began, began{r.Person, to, h.env.Now(), asked})
	} else {
		h.went.begin(r.Person, to)
	}
	this.state = end(r.Person)
	held := h.held != nil && to == dualtone.New && h.held(r.Person)
	linger, last := h.linger, h.last
	id := cutover.SwitchID(fmt.Sprintf("%s/%d", r.Person, h.runs))
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.inFlight--
	}()
	<-time.After(linger)
	if last != nil {
		<-last
	}
	return activities.UserEnd{State: this.state, Held: held}, h.keep(ctx, cutover.Switch{ID: id, Person: r.Person, To: to, State: this.state})
}

// requested is what the user's workflow is asked for.
func requested(r activities.UserRun) (asked workflows.UserRequest, err error) {
	text, err := json.Marshal(r.Request)
	if err != nil {
		return asked, err
	}
	return asked, json.Unmarshal(text, &asked)
}

// keep keeps how a switch ended; of a plan that is too big to keep every switch,
// where its person is.
func (h *hall) keep(ctx context.Context, s cutover.Switch) error {
	stage := string(s.Person[:strings.LastIndex(string(s.Person), "-")])
	if h.went != nil {
		_, err := h.store.Mark(ctx, rollout.Mark{Plan: "emea", Stage: stage, People: []dualtone.PersonID{s.Person}, State: s.State, At: h.env.Now()})
		return err
	}
	s.Started, s.Cohort = h.env.Now(), rollout.CohortName("emea", stage)
	_, err := h.people.Keep(ctx, s)
	return err
}

// The ports of the activities, answered by the test.

func (h *hall) Spec(context.Context, string, string) (rollout.PlanSpec, error) { return h.spec, nil }

func (h *hall) Opening(_ context.Context, _, _, stage string, _ []string, at time.Time, granted ...plan.Grant) (rollout.Opening, error) {
	for _, g := range granted {
		if !at.Before(g.From) && at.Before(g.Until) {
			return rollout.Opening{Open: true, Until: g.Until, Why: g.Reason}, nil
		}
	}
	o := h.open(at)
	if second, bound := h.seconds[stage]; bound && o.Open && at.Second() != second {
		next := at.Truncate(time.Minute).Add(time.Duration(second) * time.Second)
		if next.Before(at) {
			next = next.Add(time.Minute)
		}
		return rollout.Opening{Next: next, Why: "its second has not come"}, nil
	}
	return o, nil
}

func (h *hall) OpenFor(ctx context.Context, _, _, _ string, _ dualtone.Person, at time.Time, granted ...plan.Grant) (bool, error) {
	o, err := h.Opening(ctx, "", "", "", nil, at, granted...)
	return o.Open, err
}

func (h *hall) Check(context.Context, activities.StageRef) (activities.Checked, error) {
	return h.checks(), nil
}

func (h *hall) Crowded(_ context.Context, _ activities.StageRef, people []dualtone.Person, now activities.Crowding) (map[dualtone.PersonID]string, error) {
	if h.crowded == nil {
		return nil, nil
	}
	return h.crowded(people, now), nil
}

func (h *hall) Left(context.Context, string, plan.Percent, time.Time) (rollout.Budget, error) {
	if h.left == nil {
		return rollout.Budget{Users: 1 << 30}, nil
	}
	b := rollout.Budget{Users: h.left()}
	if b.Users == 0 {
		b.Why = "the plan's share of the CRM is used up"
	}
	return b, nil
}

func (h *hall) Final(context.Context, activities.PlanRef, time.Time, bool) ([]string, error) {
	return h.final, nil
}

func (h *hall) Perform(_ context.Context, p activities.PlanRef) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.performed = append(h.performed, p)
	return nil
}

func (h *hall) Measure(_ context.Context, m rollout.Measure) (rollout.Reading, error) {
	return h.figure(m), nil
}

// start is the request that starts the plan.
func (h *hall) start() workflows.PlanRequest {
	return workflows.PlanRequest{
		Plan: activities.PlanRef{Plan: "emea", Hash: "h1"}, State: rollout.Approved,
		Begin:     workflows.PlanOrder{Order: by("oscar", plan.Operator, rollout.Start)},
		DrainWait: time.Minute, Patience: time.Minute, RunLength: 500,
	}
}

func by(actor string, role rollout.Role, v rollout.Verb) rollout.Order {
	return rollout.Order{Verb: v, Actor: actor, Role: role, Reason: "as agreed"}
}

// run runs the plan's workflow to its end, through all its runs.
func (h *hall) run(tb testing.TB, r workflows.PlanRequest) workflows.PlanEnd {
	tb.Helper()
	for {
		h.env.ExecuteWorkflow(workflows.RunPlanName, r)
		err := h.env.GetWorkflowError()
		if err == nil {
			break
		}
		var again *workflow.ContinueAsNewError
		if !asContinue(err, &again) {
			tb.Fatal(err)
		}
		r = workflows.PlanRequest{}
		must(tb, decode(again.Input, &r))
		h.fresh()
	}
	var end workflows.PlanEnd
	must(tb, h.env.GetWorkflowResult(&end))
	return end
}

// after does something so long after the plan's start. The environment cannot
// reach a workflow at the very moment at which it continues as a new run, as
// stages do each day.
func (h *hall) after(d time.Duration, do func()) {
	if d%(24*time.Hour) == 0 {
		d += 10 * time.Minute
	}
	h.env.RegisterDelayedCallback(do, d)
}

// order gives an order as control does, to the stage if it is at work and else to
// the plan, and says what spoke against it.
func (h *hall) order(o workflows.PlanOrder) *string {
	refused := new(string)
	if o.Stage == "" || h.give(workflows.StageWorkflowID("emea", o.Stage), o, refused) != nil {
		if err := h.give(workflows.PlanWorkflowID("emea"), o, refused); err != nil {
			*refused = err.Error()
		}
	}
	return refused
}

func (h *hall) give(workflow string, o workflows.PlanOrder, refused *string) error {
	said := func(err error) {
		if err != nil {
			*refused = err.Error()
		}
	}
	h.mu.Lock()
	h.runs++
	update := fmt.Sprintf("order-%d", h.runs)
	h.mu.Unlock()
	return h.env.UpdateWorkflowByID(workflow, workflows.PlanOrderUpdate, update, &testsuite.TestUpdateCallback{
		OnReject: said, OnAccept: func() {}, OnComplete: func(_ any, err error) { said(err) },
	}, o)
}

// stage reads a stage as it is kept.
func (h *hall) stage(tb testing.TB, id string) rollout.Stage {
	tb.Helper()
	stages, err := h.store.Stages(context.WithoutCancel(tb.Context()), "emea")
	must(tb, err)
	i := slices.IndexFunc(stages, func(s rollout.Stage) bool { return s.ID == id })
	return stages[i]
}

// story is the transitions of a stage, or of the plan, in a line.
func (h *hall) story(tb testing.TB, stage string) string {
	tb.Helper()
	all, err := h.store.Transitions(tb.Context(), rollout.TransitionQuery{Plan: "emea"})
	must(tb, err)
	var states []string
	for _, tr := range all {
		if tr.Stage == stage && tr.From != tr.To {
			states = append(states, string(tr.To))
		}
	}
	return strings.Join(states, " ")
}

func wave(id string, after ...string) rollout.Spec {
	return rollout.Spec{Stage: id, Kind: plan.Wave, After: after}
}

func answered() plan.HealthGate {
	least := plan.Level{Micro: 900_000, Unit: plan.InPercent}
	return plan.HealthGate{
		Name: "answered-rate", Threshold: &plan.Threshold{Min: &least}, Window: plan.GateWindow{For: plan.Duration(time.Hour)},
		MinSamples: 200, OnNoData: plan.HoldOnNoData, OnFail: plan.RollBackStage,
	}
}

func TestAPlanRunsItsStagesInOrderToTheEnd(t *testing.T) {
	t.Parallel()
	pilot := wave("pilot")
	pilot.Soak, pilot.Gates = 3*plan.Day, []plan.HealthGate{answered()}
	h := newHall(t, []rollout.Spec{pilot, wave("wave-1", "pilot")}, 12, 30)
	h.after(20*24*time.Hour, func() {
		h.order(workflows.PlanOrder{Order: by("fin", plan.FinanceOwner, rollout.Finalise)})
	})
	end := h.run(t, h.start())
	if end.State != rollout.Finalised {
		t.Fatalf("the plan ended %s, stages %v", end.State, end.Stages)
	}
	want := "prechecking awaiting_approval waiting_window switching soaking evaluating passed finalised"
	for _, id := range []string{"pilot", "wave-1"} {
		if got := h.story(t, id); got != want {
			t.Errorf("stage %s went through %q, want %q", id, got, want)
		}
	}
	if got := h.story(t, ""); got != "active completed finalised" {
		t.Errorf("the plan went through %q", got)
	}
	if len(h.began) != 42 || h.most > 10 {
		t.Errorf("%d users were switched, %d at once at most; want 42, up to 10", len(h.began), h.most)
	}
	if gap := h.began[12].at.Sub(h.began[11].at); gap < 3*24*time.Hour {
		t.Errorf("the wave began %s after the pilot's last switch, want its soak of 3 days", gap)
	}
}
