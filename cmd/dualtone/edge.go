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
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/internal/realtime"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/curriedge"
	"github.com/dualtone/dualtone/routing/edge"
	"github.com/dualtone/dualtone/routing/enumedge"
	"github.com/dualtone/dualtone/routing/follow"
	"github.com/dualtone/dualtone/routing/httpedge"
	"github.com/dualtone/dualtone/routing/sipedge"
)

func edgeCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
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
	cmd.AddCommand(edgeList(a))
	return cmd
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
	f := a.newFollower(ctx, cfg)
	defer f.source.close()
	p, err := newPlane(cfg, f.table, a.logger(cfg))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p.group, ctx = errgroup.WithContext(ctx)
	p.group.Go(func() error { return p.table.Run(ctx) })
	p.group.Go(func() error { return f.announce.Run(ctx) })
	p.awaitTable(ctx, tableWithin)
	if err := p.goFirst(); err != nil {
		stop()
		return errors.Join(err, p.group.Wait())
	}
	kept, err := p.keep(ctx, f.source, cfg.Routing.KeepDecisions)
	if err != nil {
		stop()
		return errors.Join(err, p.group.Wait())
	}
	if err := p.listen(ctx); err != nil {
		stop()
		return errors.Join(err, p.group.Wait(), kept())
	}
	p.log.InfoContext(ctx, "edge is ready", "sip_udp", p.cfg.SIP.UDP, "sip_tcp", p.cfg.SIP.TCP, "sip_tls", p.cfg.SIP.TLS,
		"http", p.cfg.HTTP.Listen, "enum", p.cfg.ENUM.Listen, "curri", p.cfg.CURRI.Listen, "real_time", p.cfg.RealTime)
	err = p.group.Wait()
	return errors.Join(err, kept())
}

// goFirst has the edge run before other programs where the settings want that.
func (p *plane) goFirst() error {
	if !p.cfg.RealTime {
		return nil
	}
	if err := realtime.Enter(); err != nil {
		return hint(fmt.Errorf("edge.real_time: %w: %w", err, dualtone.ErrInvalid),
			"give the program CAP_SYS_NICE or a limit of real-time priority of at least 1, or leave real_time out")
	}
	return nil
}

// tableWithin is how long an edge that has no table waits for one before it listens all the same,
// and says that it has none.
const tableWithin = 2 * time.Second

// awaitTable waits for a table. Another edge may have the same ports: none of its requests may
// come to one that has nothing to say yet.
func (p *plane) awaitTable(ctx context.Context, within time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for p.table.Revision() == 0 {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

func newPlane(cfg *config.Config, table *follow.Follower, log *slog.Logger) (*plane, error) {
	e := &cfg.Edge
	p := &plane{cfg: e, log: log, table: table, figures: prometheus.NewRegistry()}
	p.figures.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "dualtone_edge_pinned_total", Help: "Calls that came again and again, as in a loop, and were pinned to the default or the old side.",
	}, func() float64 { return float64(table.Pinned()) }))
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
	p.journal = newJournal(cfg, log)
	return p, nil
}

func placeOf(p config.EdgePlace) edge.Place {
	return edge.Place{Host: p.Host, Port: p.Port, Transport: p.Transport, User: p.User, Headers: maps.Clone(p.Headers)}
}

// servedTLS is how connections are taken that come in over TLS.
func servedTLS(t config.TLS) (*tls.Config, error) {
	conf, err := tlsConfig("edge.tls", t)
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
	core := p.core(sipedge.Name, e.MaxPerSecond)
	s := &sipedge.Server{
		Core: core, Access: p.access, RetryAfter: e.RetryAfter, Log: p.log,
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
		ln, err := p.listenTCP(ctx, l.address, l.secure, core)
		if err != nil {
			return err
		}
		p.group.Go(func() error { return s.ServeStream(ctx, ln) })
	}
	return nil
}

// listenTCP opens a listener of a bounded number of connections, with TLS if it has a
// configuration.
func (p *plane) listenTCP(ctx context.Context, address string, secure *tls.Config, core *edge.Core) (net.Listener, error) {
	ln, err := edge.ListenTCP(ctx, address)
	if err != nil {
		return nil, err
	}
	ln = &edge.Bounded{Listener: ln, Max: p.cfg.MaxConnections, Access: p.access, Measures: core.Measures}
	if secure == nil {
		return ln, nil
	}
	return tls.NewListener(ln, secure), nil
}

