package realtime_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dualtone/dualtone/internal/realtime"
)

// alone says what is tried in a process of its own: nothing leads back.
const alone = "DUALTONE_TEST_REALTIME"

func TestMain(m *testing.M) {
	try, ok := map[string]func() error{
		"normal": enterFrom(unix.SCHED_NORMAL), "batch": enterFrom(unix.SCHED_BATCH), "idle": enterFrom(unix.SCHED_IDLE), "refused": refused,
	}[os.Getenv(alone)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := try(); err != nil {
		_, _ = fmt.Fprintln(os.Stdout, err)
		os.Exit(1)
	}
}

// inProcess tries it in a process of its own, and returns what that says.
func inProcess(t *testing.T, try string) string {
	t.Helper()
	self := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // The test itself.
	self.Env = append(os.Environ(), alone+"="+try)
	out, err := self.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return string(out)
}

// enterFrom is enter in a process that was started with a policy.
func enterFrom(before uint32) func() error { return func() error { return enter(before) } }

// enter starts threads before, meanwhile and after, and looks at each.
func enter(before uint32) error {
	if err := unix.SchedSetAttr(0, &unix.SchedAttr{Policy: before}, 0); err != nil {
		return err
	}
	const each = 8
	hold, held := make(chan struct{}), make(chan struct{})
	start := func() {
		for range each {
			go func() {
				runtime.LockOSThread()
				held <- struct{}{}
				<-hold
			}()
		}
	}
	start()
	go start()
	if err := realtime.Enter(); err != nil {
		return err
	}
	start()
	for range 3 * each {
		<-held
	}
	threads, err := filepath.Glob("/proc/self/task/[0-9]*")
	if err != nil || len(threads) < 3*each {
		return fmt.Errorf("%d threads: %w", len(threads), err)
	}
	for _, t := range threads {
		var id int
		if _, err := fmt.Sscan(filepath.Base(t), &id); err != nil {
			return err
		}
		is, err := unix.SchedGetAttr(id, 0)
		if err != nil || is.Policy != unix.SCHED_RR {
			return fmt.Errorf("thread %d of %d has policy %d: %w", id, len(threads), is.Policy, err)
		}
	}
	return nil
}

// refused enters without the right to.
func refused() error {
	runtime.LockOSThread()
	none := [2]unix.CapUserData{}
	if err := errors.Join(
		unix.Setrlimit(unix.RLIMIT_RTPRIO, &unix.Rlimit{}),
		unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]),
	); err != nil {
		return err
	}
	if err := realtime.Enter(); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("without the right to: %w", err)
	}
	return nil
}

func TestEveryThreadRunsBeforeOrdinaryOnes(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"normal", "batch", "idle"} {
		said := inProcess(t, before)
		if strings.Contains(said, unix.EPERM.Error()) {
			t.Skip("nobody may have a real-time priority here")
		}
		if said != "" {
			t.Errorf("%s: %s", before, said)
		}
	}
}

func TestWhoMayNotIsTold(t *testing.T) {
	t.Parallel()
	if said := inProcess(t, "refused"); said != "" {
		t.Error(said)
	}
}
