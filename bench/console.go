package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/devstack"
	"github.com/dualtone/dualtone/postgres"
)

// consoleFindings are what the console was measured at.
type consoleFindings struct {
	Browsers int           `json:"browsers"`
	Accounts int           `json:"accounts"`
	Followed time.Duration `json:"followed"`
	Events   int           `json:"events"`
	Arrived  int           `json:"arrived"`
	// P50 and P99 are from the commit of what changed to its arrival.
	P50 time.Duration `json:"p50"`
	P99 time.Duration `json:"p99"`
	// Idle and Busy are the server's memory before and while all follow, CPU the part
	// of one core that it took.
	Idle int64   `json:"idle"`
	Busy int64   `json:"busy"`
	CPU  float64 `json:"cpu"`

	People    int           `json:"people"`
	Grid50    time.Duration `json:"grid_p50"`
	Grid99    time.Duration `json:"grid_p99"`
	GridBytes int           `json:"grid_bytes"`

	Slow       int           `json:"slow"`
	Bound      int           `json:"bound"`
	Held       int           `json:"held"`
	Kept99     time.Duration `json:"kept_p99"`
	New50      time.Duration `json:"new_p50"`
	New99      time.Duration `json:"new_p99"`
	NewFailed  int           `json:"new_failed"`
	NewAsked   int           `json:"new_asked"`
	SlowMemory int64         `json:"slow_memory"`
}

// The sizes of the part about the console.
const (
	browsers     = 500
	accountsEach = 10 // browsers of one account
	planPeople   = 5000
	gridPeople   = 100_000
	slowOnes     = 10_000
	bound        = 4096
)

// springPlan is the plan that runs.
const springPlan = `apiVersion: dualtone/v1
kind: CutoverPlan
metadata: {name: spring, owner: ada}
spec:
  systems: {old: pbx, new: cloud, crm: sf}
  timezone: Europe/London
  calendars:
    windows:
      night: {days: [tue, wed], from: "20:00", to: "23:30"}
  gates:
    precheck:
      - {check: before_image_complete}
      - {check: restore_rehearsed, max_age: 14d, on_fail: block_stage}
    reconcile:
      - {diff: user_state, max_unexplained: 0, max_age: 24h}
  limits: {concurrency: 10}
  approvals:
    plan: {need: 1, roles: [cutover-approver]}
    stage_default: {need: 1, roles: [operations-lead]}
  rollback: {window: 14d}
  stages:
    - id: all
      cohort: {match: {site: [Leeds]}}
      windows: [night]
      soak: 3d
      gates: [precheck, reconcile]
`

// visit is a running console with a company, and those who visit it.
type visit struct {
	settings

	url      string
	server   *process
	plans    *postgres.Rollouts
	versions *postgres.Plans
	secrets  []string
	found    *consoleFindings
}

// watching measures the console: live pages on a running plan, a page of a large
// list, and connections that never end their request.
func watching(ctx context.Context, s settings, f *findings) (err error) {
	if err := manyFiles(); err != nil {
		return err
	}
	v, done, err := openVisit(ctx, s)
	if err != nil {
		return err
	}
	defer done()
	f.Console = v.found
	for _, part := range []func(context.Context) error{v.follow, v.grid, v.slow} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// manyFiles lets this process and those that it starts hold many connections.
func manyFiles() error {
	const enough = slowOnes + 5*browsers
	var now syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &now); err != nil {
		return err
	}
	l := syscall.Rlimit{Cur: max(now.Cur, enough), Max: max(now.Max, enough)}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("%d open files are needed, %d allowed: ulimit -n %d: %w", enough, now.Max, enough, err)
	}
	return nil
}

