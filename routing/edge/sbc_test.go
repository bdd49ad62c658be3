package edge_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/edge"
	"github.com/dualtone/dualtone/routing/enumedge"
	"github.com/dualtone/dualtone/routing/httpedge"
	"github.com/dualtone/dualtone/routing/sipedge"
)

// needSBC says why a real Kamailio and SIPp cannot take part. DUALTONE_TEST_SBC is
// off to leave them out and require to fail without them.
func needSBC(t *testing.T) {
	t.Helper()
	mode := os.Getenv("DUALTONE_TEST_SBC")
	if mode == "off" {
		t.Skip("left out by DUALTONE_TEST_SBC=off")
	}
	for _, program := range []string{"kamailio", "sipp", "unshare"} {
		if _, err := exec.LookPath(program); err != nil {
			if mode == "require" {
				t.Fatalf("no %s", program)
			}
			t.Skipf("no %s: calls through a real SBC are not tried; tools/setup.sh sbc installs it as root", program)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("not root: a Kamailio with a resolver of its own cannot be started")
	}
}

const patience = 20 * time.Second

// world is two platforms, a Kamailio with our kit, and the edges that it may ask.
type world struct {
	dir            string
	sbc, old, next netip.AddrPort
	sip, http, dns netip.AddrPort
	phones         map[dualtone.Side]*exec.Cmd
	table          atomic.Pointer[routing.Table]
	stop           func()
}

func (w *world) Decide(c routing.Call) routing.Decision { return w.table.Load().Decide(c) }
func (w *world) Revision() routing.Revision             { return w.table.Load().Revision() }
func (w *world) Age(now time.Time) time.Duration        { return w.table.Load().Age(now) }

const company = `number,plan,answers
+15551230001,old,
+15551230002,new,
+15551230003,both,
+15551230004,"new,old",
+15551230005,split:50,
`

// load makes a file the active table.
func (w *world) load(t *testing.T, revision routing.Revision, text string) {
	t.Helper()
	list, err := routing.ReadCSV(strings.NewReader(text), "US")
	if err != nil || len(list.Faults) > 0 {
		t.Fatalf("%v %+v", err, list.Faults)
	}
	table, err := routing.NewTable(routing.Options{Countries: []string{"US"}}).Load(routing.Snapshot{Revision: revision, Routes: list.Routes, At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	w.table.Store(table)
}

// free is a port on a loopback address that nobody has, for UDP and TCP.
func free(t *testing.T, host string) netip.AddrPort {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return netip.MustParseAddrPort(conn.LocalAddr().String())
}

// newWorld starts everything; lookup is what the SBC asks by.
func newWorld(t *testing.T, lookup, host string) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), phones: map[dualtone.Side]*exec.Cmd{}}
	for _, at := range []*netip.AddrPort{&w.sbc, &w.old, &w.next, &w.sip, &w.http} {
		*at = free(t, host)
	}
	// A resolver is asked on port 53 only.
	w.dns = netip.AddrPortFrom(w.sbc.Addr(), 53)
	w.load(t, 1, company)
	w.serve(t)
	w.answer(t, dualtone.Old, w.old, 120)
	w.answer(t, dualtone.New, w.next, 20)
	w.kamailio(t, lookup)
	return w
}

