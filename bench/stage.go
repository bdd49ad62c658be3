package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/devstack"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/systems/sim/connectsim"
)

// Both workers listen where dualtone's does.
const taskQueue = "dualtone"

// grant is the permission set that comes with the new softphone.
const grant = "Cloud_Phone_Agent"

// bareNamespace keeps the bare workflow apart from dualtone's.
const bareNamespace = "bare"

// stage is one company with its systems, servers and database, all running.
type stage struct {
	settings

	dir     string
	people  int
	stack   *devstack.Stack
	pool    *pgxpool.Pool
	up      map[string]ready
	parts   map[string]int // processes by what they are
	clients map[string]client.Client
	workers []*process
	asking  string   // the settings of a program that goes through a server
	asker   []string // what a program of an operator is started with
	closers []func()
}

// newStage starts everything but the workers, and tells the database about the
// company.
func newStage(ctx context.Context, s settings, name string, people int) (_ *stage, err error) {
	dir, err := filepath.Abs(filepath.Join(s.dir, name))
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // the servers' account has to pass through
		return nil, err
	}
	t := &stage{
		settings: s, dir: dir, people: people,
		up: map[string]ready{}, parts: map[string]int{}, clients: map[string]client.Client{},
	}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	for _, kind := range []string{"asterisk", "connect", "salesforce"} {
		p, at, err := startSimulator(ctx, dir, kind, people)
		if err != nil {
			return nil, err
		}
		t.later(p.stop)
		t.up[kind], t.parts["simulated "+kind] = at, p.cmd.Process.Pid
	}
	if err := t.startServers(ctx); err != nil {
		return nil, err
	}
	return t, t.fill(ctx)
}

func (t *stage) startServers(ctx context.Context) error {
	data := filepath.Join(t.dir, "data")
	stack, err := devstack.Start(ctx, devstack.Options{Dir: data, Progress: io.Discard})
	if err != nil {
		return err
	}
	t.stack = stack
	t.later(func() {
		if err := stack.Stop(context.WithoutCancel(ctx)); err != nil {
			t.say("stop: %v", err)
		}
	})
	if t.parts["Temporal"], err = readPID(filepath.Join(data, "temporal.pid")); err != nil {
		return err
	}
	if t.parts["postmaster"], err = readPID(filepath.Join(data, "postgres", "postmaster.pid")); err != nil {
		return err
	}
	if err := stack.CreateNamespace(ctx, bareNamespace); err != nil {
		return err
	}
	for _, namespace := range []string{stack.Namespace, bareNamespace} {
		c, err := dial(ctx, stack.TemporalAddress, namespace)
		if err != nil {
			return err
		}
		t.later(c.Close)
		t.clients[namespace] = c
	}
	t.pool, err = postgres.Open(ctx, stack.DatabaseURL)
	if err != nil {
		return err
	}
	t.later(t.pool.Close)
	return os.WriteFile(filepath.Join(t.dir, "dualtone.yaml"), []byte(t.configuration()), 0o600)
}

func dial(ctx context.Context, address, namespace string) (client.Client, error) {
	return client.DialContext(ctx, client.Options{
		HostPort: address, Namespace: namespace, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{GrpcCompression: &client.GrpcCompressionNone{}}, // as dualtone does
	})
}

// fill makes the schema and puts in the people with their accounts.
func (t *stage) fill(ctx context.Context) error {
	if err := makeSchema(ctx, t.stack); err != nil {
		return err
	}
	people := agents(t.people, t.up["connect"], t.up["salesforce"])
	return postgres.NewPeople(t.pool).Import(ctx, people, cutover.Import{Actor: "bench", Source: "bench"})
}

// cohort makes a cohort of the people from one to before another.
func (t *stage) cohort(ctx context.Context, name string, from, to int) error {
	members := make([]dualtone.PersonID, 0, to-from)
	for i := from; i < to; i++ {
		members = append(members, personID(i))
	}
	return postgres.NewCohorts(t.pool).Create(ctx, cutover.Cohort{Name: name, Actor: "bench", Created: time.Now()}, members)
}