func openVisit(ctx context.Context, s settings) (_ *visit, done func(), err error) {
	dir, err := filepath.Abs(filepath.Join(s.dir, "console"))
	if err != nil {
		return nil, nil, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, nil, err
	}
	stack, err := devstack.Start(ctx, devstack.Options{Dir: filepath.Join(dir, "data"), Progress: io.Discard})
	if err != nil {
		return nil, nil, err
	}
	closers := []func(){func() { _ = stack.Stop(context.WithoutCancel(ctx)) }}
	done = func() {
		for _, c := range slices.Backward(closers) {
			c()
		}
	}
	defer func() {
		if err != nil {
			done()
		}
	}()
	if err := makeSchema(ctx, stack); err != nil {
		return nil, nil, err
	}
	pool, err := postgres.Open(ctx, stack.DatabaseURL)
	if err != nil {
		return nil, nil, err
	}
	closers = append(closers, pool.Close)
	v := &visit{settings: s, plans: postgres.NewRollouts(pool), versions: postgres.NewPlans(pool), found: &consoleFindings{Browsers: browsers, People: gridPeople, Slow: slowOnes, Bound: bound}}
	if s.quick {
		v.found.Browsers, v.found.People, v.found.Slow = 50, 2*planPeople, 500
	}
	v.found.Accounts = v.found.Browsers / accountsEach
	if err := v.fill(ctx, postgres.NewPeople(pool), postgres.NewAccounts(pool)); err != nil {
		return nil, nil, err
	}
	v.server, v.url, err = startConsole(dir, s.dualtone, stack)
	if err != nil {
		return nil, nil, err
	}
	closers = append(closers, v.server.stop)
	return v, done, nil
}

// fill makes the company's people, a plan that runs, and those who look at it.
func (v *visit) fill(ctx context.Context, people *postgres.People, accounts *postgres.Accounts) error {
	ctx = audit.Because(ctx, audit.Cause{Actor: "bench"})
	all := make([]dualtone.Person, v.found.People)
	for i := range all {
		all[i] = dualtone.Person{ID: personID(i), Name: "Agent " + extension(i), Extension: extension(i), Team: "team-" + strconv.Itoa(i/queueSize), Site: "Leeds"}
	}
	if err := people.Import(ctx, all, cutover.Import{Actor: "bench", Source: "bench"}); err != nil {
		return err
	}
	now := time.Now().UTC()
	crew := make([]dualtone.PersonID, planPeople)
	for i := range crew {
		crew[i] = personID(i)
	}
	read := plan.Read(plan.Source{Name: "spring.yaml", Text: []byte(springPlan), Now: now})
	if err := read.Faults.Err(); err != nil {
		return err
	}
	kept, err := v.versions.Save(ctx, plan.Version{
		Name: "spring", Hash: read.Document.Hash(), Document: read.Document, Author: "ada", Saved: now, Source: read.Text(),
	})
	if err != nil {
		return err
	}
	p := rollout.Plan{Name: "spring", Hash: string(kept.Hash), Author: "ada", State: rollout.Active, Since: now, Kept: now}
	stages := []rollout.Stage{{ID: "all", Kind: "wave", State: rollout.Switching}}
	if err := v.plans.KeepPlan(ctx, p, stages, map[string][]dualtone.PersonID{"all": crew}); err != nil {
		return err
	}
	for i := range v.found.Accounts {
		secret, err := enroll(ctx, accounts, fmt.Sprintf("visitor-%d", i), access.Roles()[i%len(access.Roles())])
		if err != nil {
			return err
		}
		v.secrets = append(v.secrets, secret)
	}
	return nil
}

// enroll makes an account for a program, and returns the secret of its token.
func enroll(ctx context.Context, accounts *postgres.Accounts, name string, role access.Role) (secret string, err error) {
	now := time.Now().UTC()
	roles := []access.Role{role}
	made := access.Account{Name: name, Kind: access.Service, Source: access.Local, Roles: roles, Created: now, By: "bench"}
	if err := accounts.KeepAccount(ctx, made); err != nil {
		return "", err
	}
	office := access.Office{Accounts: accounts, Tokens: accounts, Grants: accounts, Now: time.Now}
	_, secret, err = office.Issue(ctx, access.Actor{Name: name}, access.Order{Name: "bench", Roles: roles, Expires: now.Add(time.Hour)})
	return secret, err
}

