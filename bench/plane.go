package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/devstack"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/routing"
)

// plane is the routing plane under measurement: the dualtone edge that people run,
// with its table in a real Postgres.
type plane struct {
	settings

	dir     string
	cores   cores
	at      planePorts
	edge    *process
	closers []func()
}

// planePorts are where the edge and the peers listen.
type planePorts struct{ sip, http, enum, peer string }

// newPlane fills a table and starts the edge.
func newPlane(ctx context.Context, s settings) (_ *plane, err error) {
	dir, err := filepath.Abs(filepath.Join(s.dir, "routing"))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil { //nolint:gosec // the servers' accounts have to pass through
		return nil, err
	}
	p := &plane{settings: s, dir: dir}
	if p.cores, err = twoCores(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	for _, at := range []*string{&p.at.sip, &p.at.http, &p.at.enum, &p.at.peer} {
		if *at, err = freeAddress(ctx); err != nil {
			return nil, err
		}
	}
	url, err := p.fill(ctx)
	if err != nil {
		return nil, err
	}
	return p, p.startEdge(ctx, url)
}

func (p *plane) later(f func()) { p.closers = append(p.closers, f) }

func (p *plane) close() {
	for _, f := range slices.Backward(p.closers) {
		f()
	}
}

// freeAddress is a port on the loopback that nobody has, for UDP and TCP.
func freeAddress(ctx context.Context) (string, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = ln.Close() }()
	conn, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", ln.Addr().String())
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), conn.Close()
}

// fill starts a Postgres whose table holds all numbers.
func (p *plane) fill(ctx context.Context) (url string, err error) {
	server, err := devstack.StartPostgres(ctx, devstack.Options{Dir: filepath.Join(p.dir, "data")})
	if err != nil {
		return "", err
	}
	p.later(func() { _ = server.Stop(context.WithoutCancel(ctx)) }) // nothing is kept
	if url, err = server.CreateDatabase(ctx, "routes"); err != nil {
		return "", err
	}
	pool, err := postgres.Open(ctx, url)
	if err != nil {
		return "", err
	}
	defer pool.Close()
	if _, err := postgres.Migrate(ctx, pool, slog.New(slog.DiscardHandler)); err != nil {
		return "", err
	}
	const batch = 10_000
	table := postgres.NewRouter(pool)
	for from := 0; from < probedNumbers; from += batch {
		changes := make([]routing.Change, batch)
		for i := range changes {
			at := from + i
			changes[i] = routing.Change{To: routing.Route{Number: dualtone.Number(numberAt(at)), Sides: []dualtone.Side{sideAt(at)}}}
		}
		if _, err := table.Apply(ctx, changes, routing.Provenance{Actor: "bench", Reason: "measured"}); err != nil {
			return "", err
		}
	}
	return url, nil
}

