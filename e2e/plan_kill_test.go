package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/systems/sim"
)

// gatedPlan is a plan whose one wave is taken back when callers give up.
const gatedPlan = `apiVersion: dualtone/v1
kind: CutoverPlan
metadata: {name: acme, owner: ada}
spec:
  systems: {old: pbx, new: cloud, crm: crm}
  timezone: Europe/London
  calendars: {windows: {always: {from: "00:00", to: "24:00"}}}
  gates:
    precheck:
      - {check: before_image_complete, on_fail: skip_user}
      - {check: new_seat_and_number_ready, on_fail: skip_user}
      - {check: restore_rehearsed, max_age: 14d, on_fail: block_stage}
    health:
      - {name: abandon-rate, threshold: {max: 20%}, window: stage, min_samples: 5, on_no_data: hold, on_fail: rollback_stage}
  limits: {concurrency: 8, stop_when: {failed_in_a_row: 8}}
  approvals:
    plan: {need: 1, roles: [cutover-approver], not_author: true, valid_for: 7d, binds: [plan_hash, cohort_hash]}
    stage_default: {need: 1, roles: [operations-lead], not_author: true, valid_for: 12h, binds: [plan_hash, cohort_hash, evidence_hash]}
  rollback: {on_gate_fail: automatic, scope: stage, window: 14d}
  stages:
    - id: wave-1
      cohort: {match: {team: [billing, sales, support]}}
      windows: [always]
      soak: 4s
      gates: [precheck, health]
`

// gatedUsers are so few that all of it takes a minute.
const gatedUsers = 24

// abandon makes callers of the new side's queues give up until it is told to
// stop.
func (s *site) abandon(t *testing.T, stop <-chan struct{}) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		s.cloud.Arrive(sim.Incoming{
			ID: fmt.Sprintf("gives-up-%04d", n), From: fmt.Sprintf("+1646555%04d", n), To: s.made.Queues[queueNames()[n%len(queueNames())]],
			Ring: time.Minute, Patience: 50 * time.Millisecond,
		})
	}
}

