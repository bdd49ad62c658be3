package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// planRunCommands are the verbs of a plan that runs, or is to.
func planRunCommands(a *app) []*cobra.Command {
	all := []*cobra.Command{planSubmit(a), planList(a), planStatus(a), planWatch(a), planUsers(a), planLog(a), planOutcome(a), planDifferences(a), planTasks(a), planEvidence(a), planCanary(a)}
	for _, v := range planVerbs() {
		all = append(all, a.planVerbCommand(v))
	}
	return all
}

// acting is in which capacity somebody acts and why.
type acting struct {
	as     string
	role   string
	reason string
	dryRun bool
}

func (f *acting) bind(cmd *cobra.Command, usual rollout.Role) {
	flags := cmd.Flags()
	flags.StringVar(&f.as, "as", "", "who acts (default: --actor, or the account's name); it is recorded")
	flags.StringVar(&f.role, "role", string(usual), "in which role; it is recorded, and what it may not do is refused")
	flags.StringVar(&f.reason, "reason", "", "why; it is recorded")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would happen, in numbers, and change nothing")
}

// order is an order of whoever acts, and of the usual actor if nobody is named.
func (f *acting) order(usual string, v rollout.Verb) rollout.Order {
	return rollout.Order{Verb: v, Actor: cmp.Or(f.as, usual), Role: rollout.Role(f.role), Reason: f.reason}
}

// plans is the control of plans at a desk.
func (d *desk) plans(a *app) *control.Plans { return d.stores.planControl(d.control, a.now) }

// planControl is the control of plans over the database. Without control it gives no
// orders.
func (s *stores) planControl(c *control.Control, now func() time.Time) *control.Plans {
	return &control.Plans{
		Control: c, Store: s.rollouts, Versions: s.plans, Explanations: s.rollouts, News: s.news, People: s.people, Money: s.finance,
		Now: func() time.Time { return now().UTC() },
	}
}

const submitLong = `Reads a plan file, checks it against the user list, freezes who is in which stage
and hands all of it in for approval. Whoever hands it in is its author and does
not approve it. What was approved of an earlier version counts no more.`

func planSubmit(a *app) *cobra.Command {
	var f acting
	cmd := &cobra.Command{
		Use: "submit FILE", Short: "Hand a plan in for approval", Long: submitLong, Args: takes("FILE (- for standard input)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			read, err := a.readPlan(args[0])
			if err != nil {
				return err
			}
			if cfg, err := a.settings(); err != nil || remote(cfg) {
				return errors.Join(err, a.submitThere(cmd.Context(), cfg, args[0], read, f))
			}
			return a.withDesk(cmd.Context(), f.reason, func(d *desk) error { return a.submitPlan(cmd.Context(), d, args[0], read, f) })
		},
	}
	f.bind(cmd, plan.Planner)
	return cmd
}

// submitThere hands a plan in at a server, with the files that stand beside it.
func (a *app) submitThere(ctx context.Context, cfg *config.Config, file string, read *plan.Reading, f acting) error {
	if read.Faults.Errors() > 0 {
		return hint(fmt.Errorf("%s has %s: %w", file, count(read.Faults.Errors(), "fault"), dualtone.ErrInvalid), "dualtone plan lint "+file+" tells them")
	}
	s, err := openServer(cfg)
	if err != nil {
		return err
	}
	files, err := a.beside(file, read)
	if err != nil {
		return err
	}
	var answer submitted
	if err := s.Send(ctx, http.MethodPost, "/plans", map[string]any{
		"text": read.Text(), "files": files, "reason": f.reason, "role": f.role, "dry_run": f.dryRun,
	}, &answer); err != nil {
		return err
	}
	return a.showSubmitted(answer)
}

// beside are the files that a plan names, to be sent along with it.
func (a *app) beside(file string, read *plan.Reading) (map[string]string, error) {
	files := map[string]string{}
	if file == "-" { // nothing stands beside it
		return files, nil
	}
	_, _, open, err := a.readWithNeighbors(file)
	if err != nil {
		return nil, err
	}
	plan.Read(plan.Source{Name: file, Text: []byte(read.Text()), Now: a.now(), Open: func(name string) ([]byte, error) {
		text, err := open(name)
		files[name] = string(text)
		return text, err
	}})
	return files, nil
}