// startWorker runs the dualtone program's worker.
func (t *stage) startWorker(name string) (*process, error) {
	p, err := startProcess(t.dir, name, append(t.environment(), "GODEBUG=gctrace=1"), t.dualtone, "--config", filepath.Join(t.dir, "dualtone.yaml"), "worker")
	if err != nil {
		return nil, err
	}
	t.later(p.stop)
	t.parts[name] = p.cmd.Process.Pid
	t.workers = append(t.workers, p)
	return p, nil
}

// environment holds what the configuration refers to.
func (t *stage) environment() []string {
	return []string{"BENCH_DATABASE=" + t.stack.DatabaseURL, "BENCH_PASSWORD=" + benchPassword, "BENCH_AWS_SECRET=" + connectsim.DefaultSecret}
}

func (t *stage) control(namespace string) *control.Control {
	return &control.Control{Client: t.clients[namespace], TaskQueue: taskQueue, Defaults: control.Defaults{
		DrainWait: 10 * time.Second, Patience: time.Minute, Window: t.window, RunLength: runLength,
	}}
}

// runLength is dualtone's default.
const runLength = 500

// usage is the processor time that every part has used so far.
func (t *stage) usage() usage {
	u := usage{}
	for name, pid := range t.parts {
		if name == "postmaster" {
			postgresUsage(pid, u)
		} else if s, err := readStat(pid); err == nil {
			u[name] = s.own
		}
	}
	return u
}

func (t *stage) later(f func()) { t.closers = append(t.closers, f) }

// close stops everything, in the reverse order of its start.
func (t *stage) close() {
	for _, f := range slices.Backward(t.closers) {
		f()
	}
	t.closers = nil
}

// configuration is the dualtone.yaml of the sample company.
func (t *stage) configuration() string {
	pbx, cloud, org := t.up["asterisk"], t.up["connect"], t.up["salesforce"]
	host, port, _ := net.SplitHostPort(pbx.Address)
	var queues, limits strings.Builder
	for _, name := range queueNames(t.people) {
		fmt.Fprintf(&queues, "    %s: %s\n", name, cloud.Queues[name])
	}
	if t.limit > 0 {
		fmt.Fprintf(&limits, "limits:\n  cloud: {per_second: %g}\n", t.limit)
	}
	return fmt.Sprintf(`log: {level: warn}
database:
  url: env:BENCH_DATABASE
temporal:
  address: %s
  namespace: %s
systems:
  pbx:
    kind: asterisk
    host: %s
    port: %s
    username: %s
    secret: env:BENCH_PASSWORD
    member: Local/%%s@from-queue/n
  cloud:
    kind: amazonconnect
    endpoint: %s
    region: %s
    instance_id: %s
    access_key_id: %s
    secret_access_key: env:BENCH_AWS_SECRET
    parked_security_profile: Parked
  crm:
    kind: salesforce
    my_domain: %s
    consumer_key: %s
    consumer_secret: env:BENCH_PASSWORD
    organization: %s
    sandbox: true
    permission_sets: [%s]
    permission_set_licenses: {%s: CloudPhonePsl}
migration:
  old: pbx
  new: cloud
  crm: crm
  call_centers: {old: %s, new: %s}
  permission_sets: [%s]
  licenses: [%s]
  queues:
%s  reach: "%s{extension}"
  drain: {wait: 10s, poll: 200ms}
  patience: 1m
%s`, t.stack.TemporalAddress, t.stack.Namespace, host, port, managerName,
		cloud.Address, region, cloud.Instance, connectsim.DefaultKey,
		org.Address, consumerKey, org.Org, grant, grant, org.CallCenters[0], org.CallCenters[1],
		grant, connectsim.AgentRights, queues.String(), reachPrefix, limits.String())
}
