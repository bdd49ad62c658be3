package main

import (
	"context"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// cohortOrders are what is ordered of cohorts and people, from here or through a
// server.
type cohortOrders interface { //nolint:interfacebloat // a method for each verb
	CohortStatus(ctx context.Context, cohort string) (workflows.CohortStatus, error)
	Pause(ctx context.Context, cohort string, why control.Why) (workflows.CohortStatus, error)
	Resume(ctx context.Context, cohort string, why control.Why) (workflows.CohortStatus, error)
	Widen(ctx context.Context, cohort string, window int, why control.Why) (workflows.CohortStatus, error)
	Skip(ctx context.Context, cohort string, person dualtone.PersonID, why control.Why) (workflows.CohortStatus, error)
	Stop(ctx context.Context, cohort string, inFlight control.InFlight, why control.Why) (workflows.CohortStatus, error)
	StartMove(ctx context.Context, m control.CohortMove) error
	SwitchPerson(ctx context.Context, person dualtone.PersonID, to dualtone.Side, why control.Why) error
}

// planOrders are what is ordered of plans, from here or through a server.
type planOrders interface { //nolint:interfacebloat // a method for each kind of order
	Decide(ctx context.Context, name string, o rollout.Order) (rollout.Verdict, error)
	// Start returns the state that the plan soon comes to: approved, where no worker
	// has taken it up yet.
	Start(ctx context.Context, name string, o rollout.Order) (rollout.State, error)
	Give(ctx context.Context, name string, o workflows.PlanOrder) error
	// Would refuses what Give would refuse, as far as that is known, and gives nothing.
	Would(ctx context.Context, v control.PlanView, o workflows.PlanOrder) error
	Stage(ctx context.Context, name, stage string) (workflows.StageStatus, error)
	// SoakEnds is when the soak of a stage ends; ErrConflict for one that does not soak.
	SoakEnds(ctx context.Context, name, stage string) (time.Time, error)
	MoveTask(ctx context.Context, name string, o workflows.PlanOrder) error
	HandTask(ctx context.Context, name, id, owner string, o rollout.Order) (rollout.Task, error)
}

// here orders at Temporal itself.
type here struct{ *control.Control }

// StartMove moves a cohort, or takes it back.
func (h here) StartMove(ctx context.Context, m control.CohortMove) error {
	if m.Back() {
		return h.RollBack(ctx, m)
	}
	_, err := h.MoveCohort(ctx, m)
	return err
}

// SwitchPerson starts one person's switch.
func (h here) SwitchPerson(ctx context.Context, person dualtone.PersonID, to dualtone.Side, why control.Why) error {
	_, err := h.SwitchUser(ctx, person, to, why)
	return err
}

// counter is where orders are given: what they are about is read, and they go to
// whoever takes them.
type counter struct {
	reads   reads
	cohorts cohortOrders
	plans   planOrders
	why     control.Why
	now     func() time.Time
	// say tells how far it is, beside the answer.
	say func(format string, args ...any)
}

// withCounter runs a command that starts or steers moves, here or through a server.
func (a *app) withCounter(ctx context.Context, reason string, do func(*counter) error) error {
	return a.thereOrHere(func(cfg *config.Config, s server) error {
		return do(&counter{reads: s, cohorts: s, plans: s, why: control.Why{Actor: actor(cfg), Reason: reason}, now: a.now, say: a.say})
	}, func() error {
		return a.withDesk(ctx, reason, func(d *desk) error { return do(d.counter(a)) })
	})
}

func (d *desk) counter(a *app) *counter {
	return &counter{
		reads: &database{a, d.cfg, d.stores}, cohorts: here{d.control}, plans: d.plans(a), why: d.why, now: a.now, say: a.say,
	}
}

// thereOrHere has a command done at the server that the settings name, or else here.
func (a *app) thereOrHere(there func(*config.Config, server) error, here func() error) error {
	cfg, err := a.settings()
	if err != nil {
		return err
	}
	if !remote(cfg) {
		return here()
	}
	s, err := openServer(cfg)
	if err != nil {
		return err
	}
	return there(cfg, s)
}

// either has something read or done at the server that the settings name, or else on
// the database.
func either[T any](
	ctx context.Context, a *app, there func(server) (T, error), here func(*config.Config, *stores) (T, error),
) (got T, err error) {
	err = a.thereOrHere(func(_ *config.Config, s server) (err error) {
		got, err = there(s)
		return err
	}, func() error {
		return a.withStores(ctx, func(cfg *config.Config, s *stores) (err error) {
			got, err = here(cfg, s)
			return err
		})
	})
	return got, err
}

// eitherDesk is either for what needs Temporal as well where no server does it.
func eitherDesk[T any](
	ctx context.Context, a *app, reason string, there func(server) (T, error), here func(*desk) (T, error),
) (got T, err error) {
	err = a.thereOrHere(func(_ *config.Config, s server) (err error) {
		got, err = there(s)
		return err
	}, func() error {
		return a.withDesk(ctx, reason, func(d *desk) (err error) {
			got, err = here(d)
			return err
		})
	})
	return got, err
}

// remote reports whether the settings name a server that is asked instead.
func remote(cfg *config.Config) bool { return cfg.Server.URL != "" }