func (a *app) submitPlan(ctx context.Context, d *desk, file string, read *plan.Reading, f acting) error {
	if read.Faults.Errors() > 0 {
		return hint(fmt.Errorf("%s has %s: %w", file, count(read.Faults.Errors(), "fault"), dualtone.ErrInvalid), "dualtone plan lint "+file+" tells them")
	}
	people, err := cutover.Everybody(ctx, d.stores.people, cutover.PeopleQuery{})
	if err != nil {
		return err
	}
	found, err := read.Check(rollout.Candidates(people))
	if err != nil {
		return err
	}
	if n := read.Faults.Errors(); n > 0 {
		return hint(fmt.Errorf("%s does not fit the user list, %s: %w", file, count(n, "fault"), dualtone.ErrInvalid), "dualtone plan lint "+file+" --users tells them")
	}
	if err := a.checkRehearsed(ctx, d.stores, file, &read.Document); err != nil {
		return err
	}
	name, order := read.Document.Plan.Metadata.Name, f.order(d.why.Actor, rollout.Submit)
	v := plan.Version{Name: name, Hash: read.Document.Hash(), Document: read.Document, Author: order.Actor, Saved: a.now().UTC(), Source: read.Text()}
	if f.dryRun {
		if err := d.plans(a).WouldSubmit(ctx, v, order); err != nil {
			return err
		}
		would := rollout.Plan{Name: name, Hash: string(v.Hash), Author: v.Author, State: rollout.Submitted}
		return a.showSubmitted(submitted{Plan: would, People: peopleIn(found), DryRun: true})
	}
	if v, err = d.stores.plans.Save(ctx, v); err != nil {
		return err
	}
	kept, err := d.plans(a).Submit(ctx, v, found, order)
	if err != nil {
		return err
	}
	base, err := d.stores.frozen().Frozen(ctx, &v.Document.Plan, kept.Hash)
	if err != nil && !isNotFound(err) {
		return err
	}
	return a.showSubmitted(submitted{Plan: kept, People: peopleIn(found), Baseline: frozenBaseline(&v.Document.Plan, &base)})
}

// baselineKept is what the gates of a plan compare with.
type baselineKept struct {
	Hash  plan.Hash `json:"hash,omitempty"`
	Calls int64     `json:"calls"`
}

// frozenBaseline is what to tell of a baseline; nil where the plan asks for none.
func frozenBaseline(p *plan.Plan, b *rollout.Baseline) *baselineKept {
	switch {
	case p.Spec.Baseline == nil:
		return nil
	case b.Calls() == 0:
		return &baselineKept{}
	default:
		return &baselineKept{Hash: plan.Hash(b.Hash()), Calls: b.Calls()}
	}
}

// submitted is a plan that was handed in.
type submitted struct {
	Plan   rollout.Plan   `json:"plan"`
	People map[string]int `json:"people"`
	// Baseline is what its gates compare with; without calls, none is known yet.
	Baseline *baselineKept `json:"baseline,omitempty"`
	DryRun   bool          `json:"dry_run,omitempty"`
	Next     []string      `json:"next_steps"`
}

// peopleIn counts the people of each stage.
func peopleIn(found *plan.Resolution) map[string]int {
	all := map[string]int{}
	for _, s := range found.Stages {
		all[string(s.Stage)] = len(s.People)
	}
	return all
}

func (a *app) showSubmitted(answer submitted) error {
	p := answer.Plan
	answer.Next = []string{"dualtone plan approve " + p.Name}
	total := 0
	for _, n := range answer.People {
		total += n
	}
	return a.show(answer, func(t *table) {
		if answer.DryRun {
			t.line("Plan %s (%s) would be handed in with %s in %s. Nothing was handed in.", p.Name, plan.Hash(p.Hash).Short(), count(total, "user"), count(len(answer.People), "stage"))
			return
		}
		t.line("Plan %s (%s) is handed in: %s in %s. It waits for approval: dualtone plan approve %s", p.Name, plan.Hash(p.Hash).Short(), count(total, "user"), count(len(answer.People), "stage"), p.Name)
		switch b := answer.Baseline; {
		case b == nil:
		case b.Calls == 0:
			t.line("The call log holds nothing of its baseline yet, so gates that compare with it will hold: import the calls of that time.")
		default:
			t.line("Its baseline is frozen: %d calls, hash %s.", b.Calls, b.Hash.Short())
		}
	})
}

