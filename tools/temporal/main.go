// Command dualtone-temporal is a Temporal server for one machine: every
// service on ports of the loopback interface, its state in a given Postgres,
// and the web pages beside it.
//
// The database URL comes from the environment (DATABASE_URL), so that its
// password shows in no list of processes. At each start the databases and
// their schema are created or brought up to this server's version, which is
// safe to do twice. The program runs until it is told to stop (SIGTERM or
// SIGINT), or until a service cannot go on.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/common/log"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql" // The driver that "postgres12_pgx" names.
	"go.temporal.io/server/temporal"
)

// source is the fingerprint of the files that this binary was built from,
// set by the linker, so that a cached binary can be told from a stale one.
var source = "unknown"

type settings struct {
	databaseURL        string
	database           string
	visibilityDatabase string
	frontendPort       int
	historyPort        int
	matchingPort       int
	workerPort         int
	uiPort             int
	shards             int
	maxConns           int
	logLevel           string
	namespace          string
	schemaOnly         bool
	version            bool
}

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "dualtone-temporal:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	if s.version {
		fmt.Printf("dualtone-temporal server %s ui %s source %s %s\n",
			headers.ServerVersion, moduleVersion("github.com/temporalio/ui-server/v2"), source, runtime.Version())
		return nil
	}
	base, err := parseDatabaseURL(s.databaseURL)
	if err != nil {
		return err
	}
	base.MaxConns, base.MaxIdleConns = s.maxConns, s.maxConns
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Stdout: true, Level: s.logLevel, Format: "console"}))
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := ensureDatabase(ctx, s.databaseURL, s.database); err != nil {
		return err
	}
	alone, err := claim(ctx, s.databaseURL, s.database)
	if err != nil {
		return err
	}
	defer alone.release()
	if err := ensureSchema(ctx, base, s, logger); err != nil {
		return err
	}
	if s.schemaOnly {
		return nil
	}
	return serve(ctx, base, s, alone, logger)
}

func parse(args []string) (settings, error) {
	s := settings{databaseURL: os.Getenv("DATABASE_URL")}
	set := flag.NewFlagSet("dualtone-temporal", flag.ContinueOnError)
	set.StringVar(&s.database, "database", "temporal", "database for workflows; created when missing")
	set.StringVar(&s.visibilityDatabase, "visibility-database", "temporal_visibility", "database for searches; created when missing")
	set.IntVar(&s.frontendPort, "frontend-port", 7233, "port that workers and clients connect to")
	set.IntVar(&s.historyPort, "history-port", 7234, "port of the history service")
	set.IntVar(&s.matchingPort, "matching-port", 7235, "port of the matching service")
	set.IntVar(&s.workerPort, "worker-port", 7239, "port of the server's own worker")
	set.IntVar(&s.uiPort, "ui-port", 8233, "port of the web pages; 0 for none")
	set.IntVar(&s.shards, "shards", 4, "history shards; fixed once the database exists")
	set.IntVar(&s.maxConns, "max-conns", 20, "database connections for each service and database")
	set.StringVar(&s.logLevel, "log-level", "warn", "debug, info, warn or error")
	set.StringVar(&s.namespace, "namespace", "default", "namespace that the web pages open with")
	set.BoolVar(&s.schemaOnly, "schema-only", false, "create or upgrade the databases, then end")
	set.BoolVar(&s.version, "version", false, "print the versions, then end")
	if err := set.Parse(args); err != nil {
		return s, err
	}
	if set.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q: everything is given by flags", set.Arg(0))
	}
	if !s.version && s.databaseURL == "" {
		return s, errors.New("DATABASE_URL is not set: give it as postgres://user:password@host:port/database")
	}
	return s, nil
}

func serve(ctx context.Context, base config.SQL, s settings, alone *claimed, logger log.Logger) error {
	server, err := temporal.NewServer(
		temporal.WithConfig(serverConfig(base, s)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts(s)),
		temporal.WithLogger(logger),
		temporal.WithDynamicConfigClient(dynamicConfig()),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
	)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	pages := startPages(s)
	lost := alone.keep(ctx)
	if pages != nil {
		pages.Stop()
	}
	return errors.Join(lost, server.Stop())
}

// startPages serves the web pages, which come out of this binary and load
// nothing from elsewhere. A port that cannot be bound ends the process with
// a line in its log: half a server would only surprise later.
func startPages(s settings) *uiserver.Server {
	if s.uiPort == 0 {
		return nil
	}
	pages := uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		TemporalGRPCAddress: address(s.frontendPort),
		Host:                loopback,
		Port:                s.uiPort,
		EnableUI:            true,
		DefaultNamespace:    s.namespace,
		DisableNewsFetch:    true,
		HideLogs:            true,
		CORS:                uiconfig.CORS{CookieInsecure: true},
	}))
	go func() { _ = pages.Start() }()
	return pages
}

func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dep := range info.Deps {
		if dep.Path == path {
			return strings.TrimPrefix(dep.Version, "v")
		}
	}
	return "unknown"
}
