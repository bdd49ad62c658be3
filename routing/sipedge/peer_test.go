package sipedge

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
)

// serveVariable makes the test's own program a server, so that its processor time
// can be told from that of whoever asks.
const serveVariable = "DUALTONE_BENCH_SIP"

func TestMain(m *testing.M) {
	address := os.Getenv(serveVariable)
	if address == "" {
		os.Exit(m.Run())
	}
	routes := make([]routing.Route, 100_000)
	for i := range routes {
		routes[i] = routing.Route{Number: dualtone.Number(fmt.Sprintf("+1555%07d", 1_200_000+i)), Sides: []dualtone.Side{dualtone.New}}
	}
	table, err := routing.NewTable(routing.Options{Countries: []string{"US"}}).Load(routing.Snapshot{Revision: 1, Routes: routes, At: time.Now()})
	if err != nil {
		panic(err)
	}
	s := newServer(&testing.B{}, table)
	conns, err := edge.ListenUDP(context.Background(), address, 2)
	if err != nil {
		panic(err)
	}
	var all sync.WaitGroup
	for _, conn := range conns {
		all.Go(func() { _ = s.ServeUDP(context.Background(), conn) })
	}
	all.Wait()
}

const stateless = `#!KAMAILIO
debug=-1
log_stderror=yes
children=2
auto_aliases=no
listen=udp:%s
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "kex.so"
request_route {
	if (is_method("ACK")) exit;
	append_to_reply("Contact: <sip:$rU@127.0.0.1:5070>;q=1.0\r\n");
	sl_send_reply("302", "Moved Temporarily");
}
`

// BenchmarkAnswersBesideKamailio asks this server and a stateless Kamailio, in
// turn, over the loopback. The server looks numbers up in a table of 100,000;
// Kamailio looks nothing up. The figure that does not depend on who asks is the
// processor time that an answer costs.
func BenchmarkAnswersBesideKamailio(b *testing.B) {
	for _, peer := range []struct {
		name  string
		start func(*testing.B, string) *exec.Cmd
	}{{"dualtone", startOurs}, {"kamailio_sl", startKamailio}} {
		b.Run(peer.name, func(b *testing.B) {
			conn, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			address := conn.LocalAddr().String()
			_ = conn.Close()
			cmd := peer.start(b, address)
			awaitAnswer(b, address)
			before, began := processorTime(b, cmd.Process.Pid), time.Now()
			b.ResetTimer()
			took := flood(b, address, b.N)
			b.StopTimer()
			spent := processorTime(b, cmd.Process.Pid) - before
			if len(took) == 0 {
				b.Fatal("no answers")
			}
			slices.Sort(took)
			b.ReportMetric(float64(len(took))/time.Since(began).Seconds(), "answers/s")
			b.ReportMetric(float64(spent.Microseconds())/float64(len(took)), "cpu-us/answer")
			b.ReportMetric(float64(len(took))/spent.Seconds(), "answers/core-s")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-us")
		})
	}
}

func startOurs(b *testing.B, address string) *exec.Cmd {
	b.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(b.Context()), os.Args[0], "-test.run=^$") //nolint:gosec // The test itself.
	cmd.Env = append(os.Environ(), serveVariable+"="+address)
	return run(b, cmd)
}

func startKamailio(b *testing.B, address string) *exec.Cmd {
	b.Helper()
	if _, err := exec.LookPath("kamailio"); err != nil {
		b.Skip("no kamailio to compare with; tools/setup.sh sbc installs it as root")
	}
	dir := b.TempDir()
	file := filepath.Join(dir, "kamailio.cfg")
	if err := os.WriteFile(file, fmt.Appendf(nil, stateless, address), 0o600); err != nil {
		b.Fatal(err)
	}
	return run(b, exec.CommandContext(context.WithoutCancel(b.Context()), "kamailio", "-f", file, "-DD", "-m", "64", "-M", "8", "-Y", dir)) //nolint:gosec // The test itself.
}

func run(b *testing.B, cmd *exec.Cmd) *exec.Cmd {
	b.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	return cmd
}

// processorTime is what a process and its children have used.
func processorTime(b *testing.B, group int) time.Duration {
	b.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	var ticks int
	for _, name := range all {
		text, err := os.ReadFile(name) //nolint:gosec // The kernel names them.
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 13 || fields[2] != strconv.Itoa(group) {
			continue
		}
		for _, f := range fields[11:13] {
			n, _ := strconv.Atoi(f)
			ticks += n
		}
	}
	const tick = 10 * time.Millisecond
	return time.Duration(ticks) * tick
}

func awaitAnswer(b *testing.B, address string) {
	b.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if conn, err := net.Dial("udp", address); err == nil {
			_, _ = conn.Write(wire(invite))
			_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			n, err := conn.Read(make([]byte, maxDatagram))
			_ = conn.Close()
			if err == nil && n > 0 {
				return
			}
		}
	}
	b.Fatal("the server never answers")
}

// usual is an INVITE as a carrier's trunk sends it, of a call that nobody forwarded.
func usual(id string) string {
	var kept []string
	for line := range strings.SplitSeq(strings.Replace(invite, "3848276298220188511", id, 1), "\n") {
		if !strings.HasPrefix(line, "Diversion") && !strings.HasPrefix(line, "History") && !strings.HasPrefix(line, "X-Dualtone") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// flood asks n times, with 32 questions outstanding, and returns how long each
// answer took. A question that is lost is not asked again.
func flood(b *testing.B, address string, n int) []time.Duration {
	b.Helper()
	const callers = 32
	var next atomic.Int64
	var all sync.WaitGroup
	took := make([][]time.Duration, callers)
	for c := range callers {
		all.Go(func() {
			conn, err := net.Dial("udp", address)
			if err != nil {
				b.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			message := wire(usual("00000000"))
			at := strings.Index(string(message), "00000000@")
			answer := make([]byte, maxDatagram)
			for {
				i := next.Add(1)
				if i > int64(n) {
					return
				}
				copy(message[at:], fmt.Sprintf("%08d", i))
				began := time.Now()
				if _, err := conn.Write(message); err != nil {
					b.Error(err)
					return
				}
				_ = conn.SetReadDeadline(began.Add(time.Second))
				if got, err := conn.Read(answer); err != nil || string(answer[:11]) != "SIP/2.0 302" {
					b.Errorf("%v %.40q", err, answer[:got])
					return
				}
				took[c] = append(took[c], time.Since(began))
			}
		})
	}
	all.Wait()
	return slices.Concat(took...)
}
