package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/internal/traces"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/routing/edge"
)

func consoleCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "console", Short: "Serve pages for people and the HTTP API for programs",
		Long: "Serves the console and the HTTP API under /api/v1 until it is interrupted. Any number may run, on as many machines; " +
			"sessions are in the database. At the first start it tells the address at which the administrator's password is given, " +
			"unless people sign in with an identity provider.",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return a.withStores(ctx, func(cfg *config.Config, s *stores) error {
				c, err := a.openTemporal(ctx, cfg)
				if err != nil {
					return err
				}
				defer c.Close()
				return a.traced(ctx, cfg, func() error { return a.serveConsole(ctx, cfg, s, c) })
			})
		},
	}
}

// serveConsole serves until the context ends.
func (a *app) serveConsole(ctx context.Context, cfg *config.Config, s *stores, c client.Client) error {
	server, served, stop, err := a.newConsole(cfg, s, c)
	if err != nil {
		return err
	}
	defer stop()
	ln, err := listenConsole(ctx, &cfg.Console)
	if err != nil {
		return err
	}
	where := cfg.Console.URL
	if where == "" {
		where = "http://" + ln.Addr().String()
	}
	fmt.Fprintf(a.err, "The console is at %s\n", where)
	server.TellSetup(func(address string) {
		fmt.Fprintf(a.err, "Nobody can sign in yet. Set the administrator's password at\n  %s\n", address)
	})
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Serve(ctx, ln) })
	group.Go(func() error { return served.Run(ctx) })
	collectors := append(server.Collectors(), postgres.PoolFigures(s.pool)...)
	if err := a.serveFigures(ctx, group, cfg.Console.Metrics, collectors, a.logger(cfg)); err != nil {
		return err
	}
	return group.Wait()
}

func listenConsole(ctx context.Context, c *config.Console) (net.Listener, error) {
	ln, err := listenAt(ctx, c.Listen)
	if err != nil {
		return nil, hint(fmt.Errorf("console: %w: %w", err, dualtone.ErrUnavailable), "console.listen sets another address")
	}
	return ln, nil
}

// usualAddress is where the console is looked for if nothing is configured.
const usualAddress = "127.0.0.1:8700"

// listenAt opens the configured address; without one the usual, or any that is free
// where somebody else on this machine has it.
func listenAt(ctx context.Context, address string) (net.Listener, error) {
	var listen net.ListenConfig
	if address != "" {
		return listen.Listen(ctx, "tcp", address)
	}
	ln, err := listen.Listen(ctx, "tcp", usualAddress)
	if errors.Is(err, syscall.EADDRINUSE) {
		return listen.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	return ln, err
}

// newConsole puts the console together: who may come in, pages and API.
func (a *app) newConsole(cfg *config.Config, s *stores, c client.Client) (server *console.Server, served *api.API, stop func(), err error) {
	set, err := consoleConfig(&cfg.Console)
	if err != nil {
		return nil, nil, nil, err
	}
	if cfg.Telemetry.OTLP != "" {
		set.Traced = traces.Handler
	}
	sessions, stop := postgres.NewSessions(s.pool)
	server = console.New(set, console.Stores{
		Accounts: s.accounts, Tokens: s.accounts, Grants: s.accounts, Sessions: sessions, Audit: s.audit,
		Ready: map[string]func(context.Context) error{
			"database": s.pool.Ping,
			"schema":   func(ctx context.Context) error { return postgres.CheckSchema(ctx, s.pool) },
			"temporal": func(ctx context.Context) error {
				_, err := c.CheckHealth(ctx, &client.CheckHealthRequest{})
				return err
			},
		},
	}, a.logger(cfg))
	a.consoleDesk(cfg, s, c, a.logger(cfg)).Register(server)
	served = api.Register(server, a.apiDesk(cfg, s, c), version)
	return server, served, stop, nil
}

func consoleConfig(c *config.Console) (console.Config, error) {
	set := console.Config{
		URL: c.URL, Secure: c.Secure(), MaxBody: int64(c.MaxBodyMB) << 20, MaxUpload: int64(c.MaxUploadMB) << 20, MaxConnections: c.MaxConnections, PerAddress: c.PerAddress,
		Idle: c.Session.Idle, Lasts: c.Session.Lasts, PerSecond: c.Rate.PerSecond, Burst: c.Rate.Burst, SignIns: c.Rate.SignIns,
		Version: version,
	}
	var err error
	if c.TLS.Cert != "" {
		if set.TLS, err = servedTLS(c.TLS); err != nil {
			return set, err
		}
		set.TLS.NextProtos = []string{"h2", "http/1.1"}
	}
	if set.Proxies, err = c.TrustedProxies(); err != nil {
		return set, fmt.Errorf("%w: %w", err, dualtone.ErrInvalid)
	}
	if o := c.OIDC; o.Issuer != "" {
		secret, err := o.ClientSecret.Resolve(config.MachineSecrets())
		if err != nil {
			return set, fmt.Errorf("console.oidc.client_secret: %w: %w", err, dualtone.ErrInvalid)
		}
		set.OIDC = &console.OIDC{
			Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: secret, Scopes: o.Scopes, NameClaim: o.NameClaim, GroupsClaim: o.GroupsClaim,
			Roles: map[string][]access.Role{},
		}
		for group, roles := range o.Roles {
			for _, r := range roles {
				set.OIDC.Roles[group] = append(set.OIDC.Roles[group], access.Role(r))
			}
		}
	}
	return set, nil
}

// serveFigures tells Prometheus how this process does, at an address of its own.
func (a *app) serveFigures(ctx context.Context, group *errgroup.Group, address string, collectors []prometheus.Collector, log *slog.Logger) error {
	if address == "" {
		return nil
	}
	figures := prometheus.NewRegistry()
	figures.MustRegister(collectors...)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(prometheus.Gatherers{figures, a.temporalFigures}, promhttp.HandlerOpts{}))
	ln, err := edge.ListenTCP(ctx, address)
	if err != nil {
		return err
	}
	group.Go(func() error { return edge.ServeHTTP(ctx, ln, mux, log) })
	return nil
}