// planVerb is an order to a plan as a command.
type planVerb struct {
	verb        rollout.Verb
	short, long string
	usual       rollout.Role
	takes       []string
	flags       func(*cobra.Command, *given)
	// complete makes the order of what the flags say; nil where they say no more.
	complete func(g *given, now time.Time) error
	// would says in numbers what the order does.
	would func(control.PlanView, *given) string
	// give gives it; nil gives it to the plan's workflow.
	give func(ctx context.Context, c *counter, name string, g *given) (string, error)
}

// given is what was said on the command line with an order.
type given struct {
	acting
	workflows.PlanOrder

	person   string
	hold     time.Duration
	holds    length
	longer   length
	ends     string
	inFlight string
	rate     rollout.Rate
	apiShare percent
	maxOnNew percent
	failed   percent
}

func (a *app) planVerbCommand(v planVerb) *cobra.Command {
	g := &given{}
	use := strings.Join(append([]string{string(v.verb), "PLAN"}, v.takes...), " ")
	cmd := &cobra.Command{
		Use: use, Short: v.short, Long: v.long, Args: takes(append([]string{"the PLAN's name"}, v.takes...)...),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withCounter(cmd.Context(), g.reason, func(c *counter) error { return a.orderPlan(cmd.Context(), c, v, args, g) })
		},
	}
	g.bind(cmd, v.usual)
	if v.flags != nil {
		v.flags(cmd, g)
	}
	return cmd
}

// ordered is an order that was given, or would be.
type ordered struct {
	Plan   string       `json:"plan"`
	Stage  string       `json:"stage,omitempty"`
	Verb   rollout.Verb `json:"verb"`
	Actor  string       `json:"actor"`
	Role   rollout.Role `json:"role"`
	Effect string       `json:"effect"`
	// Drift is what became of the people of a plan that is started since they were
	// frozen.
	Drift  []plan.Drift `json:"drift,omitempty"`
	DryRun bool         `json:"dry_run,omitempty"`
	Next   []string     `json:"next_steps"`
}

func (a *app) orderPlan(ctx context.Context, c *counter, v planVerb, args []string, g *given) error {
	name := args[0]
	view, err := c.reads.PlanView(ctx, name)
	if err != nil {
		return hint(err, "dualtone plan list shows which there are")
	}
	g.Order, g.Person = g.order(c.why.Actor, v.verb), dualtone.PersonID(g.person)
	if len(args) > 1 {
		g.Hold = args[1]
	}
	if v.complete != nil {
		if err := v.complete(g, c.now().UTC()); err != nil {
			return err
		}
	}
	answer := ordered{
		Plan: name, Stage: g.Stage, Verb: v.verb, Actor: g.Actor, Role: g.Role, Effect: v.would(view, g), DryRun: g.dryRun,
		Next: []string{"dualtone plan status " + name},
	}
	if v.verb == rollout.Start {
		if answer.Drift, err = c.reads.PlanDrift(ctx, name); err != nil {
			return err
		}
	}
	if g.dryRun {
		if err := c.plans.Would(ctx, view, g.PlanOrder); err != nil {
			return hint(err, "dualtone plan status "+name+" tells how it stands")
		}
		return a.show(answer, func(t *table) {
			t.line("It would %s. Nothing was ordered.", answer.Effect)
			driftLines(t, answer.Drift)
		})
	}
	if v.give == nil {
		err = c.plans.Give(ctx, name, g.PlanOrder)
	} else {
		answer.Effect, err = v.give(ctx, c, name, g)
	}
	if err != nil {
		return hint(err, "dualtone plan status "+name+" tells how it stands")
	}
	return a.show(answer, func(t *table) {
		t.line("%s %s: %s. dualtone plan status %s tells how it stands.", v.verb, subject(name, g.Stage), answer.Effect, name)
		driftLines(t, answer.Drift)
	})
}

func subject(name, stage string) string {
	if stage == "" {
		return "plan " + name
	}
	return "stage " + stage + " of plan " + name
}
