package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/log"
	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/devstack"
	"github.com/dualtone/dualtone/postgres"
)

func upCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "up", Short: "Run everything on this machine",
		Long: "Starts what is missing, Postgres and Temporal with their state in the data folder, brings the schema up to date " +
			"and runs a worker and the console, until it is interrupted. With database.url and temporal.address in the settings it starts neither. " +
			"The other commands find what it has started by themselves.",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			return a.up(cmd.Context(), cfg)
		},
	}
}

func (a *app) up(ctx context.Context, cfg *config.Config) (err error) {
	stack, err := a.startStack(ctx, cfg)
	if err != nil {
		return unlessInterrupted(ctx, err)
	}
	defer func() {
		failed := stopStack(ctx, stack)
		if failed != nil && errors.Is(err, context.Canceled) {
			err = nil // that it goes on is the worse news
		}
		err = errors.Join(err, failed)
	}()

	withdraw, err := announce(cfg, runningStack{
		DatabaseURL: stack.DatabaseURL, TemporalAddress: stack.TemporalAddress,
		Namespace: stack.Namespace, UIURL: stack.UIURL, PID: os.Getpid(),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, withdraw()) }()
	return unlessInterrupted(ctx, a.traced(ctx, cfg, func() error { return a.upWith(ctx, cfg, stack) }))
}

// unlessInterrupted is an error of up while it starts. Whatever an interrupt made
// fail, the interrupt is the reason, and nothing is left running.
func unlessInterrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	return hint(ctx.Err(), "what up had started is stopped again and what it knows is kept; dualtone up goes on from there")
}

func (a *app) startStack(ctx context.Context, cfg *config.Config) (*devstack.Stack, error) {
	dir, err := dataDir(cfg)
	if err != nil {
		return nil, err
	}
	database, err := cfg.Database.URL.Resolve(config.MachineSecrets())
	if err != nil {
		return nil, fmt.Errorf("database.url: %w: %w", err, dualtone.ErrInvalid)
	}
	stack, err := devstack.Start(ctx, devstack.Options{
		Dir: dir, CacheDir: cfg.Devstack.CacheDir,
		DatabaseURL: database, TemporalAddress: cfg.Temporal.Address, Namespace: cfg.Temporal.Namespace,
		PostgresPort: cfg.Devstack.PostgresPort, TemporalPort: cfg.Devstack.TemporalPort, UIPort: cfg.Devstack.UIPort,
		Progress: a.err, Logger: log.NewStructuredLogger(a.logger(cfg)),
	})
	if errors.Is(err, devstack.ErrInUse) {
		return nil, hint(fmt.Errorf("%w: %w", err, dualtone.ErrConflict), "the other commands work with the one that runs; --data-dir starts another")
	}
	return stack, err
}

const stopPatience = 30 * time.Second

func stopStack(ctx context.Context, stack *devstack.Stack) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
	defer cancel()
	return stack.Stop(ctx)
}

// upWith does the rest once the servers are there.
func (a *app) upWith(ctx context.Context, cfg *config.Config, stack *devstack.Stack) error {
	if err := a.upSchema(ctx, cfg, stack); err != nil {
		return err
	}
	pool, err := postgres.Open(ctx, pooled(stack.DatabaseURL, cfg.Database.MaxConnections))
	if err != nil {
		return err
	}
	defer pool.Close()
	fmt.Fprintf(a.err, "Temporal is at %s", stack.TemporalAddress)
	if stack.UIURL != "" {
		fmt.Fprintf(a.err, ", its pages at %s", stack.UIURL)
	}
	fmt.Fprintln(a.err)

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err := <-stack.Done():
			cancel(err)
		case <-ctx.Done():
		}
	}()
	if err := a.upWork(ctx, cfg, stack, newStores(pool, cfg)); err != nil {
		return err
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return fmt.Errorf("%w: %w", cause, dualtone.ErrUnavailable)
	}
	return nil
}

// upSchema brings the schema up to date. In a database of our own its owner does,
// and keeps the audit from the program.
func (a *app) upSchema(ctx context.Context, cfg *config.Config, stack *devstack.Stack) error {
	address := stack.OwnerURL
	if address == "" {
		address = stack.DatabaseURL
	}
	pool, err := postgres.Open(ctx, address)
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := postgres.Migrate(ctx, pool, a.logger(cfg)); err != nil || stack.OwnerURL == "" {
		return err
	}
	return postgres.HandOver(ctx, pool, devstack.Program)
}

// upWork runs the console and the worker, or the console alone as long as there is
// nothing to move.
func (a *app) upWork(ctx context.Context, cfg *config.Config, stack *devstack.Stack, s *stores) error {
	t := cfg.Temporal
	t.Address, t.Namespace = stack.TemporalAddress, stack.Namespace
	c, err := a.dialTemporal(ctx, cfg, t)
	if err != nil {
		return err
	}
	defer c.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.serveConsole(ctx, cfg, s, c) })
	if !cfg.Migration.Set() {
		fmt.Fprintln(a.err, "No migration is configured, so nobody can be moved and no connector is asked for call records yet. Ctrl-C ends.")
		return group.Wait()
	}
	fmt.Fprintln(a.err, "dualtone is up. Ctrl-C ends; what it knows is kept.")
	group.Go(func() error { return a.work(ctx, cfg, s, c) })
	return group.Wait()
}
