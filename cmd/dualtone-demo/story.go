package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/devstack"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/simctl"
)

// The members of the cohort to whom something happens.
const (
	unlucky  = 12 // the new system refuses them their queues in the middle of the move
	lost     = 18 // Salesforce moves their call center, and the answer is lost
	talkable = 23 // is on a long call and cannot be moved
)

// stage is the running demo.
type stage struct {
	options
	out     io.Writer
	started time.Time
	// ready is when the servers were up: before it the first run on a machine
	// builds Temporal, for minutes.
	ready    time.Time
	program  program
	truth    *truth
	traffic  *traffic
	border   *border // nil where there is no real SBC, and noBorder says why
	noBorder string
	database string
	// owner signs in as the owner of the schema, which the program does not.
	owner   string
	closers []func()
}

// play runs the whole story and judges it.
func play(ctx context.Context, o options) (err error) {
	s := &stage{options: o, out: os.Stdout, started: time.Now()}
	defer s.close()
	if err := s.setUp(ctx); err != nil {
		return err
	}
	result, err := s.act(ctx)
	if err != nil {
		return err
	}
	result.table(s.out)
	if err := result.write(filepath.Join(s.dir, "summary.json")); err != nil {
		return err
	}
	if err := result.faults(); err != nil {
		return fmt.Errorf("not proved:\n%w", err)
	}
	fmt.Fprintf(s.out, "\nEverything proved. The figures are in %s.\n", filepath.Join(s.dir, "summary.json"))
	if s.keep {
		fmt.Fprintf(s.out, `Left running, as asked, until it is interrupted. In another terminal:

  export DUALTONE_CONFIG=%[2]s
  %[1]s plan status %[3]s
  %[1]s users list --cohort wave-1
  %[1]s console    # its pages; it tells where the administrator's password is set
`, s.dualtone, s.program.config, planName)
		<-ctx.Done()
	}
	return nil
}

// close stops everything, in the reverse order of its start.
func (s *stage) close() {
	for _, stop := range slices.Backward(s.closers) {
		stop()
	}
}

func (s *stage) later(f func()) { s.closers = append(s.closers, f) }

func (s *stage) say(format string, args ...any) {
	fmt.Fprintf(s.out, "\n== %5.1f s  %s\n", time.Since(s.started).Seconds(), fmt.Sprintf(format, args...))
}

// setUp starts the simulators and the servers, and writes the configuration.
func (s *stage) setUp(ctx context.Context) error {
	if err := os.RemoveAll(s.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil { //nolint:gosec // Postgres runs as another user below it
		return err
	}
	s.say("Starting a PBX, a cloud platform and a Salesforce org, each a simulator in a process of its own")
	up := map[string]ready{}
	for _, kind := range []string{"asterisk", "connect", "salesforce"} {
		p, at, err := startSimulator(ctx, s.dir, kind)
		if err != nil {
			return err
		}
		s.later(p.stop)
		up[kind] = at
		fmt.Fprintf(s.out, "  %-12s %s\n", kind, at.Address)
	}
	if err := s.chooseSBC(ctx); err != nil {
		return err
	}
	s.say("Starting Postgres and Temporal")
	dir, err := filepath.Abs(filepath.Join(s.dir, "data"))
	if err != nil {
		return err
	}
	stack, err := devstack.Start(ctx, devstack.Options{Dir: dir, Progress: s.out})
	if err != nil {
		return err
	}
	s.later(func() {
		if err := stack.Stop(context.WithoutCancel(ctx)); err != nil {
			fmt.Fprintln(s.out, "stop:", err)
		}
	})
	s.ready = time.Now()
	fmt.Fprintf(s.out, "  Temporal's pages are at %s\n", stack.UIURL)
	s.program = program{path: s.dualtone, config: filepath.Join(s.dir, "dualtone.yaml"), out: s.out}
	secrets, err := writeSecrets(s.dir, stack)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.program.config, []byte(configuration(up, stack, secrets, recordsFile(s.dir), s.border)), 0o600); err != nil {
		return err
	}
	return s.connect(ctx, up, stack)
}

