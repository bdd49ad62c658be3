package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/postgres"
)

// statuses is how long it took to tell how a plan stands.
type statuses struct {
	// Program is the whole command, process and connection included, Served the same
	// through a server, which is connected; Reading is what it reads.
	Program waits `json:"program"`
	Served  waits `json:"served"`
	Reading waits `json:"reading"`
	// Rows are the users of the plan.
	Rows int `json:"rows"`
}

func (s statuses) String() string {
	return fmt.Sprintf("in %.0f ms (p99 %.0f), of which reading %.1f ms (p99 %.1f), through a server in %.0f (%.0f)", s.Program.Half, s.Program.P99, s.Reading.Half, s.Reading.P99, s.Served.Half, s.Served.P99)
}

// waits is how long something took, over all times, in milliseconds.
type waits struct {
	Times int     `json:"times"`
	Half  float64 `json:"half"`
	P99   float64 `json:"p99"`
}

func waitsOf(all []time.Duration) waits {
	return waits{len(all), ms(percentile(all, 0.5)), ms(percentile(all, 0.99))}
}

// waited is how long it takes to do something.
func waited(do func() error) (time.Duration, error) {
	began := time.Now()
	err := do()
	return time.Since(began), err
}

// again does something every so often, for the first time after a while, until it is
// told to end, and says how long it took each time.
func again(ctx context.Context, after, every time.Duration, do func(context.Context) error) (end func() []time.Duration) {
	ctx, cancel := context.WithCancel(ctx)
	var took []time.Duration
	var done sync.WaitGroup
	done.Go(func() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(after):
		}
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			if once, err := waited(func() error { return do(ctx) }); err == nil {
				took = append(took, once)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return func() []time.Duration {
		cancel()
		done.Wait()
		return took
	}
}

// openCounter starts a server of dualtone, and keeps what the program needs to ask it.
func (t *stage) openCounter(ctx context.Context) error {
	dir := filepath.Join(t.dir, "counter")
	if err := os.MkdirAll(dir, 0o700); err != nil { //nolint:gosec // the bench names its own file
		return err
	}
	secret, err := enroll(audit.Because(ctx, audit.Cause{Actor: "bench"}), postgres.NewAccounts(t.pool), "program", access.Viewer)
	if err != nil {
		return err
	}
	server, at, err := startConsole(dir, t.dualtone, t.stack)
	if err != nil {
		return err
	}
	t.closers = append(t.closers, server.stop)
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte(secret), 0o600); err != nil { //nolint:gosec // the bench names its own file
		return err
	}
	t.asking = filepath.Join(dir, "program.yaml")
	return os.WriteFile(t.asking, fmt.Appendf(nil, "server: {url: %q, token: %q}\n", at, "file:"+token), 0o600) //nolint:gosec // the bench names its own file
}

// unsteady is how often the program is asked: plans start their users in beats of whole
// seconds, and each question must come at another place between two of them.
const unsteady = 2300 * time.Millisecond

// watchStatus asks how the plan stands until it is told to end: the program at the
// database and through a server in turns, and what it reads ten times as often.
func (t *stage) watchStatus(ctx context.Context, people int) (end func() statuses) {
	program := again(ctx, 0, unsteady, func(ctx context.Context) error {
		return t.program(ctx, "plan", "status", planName, "--output", "json")
	})
	served := again(ctx, unsteady/2, unsteady, func(ctx context.Context) error {
		return t.programWith(ctx, t.asking, "plan", "status", planName, "--output", "json")
	})
	reading := again(ctx, 0, unsteady/10, func(ctx context.Context) error { _, err := t.read(ctx, planName); return err })
	return func() statuses {
		return statuses{Program: waitsOf(program()), Served: waitsOf(served()), Reading: waitsOf(reading()), Rows: people}
	}
}

// watchStart starts the program each second to do nothing, until it is told to end:
// so long takes any command on such a machine.
func (t *stage) watchStart(ctx context.Context) (end func() []time.Duration) {
	return again(ctx, 0, time.Second, func(ctx context.Context) error { return t.program(ctx, "version") })
}

// read reads what plan status tells.
func (t *stage) read(ctx context.Context, plan string) (control.PlanView, error) {
	p := &control.Plans{Store: postgres.NewRollouts(t.pool), Now: time.Now}
	return p.View(ctx, plan)
}

const (
	largeName   = "large"
	largeStages = 20
	// largeAgain is how often plan status is asked over the large plan.
	largeAgain = 30
)

// largePlan keeps a plan of very many people, most of whom were moved, and asks
// how it stands.
func (t *stage) largePlan(ctx context.Context, r *planned) error {
	people := t.planRows
	if err := t.keepLarge(ctx, people); err != nil {
		return err
	}
	var program, served, reading []time.Duration
	for i := range 10 * largeAgain {
		once, err := waited(func() error { _, err := t.read(ctx, largeName); return err })
		if err != nil {
			return err
		}
		reading = append(reading, once)
		if i >= largeAgain {
			continue
		}
		if once, err = waited(func() error { return t.program(ctx, "plan", "status", largeName) }); err != nil {
			return err
		}
		program = append(program, once)
		if once, err = waited(func() error { return t.programWith(ctx, t.asking, "plan", "status", largeName) }); err != nil {
			return err
		}
		served = append(served, once)
	}
	r.Large = statuses{Program: waitsOf(program), Served: waitsOf(served), Reading: waitsOf(reading), Rows: people}
	t.say("status of a plan of %d: %s", people, r.Large)
	return nil
}

// keepLarge stores the people and the plan, and moves them as a plan would in
// weeks: a few at a time, each several times.
func (t *stage) keepLarge(ctx context.Context, people int) error {
	staff := make([]dualtone.Person, people)
	stages, placed := make([]rollout.Stage, largeStages), map[string][]dualtone.PersonID{}
	for i := range stages {
		stages[i] = rollout.Stage{ID: fmt.Sprintf("wave-%02d", i+1), State: rollout.Pending}
	}
	for i := range staff {
		staff[i] = dualtone.Person{ID: dualtone.PersonID(fmt.Sprintf("L%06d", i))}
		stage := stages[i*largeStages/people].ID
		placed[stage] = append(placed[stage], staff[i].ID)
	}
	if err := postgres.NewPeople(t.pool).Import(ctx, staff, cutover.Import{Actor: "bench", Source: "bench"}); err != nil {
		return err
	}
	store := postgres.NewRollouts(t.pool)
	plan := rollout.Plan{Name: largeName, Hash: "large", Author: "ada", State: rollout.Approved, Since: time.Now(), Kept: time.Now()}
	if err := store.KeepPlan(ctx, plan, stages, placed); err != nil {
		return err
	}
	const atOnce = 50
	for stage, all := range placed {
		for first := 0; first < len(all)*4/5; first += atOnce {
			for _, state := range []cutover.State{cutover.Drained, cutover.OnNew} {
				m := rollout.Mark{Plan: largeName, Stage: stage, People: all[first:min(first+atOnce, len(all))], State: state, At: time.Now()}
				if _, err := store.Mark(ctx, m); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
