package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/curriedge"
	"github.com/dualtone/dualtone/routing/edge"
	"github.com/dualtone/dualtone/routing/enumedge"
	"github.com/dualtone/dualtone/routing/follow"
	"github.com/dualtone/dualtone/routing/httpedge"
	"github.com/dualtone/dualtone/routing/sipedge"
)

func edgeCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "edge", Short: "Tell the SBC where each call goes",
		Long: "Answers SBCs and PBXs which ask where a call goes, over the listeners that the settings name: " +
			"SIP 302, HTTP, ENUM and CURRI. Any number of edges may run, on as many machines, and two on one machine " +
			"may share their ports: start the next version, then stop the one before it, and no request is lost.",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.settings()
			if err != nil {
				return err
			}
			if !cfg.Edge.Set() {
				return errNoEdge
			}
			return a.serveEdge(cmd.Context(), cfg)
		},
	}
}

var errNoEdge = hint(
	fmt.Errorf("the settings name no edge: %w", dualtone.ErrInvalid),
	"set edge.sip.udp or another listener; config/dualtone.example.yaml shows how")

// plane is everything that one process of the routing plane runs.
type plane struct {
	cfg     *config.Edge
	log     *slog.Logger
	table   *follow.Follower
	targets *edge.Targets
	access  *edge.Access
	journal *edge.Journal
	secure  *tls.Config
	figures *prometheus.Registry
	group   *errgroup.Group
}

// serveEdge runs the listeners until the context ends.
func (a *app) serveEdge(ctx context.Context, cfg *config.Config) error {
	p, err := newPlane(cfg, a.newFollower(ctx, cfg), a.logger(cfg))
	if err != nil {
		return err
	}
	var group *errgroup.Group
	group, ctx = errgroup.WithContext(ctx)
	p.group = group
	if err := p.listen(ctx); err != nil {
		return err
	}
	group.Go(func() error { return p.table.Run(ctx) })
	if err := p.keep(ctx); err != nil {
		return err
	}
	p.log.InfoContext(ctx, "edge is ready", "sip_udp", p.cfg.SIP.UDP, "http", p.cfg.HTTP.Listen, "enum", p.cfg.ENUM.Listen, "curri", p.cfg.CURRI.Listen)
	return group.Wait()
}

func newPlane(cfg *config.Config, table *follow.Follower, log *slog.Logger) (*plane, error) {
	e := &cfg.Edge
	p := &plane{cfg: e, log: log, table: table, figures: prometheus.NewRegistry()}
	trunks := map[string]edge.Place{}
	for name, given := range e.Trunks {
		trunks[name] = placeOf(given)
	}
	var err error
	if p.targets, err = edge.NewTargets(map[dualtone.Side]edge.Place{
		dualtone.Old: placeOf(e.Old), dualtone.New: placeOf(e.New),
	}, trunks); err != nil {
		return nil, fmt.Errorf("edge: %w", err)
	}
	var peers []edge.Peer
	for _, given := range e.Peers {
		network, err := given.Prefix()
		if err != nil {
			return nil, fmt.Errorf("edge: %w: %w", err, dualtone.ErrInvalid)
		}
		peers = append(peers, edge.Peer{Network: network, Ingress: routing.Ingress(given.Ingress), Country: given.Country, Location: given.Location})
	}
	if p.access, err = edge.NewAccess(peers); err != nil {
		return nil, fmt.Errorf("edge: %w", err)
	}
	if e.TLS.Cert != "" {
		if p.secure, err = servedTLS(e.TLS); err != nil {
			return nil, err
		}
	}
	if e.Journal != "" {
		p.journal = edge.NewJournal(e.Sample)
	}
	return p, nil
}

func placeOf(p config.EdgePlace) edge.Place {
	return edge.Place{Host: p.Host, Port: p.Port, Transport: p.Transport, User: p.User, Headers: maps.Clone(p.Headers)}
}

// servedTLS is how connections are taken that come in over TLS.
func servedTLS(t config.TLS) (*tls.Config, error) {
	conf, err := tlsConfig(t)
	if err != nil {
		return nil, err
	}
	if t.CA != "" {
		conf.ClientCAs, conf.ClientAuth = conf.RootCAs, tls.RequireAndVerifyClientCert
	}
	return conf, nil
}

// core is what a server of a name asks and is measured by. It decides so many calls
// in a second; 0 is no limit.
func (p *plane) core(name string, limit int) *edge.Core {
	m := edge.NewMeasures(name, p.table)
	p.figures.MustRegister(m)
	c := &edge.Core{Decider: p.table, Targets: p.targets, Measures: m, Limit: edge.Limit{PerSecond: int64(limit)}, Now: time.Now}
	if p.journal != nil {
		c.Recorder = p.journal
	}
	return c
}

func (p *plane) listen(ctx context.Context) error {
	return errors.Join(p.listenSIP(ctx), p.listenHTTP(ctx), p.listenENUM(ctx), p.listenCURRI(ctx), p.listenMetrics(ctx))
}

