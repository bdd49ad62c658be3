package api

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

func (a *API) planRuns() {
	read(a, get("list-plans", "/plans", access.PlanRead, "List plans"), a.listPlans)
	read(a, get("get-plan", "/plans/{plan}", access.PlanRead, "Where a plan stands"), a.getPlan)
	read(a, get("get-plan-document", "/plans/{plan}/document", access.PlanRead, "The plan's own text"), a.planDocument)
	read(a, get("list-plan-users", "/plans/{plan}/users", access.PlanRead, "The people of a plan and where each is"), a.planUsers)
	read(a, get("get-plan-drift", "/plans/{plan}/drift", access.PlanRead, "Who has left its stages since they were frozen, and who would join them"), a.planDrift)
	read(a, get("list-plan-log", "/plans/{plan}/log", access.PlanRead, "Every transition, oldest first"), a.planLog)
	read(a, get("list-plan-holds", "/plans/{plan}/holds", access.PlanRead, "Holds, those that ended as well"), a.planHolds)
	read(a, get("list-plan-approvals", "/plans/{plan}/approvals", access.PlanRead, "What people said of the plan and its stages"), a.planApprovals)
	read(a, get("list-plan-tasks", "/plans/{plan}/tasks", access.PlanRead, "What people have to do by hand"), a.planTasks)
	read(a, get("list-plan-readings", "/plans/{plan}/readings", access.PlanRead, "What the gates measured"), a.planReadings)
	read(a, get("get-plan-outcome", "/plans/{plan}/outcome", access.PlanRead, "What the rehearsal predicted, and what came"), a.planOutcome)
	write(a, post("submit-plan", "/plans", access.PlanSubmit, "Hand a plan in for approval"), a.submitPlan)
	for _, v := range planVerbs() {
		action := rollout.Action(v)
		row, _ := access.Find(action)
		write(a, post(string(v)+"-plan", "/plans/{plan}/"+string(v), action, strings.ToUpper(row.Does[:1])+row.Does[1:]),
			func(ctx context.Context, in *planOrder, role access.Role) (*body[Given], error) {
				return a.orderPlan(ctx, v, in, role)
			})
	}
	read(a, get("list-plan-differences", "/plans/{plan}/differences", access.PlanRead, "What the newest comparisons of both systems found"), a.planDifferences)
	write(a, post("explain-difference", "/plans/{plan}/differences", access.DifferenceExplain, "Say why a difference is no loss, or take that back").storedAtOnce(), a.explainDifference)
	write(a, post("move-task", "/plans/{plan}/tasks/{task}", access.PlanProgress, "Say that a task is done, confirm or refuse it"), a.moveTask)
	write(a, post("hand-task", "/plans/{plan}/tasks/{task}/owner", access.PlanProgress, "Make somebody else the owner of a task"), a.handTask)
}

// planVerbs are those that are given to a plan that was handed in.
func planVerbs() []rollout.Verb {
	return []rollout.Verb{
		rollout.Approve, rollout.Reject, rollout.Start, rollout.PutHold, rollout.Release, rollout.Pause, rollout.Resume, rollout.Limit,
		rollout.Skip, rollout.Retry, rollout.Compare, rollout.Override, rollout.Window, rollout.Extend, rollout.Rollback, rollout.Abort,
		rollout.Finalise,
	}
}

type planList struct {
	Paging

	Text   string          `query:"text" maxLength:"200" doc:"Only plans with this in their name"`
	States []rollout.State `query:"state" doc:"Only plans in one of these states"`
}

func (a *API) listPlans(ctx context.Context, in *planList) (*Page[rollout.Plan], error) {
	found, err := a.Plans.Store.Plans(ctx, rollout.PlanQuery{Text: in.Text, States: in.States, After: in.After, Limit: in.more()})
	return paged("/plans", in.Paging, found, err, func(p rollout.Plan) string { return p.Name })
}

// PlanPath names a plan in a path.
type PlanPath struct {
	Plan string `path:"plan" maxLength:"100" doc:"The plan's name"`
}

type planLogList struct {
	PlanPath
	Paging

	Stage string `query:"stage" maxLength:"100"`
}

// Standing is where a plan stands and what may be ordered of it.
type Standing struct {
	control.PlanView

	// Orders are the verbs that the plan takes now, and those that may give each.
	Orders map[rollout.Verb][]rollout.Role `json:"orders"`
	// Unheard are notices that were tried in vain, by channel.
	Unheard map[string]int `json:"unheard,omitempty"`
}