// guard keeps the audit from the program, as a company's administrator of databases
// does: from then on the program can add to it, and nothing else.
func guard(ctx context.Context, owner string) error {
	pool, err := postgres.Open(ctx, owner)
	if err != nil {
		return err
	}
	defer pool.Close()
	return postgres.HandOver(ctx, pool, devstack.Program)
}

// chooseSBC decides whether a real SBC takes part.
func (s *stage) chooseSBC(ctx context.Context) error {
	if s.sbc != "auto" && s.sbc != "real" && s.sbc != "simulated" {
		return fmt.Errorf("--sbc %q: there are auto, real and simulated", s.sbc)
	}
	err := errors.New("as asked")
	if s.sbc != "simulated" {
		s.border, err = newBorder(ctx, s.dir)
	}
	switch {
	case s.border != nil:
		s.later(s.border.stop)
	case s.sbc == "real":
		return err
	default:
		s.noBorder = err.Error()
		fmt.Fprintf(s.out, "  the session border controller is SIMULATED: %s\n", s.noBorder)
	}
	return nil
}

// connect prepares the observers: the SBC with its table, the traffic and the
// truth.
func (s *stage) connect(ctx context.Context, up map[string]ready, stack *devstack.Stack) error {
	pool, err := pgxpool.New(ctx, stack.DatabaseURL)
	if err != nil {
		return err
	}
	s.later(pool.Close)
	s.database, s.owner = stack.DatabaseURL, stack.OwnerURL
	people := company()
	web := &http.Client{Timeout: 30 * time.Second}
	clients := map[dualtone.Side]*simctl.Client{
		dualtone.Old: simctl.NewClient(up["asterisk"].Control, web),
		dualtone.New: simctl.NewClient(up["connect"].Control, web),
	}
	if s.border != nil {
		s.border.held.table, s.border.held.edges = postgres.NewRouter(pool), postgres.NewEdges(pool)
	}
	border := newSBC(postgres.NewRouter(pool), clients, people)
	s.truth = &truth{
		old: clients[dualtone.Old], new: clients[dualtone.New], org: simctl.NewClient(up["salesforce"].Control, web),
		up: up, people: people, sbc: border,
	}
	s.traffic = &traffic{
		sbc: border, people: people, every: 100 * time.Millisecond, random: rand.New(rand.NewPCG(2026, 11)), //nolint:gosec // the same calls each time
		queues: map[dualtone.Side][]string{},
	}
	for _, name := range queueNames() {
		s.traffic.queues[dualtone.Old] = append(s.traffic.queues[dualtone.Old], up["asterisk"].Queues[name])
		s.traffic.queues[dualtone.New] = append(s.traffic.queues[dualtone.New], up["connect"].Queues[name])
	}
	return nil
}

// act runs the story with calls going on all the time.
func (s *stage) act(ctx context.Context) (summary, error) {
	if err := s.prepare(ctx); err != nil {
		return summary{}, err
	}
	calling, stopCalling := context.WithCancel(ctx)
	defer stopCalling()
	g, following := errgroup.WithContext(ctx)
	followed, stopFollowing := context.WithCancel(following)
	defer stopFollowing()
	g.Go(func() error { return s.truth.sbc.follow(followed) })
	g.Go(func() error { return s.traffic.run(calling) })
	g.Go(func() error { return s.attend(followed) })
	if s.border != nil {
		g.Go(func() error { return s.border.held.watch(followed) })
	}
	var result summary
	g.Go(func() (err error) {
		defer stopFollowing()
		defer stopCalling()
		result, err = s.moveAndReturn(following, stopCalling)
		return err
	})
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return result, err
	}
	return result, ctx.Err()
}

