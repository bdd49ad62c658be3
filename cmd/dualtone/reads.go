package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/report"
	"github.com/dualtone/dualtone/routing"
)

// reads is what commands read, wherever it is: in the database, or at the server
// that --server names. What they make of it is the same.
type reads interface { //nolint:interfacebloat // the sum of what the commands ask, one by one
	Person(ctx context.Context, id dualtone.PersonID) (cutover.PersonState, error)
	People(ctx context.Context, q cutover.PeopleQuery) ([]cutover.PersonState, error)
	Journal(ctx context.Context, q cutover.JournalQuery) ([]cutover.Entry, error)
	Cohort(ctx context.Context, name string) (cutover.Cohort, error)
	Cohorts(ctx context.Context, q cutover.CohortQuery) ([]cutover.Cohort, error)
	Members(ctx context.Context, q cutover.MemberQuery) ([]cutover.Member, error)
	CreateCohort(ctx context.Context, c cutover.Cohort, members []dualtone.PersonID) error
	Plans(ctx context.Context, q rollout.PlanQuery) ([]rollout.Plan, error)
	PlanView(ctx context.Context, name string) (control.PlanView, error)
	PlanStanding(ctx context.Context, name string) (planStanding, error)
	PlanUsers(ctx context.Context, q rollout.UserQuery) ([]rollout.User, error)
	// PlanDrift tells who has left a plan's stages since they were frozen, and who
	// would join them.
	PlanDrift(ctx context.Context, name string) ([]plan.Drift, error)
	PlanLog(ctx context.Context, q rollout.TransitionQuery) ([]rollout.Transition, error)
	PlanTasks(ctx context.Context, q rollout.TaskQuery) ([]rollout.Task, error)
	PlanTask(ctx context.Context, plan, id string) (rollout.Task, error)
	CallLegs(cmd *cobra.Command, q calllog.LegQuery, numbers *wholeNumbers) ([]calllog.Kept, error)
	Call(cmd *cobra.Command, name string, numbers *wholeNumbers) (shownCall, error)
	Explain(ctx context.Context, call routing.Call) (routing.Decision, routing.Route, error)
	Revisions(ctx context.Context, q postgres.RouteHistory) ([]postgres.RouteRevision, error)
	Traffic(ctx context.Context, q report.Query, corrections int) (report.Traffic, error)
	Accounting(ctx context.Context, a accounted) (bookedAttempts, error)
	Entries(ctx context.Context, q audit.Query) ([]audit.Entry, error)
	VerifyAudit(ctx context.Context) (audit.Walked, error)
}

// withReads runs a command that reads, and needs neither the database nor the
// settings where it asks a server.
func (a *app) withReads(ctx context.Context, do func(reads) error) error {
	return a.thereOrHere(func(_ *config.Config, s server) error { return do(s) }, func() error {
		return a.withStores(ctx, func(cfg *config.Config, s *stores) error { return do(&database{a, cfg, s}) })
	})
}

// database reads what the database holds.
type database struct {
	app    *app
	cfg    *config.Config
	stores *stores
}

func (d *database) Person(ctx context.Context, id dualtone.PersonID) (cutover.PersonState, error) {
	return d.stores.people.Person(ctx, id)
}

func (d *database) People(ctx context.Context, q cutover.PeopleQuery) ([]cutover.PersonState, error) {
	return d.stores.people.List(ctx, q)
}

func (d *database) Journal(ctx context.Context, q cutover.JournalQuery) ([]cutover.Entry, error) {
	return d.stores.switches.Journal(ctx, q)
}

func (d *database) Cohort(ctx context.Context, name string) (cutover.Cohort, error) {
	return d.stores.cohorts.Cohort(ctx, name)
}

func (d *database) Cohorts(ctx context.Context, q cutover.CohortQuery) ([]cutover.Cohort, error) {
	return d.stores.cohorts.Cohorts(ctx, q)
}

func (d *database) Members(ctx context.Context, q cutover.MemberQuery) ([]cutover.Member, error) {
	return d.stores.cohorts.Members(ctx, q)
}

func (d *database) CreateCohort(ctx context.Context, c cutover.Cohort, members []dualtone.PersonID) error {
	return d.stores.cohorts.Create(ctx, c, members)
}

func (d *database) Plans(ctx context.Context, q rollout.PlanQuery) ([]rollout.Plan, error) {
	return d.stores.rollouts.Plans(ctx, q)
}

func (d *database) PlanView(ctx context.Context, name string) (control.PlanView, error) {
	return d.stores.planControl(nil, d.app.now).View(ctx, name)
}

func (d *database) PlanStanding(ctx context.Context, name string) (planStanding, error) {
	v, err := d.PlanView(ctx, name)
	if err != nil {
		return planStanding{}, err
	}
	unheard, err := d.stores.notices.Waiting(ctx, name)
	return standingOf(v, unheard), err
}

func (d *database) PlanUsers(ctx context.Context, q rollout.UserQuery) ([]rollout.User, error) {
	return d.stores.rollouts.Users(ctx, q)
}

func (d *database) PlanDrift(ctx context.Context, name string) ([]plan.Drift, error) {
	return d.stores.planControl(nil, d.app.now).Drift(ctx, name)
}

func (d *database) PlanLog(ctx context.Context, q rollout.TransitionQuery) ([]rollout.Transition, error) {
	return d.stores.rollouts.Transitions(ctx, q)
}

func (d *database) PlanTasks(ctx context.Context, q rollout.TaskQuery) ([]rollout.Task, error) {
	return d.stores.rollouts.Tasks(ctx, q)
}

func (d *database) PlanTask(ctx context.Context, plan, id string) (rollout.Task, error) {
	return d.stores.rollouts.Task(ctx, plan, id)
}

func (d *database) CallLegs(cmd *cobra.Command, q calllog.LegQuery, numbers *wholeNumbers) ([]calllog.Kept, error) {
	legs, err := d.stores.calls.Legs(cmd.Context(), q)
	if err != nil {
		return nil, err
	}
	return legs, numbers.legs(cmd.Context(), d.cfg, d.stores, "calls list", legs)
}

func (d *database) Call(cmd *cobra.Command, name string, numbers *wholeNumbers) (shownCall, error) {
	call, err := findCall(cmd, d.stores, name)
	if err != nil {
		return shownCall{}, err
	}
	return describeCall(cmd.Context(), d.cfg, d.stores, call, numbers)
}

func (d *database) Explain(ctx context.Context, call routing.Call) (routing.Decision, routing.Route, error) {
	if call.Country == "" {
		call.Country = d.cfg.Migration.Region
	}
	book := routeBook{router: d.stores.router, table: routing.NewTable(decidingOptions(d.cfg))}
	return book.Explain(ctx, call)
}

func (d *database) Revisions(ctx context.Context, q postgres.RouteHistory) ([]postgres.RouteRevision, error) {
	return d.stores.router.History(ctx, q)
}

func (d *database) Traffic(ctx context.Context, q report.Query, corrections int) (report.Traffic, error) {
	return traffic(ctx, d.cfg, d.stores, q, corrections)
}

func (d *database) Accounting(ctx context.Context, a accounted) (bookedAttempts, error) {
	sum, err := accounting(ctx, d.cfg, d.stores, a.from, a.to, a.cohort)
	return booked(a, sum), err
}

func (d *database) Entries(ctx context.Context, q audit.Query) ([]audit.Entry, error) {
	return d.stores.audit.Entries(ctx, q)
}

func (d *database) VerifyAudit(ctx context.Context) (audit.Walked, error) {
	return audit.Walk(ctx, d.stores.audit)
}
