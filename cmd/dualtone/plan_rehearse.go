package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
)

const rehearseLong = `Plays the whole plan many times and writes nothing outside of the database: when
each stage would begin and end, whether everybody finds a window, how many users
would be deferred because they are on calls, how many calls come in the moment in
which CRM and route disagree, and how much of each system's limit is used.

It goes by what past switches took (the journal), by the calls that the plan's
people had on the old side in the days of its baseline, or in the last four weeks
(the call log), and by the configured limits of the systems; it says of each figure
whether it was measured, recorded, configured or assumed, which it is where there is
too little to go by. --model takes a model of your own, as --output json shows it.`

// rehearseFlags are what a rehearsal can be told.
type rehearseFlags struct {
	start, model string
	plays        int
	seed         uint64
	since        time.Duration
	dry          bool
}

func planRehearse(a *app) *cobra.Command {
	var f rehearseFlags
	cmd := &cobra.Command{
		Use: "rehearse FILE", Short: "Play a plan many times against a model of the world", Long: rehearseLong,
		Args: takes("FILE, the plan"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := a.readPlan(args[0])
			if err != nil {
				return err
			}
			if r.Faults.Errors() > 0 {
				return a.showLint(args[0], r)
			}
			return a.rehearse(cmd.Context(), args[0], r, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.start, "start", "", "when the plan would be started, such as 2027-03-02T18:00:00Z (default: now)")
	flags.StringVar(&f.model, "model", "", "file with a model to play against (JSON)")
	flags.IntVar(&f.plays, "plays", 50, "how often the plan is played")
	flags.Uint64Var(&f.seed, "seed", 1, "what decides the plays; the same seed gives the same report")
	flags.DurationVar(&f.since, "since", 90*24*time.Hour, "how far back switches are measured")
	flags.BoolVar(&f.dry, "dry-run", false, "do not keep the report")
	return cmd
}

// rehearsed is a rehearsal as programs read it.
type rehearsed struct {
	rehearsal.Kept

	DryRun bool     `json:"dry_run"`
	Next   []string `json:"next_steps"`
}

func (a *app) rehearse(ctx context.Context, file string, read *plan.Reading, f rehearseFlags) error {
	asked, err := f.request(&read.Document)
	if err != nil {
		return err
	}
	kept, err := either(ctx, a, func(s server) (rehearsal.Kept, error) {
		draft, err := a.draftOf(file, read)
		if err != nil {
			return rehearsal.Kept{}, err
		}
		return sent[rehearsal.Kept](ctx, s, "/plans/rehearse", api.Rehearsing{
			Draft: draft, Start: asked.Start, Plays: asked.Plays, Seed: asked.Seed,
			Since: plan.Duration(f.since), Model: asked.Model, DryRun: f.dry,
		})
	}, func(cfg *config.Config, s *stores) (rehearsal.Kept, error) {
		m := a.meter("plays")
		defer m.end()
		asked.Progress = func(done int) { m.at(done, f.plays, "") }
		return a.played(ctx, cfg, s, api.Play{Request: asked, Since: f.since, Actor: actor(cfg), Keep: !f.dry})
	})
	if err != nil {
		return err
	}
	answer := rehearsed{Kept: kept, DryRun: f.dry, Next: []string{"dualtone plan submit " + file}}
	if len(kept.Report.Unmet) > 0 {
		answer.Next = []string{"change the plan or what it asks of its rehearsal, then dualtone plan rehearse " + file}
	}
	if err := a.show(answer, func(t *table) { rehearsalTable(t, &kept.Report) }); err != nil {
		return err
	}
	if len(kept.Report.Unmet) > 0 {
		return hint(errPartial, "change the plan or what it asks of its rehearsal, and rehearse again")
	}
	return nil
}

// request is what the flags ask of a plan. Without a model it is played against what
// is known.
func (f *rehearseFlags) request(d *plan.Document) (r rehearsal.Request, err error) {
	r = rehearsal.Request{Document: d, Plays: f.plays, Seed: f.seed}
	if r.Start, err = moment("start", f.start); err != nil {
		return r, err
	}
	if f.model != "" {
		r.Model, err = readModel(f.model)
	}
	return r, err
}

// played plays a plan, and keeps what was found where that is asked.
func (a *app) played(ctx context.Context, cfg *config.Config, s *stores, p api.Play) (kept rehearsal.Kept, err error) {
	r := p.Request
	if r.Start.IsZero() {
		r.Start = a.now()
	}
	people, err := cutover.Everybody(ctx, s.people, cutover.PeopleQuery{})
	if err != nil {
		return kept, err
	}
	users := rollout.Candidates(people)
	if r.Resolution, err = r.Document.Resolve(users); err != nil {
		return kept, err
	}
	if r.Model == nil {
		if r.Model, err = a.known(ctx, cfg, s, r, people, p.Since); err != nil {
			return kept, err
		}
	}
	r.Zones = make(map[dualtone.PersonID]*time.Location, len(users))
	for i := range users {
		r.Zones[users[i].ID] = r.Document.Plan.Zone(&users[i].Person)
	}
	report, err := rehearsal.Run(ctx, r)
	if err != nil {
		return kept, err
	}
	kept = rehearsal.Kept{Made: a.now().UTC(), Actor: p.Actor, Model: *r.Model, Report: *report}
	if p.Keep {
		err = s.rehearsals.Keep(ctx, kept)
	}
	return kept, err
}

// known is the model of what was measured, recorded and configured.
func (a *app) known(
	ctx context.Context, cfg *config.Config, s *stores, r rehearsal.Request, people []cutover.PersonState, since time.Duration,
) (*rehearsal.Model, error) {
	p := &r.Document.Plan
	m := rehearsal.Assumed(string(p.Spec.Timezone))
	seen, err := s.rehearsals.Measured(ctx, a.now().Add(-since))
	if err != nil {
		return nil, err
	}
	m.Learn(seen)
	if _, err := s.rollups.Settle(ctx); err != nil {
		return nil, err
	}
	recorded, err := callLog(cfg, s, nil).Recorded(ctx, p, agentsOf(r.Resolution, people), a.now())
	if err != nil {
		return nil, err
	}
	m.Recorded(recorded)
	m.Limited(vendors(cfg, p))
	return m, nil
}

func readModel(file string) (*rehearsal.Model, error) {
	text, err := readFile(file)
	if err != nil {
		return nil, err
	}
	m := &rehearsal.Model{}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(m); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", file, err, dualtone.ErrInvalid)
	}
	if len(m.Grounds) == 0 {
		m.Grounds = []string{"all of it: given in " + filepath.Base(file)}
	}
	return m, nil
}

// agentsOf are the accounts on the old side of everybody in a plan.
func agentsOf(r *plan.Resolution, people []cutover.PersonState) []dualtone.UserID {
	account := make(map[dualtone.PersonID]dualtone.UserID, len(people))
	for _, p := range people {
		account[p.ID] = p.Accounts.Old
	}
	var all []dualtone.UserID
	for _, s := range r.Stages {
		for _, who := range s.People {
			if id := account[who.Person]; id != "" {
				all = append(all, id)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// The requests of one switch to each system, as make bench counts them.
const (
	requestsOld = 19
	requestsNew = 13
	requestsCRM = activities.CRMRequests
)

// vendors are the limits that the settings name for the plan's systems, with
// what a switch asks of each.
func vendors(cfg *config.Config, p *plan.Plan) map[string]rehearsal.Vendor {
	limit := func(name string, requests, share float64) rehearsal.Vendor {
		most := cfg.Limits[name]
		return rehearsal.Vendor{Requests: requests, PerSecond: most.PerSecond, PerDay: float64(most.PerDay), Share: share}
	}
	on := p.Spec.Systems
	share := float64(p.Spec.Limits.Rate.SalesforceAPIShare) / float64(100*plan.OnePercent)
	return map[string]rehearsal.Vendor{
		on.Old: limit(on.Old, requestsOld, 0),
		on.New: limit(on.New, requestsNew, 0),
		on.CRM: limit(on.CRM, requestsCRM, share),
	}
}

// checkRehearsed refuses a plan that asks to be rehearsed and was not, or whose
// rehearsal is old or did not show what the plan asks of it.
func (a *app) checkRehearsed(ctx context.Context, s *stores, file string, d *plan.Document) error {
	if !rehearsal.Asked(&d.Plan) {
		return nil
	}
	kept, err := s.rehearsals.Latest(ctx, d.Hash())
	why := "it was not rehearsed as it is now"
	switch {
	case err == nil:
		why = kept.Against(&d.Plan, a.now())
	case !isNotFound(err):
		return err
	}
	if why == "" {
		return nil
	}
	return hint(fmt.Errorf("plan %s: %s: %w", d.Plan.Metadata.Name, why, dualtone.ErrConflict), "dualtone plan rehearse "+file)
}

func rehearsalTable(t *table, r *rehearsal.Report) {
	t.line("%s, played %d times from %s; half of the plays, and nine of ten, stay below:", r.Plan, r.Plays, clock(r.Start))
	t.line("")
	t.row("STAGE", "USERS", "WORK P50", "P90", "WINDOWS", "ENDS P50", "P90", "DEFERRED", "FAILED", "CALLS AT RISK", "STOPS ITSELF")
	both := func(c rehearsal.Counts) string { return fmt.Sprintf("%d, %d", c.P50, c.P90) }
	for _, s := range r.Stages {
		t.row(string(s.Stage), strconv.Itoa(s.People), s.Working.P50.String(), s.Working.P90.String(), both(s.Windows),
			clock(s.Ends.P50), clock(s.Ends.P90), both(s.Deferred), both(s.Failed), both(s.AtRisk), fmt.Sprintf("%.0f%%", s.Stops*100))
	}
	t.line("")
	t.line("The plan ends %s, in nine of ten plays by %s; %s calls at risk, %s unaccounted for.",
		clock(r.Ends.P50), clock(r.Ends.P90), both(r.AtRisk), both(r.Unaccounted))
	for _, b := range r.Budgets {
		allowed := "no daily limit is known (limits." + b.System + ".per_day)"
		if b.Allows > 0 {
			allowed = fmt.Sprintf("%.0f are allowed", b.Allows)
		}
		t.line("%s is asked %s times on the busiest day; %s.", b.System, both(b.Peak), allowed)
	}
	for _, g := range r.Grounds {
		t.line("  %s", g)
	}
	for _, u := range r.Unmet {
		t.line("NOT MET: %s", u)
	}
}
