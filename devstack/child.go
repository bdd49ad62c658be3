package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// launch says what to run, as whom, and where its words go.
type launch struct {
	name    string
	program string
	args    []string
	env     []string
	dir     string
	logFile string
	account account
	// farewell is the signal that asks for an orderly end.
	farewell syscall.Signal
	// orphaned is the signal that the kernel sends when this program dies,
	// where it can.
	orphaned syscall.Signal
}

// child is a running program that ends with this one.
type child struct {
	launch
	cmd    *exec.Cmd
	began  int64 // Where this child's words begin in the log.
	wanted atomic.Bool
	ended  chan struct{}
	err    error
}

// start runs the program. It returns when the program runs, not when it is
// ready.
func (l launch) start() (*child, error) {
	log, err := openLog(l.logFile)
	if err != nil {
		return nil, fmt.Errorf("devstack: log of %s: %w", l.name, err)
	}
	// The child outlives the context of the call that starts it; stop ends it.
	cmd := exec.Command(l.program, l.args...) //nolint:gosec,noctx // G204: the program is one that this package found or built.
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = l.env, l.dir, log, log
	cmd.SysProcAttr = attributes(l.account, l.orphaned)
	c := &child{launch: l, cmd: cmd, ended: make(chan struct{})}
	if info, err := log.Stat(); err == nil {
		c.began = info.Size()
	}
	started := make(chan error, 1)
	go func() {
		// The kernel tells a child that its parent died when the thread that
		// made it dies. So that thread has to live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer func() { _ = log.Close() }()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		c.err = cmd.Wait()
		close(c.ended)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("devstack: start %s (%s): %w", l.name, l.program, err)
	}
	return c, nil
}

const fullLog = 10 << 20

// openLog appends to a log, and starts it anew when it has grown large.
func openLog(name string) (*os.File, error) {
	if info, err := os.Stat(name); err == nil && info.Size() > fullLog {
		if err := os.Rename(name, name+".old"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(filepath.Clean(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

// tell reports the end of the child to a channel unless it was wanted.
func (c *child) tell(died chan<- error) {
	go func() {
		<-c.ended
		if c.wanted.Load() {
			return
		}
		select {
		case died <- c.obituary():
		default:
		}
	}()
}

func (c *child) obituary() error {
	how := "it left with success"
	if c.err != nil {
		how = c.err.Error()
	}
	return fmt.Errorf("devstack: %s ended on its own: %s; its log %s ends with:\n%s", c.name, how, c.logFile, lastLines(c.logFile))
}

func (c *child) running() bool {
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// kill ends the child without warning and waits until it is gone.
func (c *child) kill() {
	c.wanted.Store(true)
	if c.running() {
		_ = c.cmd.Process.Kill()
	}
	<-c.ended
}

// stop asks the child to end, and kills it when the context or its time ends
// first.
func (c *child) stop(ctx context.Context, patience time.Duration) {
	c.wanted.Store(true)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if c.cmd.Process.Signal(c.farewell) != nil {
		<-c.ended
		return
	}
	select {
	case <-c.ended:
	case <-ctx.Done():
		c.kill()
	}
}

// await asks until ready says yes, the child ends, or the time is over. The
// error tells the last reason and what the child wrote.
func (c *child) await(ctx context.Context, patience time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-c.ended:
			return c.obituary()
		case <-ctx.Done():
			return fmt.Errorf("devstack: %s does not answer: %w; its log %s ends with:\n%s", c.name,
				errors.Join(err, ctx.Err()), c.logFile, lastLines(c.logFile))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// said is what the log got since this child began.
func (c *child) said() string {
	text, err := os.ReadFile(c.logFile)
	if err != nil || int64(len(text)) < c.began {
		return ""
	}
	return string(text[c.began:])
}

// lastLines is the end of a log, as much as helps in an error message.
func lastLines(name string) string {
	text, err := os.ReadFile(filepath.Clean(name))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return "  " + strings.Join(lines[max(0, len(lines)-8):], "\n  ")
}

// runOnThread runs a short program to its end. The thread stays the same, as
// its end would be taken for the end of this program.
func runOnThread(cmd *exec.Cmd) ([]byte, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return cmd.CombinedOutput()
}