func startConsole(dir, program string, stack *devstack.Stack) (*process, string, error) {
	config := filepath.Join(dir, "dualtone.yaml")
	text := fmt.Sprintf("database: {url: env:BENCH_DATABASE}\ntemporal: {address: %q, namespace: %s}\n"+
		"console: {listen: \"127.0.0.1:0\", max_connections: %d, rate: {per_second: 1000, burst: 5000}}\n", stack.TemporalAddress, stack.Namespace, bound)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil { //nolint:gosec // the bench names its own file
		return nil, "", err
	}
	p, err := startProcess(dir, "console", []string{"BENCH_DATABASE=" + stack.DatabaseURL}, program, "--config", config, "console")
	if err != nil {
		return nil, "", err
	}
	at := regexp.MustCompile(`The console is at (http://\S+)`)
	for range 300 {
		said, _ := os.ReadFile(p.log)
		if found := at.FindSubmatch(said); found != nil {
			return p, string(found[1]), nil
		}
		<-time.After(100 * time.Millisecond)
	}
	p.stop()
	return nil, "", fmt.Errorf("the console did not start, see %s", p.log)
}

func (v *visit) get(ctx context.Context, c *http.Client, who int, path string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+v.secrets[who%len(v.secrets)])
	got, err := c.Do(r)
	if err == nil && got.StatusCode != http.StatusOK {
		_ = got.Body.Close()
		return nil, fmt.Errorf("%s answers %s", path, got.Status)
	}
	return got, err
}

var ticked = regexp.MustCompile(`tick-(\d+)-`)

// follow has browsers follow the plan while things happen to it.
func (v *visit) follow(ctx context.Context) error {
	const lasts, each = 40 * time.Second, 500 * time.Millisecond
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	v.found.Idle = resident(v.server.cmd.Process.Pid)
	var mu sync.Mutex
	var late []time.Duration
	begun := map[int]time.Time{}
	arrived := func(seen map[int]bool, line string) {
		at := time.Now()
		mu.Lock()
		defer mu.Unlock()
		for _, m := range ticked.FindAllStringSubmatch(line, -1) {
			n, _ := strconv.Atoi(m[1])
			if when, known := begun[n]; known && !seen[n] {
				seen[n] = true
				late = append(late, at.Sub(when))
			}
		}
	}
	var group errgroup.Group
	var open atomic.Int64
	for i := range v.found.Browsers {
		group.Go(func() error { return v.browse(ctx, i, &open, arrived) })
	}
	for open.Load() < int64(v.found.Browsers) {
		<-time.After(50 * time.Millisecond)
	}
	spent, from := spentBy(v.server.cmd.Process.Pid), time.Now()
	for n := 0; time.Since(from) < lasts; n++ {
		h := rollout.Hold{ID: fmt.Sprintf("h%d", n), Plan: "spring", Owner: "ada", Role: access.OperationsLead, Reason: fmt.Sprintf("tick-%d-", n), Placed: time.Now().UTC()}
		if err := v.plans.PlaceHold(ctx, h); err != nil {
			return err
		}
		mu.Lock()
		begun[n] = time.Now()
		mu.Unlock()
		v.found.Events++
		if err := v.step(ctx, n); err != nil {
			return err
		}
		<-time.After(each)
		v.found.Busy = max(v.found.Busy, resident(v.server.cmd.Process.Pid))
		h.Released, h.ReleasedBy = time.Now().UTC(), "ada"
		if err := v.plans.ReleaseHold(ctx, h); err != nil {
			return err
		}
	}
	v.found.Followed = time.Since(from)
	v.found.CPU = (spentBy(v.server.cmd.Process.Pid) - spent).Seconds() / v.found.Followed.Seconds()
	cancel()
	_ = group.Wait()
	v.found.Arrived, v.found.P50, v.found.P99 = len(late), at(late, 50), at(late, 99)
	v.say("%d browsers: %d of %d events arrived, p50 %s p99 %s, %d MB, %.2f cores", v.found.Browsers, v.found.Arrived,
		v.found.Events*v.found.Browsers, v.found.P50.Round(time.Millisecond), v.found.P99.Round(time.Millisecond), v.found.Busy>>20, v.found.CPU)
	return nil
}