func (a *API) getPlan(ctx context.Context, in *PlanPath) (*body[Standing], error) {
	v, err := a.Plans.View(ctx, in.Plan)
	if err != nil {
		return nil, err
	}
	s := Standing{PlanView: v, Orders: map[rollout.Verb][]rollout.Role{}}
	for _, verb := range rollout.Orders(rollout.OfPlan, v.Plan.State) {
		s.Orders[verb] = rollout.Who(rollout.OfPlan, v.Plan.State, verb)
	}
	s.Unheard, err = a.Unheard(ctx, in.Plan)
	return bodyOf(s, err)
}

// Document is a plan's own text.
type Document struct {
	Hash   string `json:"hash"`
	Author string `json:"author"`
	Source string `json:"source"`
}

func (a *API) planDocument(ctx context.Context, in *PlanPath) (*body[Document], error) {
	kept, err := a.Plans.Store.Plan(ctx, in.Plan)
	if err != nil {
		return nil, err
	}
	v, err := a.Plans.Versions.Version(ctx, in.Plan, plan.Hash(kept.Hash))
	return bodyOf(Document{Hash: kept.Hash, Author: kept.Author, Source: v.Source}, err)
}

// Drifted is what became of a plan's people since they were frozen.
type Drifted struct {
	// Stages are those that somebody has left, or would join.
	Stages []plan.Drift `json:"stages"`
}

func (a *API) planDrift(ctx context.Context, in *PlanPath) (*body[Drifted], error) {
	found, err := a.Plans.Drift(ctx, in.Plan)
	return bodyOf(Drifted{append([]plan.Drift{}, found...)}, err)
}

func (a *API) planOutcome(ctx context.Context, in *PlanPath) (*body[*rehearsal.Outcome], error) {
	return bodyOf(a.Outcome(ctx, in.Plan))
}

type planUserList struct {
	PlanPath
	Paging

	Stage  string          `query:"stage" maxLength:"100"`
	States []cutover.State `query:"state"`
	User   string          `query:"user" maxLength:"200" doc:"Only this person"`
}

func (a *API) planUsers(ctx context.Context, in *planUserList) (*Page[rollout.User], error) {
	q := rollout.UserQuery{Plan: in.Plan, Stage: in.Stage, States: in.States, Person: dualtone.PersonID(in.User), Limit: in.more()}
	if err := q.Behind(in.After); err != nil {
		return nil, err
	}
	found, err := a.Plans.Store.Users(ctx, q)
	return paged("/plans/"+in.Plan+"/users", in.Paging, found, err, rollout.User.Place)
}

func (a *API) planLog(ctx context.Context, in *planLogList) (*Page[rollout.Transition], error) {
	after, err := in.number()
	if err != nil {
		return nil, err
	}
	found, err := a.Plans.Store.Transitions(ctx, rollout.TransitionQuery{Plan: in.Plan, Stage: in.Stage, After: after, Limit: in.more()})
	return paged("/plans/"+in.Plan+"/log", in.Paging, found, err, func(t rollout.Transition) string { return serial(t.Serial) })
}

// planPart is a list of what belongs to a plan.
type planPart struct {
	PlanPath
	Paging
}

func (a *API) planHolds(ctx context.Context, in *planPart) (*Page[rollout.Hold], error) {
	found, err := a.Plans.Store.Holds(ctx, in.Plan)
	return cut("/plans/"+in.Plan+"/holds", in.Paging, found, err, func(h rollout.Hold) string { return h.ID })
}

func (a *API) planApprovals(ctx context.Context, in *planPart) (*Page[rollout.Approval], error) {
	found, err := a.Plans.Store.Approvals(ctx, in.Plan)
	return cut("/plans/"+in.Plan+"/approvals", in.Paging, found, err, func(x rollout.Approval) string {
		return x.At.UTC().Format(time.RFC3339Nano) + "/" + x.Stage + "/" + x.Actor + "/" + string(x.Role)
	})
}

type planTaskList struct {
	PlanPath
	Paging

	Stage string `query:"stage" maxLength:"100"`
	Owner string `query:"owner" maxLength:"200"`

	States []rollout.TaskState `query:"state"`
}

