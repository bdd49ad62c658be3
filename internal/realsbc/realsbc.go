// Package realsbc runs a real session border controller on this machine, for the
// demo and for tests: a Kamailio with the kit of docs/sbc, and SIPp as the phones of
// both platforms and as everybody who calls them. All of it stays on the loopback.
package realsbc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dualtone/dualtone/docs/sbc"
)

// Lookup is the interface by which the SBC asks where a call goes.
type Lookup string

// The interfaces that the kit knows.
const (
	SIP  Lookup = "LOOKUP_SIP"
	HTTP Lookup = "LOOKUP_HTTP"
	ENUM Lookup = "LOOKUP_ENUM"
)

// Setup is what the kit's own file, local.cfg, is about.
type Setup struct {
	// Dir is where the SBC's files and its log go.
	Dir    string
	Lookup Lookup
	// Listen is where the SBC takes calls, over UDP.
	Listen netip.AddrPort
	// Old and New are the two platforms.
	Old, New netip.AddrPort
	// EdgeSIP and EdgeHTTP are where dualtone edge answers. For ENUM, it must be
	// the name server of Zone on port 53 of EdgeDNS.
	EdgeSIP, EdgeHTTP netip.AddrPort
	EdgeDNS           netip.Addr
	Zone              string
	// Wait is how long dualtone edge may take to answer, in whole seconds; 0 for what
	// the kit ships, 400 ms where it can.
	Wait time.Duration
	// Emergency are the numbers that call for help.
	Emergency []string
}

// SBC is a running Kamailio.
type SBC struct {
	setup   Setup
	process *process
}

// Available says what a real SBC lacks on this machine; nil for nothing.
func Available() error {
	for _, program := range []string{"kamailio", "sipp"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("no %s on this machine; as root, tools/setup.sh sbc installs it", program)
		}
	}
	return nil
}

// EnumAvailable says why the SBC could not ask by ENUM: it is then given a name
// server of its own, in a mount namespace.
func EnumAvailable() error {
	if os.Geteuid() != 0 {
		return errors.New("a Kamailio with a name server of its own needs root")
	}
	if _, err := exec.LookPath("unshare"); err != nil {
		return errors.New("a Kamailio with a name server of its own needs unshare")
	}
	return nil
}

// Version is what the SBC calls itself, such as "kamailio 5.6.3".
func Version(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "kamailio", "-v").Output()
	fields := strings.Fields(string(out))
	if err != nil || len(fields) < 3 {
		return "kamailio"
	}
	return "kamailio " + fields[2]
}

// Start runs an SBC and waits until it answers.
func Start(ctx context.Context, setup Setup) (*SBC, error) {
	if err := setup.writeKit(); err != nil {
		return nil, fmt.Errorf("sbc kit: %w", err)
	}
	command := []string{"kamailio", "-f", filepath.Join(setup.Dir, "dualtone.cfg"), "-DD", "-E", "-m", "64", "-M", "8", "-Y", setup.Dir}
	if setup.Lookup == ENUM {
		resolver := filepath.Join(setup.Dir, "resolv.conf")
		if err := os.WriteFile(resolver, []byte("nameserver "+setup.EdgeDNS.String()+"\noptions attempts:1\n"), 0o600); err != nil {
			return nil, err
		}
		command = append([]string{"unshare", "-m", "sh", "-c", `mount --bind "$0" /etc/resolv.conf && exec "$@"`, resolver}, command...)
	}
	p, err := start(setup.Dir, "kamailio", command...)
	if err != nil {
		return nil, err
	}
	s := &SBC{setup: setup, process: p}
	if err := s.await(ctx); err != nil {
		s.Stop()
		return nil, fmt.Errorf("kamailio does not answer on %s: %w: %s", setup.Listen, err, p.said())
	}
	return s, nil
}

// Stop ends the SBC.
func (s *SBC) Stop() { s.process.stop() }

// control is where the SBC takes orders.
func (s *Setup) control() string { return "unix:" + filepath.Join(s.Dir, "kamailio_ctl") }

// Forget empties the SBC's cache of where numbers were last answered, as its people
// do after a rollback.
func (s *SBC) Forget(ctx context.Context) error {
	_, err := s.order(ctx, "htable.flush", "last")
	return err
}

// Held stops the workers to whom the kit hands a call that is set aside, until they are let go: a
// machine that has no time for them.
func (s *SBC) Held(ctx context.Context) (letGo func(), err error) {
	out, err := s.order(ctx, "core.psx")
	if err != nil {
		return nil, err
	}
	var workers []int
	for _, found := range worker.FindAllStringSubmatch(out, -1) {
		pid, _ := strconv.Atoi(found[1]) // they are digits
		workers = append(workers, pid)
	}
	if len(workers) == 0 {
		return nil, fmt.Errorf("no workers among the processes of kamailio: %s", out)
	}
	signal := func(what syscall.Signal) {
		for _, pid := range workers {
			_ = syscall.Kill(pid, what)
		}
	}
	signal(syscall.SIGSTOP)
	return func() { signal(syscall.SIGCONT) }, nil
}

