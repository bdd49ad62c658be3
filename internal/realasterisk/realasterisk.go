// Package realasterisk runs a real Asterisk 22 on this machine for tests: its
// own configuration, loopback only, free ports, in a mount namespace that goes
// away with it. The phones are real too, in that Asterisk calls itself over SIP.
//
// It needs root, a Linux that lets it unshare mounts, and for the first run
// debootstrap and a Debian mirror; Available says what is missing.
package realasterisk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Credentials of the administrator whom the configuration knows. They open
// nothing but a test's own PBX on its loopback port.
const (
	Username = "dualtone"
	Secret   = "not-a-secret-but-a-test"
)

// PBX is one running Asterisk.
type PBX struct {
	Host string
	Port int
	// SIP is where its phones and trunks reach it.
	SIP netip.AddrPort
	// CDRFile and QueueLog are where it writes what happened.
	CDRFile, QueueLog string

	root    string
	dir     string
	process *exec.Cmd
	ended   chan struct{}
}

// Start runs an Asterisk with the people and queues of the setup and waits
// until it takes calls.
func Start(ctx context.Context, setup Setup) (*PBX, error) {
	root, err := Tree(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := makeDir()
	if err != nil {
		return nil, err
	}
	p := &PBX{
		Host:     "127.0.0.1",
		CDRFile:  filepath.Join(dir, "log", "cdr-csv", "Master.csv"),
		QueueLog: filepath.Join(dir, "log", "queue_log"),
		root:     root,
		dir:      dir,
	}
	if err := p.configure(ctx, setup); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := p.up(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return p, nil
}

// makeDir makes the folder of an instance, in memory where the machine has some for
// files: Asterisk looks for a phone's contacts in a database that nobody reads while it is
// written through to the disk, so that on a busy disk calls wait for that.
func makeDir() (string, error) {
	const memory, pattern = "/dev/shm", "asterisk-"
	if dir, err := os.MkdirTemp(memory, pattern); err == nil {
		return dir, nil
	}
	return os.MkdirTemp("", pattern)
}

// Restart ends Asterisk and starts it again as it was.
func (p *PBX) Restart(ctx context.Context) error {
	p.end()
	return p.up(ctx)
}

func (p *PBX) up(ctx context.Context) error {
	if err := p.run(ctx); err != nil {
		return err
	}
	if err := p.booted(ctx); err != nil {
		p.end()
		return err
	}
	return nil
}

// Stop ends Asterisk and removes what it wrote. Its mounts end with it.
func (p *PBX) Stop() error {
	p.end()
	return os.RemoveAll(p.dir)
}

func (p *PBX) end() {
	_ = p.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		_ = p.process.Process.Kill()
		<-p.ended
	}
}

// Log returns what Asterisk wrote of itself, for a test that failed.
func (p *PBX) Log() string {
	console, err := os.ReadFile(filepath.Join(p.dir, "console"))
	if err != nil {
		return err.Error()
	}
	// It may not have come as far as writing any.
	messages, _ := os.ReadFile(filepath.Join(p.dir, "log", "messages"))
	return string(console) + string(messages)
}

// mounts are the folders of one instance, laid over those of the tree.
const mounts = `set -e
mount --make-rprivate /
for d in dev proc; do mount --rbind /$d "$ROOT/$d"; done
mkdir -p "$ROOT/run/asterisk" "$ROOT/var/lib/asterisk" "$ROOT/var/log/asterisk" "$ROOT/var/spool/asterisk"
mount --bind "$DIR/etc" "$ROOT/etc/asterisk"
mount --bind "$DIR/lib" "$ROOT/var/lib/asterisk"
mount --bind "$DIR/log" "$ROOT/var/log/asterisk"
mount --bind "$DIR/run" "$ROOT/run/asterisk"
mount --bind "$DIR/spool" "$ROOT/var/spool/asterisk"
exec chroot "$ROOT" /usr/sbin/asterisk -f -q
`

func (p *PBX) run(ctx context.Context) error {
	console, err := os.Create(filepath.Join(p.dir, "console"))
	if err != nil {
		return err
	}
	// The process outlives the context of its start; Stop ends it.
	p.process = exec.CommandContext(context.WithoutCancel(ctx), "unshare", "-m", "sh", "-c", mounts)
	p.process.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "ROOT=" + p.root, "DIR=" + p.dir}
	p.process.Stdout, p.process.Stderr = console, console
	p.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.process.Start(); err != nil {
		return errors.Join(err, console.Close())
	}
	p.ended = make(chan struct{})
	go func() {
		_ = p.process.Wait()
		_ = console.Close()
		close(p.ended)
	}()
	return nil
}

// booted waits until the dialplan is loaded and an administrator is let in.
func (p *PBX) booted(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.ended:
			return fmt.Errorf("asterisk ended: %s", strings.TrimSpace(p.Log()))
		case <-ctx.Done():
			return fmt.Errorf("asterisk is not up: %w: %s", ctx.Err(), p.Log())
		case <-tick.C:
		}
		if p.ready(ctx) {
			return nil
		}
	}
}

// ready reports whether Asterisk says that it is fully booted, which it tells
// every administrator who signs in and listens.
func (p *PBX) ready(ctx context.Context) bool {
	a, err := p.dial(ctx)
	if err != nil {
		return false
	}
	defer func() { _ = a.Close() }()
	if _, err := a.Do("Login", "Username", Username, "Secret", Secret, "Events", "system"); err != nil {
		return false
	}
	for {
		m, err := a.next()
		if err != nil {
			return false
		}
		if m["Event"] == "FullyBooted" {
			return true
		}
	}
}

// freePort asks the machine for a port that nobody listens on.
func freePort(ctx context.Context, network string) (int, error) {
	var lc net.ListenConfig
	if network == "udp" {
		c, err := lc.ListenPacket(ctx, "udp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		defer func() { _ = c.Close() }()
		return c.LocalAddr().(*net.UDPAddr).Port, nil //nolint:errcheck,forcetypeassert // A UDP socket has a UDP address.
	}
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil //nolint:errcheck,forcetypeassert // A TCP socket has a TCP address.
}