// comesTo waits until the wave is in one of the states, for as long as anything
// goes on with it. A wave of which the kills have left somebody behind stands still
// until an operator tries those again.
func (s *site) comesTo(t *testing.T, want ...rollout.State) {
	t.Helper()
	began, moved, last := time.Now(), time.Now(), ""
	for {
		wave := s.wave(t)
		if slices.Contains(want, wave.State) {
			return
		}
		if seen := fmt.Sprintf("%s, %v", wave.State, wave.Users); seen != last && wave.State != "" {
			moved, last = time.Now(), seen
			t.Logf("after %s the wave is %s", time.Since(began).Round(time.Second), seen)
		}
		if wave.State == rollout.Partial {
			t.Log(s.do(t, "plan", "retry", "acme", "--stage", "wave-1", "--as", "oscar", "--reason", "workers were killed").out)
		}
		if time.Since(moved) > atLeisure {
			t.Fatalf("nothing has gone on for %s, and the wave is %s; want %v", atLeisure, last, want)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// wave is how the plan's wave stands; empty while a server is away.
func (s *site) wave(t *testing.T) rollout.Stage {
	t.Helper()
	var v control.PlanView
	if a := s.ask(t, &v, "plan", "status", "acme"); a.code != exitOK {
		return rollout.Stage{}
	}
	return v.Stages[0]
}

// tell says how the plan stands and how it came there, for whoever asks why the
// test failed.
func (s *site) tell(t *testing.T) {
	t.Helper()
	if !t.Failed() {
		return
	}
	for _, args := range [][]string{{"status", "acme"}, {"log", "acme"}, {"users", "acme"}} {
		a := s.afterwards(t, append([]string{"plan"}, args...)...)
		t.Log(a)
	}
}

// atLeisure is longer than any one thing takes on a machine that does much else.
const atLeisure = 5 * time.Minute

// killsPerBeat is how many workers are killed before the way out is left in
// peace, and again on the way back.
const killsPerBeat = 6

// beat kills workers, and restarts servers meanwhile.
func (h *hammer) beat(t *testing.T, restarts ...func(context.Context) error) {
	t.Helper()
	stop := make(chan struct{})
	var hands sync.WaitGroup
	for range 2 {
		hands.Go(func() { h.strike(t, stop) })
	}
	begun := h.kills.Load()
	for i, restart := range restarts {
		at := begun + int64(killsPerBeat*(i+1)/(len(restarts)+1))
		within(t, atLeisure, "enough workers were killed", func() bool { return h.kills.Load() >= at })
		must(t, restart(t.Context()))
	}
	within(t, atLeisure, "enough workers were killed", func() bool { return h.kills.Load() >= begun+killsPerBeat })
	close(stop)
	hands.Wait()
}

func TestAGateTakesAStageBackWhileWorkersAndServersAreKilled(t *testing.T) { //nolint:paralleltest // it restarts the servers that all tests share
	n := seed(t)
	s := newSite(t, gatedUsers, pace{drain: "20s", patience: "10m", signIn: "0s"})
	s.open(t)
	before := s.standings(t)
	file := filepath.Join(s.dir, "plan.yaml")
	must(t, os.WriteFile(file, []byte(gatedPlan), 0o600))
	t.Cleanup(func() { s.tell(t) })
	w := s.work(t)
	s.good(t, "switch", "E1001", "--to", "new", "--reason", "canary")
	s.good(t, "switch", "E1001", "--to", "old", "--reason", "canary")
	s.as(t, "ada", "submit", file)
	s.as(t, "eve", "approve", "acme")
	s.as(t, "oscar", "start", "acme")
	s.comesTo(t, rollout.AwaitingApproval)
	stop := make(chan struct{})
	var callers sync.WaitGroup
	callers.Go(func() { s.abandon(t, stop) })
	defer callers.Wait()
	defer close(stop)
	s.as(t, "lea", "approve", "acme", "--stage", "wave-1", "--role", "operations-lead")
	w.kill()

	h := &hammer{site: s, random: rand.New(rand.NewPCG(n, n))} //nolint:gosec // a run can be repeated
	began := time.Now()
	h.beat(t, machine.Stack(t).RestartPostgres, machine.Stack(t).RestartTemporal)
	w = s.work(t)
	s.comesTo(t, rollout.RollingBack, rollout.RolledBack)
	w.kill()
	h.beat(t, machine.Stack(t).RestartPostgres)
	s.work(t)
	s.comesTo(t, rollout.RolledBack)
	t.Logf("%d users, %d workers killed, %s", gatedUsers, h.kills.Load(), time.Since(began).Round(time.Second))

	if on := s.judge(t, before); on[dualtone.Old] != gatedUsers {
		t.Errorf("after the gate took the stage back: %v", on)
	}
	s.checkTransitions(t)
}

// checkTransitions looks that the log of the wave is one chain, that it went out
// and came back, and that it was a gate that took it back.
func (s *site) checkTransitions(t *testing.T) {
	t.Helper()
	var log struct{ Items []rollout.Transition }
	if a := s.ask(t, &log, "plan", "log", "acme", "--stage", "wave-1"); a.code != exitOK {
		t.Fatal(a)
	}
	at, reached, byGate := rollout.Pending, map[rollout.State]int{}, 0
	for _, tr := range log.Items {
		if tr.From != at {
			t.Errorf("%s goes from %s, the one before led to %s", tr.Verb, tr.From, at)
		}
		if tr.To != tr.From {
			reached[tr.To]++
		}
		if at = tr.To; tr.Verb == rollout.GoBack && tr.Role == rollout.System {
			byGate++
		}
	}
	for _, once := range []rollout.State{rollout.Soaking, rollout.RollingBack, rollout.RolledBack} {
		if reached[once] != 1 {
			t.Errorf("it was %s %d times, want once: %v", once, reached[once], reached)
		}
	}
	if reached[rollout.Switching] != 1+reached[rollout.Partial] {
		t.Errorf("it was switched %d times, want once and again for each time that somebody was left behind: %v", reached[rollout.Switching], reached)
	}
	if byGate != 1 || at != rollout.RolledBack {
		t.Errorf("a gate took it back %d times, and it is %s", byGate, at)
	}
}