// step moves some people of the plan on, as its workflows do.
func (v *visit) step(ctx context.Context, n int) error {
	const some = 10
	var who []dualtone.PersonID
	for i := range some {
		who = append(who, personID((n*some+i)%planPeople))
	}
	_, err := v.plans.Mark(ctx, rollout.Mark{Plan: "spring", Stage: "all", People: who, State: cutover.Skipped, Detail: "left out", At: time.Now().UTC()})
	return err
}

func (v *visit) browse(ctx context.Context, i int, open *atomic.Int64, arrived func(map[int]bool, string)) error {
	c := &http.Client{Transport: &http.Transport{}}
	got, err := v.get(ctx, c, i, "/plans/spring/live?stage=all&after=0")
	if err != nil {
		return err
	}
	defer func() { _ = got.Body.Close() }()
	seen, counted := map[int]bool{}, false
	lines := bufio.NewReaderSize(got.Body, 64<<10)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		if !counted {
			counted = true
			open.Add(1)
		}
		if strings.Contains(line, "tick-") {
			arrived(seen, line)
		}
	}
}

// grid asks for pages of the list of all people, each from another place.
func (v *visit) grid(ctx context.Context) error {
	var took []time.Duration
	c := &http.Client{Transport: &http.Transport{}}
	for i := range 200 {
		began := time.Now()
		got, err := v.get(ctx, c, i, "/users?after="+string(personID(i*v.found.People/200)))
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, got.Body)
		_ = got.Body.Close()
		if err != nil {
			return err
		}
		took, v.found.GridBytes = append(took, time.Since(began)), max(v.found.GridBytes, int(n))
	}
	v.found.Grid50, v.found.Grid99 = at(took, 50), at(took, 99)
	v.say("a page of %d people: p50 %s p99 %s, %d kB", v.found.People, v.found.Grid50, v.found.Grid99, v.found.GridBytes>>10)
	return nil
}

// elsewhere is an address that none of the slow clients has.
const elsewhere = "127.0.0.2"

// slow opens connections that never end their request, and again whenever one is
// thrown out, while others ask over connections that they have, and over new ones
// from another address.
func (v *visit) slow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	address := strings.TrimPrefix(v.url, "http://")
	kept := &http.Client{Transport: &http.Transport{}}
	if got, err := v.get(ctx, kept, 0, "/api/v1/me"); err == nil {
		_, _ = io.Copy(io.Discard, got.Body)
		_ = got.Body.Close()
	}
	var held atomic.Int64
	var group errgroup.Group
	for range v.found.Slow {
		group.Go(func() error {
			for ctx.Err() == nil {
				_ = holdOn(ctx, address, &held)
			}
			return nil
		})
	}
	var before, anew []time.Duration
	for i := 0; ctx.Err() == nil; i++ {
		<-time.After(250 * time.Millisecond)
		v.found.Held = max(v.found.Held, int(held.Load()))
		v.found.SlowMemory = max(v.found.SlowMemory, resident(v.server.cmd.Process.Pid))
		if took, err := v.timed(ctx, kept, i); err == nil {
			before = append(before, took)
		}
		dial := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(elsewhere)}}
		fresh := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial.DialContext}, Timeout: 20 * time.Second}
		took, err := v.timed(ctx, fresh, i)
		switch {
		case err == nil:
			anew = append(anew, took)
		case !errors.Is(ctx.Err(), context.DeadlineExceeded):
			v.found.NewFailed++
		}
	}
	_ = group.Wait()
	v.found.NewAsked = len(anew) + v.found.NewFailed
	v.found.Kept99, v.found.New50, v.found.New99 = at(before, 99), at(anew, 50), at(anew, 99)
	v.say("%d slow connections held, %d let in: kept ones p99 %s, new ones p50 %s p99 %s, %d of %d not served, %d MB", v.found.Held, v.found.Bound,
		v.found.Kept99.Round(time.Millisecond), v.found.New50.Round(time.Millisecond), v.found.New99.Round(time.Millisecond), v.found.NewFailed, v.found.NewAsked, v.found.SlowMemory>>20)
	return nil
}