func (a *API) planTasks(ctx context.Context, in *planTaskList) (*Page[rollout.Task], error) {
	found, err := a.Plans.Store.Tasks(ctx, rollout.TaskQuery{Plan: in.Plan, Stage: in.Stage, Owner: in.Owner, States: in.States, After: in.After, Limit: in.more()})
	return paged("/plans/"+in.Plan+"/tasks", in.Paging, found, err, func(t rollout.Task) string { return t.ID })
}

type planReadingList struct {
	PlanPath
	Paging

	Stage string `query:"stage" maxLength:"100"`
	Gate  string `query:"gate" maxLength:"100"`
	Last  int    `query:"last" minimum:"1" maximum:"1000" default:"200" doc:"Only so many of the newest"`
}

func (a *API) planReadings(ctx context.Context, in *planReadingList) (*Page[rollout.Reading], error) {
	found, err := a.Plans.Store.Readings(ctx, rollout.ReadingQuery{Plan: in.Plan, Stage: in.Stage, Gate: in.Gate, Last: in.Last})
	return cut("/plans/"+in.Plan+"/readings", in.Paging, found, err, func(x rollout.Reading) string {
		return x.At.UTC().Format(time.RFC3339Nano) + "/" + x.Stage + "/" + x.Gate
	})
}

// PlanOrder is an order to a plan or to a stage of it. What a verb does not need is
// left out.
type PlanOrder struct {
	Why

	Stage       string        `json:"stage,omitempty" maxLength:"100" doc:"A stage; finalise for the point of no return; the plan if it is left out"`
	User        string        `json:"user,omitempty" maxLength:"200" doc:"skip, rollback: one person alone"`
	Hold        string        `json:"hold,omitempty" maxLength:"200" doc:"release: the hold's id; all if it is left out"`
	Until       time.Time     `json:"until,omitzero" doc:"hold: when it ends by itself; soak: when it ends instead"`
	Extend      plan.Duration `json:"extend,omitempty" doc:"soak: how much longer, such as 2d, instead of until"`
	For         plan.Duration `json:"for,omitempty" doc:"window: how long it opens, such as 2h"`
	Agree       bool          `json:"agree,omitempty" doc:"window, abort: agree to what somebody else has asked for"`
	Concurrency int           `json:"concurrency,omitempty" minimum:"0" doc:"limits: how many users at a time"`
	PerMinute   int           `json:"per_minute,omitempty" minimum:"0" doc:"limits: how many users a minute"`
	Rate        *rollout.Rate `json:"rate,omitempty" doc:"limits: all of them, instead of the two above"`
	InFlight    string        `json:"in_flight,omitempty" enum:"finish,back" doc:"abort: what becomes of those in flight; finish if it is left out, and with agree as was asked for"`
	Hash        string        `json:"hash,omitempty" maxLength:"100" doc:"The plan that you have seen; refused if another is in force"`
	DryRun      bool          `json:"dry_run,omitempty" doc:"Say whether it would be taken, and change nothing"`
}

type planOrder struct {
	PlanPath

	Body PlanOrder
}

func (o *planOrder) asked() (string, Why) {
	object := "plan/" + o.Plan
	if o.Body.Stage != "" {
		object += "/" + o.Body.Stage
	}
	return object, o.Body.Why
}

// Given is an order that was taken.
type Given struct {
	Plan   string       `json:"plan"`
	Verb   rollout.Verb `json:"verb"`
	Stage  string       `json:"stage,omitempty"`
	Role   access.Role  `json:"role"`
	DryRun bool         `json:"dry_run,omitempty"`
	// State is what the plan has come to, where it was started.
	State rollout.State `json:"state,omitempty" doc:"start: active; still approved where no worker has taken it up yet, which it will be"`
	// Verdict is what the approvals amount to, where a plan was approved.
	Verdict *rollout.Verdict `json:"verdict,omitempty"`
	Users   int              `json:"users" doc:"How many people the order is about"`
	// Waits is what it still needs before it does what it says.
	Waits string `json:"waits,omitempty" doc:"What it still needs, such as that somebody else agrees"`
}