// startEdge runs dualtone edge and waits until it has the table.
func (p *plane) startEdge(ctx context.Context, url string) (err error) {
	file := filepath.Join(p.dir, "dualtone.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, `log: {level: warn}
database: {url: env:BENCH_DATABASE}
edge:
  real_time: true
  sip: {udp: "%s"}
  http: {listen: "%s"}
  enum: {listen: "%s", zone: %s, name_servers: [ns.%s]}
  peers: [{network: 127.0.0.0/8, ingress: carrier, country: US}]
  old: {host: 127.0.0.1, port: %d}
  new: {host: 127.0.0.1, port: %d}
  countries: [US]
  journal: %s
`, p.at.sip, p.at.http, p.at.enum, enumZone, enumZone, oldPort, newPort, p.routingJournal), 0o600); err != nil {
		return err
	}
	if p.edge, err = p.start("dualtone edge", []string{"BENCH_DATABASE=" + url}, p.dualtone, "--config", file, "edge"); err != nil {
		return err
	}
	p.later(p.edge.stop)
	return awaitRight(ctx, p.edge, p.sipAsker(p.at.sip), p.httpAsker(), p.enumAsker(p.at.enum))
}

// start runs a server on the servers' processor.
func (p *plane) start(name string, env []string, program string, args ...string) (started *process, err error) {
	err = on(p.cores.server, func() error {
		started, err = startProcess(p.dir, name, env, program, args...)
		return err
	})
	return started, err
}

// startAhead starts a server that runs before ordinary programs, as edge.real_time has an edge do.
func (p *plane) startAhead(name, program string, args ...string) (started *process, err error) {
	err = ahead(func() error {
		started, err = p.start(name, nil, program, args...)
		return err
	})
	return started, err
}

// awaitRight waits until a server answers as it should.
func awaitRight(ctx context.Context, p *process, askers ...asker) error {
	const within = 30 * time.Second
	deadline := time.Now().Add(within)
	for _, a := range askers {
		for {
			got, err := a.ask(ctx, closedLoop(1, 50*time.Millisecond))
			if err == nil && got.Answered > 0 && got.clean() {
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s does not answer rightly, see %s: %d asked, %d answered, %d wrong: %w",
					p.name, p.log, got.Asked, got.Answered, got.Wrong, errors.Join(err, context.DeadlineExceeded))
			}
			<-time.After(50 * time.Millisecond)
		}
	}
	return nil
}

func (p *plane) sipAsker(at string) asker {
	return &datagrams{to: at, told: sipTold, protocol: newSIPProtocol}
}

func (p *plane) enumAsker(at string) asker {
	return &datagrams{to: at, told: dnsTold, protocol: newDNSProtocol}
}

func (p *plane) httpAsker() asker {
	return &lookups{
		to: p.at.http, path: "/rtjson?to=%s&from=+4477%08d&callid=%[2]d&ingress=carrier",
		right: func(n int, body []byte) bool { return bytes.Contains(body, probedTarget(n)) },
	}
}

const kamailioSL = `#!KAMAILIO
debug=-1
log_stderror=yes
children=1
auto_aliases=no
max_while_loops=%[2]d
listen=udp:%[1]s
loadmodule "kex.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "htable.so"
modparam("htable", "htable", "routes=>size=16;")
event_route[htable:mod-init] {
	$var(i) = 0;
	while ($var(i) < %[2]d) {
		$var(n) = %[3]d + $var(i);
		if ($var(i) mod 2 == 0) $sht(routes=>+1555$var(n)) = "127.0.0.1:%[4]d";
		else $sht(routes=>+1555$var(n)) = "127.0.0.1:%[5]d";
		$var(i) = $var(i) + 1;
	}
}
request_route {
	if (is_method("ACK")) exit;
	$var(to) = $sht(routes=>$rU);
	if ($var(to) == $null) {
		sl_send_reply("404", "Not Found");
		exit;
	}
	append_to_reply("Contact: <sip:$rU@$var(to)>;q=1.0\r\n");
	sl_send_reply("302", "Moved Temporarily");
}
`

// startKamailio runs a Kamailio that keeps no state and looks the same numbers up.
func (p *plane) startKamailio(ctx context.Context) (contender, error) {
	file := filepath.Join(p.dir, "kamailio.cfg")
	if err := os.WriteFile(file, fmt.Appendf(nil, kamailioSL, p.at.peer, probedNumbers, firstNumber, oldPort, newPort), 0o600); err != nil {
		return contender{}, err
	}
	return p.startPeer(ctx, "Kamailio sl", p.sipAsker(p.at.peer), "kamailio", "-f", file, "-DD", "-m", "256", "-M", "16", "-Y", p.dir)
}

// startNginx runs an nginx that says the same to everybody.
func (p *plane) startNginx(ctx context.Context) (contender, error) {
	const body = `{"version":"1.0","routing":"serial","routes":[{"uri":"sip:+15551200000@127.0.0.1:5071","headers":{},"fr_timer":2000,"fr_inv_timer":30000}]}`
	file := filepath.Join(p.dir, "nginx.conf")
	text := fmt.Appendf(nil, `daemon off;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
	access_log off;
	keepalive_requests 1000000000;
	client_body_temp_path %[1]s/nginx-body;
	proxy_temp_path %[1]s/nginx-proxy;
	fastcgi_temp_path %[1]s/nginx-fastcgi;
	uwsgi_temp_path %[1]s/nginx-uwsgi;
	scgi_temp_path %[1]s/nginx-scgi;
	server {
		listen %[2]s reuseport;
		location / { default_type application/json; return 200 '%[3]s'; }
	}
}
`, p.dir, p.at.peer, body)
	if err := os.WriteFile(file, text, 0o644); err != nil { //nolint:gosec // nginx reads it as somebody else
		return contender{}, err
	}
	return p.startPeer(ctx, "nginx", &lookups{
		to: p.at.peer, path: "/rtjson?to=%s&from=+4477%08d&callid=%[2]d&ingress=carrier",
		right: func(_ int, got []byte) bool { return string(got) == body },
	}, "nginx", "-p", p.dir, "-c", file)
}

// startNSD runs an NSD with a zone file of the same numbers.
func (p *plane) startNSD(ctx context.Context) (contender, error) {
	var zone strings.Builder
	fmt.Fprintf(&zone, "$ORIGIN %[1]s.\n$TTL 1\n@ SOA ns.%[1]s. hostmaster.%[1]s. 1 3600 600 86400 1\n@ NS ns.%[1]s.\n", enumZone)
	for at := range probedNumbers {
		number := numberAt(at)[1:]
		for i := len(number) - 1; i >= 0; i-- {
			zone.WriteString(number[i:i+1] + ".")
		}
		fmt.Fprintf(&zone, "%s. NAPTR 100 0 \"u\" \"E2U+sip\" \"!^.*$!sip:+%s@127.0.0.1:%d!\" .\n", enumZone, number, portAt(at))
	}
	host, port, err := net.SplitHostPort(p.at.peer)
	if err != nil {
		return contender{}, err
	}
	file := filepath.Join(p.dir, "nsd.conf")
	if err := errors.Join(
		os.WriteFile(filepath.Join(p.dir, "zone"), []byte(zone.String()), 0o600),
		os.WriteFile(file, fmt.Appendf(nil, `server:
	ip-address: %[2]s@%[3]s
	server-count: 1
	reuseport: yes
	username: ""
	zonesdir: "%[1]s"
	pidfile: "%[1]s/nsd.pid"
	xfrdfile: "%[1]s/nsd.xfrd"
	zonelistfile: "%[1]s/nsd.zones"
	xfrdir: "%[1]s"
	rrl-ratelimit: 0
remote-control:
	control-enable: no
zone:
	name: %[4]s
	zonefile: zone
`, p.dir, host, port, enumZone), 0o600)); err != nil {
		return contender{}, err
	}
	return p.startPeer(ctx, "NSD", p.enumAsker(p.at.peer), "nsd", "-c", file, "-d")
}

func (p *plane) startPeer(ctx context.Context, name string, a asker, program string, args ...string) (contender, error) {
	peer, err := p.startAhead(name, program, args...)
	if err != nil {
		return contender{}, err
	}
	if err := awaitRight(ctx, peer, a); err != nil {
		peer.stop()
		return contender{}, err
	}
	return contender{name, peer, a}, nil
}
