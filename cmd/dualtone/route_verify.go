package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/probe"
)

const routeVerifyLong = `Calls numbers through the SBC, sees on which platform each call arrives, hangs up
before anybody answers, and compares that with the table. It calls the numbers
that are named, or a sample of the table: of a cohort, of a side, or of all.
Phones ring for a moment; with --options nothing rings, but few SBCs route it.

Where a call arrived is known from what the SBC lets through of the platform's
answers: the header that routing.verify.old and routing.verify.new name, else a
Contact that is the host of edge.old or edge.new. An SBC that hides both leaves
the arrival unknown, which is told and counts as not verified. With --records the
platforms are asked as well: the command waits for so long until the call log
holds what they recorded of the probes. What they recorded decides where the
answers did not tell, and an answer that it contradicts is wrong. Emergency
numbers are never called.

Of each number: right; second, when a later target took it because the first did
not; wrong; unknown; unreached, without any answer; changed, when its route was
changed meanwhile. The command ends with exit code 7 unless all are right.`

// verifying is what route verify was asked for.
type verifying struct {
	config.Verify

	cohort    string
	side      dualtone.Side
	count     int
	perSecond float64
	atOnce    int
	wait      time.Duration
	records   time.Duration
	options   bool
	dry       bool
	all       bool
}