// prepare sets dualtone up as an admin does, and starts its worker.
func (s *stage) prepare(ctx context.Context) error {
	list := filepath.Join(s.dir, "users.csv")
	f, err := os.Create(list) //nolint:gosec // the demo's own folder
	if err != nil {
		return err
	}
	if err := errors.Join(writeUserList(f, s.truth.people), f.Close()); err != nil {
		return err
	}
	routes := filepath.Join(s.dir, "routes.csv")
	if err := os.WriteFile(routes, []byte(routeList(s.truth.people)), 0o644); err != nil { //nolint:gosec // a list of numbers
		return err
	}
	s.say("Setting dualtone up")
	if err := s.program.do(ctx, "migrate"); err != nil {
		return err
	}
	if err := guard(ctx, s.owner); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"systems", "register", "pbx"},
		{"systems", "register", "cloud"},
		{"systems", "register", "crm"},
		{"systems", "check"},
		{"users", "import", list},
		{"users", "match", "--write"},
		{"route", "import", routes, "--reason", "the parallel run begins"},
	} {
		if err := s.program.do(ctx, args...); err != nil {
			return err
		}
	}
	worker, err := s.program.serve(ctx, s.dir, "worker", "worker")
	if err != nil {
		return err
	}
	s.later(worker.stop)
	if s.border == nil {
		return nil
	}
	s.say("Starting a real SBC (%s), which asks dualtone edge by SIP, and %d real calls a second through it", s.border.version, callsPerSecond)
	if err := s.border.start(ctx, s.program, s.truth.people); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "  sbc %s, old platform %s, new platform %s, dualtone edge %s\n", s.border.at.sbc, s.border.at.old, s.border.at.next, s.border.at.edge)
	return nil
}

// attend is what the company's people do: whoever gets the new softphone opens
// it.
func (s *stage) attend(ctx context.Context) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	seen := 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		changes, err := s.truth.changes(ctx, callCenters(seen))
		if err != nil && ctx.Err() == nil {
			return err
		}
		for _, c := range changes {
			seen = max(seen, c.Seq)
			i := s.truth.index(c.ID)
			if i < 0 || s.truth.sideOf(c.New) != dualtone.New {
				continue
			}
			// Somebody who is taken back at once may no longer be let in.
			_ = s.truth.new.Do(ctx, "POST", "/signin/"+s.truth.people[i].Email, nil, nil)
		}
	}
}

// mischief injects what goes wrong.
func (s *stage) mischief(ctx context.Context) error {
	users := s.truth.up["connect"].Users
	err := s.truth.new.Inject(ctx, sim.Fault{Kind: sim.Failed, Op: "UpdateUserRoutingProfile", About: users[unlucky], Count: -1})
	if err != nil {
		return err
	}
	err = s.truth.org.Inject(ctx, sim.Fault{
		Kind: sim.AnswerLost, Op: "PATCH", About: s.truth.up["salesforce"].Users[lost],
	})
	if err != nil {
		return err
	}
	busy := s.truth.people[talkable]
	return s.traffic.sbc.deliver(ctx, sim.Incoming{
		ID: "call-long", From: "+16465550000", To: busy.Number,
		Ring: time.Millisecond, Talk: 60 * time.Second, Wrap: time.Millisecond,
	})
}

// moveAndReturn moves the cohort, takes it back, runs the plan, and counts.
func (s *stage) moveAndReturn(ctx context.Context, stopCalling func()) (summary, error) {
	before, err := s.truth.standings(ctx)
	if err != nil {
		return summary{}, err
	}
	s.say("Something will go wrong for %s (new system refuses), %s (lost answer) and %s (on a long call)",
		s.person(unlucky), s.person(lost), s.person(talkable))
	if err := s.mischief(ctx); err != nil {
		return summary{}, err
	}
	if err := s.move(ctx); err != nil {
		return summary{}, err
	}
	moved, err := s.truth.standings(ctx)
	if err != nil {
		return summary{}, err
	}
	s.say("Taking the cohort back")
	if err := s.program.do(ctx, "cohort", "rollback", "wave-1", "--reason", "the way back is tried before the plan"); err != nil {
		return summary{}, err
	}
	after, err := s.truth.standings(ctx)
	if err != nil {
		return summary{}, err
	}
	ran, err := s.runPlan(ctx)
	if err != nil {
		return summary{}, err
	}
	stopCalling()
	s.border.hush()
	if err := s.quiet(ctx); err != nil {
		return summary{}, err
	}
	result, err := s.count(ctx, before, moved, after)
	result.Plan = ran
	return result, err
}

