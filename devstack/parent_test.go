package devstack_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/dualtone/dualtone/devstack"
)

// parent is the program of another process: it starts a stack, says so, and
// waits to be killed.
func parent(dir string) int {
	s, err := devstack.Start(context.Background(), devstack.Options{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if _, err := fmt.Fprintln(os.Stdout, "up", s.DatabaseURL); err != nil {
		return 1
	}
	select {}
}

func TestAKilledProgramTakesItsServersAlongAndTheNextFindsTheirState(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := osexec.CommandContext(t.Context(), self) //nolint:gosec // G204: this very test program.
	cmd.Env = append(os.Environ(), "DEVSTACK_TEST_PARENT="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(strings.TrimPrefix(line, "up "))
	exec(t, url, "create table kept as select 5 n")
	servers := []int{processIn(t, filepath.Join(dir, "postgres", "postmaster.pid")), processIn(t, filepath.Join(dir, "temporal.pid"))}

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	// The next start does not wait for anything but the folder.
	next, err := devstack.Start(t.Context(), devstack.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, next) })
	if got := number(t, next.DatabaseURL, "select n from kept"); got != 5 {
		t.Errorf("the table holds %d, want 5", got)
	}
	for _, pid := range servers {
		eventually(t, "end of an old server", func(context.Context) error {
			if syscall.Kill(pid, 0) == nil {
				return fmt.Errorf("process %d still runs", pid)
			}
			return nil
		})
	}
}