func (a *API) orderPlan(ctx context.Context, v rollout.Verb, in *planOrder, role access.Role) (*body[Given], error) {
	o := workflows.PlanOrder{
		Order: rollout.Order{Verb: v, Actor: by(ctx, in.Body.Why).Actor, Role: role, Reason: in.Body.Reason, Hash: in.Body.Hash},
		Stage: in.Body.Stage, Person: dualtone.PersonID(in.Body.User), Hold: in.Body.Hold, Expires: in.Body.Until,
		Back: in.Body.InFlight == string(control.GoBack), For: in.Body.For, Agree: in.Body.Agree,
	}
	if err := a.timed(ctx, in, &o); err != nil {
		return nil, err
	}
	if v == rollout.Limit {
		o.Rate = &rollout.Rate{Concurrency: in.Body.Concurrency, UsersPerMinute: in.Body.PerMinute}
	}
	if v == rollout.Limit && in.Body.Rate != nil {
		o.Rate = in.Body.Rate
	}
	given := Given{Plan: in.Plan, Verb: v, Stage: o.Stage, Role: role, DryRun: in.Body.DryRun, Waits: waits(o)}
	view, err := a.Plans.View(ctx, in.Plan)
	if err != nil {
		return nil, err
	}
	for _, s := range view.Stages {
		if o.Stage == "" || o.Stage == s.ID {
			given.Users += s.Users.Total()
		}
	}
	if o.Person != "" {
		given.Users = 1
	}
	if in.Body.DryRun {
		return bodyOf(given, a.Plans.Would(ctx, view, o))
	}
	err = a.give(ctx, in.Plan, o, &given)
	return bodyOf(given, err)
}

// waits says what an order needs beside itself; empty for one that needs nothing.
func waits(o workflows.PlanOrder) string {
	switch {
	case o.Agree:
		return ""
	case o.Verb == rollout.Abort && o.Stage == "" && !rollout.AbortsAlone(o.Order):
		return "the plan is held; somebody else must agree that it is aborted"
	case o.Verb == rollout.Window:
		return "somebody else must agree to it"
	default:
		return ""
	}
}

// timed completes an order that changes when a stage may go on.
func (a *API) timed(ctx context.Context, in *planOrder, o *workflows.PlanOrder) error {
	switch {
	case o.Verb == rollout.Abort && o.Agree && (o.Stage != "" || in.Body.InFlight != ""):
		return invalid("abort with agree is of the whole plan, and as was asked for: it needs neither stage nor in_flight")
	case o.Verb == rollout.Window && (o.Stage == "" || (o.For > 0) == o.Agree):
		return invalid("window needs a stage, and either for or agree")
	case o.Verb == rollout.Extend && (o.Stage == "" || (in.Body.Extend > 0) == !o.Expires.IsZero()):
		return invalid("soak needs a stage, and either extend or until")
	case o.Verb != rollout.Extend:
		return nil
	}
	o.Until, o.Expires, o.For = o.Expires.UTC(), time.Time{}, in.Body.Extend
	if in.Body.Extend == 0 || in.Body.DryRun {
		return nil
	}
	at, err := a.Plans.SoakEnds(ctx, in.Plan, o.Stage)
	o.Until = at.Add(in.Body.Extend.Time())
	return err
}

// give hands an order to whoever takes it, and notes what came of it.
func (a *API) give(ctx context.Context, name string, o workflows.PlanOrder, given *Given) error {
	decides := o.Verb == rollout.Approve || o.Verb == rollout.Reject
	switch {
	case decides && o.Stage == "":
		verdict, err := a.Plans.Decide(ctx, name, o.Order)
		given.Verdict = &verdict
		return err
	case decides && o.Stage != workflows.FinalStage:
		status, err := a.Plans.Stage(ctx, name, o.Stage)
		if err != nil {
			return err
		}
		o.Bound = status.Bound
	case o.Verb == rollout.Start:
		var err error
		if given.State, err = a.Plans.Start(ctx, name, o.Order); given.State == rollout.Approved {
			given.Waits = "it is started, and no worker has taken it up yet"
		}
		return err
	}
	return a.Plans.Give(ctx, name, o)
}

// TaskMove is what became of a manual task.
type TaskMove struct {
	Why

	Verdict  rollout.TaskState `json:"verdict" enum:"done,confirmed,refused"`
	Evidence string            `json:"evidence,omitempty" maxLength:"4000"`
}

type taskMove struct {
	PlanPath

	Task string `path:"task" maxLength:"200"`
	Body TaskMove
}

func (o *taskMove) asked() (string, Why) { return "plan/" + o.Plan + "/task/" + o.Task, o.Body.Why }

