package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// leftover is a server that an earlier process started on this folder and
// that still runs: the earlier process died, and the server has not ended yet.
type leftover struct {
	pid      int
	name     string
	farewell syscall.Signal
}

// processOf reads a process number from the first line of a file. Zero means
// that there is none.
func processOf(pidFile string) int {
	text, err := os.ReadFile(filepath.Clean(pidFile))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 1 {
		return 0
	}
	return pid
}

// worksIn tells whether a running process has the folder as its own. After a
// restart of the machine the same number may be any program's.
func worksIn(pid int, dir string) bool {
	there, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	if err != nil {
		return false
	}
	if target, err := filepath.EvalSymlinks(dir); err == nil {
		dir = target
	}
	return there == dir
}

// end asks the leftover to end, waits, and kills it at last.
func (l leftover) end(ctx context.Context, say progress) error {
	process, err := os.FindProcess(l.pid)
	if err != nil || process.Signal(l.farewell) != nil {
		return nil //nolint:nilerr // There is no such process any more.
	}
	say("devstack: ending %s (process %d), left by an earlier start", l.name, l.pid)
	began := time.Now()
	for {
		err := process.Signal(syscall.Signal(0))
		if errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH) {
			return nil
		}
		if time.Since(began) > 20*time.Second {
			if err := process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return fmt.Errorf("devstack: %s (process %d) of an earlier start does not end: %w; end it by hand", l.name, l.pid, err)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("devstack: waiting for %s (process %d) of an earlier start: %w", l.name, l.pid, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