func (p *plane) listenSIP(ctx context.Context) error {
	e := p.cfg.SIP
	if e.UDP == "" && e.TCP == "" && e.TLS == "" {
		return nil
	}
	s := &sipedge.Server{
		Core: p.core(sipedge.Name, e.MaxPerSecond), Access: p.access, RetryAfter: e.RetryAfter, Log: p.log,
	}
	if err := s.Check(); err != nil {
		return err
	}
	if e.UDP != "" {
		sockets := e.Sockets
		if sockets == 0 {
			sockets = runtime.GOMAXPROCS(0)
		}
		conns, err := edge.ListenUDP(ctx, e.UDP, sockets)
		if err != nil {
			return err
		}
		for _, conn := range conns {
			p.group.Go(func() error { return s.ServeUDP(ctx, conn) })
		}
	}
	for _, l := range []struct {
		address string
		secure  *tls.Config
	}{{e.TCP, nil}, {e.TLS, p.secure}} {
		if l.address == "" {
			continue
		}
		ln, err := listenSecure(ctx, l.address, l.secure)
		if err != nil {
			return err
		}
		p.group.Go(func() error { return s.ServeStream(ctx, ln) })
	}
	return nil
}

// listenSecure opens a listener, with TLS if it has a configuration.
func listenSecure(ctx context.Context, address string, secure *tls.Config) (net.Listener, error) {
	ln, err := edge.ListenTCP(ctx, address)
	if err != nil || secure == nil {
		return ln, err
	}
	return tls.NewListener(ln, secure), nil
}

func (p *plane) listenHTTP(ctx context.Context) error {
	e := p.cfg.HTTP
	if e.Listen == "" {
		return nil
	}
	token, err := e.Token.Resolve(config.MachineSecrets())
	if err != nil {
		return fmt.Errorf("edge.http.token: %w: %w", err, dualtone.ErrInvalid)
	}
	s := &httpedge.Server{Core: p.core(httpedge.Name, e.MaxPerSecond), Access: p.access, Token: edge.NewToken(token), RetryAfter: p.cfg.SIP.RetryAfter}
	return p.serveHTTP(ctx, e.Listen, p.secured(e.TLS), s.Handler())
}

// secured is the TLS configuration where it is wanted.
func (p *plane) secured(wanted bool) *tls.Config {
	if wanted {
		return p.secure
	}
	return nil
}

func (p *plane) serveHTTP(ctx context.Context, address string, secure *tls.Config, handler http.Handler) error {
	ln, err := listenSecure(ctx, address, secure)
	if err != nil {
		return err
	}
	p.group.Go(func() error { return edge.ServeHTTP(ctx, ln, handler, p.log) })
	return nil
}

func (p *plane) listenENUM(ctx context.Context) error {
	e := p.cfg.ENUM
	if e.Listen == "" {
		return nil
	}
	s := &enumedge.Server{
		Core: p.core(enumedge.Name, e.MaxPerSecond), Access: p.access, Zone: e.Zone, NameServers: slices.Clone(e.NameServers), TTL: e.TTL, Log: p.log,
	}
	if err := s.Check(); err != nil {
		return err
	}
	conns, err := edge.ListenUDP(ctx, e.Listen, runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	for _, conn := range conns {
		p.group.Go(func() error { return s.ServeUDP(ctx, conn) })
	}
	ln, err := edge.ListenTCP(ctx, e.Listen)
	if err != nil {
		return err
	}
	p.group.Go(func() error { return s.ServeTCP(ctx, ln) })
	return nil
}

func (p *plane) listenCURRI(ctx context.Context) error {
	e := p.cfg.CURRI
	if e.Listen == "" {
		return nil
	}
	s := &curriedge.Server{Core: p.core(curriedge.Name, 0), Access: p.access, Side: dualtone.Side(e.Side), Divert: e.Divert}
	if err := s.Check(); err != nil {
		return err
	}
	return p.serveHTTP(ctx, e.Listen, p.secured(e.TLS), s.Handler())
}

func (p *plane) listenMetrics(ctx context.Context) error {
	if p.cfg.Metrics == "" {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.figures, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /livez", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if p.table.Revision() == 0 {
			edge.Problem{Status: http.StatusServiceUnavailable, Detail: "no table is loaded"}.Write(w)
		}
	})
	return p.serveHTTP(ctx, p.cfg.Metrics, nil, mux)
}

// keep appends decisions to the journal's file.
func (p *plane) keep(ctx context.Context) error {
	if p.journal == nil {
		return nil
	}
	const readable = 0o640
	f, err := os.OpenFile(p.cfg.Journal, os.O_APPEND|os.O_CREATE|os.O_WRONLY, readable)
	if err != nil {
		return fmt.Errorf("edge.journal: %w: %w", err, dualtone.ErrInvalid)
	}
	p.figures.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "dualtone_edge_journal_dropped_total", Help: "Decisions that the journal had no room for.",
	}, func() float64 { return float64(p.journal.Dropped()) }))
	p.group.Go(func() error {
		err := p.journal.Write(ctx, f)
		return errors.Join(err, f.Close())
	})
	return nil
}
