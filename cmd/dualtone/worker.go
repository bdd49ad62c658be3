package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/report/delivery"
	"github.com/dualtone/dualtone/routing/rollcall"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/workflows"
)

func workerCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "worker", Short: "Do the work: run workflows and reach the systems",
		Long: "Runs workflows and everything that they do to the systems, until it is interrupted. " +
			"Any number of workers may run, on as many machines; one that is lost is replaced by the others. " +
			"Workers with a build begin nothing before dualtone worker promote has made it the current one.",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return a.withStores(ctx, func(cfg *config.Config, s *stores) error {
				c, err := a.openTemporal(ctx, cfg)
				if err != nil {
					return err
				}
				defer c.Close()
				ctx, done := context.WithCancel(ctx)
				defer done()
				group, ctx := errgroup.WithContext(ctx)
				if err := a.serveFigures(ctx, group, cfg.Telemetry.Metrics, postgres.PoolFigures(s.pool), a.logger(cfg)); err != nil {
					return err
				}
				group.Go(func() error {
					defer done() // and the figures with it
					return a.traced(ctx, cfg, func() error { return a.work(ctx, cfg, s, c) })
				})
				return group.Wait()
			})
		},
	}
	a.bind(cmd, "temporal.deployment", "deployment", "what Temporal calls the workers, whatever their build")
	a.bind(cmd, "temporal.build", "build", "the build of these workers, such as 1.4.0; without one they have no versions")
	cmd.AddCommand(workerPromoteCommand(a))
	return cmd
}

// work runs a worker until the context ends or the worker cannot go on.
func (a *app) work(ctx context.Context, cfg *config.Config, s *stores, c client.Client) error {
	m := cfg.Migration
	if !m.Set() {
		return errNoMigration
	}
	log := a.logger(cfg)
	meter := newMeter(s)
	f, err := openFleet(ctx, cfg, metered(sharedPace(cfg, postgres.NewPacer(s.pool)), meter), log, m.Old, m.New, m.CRM)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := f.recognize(ctx, s.systems, log); err != nil {
		return err
	}

	if os.Getenv("GOGC") == "" {
		// A worker holds little and throws away much.
		debug.SetGCPercent(400)
	}
	fatal := make(chan error, 1)
	w := worker.New(c, taskQueue, worker.Options{
		Interceptors: []interceptor.WorkerInterceptor{&activities.Interceptor{}},
		// A cohort waits for each member in flight with an activity of its own,
		// which must not keep the members' work out.
		MaxConcurrentActivityExecutionSize: 4000,
		WorkerStopTimeout:                  10 * time.Second,
		OnFatalError:                       func(err error) { fatal <- err },
		DeploymentOptions:                  deployed(cfg.Temporal),
	})
	workflows.Register(w)
	mover := newMover(cfg, s, f)
	activities.Register(w, mover, &activities.Cohort{Cohorts: s.cohorts, Client: c, Crew: s.rollouts, Now: time.Now})
	records, err := callRecords(cfg, s, f)
	if err != nil {
		return err
	}
	activities.RegisterRollout(w, newRollout(cfg, s, mover, records))
	records.Register(w)
	if err := registerDeliveries(w, cfg, s); err != nil {
		return err
	}
	newSampler(cfg, s, f).Register(w)
	defer meterMeanwhile(ctx, meter, log)() // ends after the worker has
	if err := w.Start(); err != nil {
		return fmt.Errorf("worker: %w: %w", err, dualtone.ErrUnavailable)
	}
	defer w.Stop()
	if err := scheduleRecords(ctx, cfg, c, records); err != nil {
		return err
	}
	if err := (&control.Control{Client: c, TaskQueue: taskQueue}).ScheduleSampling(ctx); err != nil {
		return err
	}
	defer tendMeanwhile(ctx, s, log)()
	stop, err := carryMeanwhile(ctx, cfg, s, log)
	if err != nil {
		return err
	}
	defer stop()
	log.InfoContext(ctx, "worker is ready", "task_queue", taskQueue, "old", m.Old, "new", m.New, "crm", m.CRM)
	select {
	case <-ctx.Done():
		return nil
	case err := <-fatal:
		return fmt.Errorf("worker: %w: %w", err, dualtone.ErrUnavailable)
	}
}

// deployed says which build a worker is of, if it has one.
func deployed(t config.Temporal) worker.DeploymentOptions {
	if t.Build == "" {
		return worker.DeploymentOptions{}
	}
	return worker.DeploymentOptions{
		UseVersioning: true, Version: worker.WorkerDeploymentVersion{DeploymentName: t.Deployment, BuildID: t.Build},
	}
}