func (v *visit) timed(ctx context.Context, c *http.Client, who int) (time.Duration, error) {
	began := time.Now()
	got, err := v.get(ctx, c, who, "/api/v1/me")
	if err != nil {
		return 0, err
	}
	var me json.RawMessage
	err = json.NewDecoder(got.Body).Decode(&me)
	_ = got.Body.Close()
	return time.Since(began), err
}

// holdOn begins a request and waits to be thrown out.
func holdOn(ctx context.Context, address string, held *atomic.Int64) error {
	dial := net.Dialer{Timeout: 10 * time.Second}
	conn, err := dial.DialContext(ctx, "tcp", address)
	if err != nil {
		<-time.After(100 * time.Millisecond)
		return err
	}
	defer func() { _ = conn.Close() }()
	held.Add(1)
	defer held.Add(-1)
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := io.WriteString(conn, "GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: "); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, conn)
	return err
}

// spentBy is the processor time of a process.
func spentBy(pid int) time.Duration {
	s, _ := readStat(pid)
	return s.own
}

// at is a percentile.
func at(all []time.Duration, percent int) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(len(all)-1, len(all)*percent/100)]
}

func (f *findings) reportConsole(b *strings.Builder) {
	c := f.Console
	if c == nil {
		return
	}
	fmt.Fprintf(b, `
## The console

`+"`dualtone console`"+` as a process of its own beside its Postgres and Temporal. Browsers are plain HTTP clients that follow the live page
of a plan of %d people, %d of each account; each half a second a hold is placed and ten people are moved. An event counts from its
commit to its arrival at each browser. Slow connections begin a request and never end it, and come again when they are thrown out;
the server has room for %d connections, half of them from one address. The rest of the machine's load is in every figure.

| what | measured | goal |
| --- | --- | --- |
| %d live pages for %s: events that arrived | %d of %d | all |
| from event to arrival, p50, p99 | %s, **%s** | 1 s |
| memory before, while all follow | %d MB, %d MB | bounded |
| processor | %.2f of a core | bounded |
| a page of %d people, p50, p99 | %s, **%s** | 100 ms |
| its size | %d kB | 100 kB |
| %d slow connections: asking over a connection that is there, p99 | %s | served |
| over a new one from another address, p50, p99 | %s, %s | served |
| of those, not served within 20 s | %d of %d | 0 |
| memory then | %d MB | bounded |
`, planPeople, accountsEach, c.Bound, c.Browsers, c.Followed.Round(time.Second), c.Arrived, c.Events*c.Browsers,
		c.P50.Round(time.Millisecond), c.P99.Round(time.Millisecond), c.Idle>>20, c.Busy>>20, c.CPU,
		c.People, c.Grid50.Round(100*time.Microsecond), c.Grid99.Round(100*time.Microsecond), c.GridBytes>>10,
		c.Held, c.Kept99.Round(time.Millisecond), c.New50.Round(time.Millisecond), c.New99.Round(time.Millisecond), c.NewFailed, c.NewAsked, c.SlowMemory>>20)
}
