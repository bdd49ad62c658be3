package sbc_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/devstack"
	"github.com/dualtone/dualtone/internal/realsbc"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/routing"
)

// needSBC says why a real Kamailio and SIPp cannot take part. DUALTONE_TEST_SBC is
// off to leave them out and require to fail without them.
func needSBC(t *testing.T, lookup realsbc.Lookup) {
	t.Helper()
	mode := os.Getenv("DUALTONE_TEST_SBC")
	if mode == "off" {
		t.Skip("left out by DUALTONE_TEST_SBC=off")
	}
	err := realsbc.Available()
	if err == nil && lookup == realsbc.ENUM {
		err = realsbc.EnumAvailable()
	}
	if err == nil {
		return
	}
	if mode == "require" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// patience is how long anything may take that is not measured.
const patience = 2 * time.Minute

// capacity is what an edge may decide in a second. No test but the flood calls as
// often.
const capacity = 100

// company is the table that every world begins with.
const company = `number,plan,answers
+15551230001,old,
+15551230002,new,
+15551230003,both,
+15551230004,"new,old",
+15551230005,split:50,
+15551230006,old,
`

// world is one company: a Postgres, a dualtone edge, an SBC and two platforms, on a
// loopback address of its own.
type world struct {
	lookup         realsbc.Lookup
	dir            string
	host           netip.Addr
	at             ports
	server         *devstack.Postgres
	serverDir      string
	pool           *pgxpool.Pool
	edge           *exec.Cmd
	old, next      *realsbc.Phones
	sbc            *realsbc.SBC
	caller         netip.Addr
	calls, callers int
	client         *http.Client
}

// ports are where everything listens.
type ports struct{ sbc, old, next, sip, http, metrics netip.AddrPort }

// newWorld starts everything but the platforms and the SBC. Ports that are not given
// are any free ones.
func newWorld(t *testing.T, lookup realsbc.Lookup, host string, given ports) *world {
	t.Helper()
	w := &world{lookup: lookup, dir: t.TempDir(), client: &http.Client{Timeout: 2 * time.Second}, host: netip.MustParseAddr(host), caller: netip.MustParseAddr(host), at: given}
	for _, at := range []*netip.AddrPort{&w.at.sbc, &w.at.old, &w.at.next, &w.at.sip, &w.at.http, &w.at.metrics} {
		if at.IsValid() {
			continue
		}
		var err error
		*at, err = realsbc.Free(t.Context(), w.host)
		must(t, err)
	}
	// The account of the server cannot reach the folder of a test that root runs.
	var err error
	w.serverDir, err = os.MkdirTemp("", "dualtone-sbc-postgres-") //nolint:usetesting // See above.
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(w.serverDir) })
	w.startServer(t)
	t.Cleanup(func() { w.stopServer(t) })
	url, err := w.server.CreateDatabase(t.Context(), "dualtone")
	must(t, err)
	w.pool, err = postgres.Open(t.Context(), url)
	must(t, err)
	t.Cleanup(w.pool.Close)
	must(t, os.WriteFile(filepath.Join(w.dir, "database"), []byte(url), 0o600))
	must(t, os.WriteFile(filepath.Join(w.dir, "dualtone.yaml"), []byte(w.settings()), 0o600))
	must(t, os.WriteFile(filepath.Join(w.dir, "company.csv"), []byte(company), 0o600))
	w.do(t, "migrate")
	w.do(t, "route", "import", filepath.Join(w.dir, "company.csv"), "--reason", "the parallel run begins")
	w.startEdge(t)
	t.Cleanup(func() {
		_ = w.edge.Process.Kill()
		_ = w.edge.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(filepath.Join(w.dir, "edge.log"))
			t.Logf("the edge said:\n%s", text[max(0, len(text)-3000):])
		}
	})
	t.Cleanup(func() {
		if w.sbc == nil {
			return
		}
		w.sbc.Stop()
		if t.Failed() {
			t.Logf("the SBC said:\n%s", w.sbc.Log())
		}
	})
	w.await(t, "the edge has the table", func() bool { return w.revision(t) > 0 })
	return w
}

// populate starts the platforms' phones and the SBC.
func (w *world) populate(t *testing.T) {
	t.Helper()
	w.startPhones(t)
	w.startSBC(t, unhurried)
}

// startPhones has the old side's phones ring so much longer than the new side's that of
// two which ring together the new one is picked up alone, also on a machine that is busy:
// SIPp, which calls, can end only one of two answers.
func (w *world) startPhones(t *testing.T) {
	t.Helper()
	w.old = w.phones(t, "old", w.at.old, 500*time.Millisecond)
	t.Cleanup(func() { w.old.Stop() })
	w.startNew(t)
	t.Cleanup(func() { w.next.Stop() })
}

func (w *world) startNew(t *testing.T) {
	t.Helper()
	w.next = w.phones(t, "new", w.at.next, 20*time.Millisecond)
}

// phones starts the phones of a platform, which ring for a while before they are
// answered.
func (w *world) phones(t *testing.T, platform string, at netip.AddrPort, ring time.Duration) *realsbc.Phones {
	t.Helper()
	p, err := realsbc.StartPhones(t.Context(), w.dir, platform, at, ring)
	must(t, err)
	return p
}

// unhurried is how long an SBC waits for dualtone where every call must be found by it, on
// a machine that is as busy as a suite of tests makes it.
const unhurried = 3 * time.Second