func (s *stage) person(i int) string {
	e := s.truth.people[i]
	return e.ID + " " + e.name()
}

// move shows what will happen to one user and moves the cohort. Not everybody
// arrives, so the program ends with the code of partial success.
func (s *stage) move(ctx context.Context) error {
	members := filepath.Join(s.dir, "wave-1.txt")
	var list strings.Builder
	for _, e := range s.truth.people {
		if e.Group == cohort {
			list.WriteString(e.ID + "\n")
		}
	}
	if err := os.WriteFile(members, []byte(list.String()), 0o644); err != nil { //nolint:gosec // a list of ids
		return err
	}
	s.say("Moving %d users while calls go on", cohortSize)
	for _, args := range [][]string{
		{"cohort", "create", "wave-1", "--file", members},
		{"switch", s.truth.people[lost].ID, "--to", "new", "--dry-run"},
	} {
		if err := s.program.do(ctx, args...); err != nil {
			return err
		}
	}
	err := s.program.do(ctx, "cohort", "move", "wave-1", "--reason", "pilot of the spring migration")
	if code := exitCode(err); code != partialSuccess {
		return fmt.Errorf("the move ended with code %d, want %d (partial success): %w", code, partialSuccess, err)
	}
	if err := s.program.do(ctx, "users", "list", "--cohort", "wave-1", "--state", "restored"); err != nil {
		return err
	}
	return s.program.do(ctx, "journal", s.truth.people[unlucky].ID)
}

// quiet waits until no call is left in either system.
func (s *stage) quiet(ctx context.Context) error {
	s.say("No more calls arrive; waiting for those in progress")
	for {
		left := 0
		for _, c := range []*simctl.Client{s.truth.old, s.truth.new} {
			calls, err := c.InProgress(ctx)
			if err != nil {
				return err
			}
			left += len(calls)
		}
		if left == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// count makes the summary from what the simulated systems saw.
func (s *stage) count(ctx context.Context, before, moved, after map[string]standing) (summary, error) {
	r := summary{Users: len(s.truth.people), Cohort: cohortSize, DurationSeconds: time.Since(s.ready).Seconds()}
	longest, _, err := s.truth.longestSplit(ctx)
	if err != nil {
		return r, err
	}
	r.LongestSplitMS = float64(longest.Microseconds()) / 1000
	went, err := s.truth.went(ctx)
	if err != nil {
		return r, err
	}
	centers := s.truth.up["salesforce"].CallCenters
	for _, e := range s.truth.people {
		if e.Group != cohort {
			continue
		}
		switch {
		case moved[e.ID].side(centers[0], centers[1]) == string(dualtone.New):
			r.Moved++
		case went[e.ID]:
			r.Failed++
		default:
			r.Deferred++
		}
		if same(before[e.ID], after[e.ID]) {
			r.Restored++
		}
	}
	for _, id := range differing(before, after) {
		r.RestoreDrift++
		fmt.Fprintf(s.out, "  %s was %+v\n        is %+v\n", id, before[id], after[id])
	}
	for _, c := range []*simctl.Client{s.truth.old, s.truth.new, s.truth.org} {
		struck, err := c.Struck(ctx)
		if err != nil {
			return r, err
		}
		r.FaultsStruck += len(struck)
	}
	if r.Calls, err = s.truth.countCalls(ctx); err != nil {
		return r, err
	}
	if r.Log, err = s.keepLog(ctx); err != nil {
		return r, err
	}
	if s.border == nil {
		r.SBC, r.SBCReason = "simulated", s.noBorder
		return r, nil
	}
	r.SBC = s.border.version
	n, err := s.border.finish(ctx, s.truth.sbc.home)
	r.SIPCalls = &n
	return r, err
}