func (p *plane) listenHTTP(ctx context.Context) error {
	e := p.cfg.HTTP
	if e.Listen == "" {
		return nil
	}
	s, err := p.lookUps()
	if err != nil {
		return err
	}
	return p.serveHTTP(ctx, e.Listen, p.secured(e.TLS), s.Core, s.Handler())
}

// lookUps is the server of look-ups over HTTP.
func (p *plane) lookUps() (*httpedge.Server, error) {
	e := p.cfg.HTTP
	token, err := e.Token.Resolve(config.MachineSecrets())
	if err != nil {
		return nil, fmt.Errorf("edge.http.token: %w: %w", err, dualtone.ErrInvalid)
	}
	core := p.core(httpedge.Name, e.MaxPerSecond)
	return &httpedge.Server{Core: core, Access: p.access, Token: edge.NewToken(token), RetryAfter: p.cfg.SIP.RetryAfter}, nil
}

// secured is the TLS configuration where it is wanted.
func (p *plane) secured(wanted bool) *tls.Config {
	if wanted {
		return p.secure
	}
	return nil
}

func (p *plane) serveHTTP(ctx context.Context, address string, secure *tls.Config, core *edge.Core, handler http.Handler) error {
	ln, err := p.listenTCP(ctx, address, secure, core)
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
	core := p.core(enumedge.Name, e.MaxPerSecond)
	s := &enumedge.Server{
		Core: core, Access: p.access, Zone: e.Zone, NameServers: slices.Clone(e.NameServers), TTL: e.TTL, Log: p.log,
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
	ln, err := p.listenTCP(ctx, e.Listen, nil, core)
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
	core := p.core(curriedge.Name, e.MaxPerSecond)
	s := &curriedge.Server{Core: core, Access: p.access, Side: dualtone.Side(e.Side), Divert: e.Divert}
	if err := s.Check(); err != nil {
		return err
	}
	return p.serveHTTP(ctx, e.Listen, p.secured(e.TLS), core, s.Handler())
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
	ln, err := edge.ListenTCP(ctx, p.cfg.Metrics)
	if err != nil {
		return err
	}
	p.group.Go(func() error { return edge.ServeHTTP(ctx, &edge.Bounded{Listener: ln}, mux, p.log) })
	return nil
}

// journaled names the journal in the database.
const journaled = "database"

// spoolLimit is how many bytes of decisions wait on disk for the database: those
// of about a million calls.
const spoolLimit = 512 << 20

// newJournal is where decisions go; nil for nowhere.
func newJournal(cfg *config.Config, log *slog.Logger) *edge.Journal {
	e := &cfg.Edge
	if e.Journal == "none" {
		return nil
	}
	set := edge.JournalConfig{Percent: e.Sample, Edge: edgeName(e), SpoolLimit: spoolLimit, Log: log}
	if e.Journal == journaled && cfg.DataDir != "" {
		set.Spool = filepath.Join(cfg.DataDir, spoolFile)
	}
	return edge.NewJournal(set)
}

// keep stores decisions in the database, or appends them to a file. The listeners answer
// what they hold after the context has ended, so it goes on until kept is called, which
// returns when all is stored.
func (p *plane) keep(ctx context.Context, database *laterStores, days int) (kept func() error, err error) {
	j := p.journal
	if j == nil {
		return func() error { return nil }, nil
	}
	p.figures.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "dualtone_edge_journal_dropped_total", Help: "Decisions that the journal had no room for.",
		}, func() float64 { return float64(j.Dropped()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "dualtone_edge_journal_stored_total", Help: "Decisions that are in the journal.",
		}, func() float64 { return float64(j.Stored()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "dualtone_edge_journal_spooled_bytes", Help: "Decisions that wait on disk for the database.",
		}, func() float64 { _, bytes := j.Waiting(); return float64(bytes) }),
	)
	if p.cfg.Journal == journaled {
		p.group.Go(func() error { database.prune(ctx, days, p.log); return nil })
		return storing(ctx, j, database, func() error { return nil }), nil
	}
	const private = 0o600 // it says who called whom
	f, err := os.OpenFile(p.cfg.Journal, os.O_APPEND|os.O_CREATE|os.O_WRONLY, private)
	if err != nil {
		return nil, fmt.Errorf("edge.journal: %w: %w", err, dualtone.ErrInvalid)
	}
	return storing(ctx, j, edge.Lines{Out: f}, f.Close), nil
}

// storing runs a journal until stop is called.
func storing(ctx context.Context, j *edge.Journal, sink edge.Sink, closing func() error) (stop func() error) {
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(j.Run(ctx, sink), closing()) }()
	return func() error { end(); return <-ended }
}