func routeVerify(a *app) *cobra.Command {
	var v verifying
	cmd := &cobra.Command{
		Use: "verify [NUMBER...]", Short: "Call numbers through the SBC and compare where they arrive with the table", Long: routeVerifyLong,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStores(cmd.Context(), func(cfg *config.Config, s *stores) error {
				asked := v
				asked.fill(cfg.Routing.Verify)
				if asked.SBC == "" {
					return hint(fmt.Errorf("no SBC: %w", dualtone.ErrInvalid), "give --sbc host:port, or set routing.verify.sbc")
				}
				return a.verify(cmd.Context(), cfg, s, asked, args)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&v.SBC, "sbc", "", "the SBC, host:port (default: routing.verify.sbc)")
	flags.StringVar(&v.Transport, "transport", "", "udp or tcp (default: routing.verify.transport)")
	flags.StringVar(&v.From, "from", "", "the caller's number (default: routing.verify.from)")
	flags.StringVar(&v.Old, "old", "", `how the old platform's answers are known, such as "Server: Asterisk" (default: routing.verify.old)`)
	flags.StringVar(&v.New, "new", "", "how the new platform's answers are known (default: routing.verify.new)")
	flags.StringVar(&v.cohort, "cohort", "", "only numbers of this cohort's members")
	choiceFlag(cmd, &v.side, "side", "only numbers that go to this side first", dualtone.Old, dualtone.New)
	flags.IntVar(&v.count, "count", 20, "how many numbers of the table, chosen by chance")
	flags.BoolVar(&v.all, "all", false, "all numbers, not a sample")
	flags.Float64Var(&v.perSecond, "rate", 2, "calls a second at most")
	flags.IntVar(&v.atOnce, "at-once", 4, "calls at the same time at most")
	flags.DurationVar(&v.wait, "wait", 5*time.Second, "how long one call may ring")
	flags.DurationVar(&v.records, "records", 0, "how long to wait for the platforms' own records of the probes (0: do not ask them)")
	flags.BoolVar(&v.options, "options", false, "ask with OPTIONS, which rings nowhere")
	flags.BoolVar(&v.dry, "dry-run", false, "say which numbers would be called, and call none")
	return cmd
}

// fill takes from the settings what the command line does not say.
func (v *verifying) fill(from config.Verify) {
	for _, f := range []struct{ to, from *string }{
		{&v.SBC, &from.SBC}, {&v.Transport, &from.Transport}, {&v.From, &from.From}, {&v.Old, &from.Old}, {&v.New, &from.New},
	} {
		if *f.to == "" {
			*f.to = *f.from
		}
	}
}

// verifiedNumber is a number and what became of its probe.
type verifiedNumber struct {
	Number   dualtone.Number `json:"number"`
	Verdict  probe.Verdict   `json:"verdict"`
	Expected []dualtone.Side `json:"expected"`
	Rule     string          `json:"rule,omitempty"`
	probe.Arrival
	// Recorded are the sides whose platform recorded the call.
	Recorded []dualtone.Side `json:"recorded,omitempty"`
	Problem  string          `json:"problem,omitempty"`

	decision routing.Decision
	began    time.Time
}

// verification is the answer of route verify.
type verification struct {
	Revision routing.Revision      `json:"revision"`
	DryRun   bool                  `json:"dry_run"`
	Counts   map[probe.Verdict]int `json:"counts"`
	Items    []verifiedNumber      `json:"items"`
}

func (a *app) verify(ctx context.Context, cfg *config.Config, s *stores, v verifying, args []string) error {
	active, err := s.router.Since(ctx, 0)
	if err != nil {
		return err
	}
	table, err := routing.NewTable(decidingOptions(cfg)).With(active)
	if err != nil {
		return err
	}
	numbers, err := v.numbers(ctx, s, active.Routes, args)
	if err != nil {
		return err
	}
	// All are looked at before the first one rings.
	for _, n := range numbers {
		if err := probe.Callable(n, countries(cfg)...); err != nil {
			return err
		}
	}
	run := &verifyRun{verifying: v, stores: s, country: cfg.Migration.Region, table: table, now: a.now}
	r := verification{Revision: table.Revision(), DryRun: v.dry, Counts: map[probe.Verdict]int{}, Items: []verifiedNumber{}}
	if v.dry {
		for _, n := range numbers {
			d := run.decide(table, n)
			r.Items = append(r.Items, verifiedNumber{Number: n, Expected: probe.Expected(d), Rule: d.Rule})
		}
		return a.show(r, r.table)
	}
	if run.prober, err = newProber(cfg, v); err != nil {
		return err
	}
	defer func() { _ = run.prober.Close() }()
	m := a.meter("verify")
	r.Items, err = run.all(ctx, numbers, m)
	if err == nil && v.records > 0 {
		records := &platformRecords{legs: s.calls, sides: sidesOf(cfg), from: v.From, within: v.records}
		err = records.compare(ctx, r.Items, m)
	}
	m.end()
	for _, item := range r.Items {
		r.Counts[item.Verdict]++
	}
	if shown := a.show(r, r.table); shown != nil {
		return shown
	}
	if err == nil && r.Counts[probe.Right] < len(numbers) {
		err = fmt.Errorf("%d of %d numbers arrive where the table says: %w", r.Counts[probe.Right], len(numbers), errPartial)
	}
	return err
}

func newProber(cfg *config.Config, v verifying) (*probe.Prober, error) {
	marks := map[dualtone.Side]probe.Mark{}
	for side, text := range map[dualtone.Side]string{dualtone.Old: v.Old, dualtone.New: v.New} {
		if text == "" {
			continue
		}
		mark, err := probe.ParseMark(text)
		if err != nil {
			return nil, err
		}
		marks[side] = mark
	}
	if v.Transport != "udp" && v.Transport != "tcp" {
		return nil, fmt.Errorf("transport %q: want udp or tcp: %w", v.Transport, dualtone.ErrInvalid)
	}
	return probe.New(probe.Config{
		SBC: v.SBC, Transport: v.Transport, From: v.From, Wait: v.wait, Options: probe.Options(v.options), Marks: marks, Countries: countries(cfg),
		Places: map[dualtone.Side]probe.Place{
			dualtone.Old: {Host: cfg.Edge.Old.Host, Port: cfg.Edge.Old.Port}, dualtone.New: {Host: cfg.Edge.New.Host, Port: cfg.Edge.New.Port},
		},
	})
}

// numbers are those that are called: the named ones, or a sample of the table.
func (v *verifying) numbers(ctx context.Context, s *stores, routes []routing.Route, named []string) ([]dualtone.Number, error) {
	var numbers []dualtone.Number
	for _, n := range named {
		numbers = append(numbers, dualtone.Number(n))
	}
	if len(named) > 0 {
		return numbers, nil
	}
	members, err := v.members(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		callable := strings.HasPrefix(string(r.Number), "+") && !strings.Contains(string(r.Number), "..")
		if callable && (members == nil || members[r.Person]) && (v.side == "" || r.Sides[0] == v.side) {
			numbers = append(numbers, r.Number)
		}
	}
	if len(numbers) == 0 {
		return nil, fmt.Errorf("no number of the table is meant: %w", dualtone.ErrNotFound)
	}
	if !v.all && len(numbers) > v.count {
		rand.Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] }) //nolint:gosec // a sample, not a secret
		numbers = numbers[:v.count]
	}
	slices.Sort(numbers)
	return numbers, nil
}

