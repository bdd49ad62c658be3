package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

const cohortLong = `Looks into the user list and tells who would be in which stage, and why; what
would be split; who was selected and is left out; and, once the plan is approved,
who has joined or left since.

Without --stage it tells the stages in numbers, with it the people of one.`

// cohortReport is who is in which stage.
type cohortReport struct {
	File   string        `json:"file"`
	Plan   string        `json:"plan"`
	Hash   plan.Hash     `json:"hash"`
	Cohort plan.Hash     `json:"cohort_hash"`
	Stages []stageReport `json:"stages"`
	// Nowhere is how many people on the old side no stage takes.
	Nowhere int          `json:"nowhere"`
	Splits  []plan.Split `json:"splits"`
	Drift   []plan.Drift `json:"drift"`
	Faults  plan.Faults  `json:"faults"`
	Next    []string     `json:"next_steps"`
}

type stageReport struct {
	Stage    plan.StageID `json:"stage"`
	Hash     plan.Hash    `json:"hash"`
	People   int          `json:"people"`
	Together int          `json:"together"`
	Left     int          `json:"left"`
	Frozen   int          `json:"frozen,omitempty"`
}

func planCohort(a *app) *cobra.Command {
	var stage string
	var left bool
	var after, limit int
	cmd := &cobra.Command{
		Use: "cohort FILE", Short: "Tell who is in which stage of a plan, and why", Long: cohortLong,
		Args: takes("FILE (- for standard input)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if left && stage == "" {
				return usage(cmd, "--left needs --stage")
			}
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				r, found, err := a.checkPlan(cmd.Context(), s, args[0])
				if err != nil {
					return err
				}
				if stage != "" {
					return a.showStage(cmd, found.Resolution, plan.StageID(stage), left, after, limit)
				}
				return a.showCohorts(cmd.Context(), s, args[0], r, found)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&stage, "stage", "", "list the people of this stage")
	flags.BoolVar(&left, "left", false, "list those who were selected and are left out")
	flags.IntVar(&after, "after", 0, "go on after this position")
	limitFlag(cmd, &limit, 100, "people")
	return cmd
}

// resolved is a resolution with the users that it was made from.
type resolved struct {
	*plan.Resolution

	users []plan.User
}

// checkPlan reads a plan and looks into the user list. A plan with faults in the
// file alone is told as plan lint would.
func (a *app) checkPlan(ctx context.Context, s *stores, file string) (*plan.Reading, resolved, error) {
	r, err := a.readPlan(file)
	if err != nil {
		return nil, resolved{}, err
	}
	if r.Faults.Errors() > 0 {
		return nil, resolved{}, a.showLint(file, r)
	}
	users, err := wholeList(ctx, s)
	if err != nil {
		return nil, resolved{}, err
	}
	found, err := r.Check(users)
	return r, resolved{found, users}, err
}

func wholeList(ctx context.Context, s *stores) ([]plan.User, error) {
	people, err := cutover.Everybody(ctx, s.people, cutover.PeopleQuery{})
	if err != nil {
		return nil, err
	}
	return rollout.Candidates(people), nil
}

func (a *app) showCohorts(ctx context.Context, s *stores, file string, r *plan.Reading, found resolved) error {
	report := cohortReport{
		File: file, Plan: r.Document.Plan.Metadata.Name, Hash: r.Document.Hash(), Nowhere: found.Nowhere,
		Splits: found.Splits, Drift: []plan.Drift{}, Faults: r.Faults,
	}
	report.Cohort = plan.CohortHash(found.Freeze(report.Hash, ""))
	frozen, err := s.plans.Frozen(ctx, report.Hash)
	if err != nil {
		return err
	}
	if len(frozen) > 0 {
		since, err := r.Document.Since(frozen, found.users)
		if err != nil {
			return err
		}
		report.Drift = append(report.Drift, since.Drift...)
	}
	for _, st := range found.Stages {
		line := stageReport{Stage: st.Stage, Hash: st.Hash, People: len(st.People), Left: len(st.Left)}
		for _, p := range st.People {
			if p.Why == plan.Together {
				line.Together++
			}
		}
		if i := slices.IndexFunc(frozen, func(f plan.Frozen) bool { return f.Stage == st.Stage }); i >= 0 {
			line.Frozen = len(frozen[i].People)
		}
		report.Stages = append(report.Stages, line)
	}
	report.Next = []string{"dualtone plan diff " + file}
	if r.Faults.Errors() > 0 {
		report.Next = []string{"mend the file or the user list, then dualtone plan cohort " + file}
	}
	if err := a.show(report, report.table); err != nil {
		return err
	}
	return faulty(file, r)
}