// worker is one of them in the list of processes.
var worker = regexp.MustCompile(`PID: (\d+)\s+DSC: Async Task Worker`)

// Transactions is how many the SBC holds: of calls that are being set up, and for some seconds of
// those that were.
func (s *SBC) Transactions(ctx context.Context) (int, error) {
	out, err := s.order(ctx, "tm.stats")
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(out, "current: ")
	first, _, _ := strings.Cut(after, "\n")
	return strconv.Atoi(first)
}

// order gives an order to the SBC and returns what it says.
func (s *SBC) order(ctx context.Context, order ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "kamcmd", append([]string{"-s", s.setup.control()}, order...)...).CombinedOutput() //nolint:gosec // a file of our own
	if err != nil {
		return "", fmt.Errorf("kamcmd: %w: %s", err, out)
	}
	return string(out), nil
}

// Log is what the SBC has said.
func (s *SBC) Log() string { return s.process.said() }

// writeKit writes the kit with a local.cfg of our own.
func (s *Setup) writeKit() error {
	kit, err := fs.Sub(sbc.Kamailio, "kamailio")
	if err != nil {
		return err
	}
	names, err := fs.Glob(kit, "*.cfg")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := fs.ReadFile(kit, name)
		if err != nil {
			return err
		}
		if name == "local.cfg" {
			text = s.local(text)
		}
		if err := os.WriteFile(filepath.Join(s.Dir, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// local is the kit's local.cfg, with what is ours.
func (s *Setup) local(shipped []byte) []byte {
	ours := map[string]string{
		"OLD_HOST":          s.Old.Addr().String(),
		"OLD_PORT":          port(s.Old),
		"NEW_HOST":          s.New.Addr().String(),
		"NEW_PORT":          port(s.New),
		"EDGE_SIP":          "sip:" + s.EdgeSIP.String(),
		"EDGE_HTTP":         "http://" + s.EdgeHTTP.String(),
		"EDGE_ZONE":         s.Zone + ".",
		"CONTROL":           s.control(),
		"EMERGENCY_NUMBERS": strings.Join(s.Emergency, "|"),
	}
	if s.Wait > 0 {
		ours["EDGE_MS"], ours["EDGE_SECONDS"] = strconv.FormatInt(s.Wait.Milliseconds(), 10), strconv.Itoa(int(s.Wait.Seconds()))
	}
	var b bytes.Buffer
	for line := range bytes.Lines(shipped) {
		set := setting.FindSubmatch(line)
		value, known := "", false
		if set != nil {
			value, known = ours[string(set[1])]
		}
		switch {
		case known:
			fmt.Fprintf(&b, "#!substdef \"!%s!%s!g\"\n", set[1], value)
		case bytes.HasPrefix(line, []byte("listen=")):
			fmt.Fprintf(&b, "listen=udp:%s\n", s.Listen)
		case bytes.HasPrefix(line, []byte("#!define LOOKUP_")):
			fmt.Fprintf(&b, "#!define %s\n", s.Lookup)
		default:
			b.Write(line)
		}
	}
	return b.Bytes()
}

// setting is a line of local.cfg that names a value.
var setting = regexp.MustCompile(`^#!substdef "!(\w+)!`)

func port(at netip.AddrPort) string { return strconv.FormatUint(uint64(at.Port()), 10) }

// await waits until the SBC answers a keep-alive.
func (s *SBC) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !Alive(ctx, s.setup.Listen) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.process.ended:
			return errors.New("it ended")
		case <-tick.C:
		}
	}
	return nil
}

// Alive reports whether whatever listens at an address says so to a keep-alive, over
// UDP.
func Alive(ctx context.Context, at netip.AddrPort) bool {
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", at.String())
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintf(conn, "OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKalive;rport\r\nFrom: <sip:alive@localhost>;tag=1\r\n"+
		"To: <sip:%s>\r\nCall-ID: alive\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", at, conn.LocalAddr(), at)
	_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	answer := make([]byte, 2000)
	n, err := conn.Read(answer)
	return err == nil && strings.HasPrefix(string(answer[:n]), "SIP/2.0 200")
}

// Free is a port of a loopback address that nobody has, for UDP and TCP.
func Free(ctx context.Context, host netip.Addr) (netip.AddrPort, error) {
	for range 20 {
		conn, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", netip.AddrPortFrom(host, 0).String())
		if err != nil {
			return netip.AddrPort{}, err
		}
		at, err := netip.ParseAddrPort(conn.LocalAddr().String())
		_ = conn.Close()
		if err != nil {
			return netip.AddrPort{}, err
		}
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at.String())
		if err == nil {
			return at, ln.Close()
		}
	}
	return netip.AddrPort{}, fmt.Errorf("no free port on %s", host)
}