// members are the cohort's; nil for everybody.
func (v *verifying) members(ctx context.Context, s *stores) (map[dualtone.PersonID]bool, error) {
	if v.cohort == "" {
		return nil, nil //nolint:nilnil // Nobody is left out.
	}
	if _, err := s.cohorts.Cohort(ctx, v.cohort); err != nil {
		return nil, err
	}
	found, err := s.cohorts.Members(ctx, cutover.MemberQuery{Cohort: v.cohort})
	members := make(map[dualtone.PersonID]bool, len(found))
	for _, m := range found {
		members[m.Person.ID] = true
	}
	return members, err
}

// verifyRun calls numbers.
type verifyRun struct {
	verifying

	stores  *stores
	prober  *probe.Prober
	country string
	table   *routing.Table
	now     func() time.Time
}

// decide is where the table sends the probe.
func (r *verifyRun) decide(t *routing.Table, n dualtone.Number) routing.Decision {
	return t.Decide(routing.Call{Called: string(n), Caller: r.From, Country: r.country, Ingress: routing.FromCarrier, At: r.now()})
}

// all calls the numbers, and returns those that were called when it is
// interrupted.
func (r *verifyRun) all(ctx context.Context, numbers []dualtone.Number, m *meter) ([]verifiedNumber, error) {
	pace := rate.NewLimiter(rate.Limit(r.perSecond), 1)
	done := make(chan verifiedNumber)
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(max(1, r.atOnce))
	ended := make(chan error, 1)
	go func() {
		var err error
		for _, n := range numbers {
			if err = pace.Wait(within); err != nil {
				break
			}
			group.Go(func() error {
				one, err := r.one(within, n)
				if err == nil {
					done <- one
				}
				return err
			})
		}
		ended <- errors.Join(err, group.Wait())
		close(done)
	}()
	items, wrong := []verifiedNumber{}, 0
	for one := range done {
		items = append(items, one)
		if one.Verdict != probe.Right {
			wrong++
		}
		m.at(len(items), len(numbers), fmt.Sprintf("%d not as the table says", wrong))
	}
	slices.SortFunc(items, func(a, b verifiedNumber) int { return strings.Compare(string(a.Number), string(b.Number)) })
	err := <-ended
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return items, err
}

func (r *verifyRun) one(ctx context.Context, n dualtone.Number) (verifiedNumber, error) {
	d := r.decide(r.table, n)
	began := r.now()
	seen, err := r.prober.Call(ctx, n)
	v := verifiedNumber{Number: n, Expected: probe.Expected(d), Rule: d.Rule, Arrival: seen, decision: d, began: began}
	switch {
	case ctx.Err() != nil:
		return v, ctx.Err()
	case errors.Is(err, dualtone.ErrInvalid):
		return v, err
	case err != nil:
		v.Verdict, v.Problem = probe.Unreached, err.Error()
		return v, nil //nolint:nilerr // that it did not arrive is the answer
	}
	if v.Verdict = probe.Judge(d, seen); v.Verdict == probe.Right {
		return v, nil
	}
	// Somebody may have flipped it meanwhile.
	changed, err := r.stores.router.Since(ctx, r.table.Revision())
	if err != nil || changed.Revision == r.table.Revision() {
		return v, err
	}
	if now, err := r.table.With(changed); err == nil && !slices.Equal(probe.Expected(r.decide(now, n)), v.Expected) {
		v.Verdict = probe.Changed
	}
	return v, nil
}

func (r verification) table(t *table) {
	if r.DryRun {
		t.row("NUMBER", "EXPECTED", "RULE")
		for _, v := range r.Items {
			t.row(string(v.Number), sides(v.Expected), dash(v.Rule))
		}
		t.line("%d numbers would be called; none was, as asked.", len(r.Items))
		return
	}
	t.row("NUMBER", "VERDICT", "EXPECTED", "ARRIVED", "RECORDED", "STATUS", "AFTER", "HOW IT IS KNOWN")
	for _, v := range r.Items {
		known := v.Evidence
		if v.Problem != "" {
			known = v.Problem
		}
		t.row(string(v.Number), string(v.Verdict), sides(v.Expected), dash(v.Side), sides(v.Recorded), strconv.Itoa(v.Status), v.Took.Round(time.Millisecond).String(), dash(known))
	}
	t.line("%d of %d arrive where revision %d of the table says.", r.Counts[probe.Right], len(r.Items), r.Revision)
}

func sides(all []dualtone.Side) string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = string(s)
	}
	return dash(strings.Join(texts, ","))
}