// faulty is the error of a plan that has faults among the users.
func faulty(file string, r *plan.Reading) error {
	if n := r.Faults.Errors(); n > 0 {
		return fmt.Errorf("%s: %s: %w", file, count(n, "fault"), dualtone.ErrInvalid)
	}
	return nil
}

func (r cohortReport) table(t *table) {
	faultLines(t, r.Faults)
	t.row("STAGE", "PEOPLE", "COME ALONG", "LEFT OUT", "FROZEN", "HASH")
	for _, s := range r.Stages {
		frozen := "-"
		if s.Frozen > 0 {
			frozen = strconv.Itoa(s.Frozen)
		}
		t.row(string(s.Stage), strconv.Itoa(s.People), strconv.Itoa(s.Together), strconv.Itoa(s.Left), frozen, s.Hash.Short())
	}
	if len(r.Drift) > 0 {
		t.line("")
		driftLines(t, r.Drift)
	}
	t.line("")
	t.line("%s; %d people on the old side are in no stage. Cohort hash %s.", r.Plan, r.Nowhere, r.Cohort.Short())
	t.line("dualtone plan cohort %s --stage STAGE lists the people of one.", r.File)
}

// driftLines tell who has left stages since they were frozen, and who would join them.
func driftLines(t *table, all []plan.Drift) {
	for _, d := range all {
		if len(d.Leavers) > 0 {
			t.line("Left %s since it was frozen: %s. The prechecks leave them out; once those have run only dualtone plan skip does.", d.Stage, leaverNames(d.Leavers))
		}
		if len(d.Joiners) > 0 {
			t.line("Would be in %s now, and are in no stage: %s. A version that is handed in anew takes them, or another plan.", d.Stage, firstOf(d.Joiners))
		}
	}
}

func firstOf[T ~string](all []T) string {
	const most = 10
	if len(all) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(texts(all[:most]), ", "), len(all)-most)
	}
	return strings.Join(texts(all), ", ")
}

func leaverNames(left []plan.LeftOut) string {
	var names []string
	for _, l := range left {
		names = append(names, string(l.Person)+" ("+plan.Words(l.Because)+")")
	}
	return firstOf(names)
}

// member is a person of a stage as it is listed.
type stageMember struct {
	Position int               `json:"position"`
	Person   dualtone.PersonID `json:"person"`
	Why      string            `json:"why"`
	With     dualtone.PersonID `json:"with,omitempty"`
	Risk     int               `json:"risk"`
}

func (a *app) showStage(cmd *cobra.Command, found *plan.Resolution, id plan.StageID, left bool, after, limit int) error {
	i := slices.IndexFunc(found.Stages, func(s plan.StagePeople) bool { return s.Stage == id })
	if i < 0 {
		var there []string
		for _, s := range found.Stages {
			there = append(there, string(s.Stage))
		}
		return usage(cmd, fmt.Sprintf("no stage %q with people; there are %s", id, strings.Join(there, ", ")))
	}
	var all []stageMember
	if left {
		for n, l := range found.Stages[i].Left {
			all = append(all, stageMember{Position: n + 1, Person: l.Person, Why: string(l.Because)})
		}
	} else {
		for n, p := range found.Stages[i].People {
			all = append(all, stageMember{n + 1, p.Person, string(p.Why), p.With, p.Risk})
		}
	}
	all = all[min(max(after, 0), len(all)):]
	p := page(all, limit, func(m stageMember) string { return strconv.Itoa(m.Position) })
	return showList(a, p, "Nobody.", func(t *table) {
		t.row("#", "PERSON", "WHY", "RISK")
		for _, m := range p.Items {
			why := plan.Words(m.Why)
			if m.With != "" {
				why += " with " + string(m.With)
			}
			t.row(strconv.Itoa(m.Position), string(m.Person), why, strconv.Itoa(m.Risk))
		}
	})
}
