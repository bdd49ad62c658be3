package devstack_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone/devstack"
)

func TestWhatWasWrittenOutlivesAKillOfEitherServer(t *testing.T) {
	t.Parallel()
	s, c := mortal.Stack(t), mortal.Client(t)
	url, err := s.CreateDatabase(t.Context(), "outlives")
	if err != nil {
		t.Fatal(err)
	}
	exec(t, url, "create table kept as select generate_series(1, 100) n")
	begin(t, c, "before")
	work(t, c)
	// Several times: what a killed Postgres leaves behind differs with the moment.
	for range 3 {
		if err := s.RestartPostgres(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := number(t, url, "select count(*) from kept"); got != 100 {
		t.Errorf("after the kill of Postgres the table has %d rows, want 100", got)
	}
	if err := s.RestartTemporal(t.Context()); err != nil {
		t.Fatal(err)
	}
	signalAndGet(t, c, "before")
	select {
	case err := <-s.Done():
		t.Errorf("a wanted restart was reported as a death: %v", err)
	default:
	}
}

func TestTheStackComesBackWithItsStateAndPorts(t *testing.T) {
	t.Parallel()
	opts := devstack.Options{Dir: ownDir(t)}
	first, err := devstack.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, first.DatabaseURL, "create table kept as select 7 n")
	begin(t, dial(t, first), "kept")
	stop(t, first)
	stop(t, first)

	second, err := devstack.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, second) })
	if second.DatabaseURL != first.DatabaseURL || second.TemporalAddress != first.TemporalAddress || second.UIURL != first.UIURL {
		t.Errorf("second start is at %s and %s, want %s and %s", second.TemporalAddress, second.UIURL, first.TemporalAddress, first.UIURL)
	}
	if got := number(t, second.DatabaseURL, "select n from kept"); got != 7 {
		t.Errorf("the table holds %d, want 7", got)
	}
	c := dial(t, second)
	work(t, c)
	signalAndGet(t, c, "kept")
}

func dial(t *testing.T, s *devstack.Stack) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{HostPort: s.TemporalAddress, Namespace: s.Namespace})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestAServerThatDiesIsReported(t *testing.T) {
	t.Parallel()
	dir := ownDir(t)
	s, err := devstack.Start(t.Context(), devstack.Options{Dir: dir, TemporalAddress: machine.Stack(t).TemporalAddress, Volatile: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	if err := syscall.Kill(processIn(t, filepath.Join(dir, "postgres", "postmaster.pid")), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.Done():
		if !strings.Contains(err.Error(), "Postgres") || !strings.Contains(err.Error(), "postgres.log") {
			t.Errorf("report %q names neither the program nor its log", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("nothing was reported")
	}
}

func processIn(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestAStaleLockOfALostMachineIsNoObstacle(t *testing.T) {
	t.Parallel()
	opts := devstack.Options{Dir: ownDir(t), Volatile: true}
	first, err := devstack.StartPostgres(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The number of the lost server is now that of another program: this one.
	stale := fmt.Sprintf("%d\n%s\n", os.Getpid(), filepath.Join(opts.Dir, "postgres"))
	if err := os.WriteFile(filepath.Join(opts.Dir, "postgres", "postmaster.pid"), []byte(stale), 0o600); err != nil {
		t.Fatal(err)
	}
	second, err := devstack.StartPostgres(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
