package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/sim"
)

// What the kill test does at least.
const (
	killedUsers  = 60
	enoughKills  = 50
	killsPerPass = 26
)

// seedVariable repeats a run of a test that draws lots.
const seedVariable = "DUALTONE_SEED"

func seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		n, err = strconv.ParseUint(text, 10, 64)
		must(t, err)
	}
	t.Logf("%s=%d", seedVariable, n)
	return n
}

// hammer kills workers and servers at random moments.
type hammer struct {
	site   *site
	mu     sync.Mutex
	random *rand.Rand

	kills, postgres, temporal atomic.Int64
}

func (h *hammer) between(low, high time.Duration) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return low + time.Duration(h.random.Int64N(int64(high-low)))
}

// strike starts workers and kills each after a while, until it is told to stop.
func (h *hammer) strike(t *testing.T, stop <-chan struct{}) {
	t.Helper()
	for {
		w := h.site.startWorker(t)
		select {
		case <-stop:
			w.kill()
			return
		case <-w.ended: // a server was away
			continue
		case <-w.ready:
		}
		select {
		case <-stop:
			w.kill()
			return
		case <-time.After(h.between(20*time.Millisecond, 1500*time.Millisecond)):
		}
		w.kill()
		h.kills.Add(1)
	}
}

// sprinkle plans failures of every kind on all three systems.
func (h *hammer) sprinkle() {
	kinds := []sim.FaultKind{sim.Slow, sim.Refused, sim.CutShort, sim.Throttled, sim.Expired, sim.AnswerLost, sim.AnswerLost}
	for _, faults := range []*sim.Faults{h.site.old.Faults, h.site.cloud.Faults, h.site.org.Faults} {
		for range 40 {
			h.mu.Lock()
			fault := sim.Fault{
				Kind: kinds[h.random.IntN(len(kinds))], Skip: h.random.IntN(600),
				Delay: time.Duration(h.random.IntN(400)) * time.Millisecond, RetryAfter: time.Second,
			}
			h.mu.Unlock()
			faults.Inject(fault)
		}
	}
}

// pass moves the cohort to a side under the hammer, and in peace to its end.
func (h *hammer) pass(t *testing.T, to dualtone.Side) {
	t.Helper()
	h.sprinkle()
	verb := map[dualtone.Side]string{dualtone.New: "move", dualtone.Old: "rollback"}[to]
	h.site.good(t, "cohort", verb, "all", "--window", strconv.Itoa(killedUsers), "--no-wait", "--reason", "kill test")
	stop := make(chan struct{})
	var hands sync.WaitGroup
	for range 2 {
		hands.Go(func() { h.strike(t, stop) })
	}
	target := h.kills.Load() + killsPerPass
	for _, server := range []struct {
		at      int64
		count   *atomic.Int64
		restart func(context.Context) error
	}{
		{target - killsPerPass*2/3, &h.postgres, machine.Stack(t).RestartPostgres},
		{target - killsPerPass/3, &h.temporal, machine.Stack(t).RestartTemporal},
	} {
		eventually(t, "enough workers were killed", func() bool { return h.kills.Load() >= server.at || !h.running(t) })
		if h.running(t) {
			must(t, server.restart(t.Context()))
			server.count.Add(1)
		}
	}
	eventually(t, "enough workers were killed", func() bool { return h.kills.Load() >= target || !h.running(t) })
	close(stop)
	hands.Wait()
	h.site.clearFaults() // One that struck the sign-in of this worker would keep it from starting.
	w := h.site.work(t)
	eventually(t, "the cohort came to rest", func() bool { return !h.running(t) })
	w.kill()
}

// running reports whether the cohort's workflow is under way. A server that does
// not answer is no answer.
func (h *hammer) running(t tester) bool {
	t.Helper()
	d, err := h.site.temporal.DescribeWorkflowExecution(t.Context(), "cohort/all", "")
	return err != nil || d.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
}

func TestNobodyIsSplitWhenWorkersAndServersAreKilled(t *testing.T) { //nolint:paralleltest // it restarts the servers that all tests share
	n := seed(t)
	s := newSite(t, killedUsers, usual())
	s.open(t)
	s.cohort(t, "all", 0, killedUsers)
	before := s.standings(t)
	h := &hammer{site: s, random: rand.New(rand.NewPCG(n, n))} //nolint:gosec // a run can be repeated
	began := time.Now()
	to, moved := dualtone.New, 0
	for h.kills.Load() < enoughKills || to == dualtone.Old {
		h.pass(t, to)
		on := s.judge(t, before)
		t.Logf("to the %s side: %v, after %d kills in %s", to, on, h.kills.Load(), time.Since(began).Round(time.Second))
		moved = max(moved, on[dualtone.New])
		to = to.Other()
	}
	if moved == 0 || h.postgres.Load() == 0 || h.temporal.Load() == 0 {
		t.Errorf("nothing was proved: %d users were moved, Postgres restarted %d times, Temporal %d times", moved, h.postgres.Load(), h.temporal.Load())
	}
	took := time.Since(began)
	s.work(t)
	if a := s.do(t, "cohort", "rollback", "all", "--reason", "whoever is left"); a.code != exitOK && a.code != exitConflict {
		t.Error(a)
	}
	if on := s.judge(t, before); on[dualtone.Old] != killedUsers {
		t.Errorf("taken back in peace: %v", on)
	}
	t.Log(h.figures(took))
}

func (h *hammer) figures(took time.Duration) string {
	struck := 0
	for _, faults := range []*sim.Faults{h.site.old.Faults, h.site.cloud.Faults, h.site.org.Faults} {
		struck += len(faults.Struck())
	}
	return fmt.Sprintf("%d users, %d workers killed, Postgres killed %d times, Temporal %d times, %d faults struck, %.0f seconds",
		killedUsers, h.kills.Load(), h.postgres.Load(), h.temporal.Load(), struck, took.Seconds())
}