// serve starts the three edges; stop ends them as a killed process does.
func (w *world) serve(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	targets, err := edge.NewTargets(map[dualtone.Side]edge.Place{
		dualtone.Old: {Host: w.old.Addr().String(), Port: int(w.old.Port())},
		dualtone.New: {Host: w.next.Addr().String(), Port: int(w.next.Port())},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	access, err := edge.NewAccess([]edge.Peer{{Network: netip.MustParsePrefix("127.0.0.0/8"), Ingress: routing.FromCarrier, Country: "US"}})
	if err != nil {
		t.Fatal(err)
	}
	core := func(name string) *edge.Core {
		return &edge.Core{Decider: w, Targets: targets, Measures: edge.NewMeasures(name, w), Now: time.Now}
	}
	log := slog.New(slog.DiscardHandler)
	s := &sipedge.Server{Core: core(sipedge.Name), Access: access, Log: log}
	e := &enumedge.Server{Core: core(enumedge.Name), Access: access, Zone: "e164.test", NameServers: []string{"ns.e164.test"}, Log: log}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	if err := e.Check(); err != nil {
		t.Fatal(err)
	}
	udp, err := edge.ListenUDP(ctx, w.sip.String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	dns, err := edge.ListenUDP(ctx, w.dns.String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := edge.ListenTCP(ctx, w.http.String())
	if err != nil {
		t.Fatal(err)
	}
	h := &httpedge.Server{Core: core(httpedge.Name), Access: access}
	for _, run := range []func() error{
		func() error { return s.ServeUDP(ctx, udp[0]) },
		func() error { return e.ServeUDP(ctx, dns[0]) },
		func() error { return edge.ServeHTTP(ctx, ln, h.Handler(), log) },
	} {
		all.Go(func() {
			if err := run(); err != nil {
				t.Error(err)
			}
		})
	}
	w.stop = sync.OnceFunc(func() { cancel(); all.Wait() })
	t.Cleanup(func() { w.stop() })
}

// silent takes the place of the edges and answers nothing, as a process does that
// hangs.
func (w *world) silent(t *testing.T) {
	t.Helper()
	for _, at := range []netip.AddrPort{w.sip, w.dns} {
		conns, err := edge.ListenUDP(t.Context(), at.String(), 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conns[0].Close() })
	}
	ln, err := edge.ListenTCP(t.Context(), w.http.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
}

// answer starts a platform that rings for some milliseconds.
func (w *world) answer(t *testing.T, side dualtone.Side, at netip.AddrPort, ring int) {
	t.Helper()
	text, err := os.ReadFile("testdata/phone.xml")
	if err != nil {
		t.Fatal(err)
	}
	scenario := filepath.Join(w.dir, string(side)+".xml")
	if err := os.WriteFile(scenario, []byte(strings.ReplaceAll(string(text), "[ring]", strconv.Itoa(ring))), 0o600); err != nil { //nolint:gosec // The test's own folder.
		t.Fatal(err)
	}
	w.phones[side] = w.start(t, "sipp", "-sf", scenario, "-i", at.Addr().String(), "-p", strconv.FormatUint(uint64(at.Port()), 10),
		"-key", "platform", string(side), "-nostdin", "-trace_err", "-error_file", filepath.Join(w.dir, string(side)+".err"))
}

// start runs a program until the test ends.
func (w *world) start(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	out, err := os.Create(filepath.Join(w.dir, filepath.Base(name)+"-"+strconv.FormatInt(time.Now().UnixNano(), 10)+".log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), name, args...) //nolint:gosec // Programs that the test names.
	cmd.Stdout, cmd.Stderr, cmd.Dir = out, out, w.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if t.Failed() {
			if text, err := os.ReadFile(out.Name()); err == nil {
				t.Logf("%s said:\n%.3000s", name, text)
			}
		}
		_ = out.Close()
	})
	return cmd
}

// kamailio starts the SBC with the kit of docs/sbc/kamailio and settings of ours.
func (w *world) kamailio(t *testing.T, lookup string) {
	t.Helper()
	kit, err := filepath.Glob("../../docs/sbc/kamailio/*.cfg")
	if err != nil || len(kit) == 0 {
		t.Fatalf("no kit: %v", err)
	}
	for _, file := range kit {
		text, err := os.ReadFile(file) //nolint:gosec // The test's own folder.
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(file) == "local.cfg" {
			text = []byte(w.local(lookup))
		}
		if err := os.WriteFile(filepath.Join(w.dir, filepath.Base(file)), text, 0o600); err != nil { //nolint:gosec // The test's own folder.
			t.Fatal(err)
		}
	}
	resolver := filepath.Join(w.dir, "resolv.conf")
	if err := os.WriteFile(resolver, []byte("nameserver "+w.dns.Addr().String()+"\noptions timeout:1 attempts:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.start(t, "unshare", "-m", "sh", "-c", `mount --bind "$1" /etc/resolv.conf && exec kamailio -f "$2" -DD -E -m 64 -M 8 -Y "$3"`,
		"sh", resolver, filepath.Join(w.dir, "dualtone.cfg"), w.dir)
	w.until(t, "the SBC answers", func() bool { return w.options(t) })
}

func (w *world) local(lookup string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "listen=udp:%s\n", w.sbc)
	for name, value := range map[string]string{
		"OLD_HOST": w.old.Addr().String(), "OLD_PORT": strconv.FormatUint(uint64(w.old.Port()), 10),
		"NEW_HOST": w.next.Addr().String(), "NEW_PORT": strconv.FormatUint(uint64(w.next.Port()), 10),
		"EDGE_SIP": "sip:" + w.sip.String(), "EDGE_HTTP": "http://" + w.http.String(), "EDGE_ZONE": "e164.test.",
		"EMERGENCY_NUMBERS": "112|911|999",
	} {
		fmt.Fprintf(&b, "#!substdef \"!%s!%s!g\"\n", name, value)
	}
	fmt.Fprintf(&b, "#!define %s\n", lookup)
	return b.String()
}

// options reports whether the SBC answers a keep-alive.
func (w *world) options(t *testing.T) bool {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "udp", w.sbc.String())
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintf(conn, "OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKo;rport\r\nFrom: <sip:t@t>;tag=1\r\nTo: <sip:%s>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n", w.sbc, conn.LocalAddr(), w.sbc)
	_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	b := make([]byte, 2000)
	n, err := conn.Read(b)
	return err == nil && strings.HasPrefix(string(b[:n]), "SIP/2.0 200")
}

func (w *world) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// calls is a burst of calls to numbers, each with the platform that must answer.
type calls struct {
	scenario string
	lines    []string // number;platform;caller
	count    int
	rate     int
	hold     time.Duration
}

// call makes the calls and returns which platform answered each.
func (w *world) call(t *testing.T, c calls) []string {
	t.Helper()
	name := filepath.Join(w.dir, strconv.FormatInt(time.Now().UnixNano(), 10))
	if err := os.WriteFile(name+".csv", []byte("SEQUENTIAL\n"+strings.Join(c.lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	scenario, err := filepath.Abs("testdata/" + c.scenario)
	if err != nil {
		t.Fatal(err)
	}
	at := free(t, w.sbc.Addr().String())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sipp", w.sbc.String(), "-sf", scenario, "-inf", name+".csv", "-i", at.Addr().String(), "-p", strconv.FormatUint(uint64(at.Port()), 10), //nolint:gosec // Programs that the test names.
		"-m", strconv.Itoa(c.count), "-r", strconv.Itoa(c.rate), "-d", strconv.FormatInt(c.hold.Milliseconds(), 10), "-nostdin",
		"-recv_timeout", "8000", "-trace_logs", "-log_file", name+".log", "-trace_err", "-error_file", name+".err")
	cmd.Dir = w.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		wrong, _ := os.ReadFile(name + ".err") //nolint:gosec // The test's own folder.
		t.Errorf("%s: %v\n%.1500s\n%.1500s", strings.Join(c.lines, " "), err, wrong, last(out))
	}
	text, _ := os.ReadFile(name + ".log") //nolint:gosec // The test's own folder.
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

func last(b []byte) []byte { return b[max(0, len(b)-1500):] }

func TestCallsThroughARealSBCReachTheSideThatTheTableSays(t *testing.T) {
	needSBC(t)
	t.Parallel()
	for i, lookup := range []string{"LOOKUP_SIP", "LOOKUP_HTTP", "LOOKUP_ENUM"} {
		t.Run(lookup, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, lookup, fmt.Sprintf("127.0.77.%d", i+1))
			asked := ".*dualtone"
			for _, c := range []struct{ what, line string }{
				{"old", "+15551230001;old/" + asked + ";+15557770000"},
				{"new", "+15551230002;new/" + asked + ";+15557770000"},
				{"both, of which the new side answers first", "+15551230003;new/" + asked + ";+15557770000"},
				{"failover to nobody", "+15551230004;new/" + asked + ";+15557770000"},
				{"split", "+15551230005;(old|new)/" + asked + ";+15557770000"},
				{"emergency", "911;old/.*emergency;+15557770000"},
			} {
				w.call(t, calls{scenario: "caller.xml", lines: []string{c.line}, count: 3, rate: 10})
			}
			if lookup != "LOOKUP_ENUM" {
				w.call(t, calls{scenario: "refused.xml", lines: []string{"+15559999999;;+15557770000"}, count: 1, rate: 1})
			}
			w.flip(t)
			w.failover(t)
			w.lose(t)
		})
	}
}

// flip moves everybody while calls are up: all of them end in order, and the next
// call goes to the other side.
func (w *world) flip(t *testing.T) {
	t.Helper()
	done := make(chan []string, 1)
	go func() {
		done <- w.call(t, calls{
			scenario: "caller.xml", lines: []string{"+15551230001;(old|new)/.*dualtone;+15557770000"}, count: 60, rate: 20, hold: 2 * time.Second,
		})
	}()
	// About as many calls are up as begin within their length.
	timer := time.NewTimer(1500 * time.Millisecond)
	defer timer.Stop()
	<-timer.C
	w.load(t, 2, strings.Replace(company, "+15551230001,old", "+15551230001,new", 1))
	w.call(t, calls{scenario: "caller.xml", lines: []string{"+15551230001;new/.*dualtone;+15557770001"}, count: 1, rate: 1})
	answered := strings.Join(<-done, "\n")
	if before, after := strings.Count(answered, "old/"), strings.Count(answered, "new/"); before == 0 || after == 0 || before+after != 60 {
		t.Errorf("%d calls were answered by the old side and %d by the new one", before, after)
	}
}

// failover takes the new platform away.
func (w *world) failover(t *testing.T) {
	t.Helper()
	_ = syscall.Kill(-w.phones[dualtone.New].Process.Pid, syscall.SIGKILL)
	w.call(t, calls{scenario: "caller.xml", lines: []string{"+15551230004;old/.*dualtone;+15557770000"}, count: 1, rate: 1})
	w.answer(t, dualtone.New, w.next, 20)
}

// lose kills the route server and then lets one hang: calls go where the number
// was last answered, or to the old platform.
func (w *world) lose(t *testing.T) {
	t.Helper()
	w.stop()
	for _, state := range []string{"killed", "hung"} {
		if state == "hung" {
			w.silent(t)
		}
		w.call(t, calls{scenario: "caller.xml", lines: []string{
			"+15551230002;new/.*fallback;+15557770000", "+15551230004;old/.*fallback;+15557770000",
			"+15551238888;old/.*fallback;+15557770000", "911;old/.*emergency;+15557770000",
		}, count: 80, rate: 40})
	}
}