func (a *API) moveTask(ctx context.Context, in *taskMove, role access.Role) (*body[rollout.Task], error) {
	task, err := a.Plans.Store.Task(ctx, in.Plan, in.Task)
	if err != nil {
		return nil, err
	}
	o := workflows.PlanOrder{
		Order: rollout.Order{Verb: rollout.Progress, Actor: by(ctx, in.Body.Why).Actor, Role: role, Reason: in.Body.Reason},
		Stage: task.Stage, Task: in.Task, Verdict: in.Body.Verdict, Attached: in.Body.Evidence,
	}
	if err := a.Plans.MoveTask(ctx, in.Plan, o); err != nil {
		return nil, err
	}
	return bodyOf(a.Plans.Store.Task(ctx, in.Plan, in.Task))
}

// TaskHanded is a task that goes to somebody else.
type TaskHanded struct {
	Why

	Owner  string `json:"owner" minLength:"1" maxLength:"200" doc:"Who does it from now on"`
	DryRun bool   `json:"dry_run,omitempty" doc:"Say what would become of it, and change nothing"`
}

type taskHanded struct {
	PlanPath

	Task string `path:"task" maxLength:"200"`
	Body TaskHanded
}

func (o *taskHanded) asked() (string, Why) {
	return "plan/" + o.Plan + "/task/" + o.Task, o.Body.Why
}

func (a *API) handTask(ctx context.Context, in *taskHanded, role access.Role) (*body[rollout.Task], error) {
	if in.Body.DryRun {
		task, err := a.Plans.Store.Task(ctx, in.Plan, in.Task)
		if err != nil {
			return nil, err
		}
		return bodyOf(task.Hand(in.Body.Owner))
	}
	return bodyOf(a.Plans.HandTask(ctx, in.Plan, in.Task, in.Body.Owner, rollout.Order{
		Actor: by(ctx, in.Body.Why).Actor, Role: role, Reason: in.Body.Reason,
	}))
}

// PlanText is a plan that is handed in.
type PlanText struct {
	Why

	Text   string            `json:"text" maxLength:"4000000" doc:"The plan file, YAML"`
	Files  map[string]string `json:"files,omitempty" doc:"The files that it names, by the names under which it does"`
	DryRun bool              `json:"dry_run,omitempty" doc:"Check it, and hand nothing in"`
}

type planText struct{ Body PlanText }

func (o *planText) asked() (string, Why) { return "plans", o.Body.Why }

// Submitted is a plan that was handed in, or what is wrong with it.
type Submitted struct {
	Plan   rollout.Plan   `json:"plan"`
	People map[string]int `json:"people" doc:"How many people are in each stage"`
	DryRun bool           `json:"dry_run,omitempty"`
}

func (a *API) submitPlan(ctx context.Context, in *planText, role access.Role) (*body[Submitted], error) {
	read, found, err := a.soundPlan(ctx, Draft{Text: in.Body.Text, Files: in.Body.Files})
	if err != nil {
		return nil, err
	}
	if err := a.Rehearsed(ctx, &read.Document); err != nil {
		return nil, err
	}
	author := by(ctx, in.Body.Why).Actor
	v := plan.Version{
		Name: read.Document.Plan.Metadata.Name, Hash: read.Document.Hash(), Document: read.Document, Author: author, Saved: a.Now(), Source: read.Text(),
	}
	out := Submitted{People: peopleOf(found), DryRun: in.Body.DryRun}
	order := rollout.Order{Actor: author, Role: role, Reason: in.Body.Reason}
	if in.Body.DryRun {
		if err := a.Plans.WouldSubmit(ctx, v, order); err != nil {
			return nil, err
		}
		out.Plan = rollout.Plan{Name: v.Name, Hash: string(v.Hash), Author: author, State: rollout.Submitted}
		return &body[Submitted]{out}, nil
	}
	if v, err = a.Plans.Versions.Save(ctx, v); err != nil {
		return nil, err
	}
	out.Plan, err = a.Plans.Submit(ctx, v, found, order)
	return bodyOf(out, err)
}

func planFaults(all plan.Faults) []console.Fault {
	var found []console.Fault
	for _, f := range all {
		found = append(found, console.Fault{Place: strings.TrimSpace(fmt.Sprintf("%s:%d:%d %s", f.File, f.Line, f.Column, f.Path)), Problem: f.Problem, Want: f.Want})
	}
	return found
}

func (a *API) allPeople(ctx context.Context) ([]plan.User, error) {
	all, err := cutover.Everybody(ctx, a.People, cutover.PeopleQuery{})
	return rollout.Candidates(all), err
}