// startSBC starts an SBC that waits for dualtone so long; 0 as the kit ships it.
func (w *world) startSBC(t *testing.T, wait time.Duration) {
	t.Helper()
	var err error
	w.sbc, err = realsbc.Start(t.Context(), realsbc.Setup{
		Dir: w.dir, Lookup: w.lookup, Listen: w.at.sbc, Old: w.at.old, New: w.at.next,
		EdgeSIP: w.at.sip, EdgeHTTP: w.at.http, EdgeDNS: w.host, Zone: zone, Emergency: []string{"112", "911"},
		Wait: wait,
	})
	must(t, err)
}

const zone = "e164.test"

// settings are the dualtone.yaml of the world.
func (w *world) settings() string {
	return fmt.Sprintf(`data_dir: %[1]s
actor: test
database: {url: "file:%[1]s/database"}
edge:
  sip: {udp: "%[2]s", max_per_second: %[7]d, retry_after: 1s}
  http: {listen: "%[3]s", max_per_second: %[7]d}
  enum: {listen: "%[4]s:53", zone: %[8]s, name_servers: [ns.%[8]s], ttl: 0s, max_per_second: %[7]d}
  metrics: "%[5]s"
  peers: [{network: 127.0.0.0/8, ingress: carrier, country: US}]
  old: {host: %[10]s, port: %[6]d, headers: {X-Route-Version: "{revision}"}}
  new: {host: %[11]s, port: %[9]d, headers: {X-Route-Version: "{revision}"}}
  countries: [US]
`, w.dir, w.at.sip, w.at.http, w.host, w.at.metrics, w.at.old.Port(), capacity, zone, w.at.next.Port(), w.at.old.Addr(), w.at.next.Addr())
}

func (w *world) startServer(t *testing.T) {
	t.Helper()
	var err error
	w.server, err = devstack.StartPostgres(context.WithoutCancel(t.Context()), devstack.Options{Dir: w.serverDir, Volatile: true, Progress: io.Discard})
	must(t, err)
}

func (w *world) stopServer(t *testing.T) {
	t.Helper()
	if w.server == nil {
		return
	}
	must(t, w.server.Stop(context.WithoutCancel(t.Context())))
	w.server = nil
}

// do runs a command of dualtone that must succeed.
func (w *world) do(t *testing.T, args ...string) string {
	t.Helper()
	out, err := w.run(t, args...)
	if err != nil {
		t.Fatalf("dualtone %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// run runs a command of dualtone.
func (w *world) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append([]string{"--config", filepath.Join(w.dir, "dualtone.yaml")}, args...)...) //nolint:gosec // the program under test
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// startEdge runs dualtone edge.
func (w *world) startEdge(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(w.dir, "edge.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	must(t, err)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), binary, "--config", filepath.Join(w.dir, "dualtone.yaml"), "edge") //nolint:gosec // the program under test
	cmd.Stdout, cmd.Stderr = log, log
	must(t, cmd.Start())
	must(t, log.Close())
	w.edge = cmd
}

// endEdge sends the edge a signal that ends it.
func (w *world) endEdge(t *testing.T, how syscall.Signal) {
	t.Helper()
	must(t, w.edge.Process.Signal(how))
	_ = w.edge.Wait()
}

// revision is what the edge answers from, 0 while it has no table or is not there.
func (w *world) revision(t *testing.T) routing.Revision {
	t.Helper()
	status, body := w.get(t, "http://"+w.at.http.String()+"/ready")
	n, err := strconv.Atoi(strings.TrimSpace(string(body)))
	if status != http.StatusOK || err != nil {
		return 0
	}
	return routing.Revision(n)
}

// answers is how often the edge has given an outcome, over the interface that the
// SBC asks by.
func (w *world) answers(t *testing.T, outcome string) int {
	t.Helper()
	_, body := w.get(t, "http://"+w.at.metrics.String()+"/metrics")
	name := map[realsbc.Lookup]string{realsbc.SIP: "sip", realsbc.HTTP: "http", realsbc.ENUM: "enum"}[w.lookup]
	head := fmt.Sprintf("dualtone_edge_answers_total{edge=%q,result=%q} ", name, outcome)
	for line := range bytes.Lines(body) {
		if value, ok := strings.CutPrefix(string(line), head); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			must(t, err)
			return int(n)
		}
	}
	t.Fatalf("no %sin the measures", head)
	return 0
}

func (w *world) get(t *testing.T, url string) (status int, body []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	must(t, err)
	answer, err := w.client.Do(r)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = answer.Body.Close() }()
	body, _ = io.ReadAll(answer.Body)
	return answer.StatusCode, body
}

// flip moves a number to another side, durably, and returns when that was and since
// when the edge answers so.
func (w *world) flip(t *testing.T, number string, from, to dualtone.Side) (written, served time.Time) {
	t.Helper()
	route := func(side dualtone.Side) routing.Route {
		return routing.Route{Number: dualtone.Number(number), Sides: []dualtone.Side{side}}
	}
	written = time.Now()
	revision, err := postgres.NewRouter(w.pool).Apply(t.Context(), []routing.Change{{From: route(from), To: route(to)}},
		routing.Provenance{Actor: "test", Reason: "flip"})
	must(t, err)
	w.await(t, "the edge serves the flip", func() bool { return w.revision(t) >= revision })
	return written, time.Now()
}

func (w *world) await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