// newMover is what moves one person.
func newMover(cfg *config.Config, s *stores, f *fleet) *activities.User {
	m := cfg.Migration
	return &activities.User{
		Old: f.platforms[m.Old], New: f.platforms[m.New], CRM: f.crms[m.CRM],
		Router: s.router, Flips: s.router, Edges: rollcall.NewConfirmer(s.edges, cfg.Routing.Confirm), People: s.people, Switches: s.switches, Holds: s.rollouts,
		Migration: m.Cutover(),
		Drain:     activities.Drain{Wait: m.Drain.Wait, Poll: m.Drain.Poll},
		SignIn:    m.SignIn,
		Now:       func() time.Time { return time.Now().UTC() },
	}
}

// registerDeliveries makes a worker able to bring reports to people. Without a
// mail server they go to folders alone.
func registerDeliveries(w worker.Worker, cfg *config.Config, s *stores) error {
	d := &activities.Deliveries{Book: s.deliveries, Ledger: s.deliveries, Costs: s.finance, Closings: s.finance, Root: cfg.Reports.Folder}
	if mails(cfg) {
		server, err := mailServer(cfg)
		if err != nil {
			return err
		}
		d.Mail = server
	}
	d.Register(w)
	return nil
}

// ways are those on which reports can go out.
func ways(cfg *config.Config) delivery.Ways {
	return delivery.Ways{Mails: mails(cfg), Root: cfg.Reports.Folder}
}

// mails reports whether the settings name a mail server.
func mails(cfg *config.Config) bool { return cfg.Notify.Mail.Server != "" }

// newRollout is what the workflows of plans need done.
func newRollout(cfg *config.Config, s *stores, m *activities.User, records *activities.CallRecords) *activities.Rollout {
	library := &activities.Library{Versions: s.plans, Plans: s.rollouts}
	log, baselines := callLog(cfg, s, records), s.frozen()
	return &activities.Rollout{
		Store: s.rollouts, Specs: library, People: s.people, Calendar: library, News: s.news, Now: m.Now,
		Checks: &activities.Prechecks{
			Library: library, Store: s.rollouts, Proofs: s.rollouts, People: s.people, Old: m.Old, New: m.New,
			CRM: m.CRM, Rehearsals: s.rehearsals, Baselines: baselines, Receipts: s.packs, Log: log, Now: m.Now,
		},
		Measures: &activities.Measures{
			Library: library, Log: log, Baselines: baselines, Quarantine: s.calls, Explanations: s.rollouts,
			Compare: &activities.Comparison{User: m, Crew: s.rollouts, Log: log, Days: s.stitches, Now: m.Now},
		},
		Budgets: &activities.CRMBudget{CRM: m.CRM, Attempts: s.rollouts},
		Final:   &activities.Final{Library: library, Store: s.rollouts, User: m, Receipts: s.packs},
	}
}

// callLog is the unified call log as plans look at it; records bring it up to date.
func callLog(cfg *config.Config, s *stores, records activities.Catcher) *activities.CallLog {
	return &activities.CallLog{Legs: s.calls, Rollups: s.rollups, Border: s.stitches, Records: records, Sides: sidesOf(cfg)}
}

// frozen are the baselines of plans.
func (s *stores) frozen() *activities.Baselines {
	return &activities.Baselines{Rollups: s.rollups, Store: s.baselines}
}

// newSampler is what samples the facts of finance.
func newSampler(cfg *config.Config, s *stores, f *fleet) *activities.Sampler {
	return &activities.Sampler{
		Records: s.finance, Keeper: s.finance, Plans: s.rollouts, Log: s.rollouts, Versions: s.plans, Rehearsals: s.rehearsals,
		Platforms: f.platforms, Licenses: cfg.Migration.Licenses, Standings: s.standings(), News: s.news, Now: time.Now,
	}
}

const recognizePatience = 20 * time.Second

// recognize refuses systems that are not what they were when they were
// registered. One that does not answer now is no reason to stop: its writes
// will wait for it.
func (f *fleet) recognize(ctx context.Context, known *postgres.Systems, log *slog.Logger) error {
	registered, err := known.List(ctx)
	if err != nil {
		return err
	}
	for _, r := range registered {
		health, kind := f.health(r.Name)
		if health == nil {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, recognizePatience)
		status, err := health.Check(ctx)
		cancel()
		switch {
		case errors.Is(err, dualtone.ErrDenied), errors.Is(err, dualtone.ErrConflict):
			return fmt.Errorf("system %s: %w", r.Name, err)
		case err != nil:
			log.WarnContext(ctx, "system does not answer yet", "system", r.Name, "error", err)
		case kind != r.Kind || status.Identity != r.Identity:
			return hint(fmt.Errorf("system %s is registered as %s %s and says that it is %s %s: %w",
				r.Name, r.Kind, r.Identity, kind, status.Identity, dualtone.ErrConflict),
				"check what the settings point to; dualtone systems register --replace accepts the new one")
		}
	}
	return nil
}

// health returns how to ask an opened system how it is, and its kind.
func (f *fleet) health(name string) (health systems.Health, kind string) {
	if p, ok := f.platforms[name]; ok {
		return p.Health, p.Kind
	}
	if c, ok := f.crms[name]; ok {
		return c.Health, c.Kind
	}
	return nil, ""
}
