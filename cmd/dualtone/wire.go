package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/notify"
	"github.com/dualtone/dualtone/postgres"
)

// taskQueue is where all work of dualtone waits for a worker.
const taskQueue = "dualtone"

// stores are what is known, in the database.
type stores struct {
	pool       *pgxpool.Pool
	people     *postgres.People
	cohorts    *postgres.Cohorts
	switches   *postgres.Switches
	router     *postgres.Router
	systems    *postgres.Systems
	calls      *postgres.Calls
	rollups    *postgres.Rollups
	plans      *postgres.Plans
	rollouts   *postgres.Rollouts
	rehearsals *postgres.Rehearsals
	packs      *postgres.Packs
	baselines  *postgres.Baselines
	care       *postgres.Care
	stitches   postgres.Stitches
	edges      *postgres.Edges
	decisions  *postgres.Decisions
	audit      *postgres.Audit
	accounts   *postgres.Accounts
	deliveries *postgres.Deliveries
	notices    *postgres.Notices
	news       *notify.Desk
	contracts  *postgres.Contracts
	finance    *postgres.Finance
}

func (s *stores) Close() { s.pool.Close() }

func newStores(pool *pgxpool.Pool, cfg *config.Config) *stores {
	calls, notices, money := postgres.NewCalls(pool), postgres.NewNotices(pool), postgres.NewFinance(pool)
	return &stores{
		pool:       pool,
		people:     postgres.NewPeople(pool),
		cohorts:    postgres.NewCohorts(pool),
		switches:   postgres.NewSwitches(pool),
		router:     postgres.NewRouter(pool, countries(cfg)...),
		systems:    postgres.NewSystems(pool),
		calls:      calls,
		rollups:    postgres.NewRollups(pool),
		plans:      postgres.NewPlans(pool),
		rollouts:   postgres.NewRollouts(pool),
		rehearsals: postgres.NewRehearsals(pool),
		packs:      postgres.NewPacks(pool),
		baselines:  postgres.NewBaselines(pool),
		care:       postgres.NewCare(pool),
		stitches:   postgres.NewStitches(calls),
		edges:      postgres.NewEdges(pool),
		decisions:  postgres.NewDecisions(pool),
		audit:      postgres.NewAudit(pool),
		accounts:   postgres.NewAccounts(pool),
		deliveries: postgres.NewDeliveries(pool),
		notices:    notices,
		news:       newsDesk(cfg, notices, dayCosts{money}),
		contracts:  postgres.NewContracts(pool),
		finance:    money,
	}
}

// openDatabase connects to the configured database, or to the one that a
// running dualtone up has started.
func (a *app) openDatabase(ctx context.Context, cfg *config.Config) (*pgxpool.Pool, error) {
	address, err := cfg.Database.URL.Resolve(config.MachineSecrets())
	if err != nil {
		return nil, fmt.Errorf("database.url: %w: %w", err, dualtone.ErrInvalid)
	}
	if address == "" {
		up, err := a.running(cfg)
		if err != nil {
			return nil, err
		}
		address = up.DatabaseURL
	}
	address = pooled(address, cfg.Database.MaxConnections)
	if cfg.Telemetry.OTLP != "" {
		return postgres.Open(ctx, address, postgres.Traced)
	}
	return postgres.Open(ctx, address)
}

// pooled adds the size of the pool to a database's address unless it has one.
func pooled(address string, size int) string {
	u, err := url.Parse(address)
	if err != nil || u.Query().Has("pool_max_conns") {
		return address
	}
	q := u.Query()
	q.Set("pool_max_conns", strconv.Itoa(size))
	u.RawQuery = q.Encode()
	return u.String()
}

// openStores connects to the database and refuses one whose schema is not the
// program's.
func (a *app) openStores(ctx context.Context, cfg *config.Config) (*stores, error) {
	pool, err := a.openDatabase(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := postgres.CheckSchema(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	return newStores(pool, cfg), nil
}

// withStores runs a command that needs the database alone.
func (a *app) withStores(ctx context.Context, do func(*config.Config, *stores) error) error {
	cfg, err := a.settings()
	if err != nil {
		return err
	}
	s, err := a.openStores(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := noteAllowed(ctx, s); err != nil {
		return err
	}
	return do(cfg, s)
}

// desk is what a command needs that starts or steers moves.
type desk struct {
	cfg     *config.Config
	stores  *stores
	control *control.Control
	why     control.Why
}

// withDesk runs a command that needs the database and Temporal.
func (a *app) withDesk(ctx context.Context, reason string, do func(*desk) error) error {
	return a.withStores(ctx, func(cfg *config.Config, s *stores) error {
		c, err := a.openTemporal(ctx, cfg)
		if err != nil {
			return err
		}
		defer c.Close()
		return do(&desk{
			cfg: cfg, stores: s, why: control.Why{Actor: actor(cfg), Reason: reason}, control: orders(cfg, c),
		})
	})
}

// orders gives orders at Temporal as the settings want them.
func orders(cfg *config.Config, c client.Client) *control.Control {
	return &control.Control{Client: c, TaskQueue: taskQueue, Defaults: control.Defaults{
		DrainWait: cfg.Migration.Drain.Wait, Patience: cfg.Migration.Patience, Window: cfg.Cohort.Window, RunLength: cfg.Cohort.RunLength,
	}}
}

// openTemporal connects to the configured Temporal, or to the one that a running
// dualtone up has started.
func (a *app) openTemporal(ctx context.Context, cfg *config.Config) (client.Client, error) {
	t := cfg.Temporal
	if t.Address == "" {
		up, err := a.running(cfg)
		if err != nil {
			return nil, err
		}
		t.Address, t.Namespace = up.TemporalAddress, up.Namespace
	}
	return a.dialTemporal(ctx, cfg, t)
}

var errNoMigration = hint(
	fmt.Errorf("the settings name no migration: %w", dualtone.ErrInvalid),
	"set migration.old, migration.new and migration.crm; config/dualtone.example.yaml shows how")

// isNotFound reports whether an error says that there is no such thing.
func isNotFound(err error) bool { return errors.Is(err, dualtone.ErrNotFound) }
