package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover/plan"
)

const cohortLong = `Looks into the user list and tells who would be in which stage, and why; what
would be split; who was selected and is left out; and, once the plan is approved,
who has joined or left since.

Without --stage it tells the stages in numbers, with it the people of one.`

// cohortReport is who is in which stage.
type cohortReport struct {
	File string `json:"file"`
	control.Cohorts

	Next []string `json:"next_steps"`
}

func planCohort(a *app) *cobra.Command {
	var asked stageAsked
	cmd := &cobra.Command{
		Use: "cohort FILE", Short: "Tell who is in which stage of a plan, and why", Long: cohortLong,
		Args: takes("FILE (- for standard input)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if asked.left && asked.stage == "" {
				return usage(cmd, "--left needs --stage")
			}
			r, err := a.soundPlan(args[0])
			if err != nil {
				return err
			}
			if asked.stage != "" {
				return a.showStage(cmd.Context(), args[0], r, asked)
			}
			found, err := a.cohortsOf(cmd.Context(), args[0], r, 0)
			if err != nil {
				return err
			}
			return a.showCohorts(args[0], found)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&asked.stage, "stage", "", "list the people of this stage")
	flags.BoolVar(&asked.left, "left", false, "list those who were selected and are left out")
	flags.IntVar(&asked.after, "after", 0, "go on after this position")
	limitFlag(cmd, &asked.limit, 100, "people")
	return cmd
}

// soundPlan reads a plan file. One with faults is told as plan lint would.
func (a *app) soundPlan(file string) (*plan.Reading, error) {
	r, err := a.readPlan(file)
	if err == nil && r.Faults.Errors() > 0 {
		err = a.showLint(file, r)
	}
	return r, err
}

// cohortsOf looks a plan up in the user list, here or at a server, and names so many
// people of each stage.
func (a *app) cohortsOf(ctx context.Context, file string, r *plan.Reading, named int) (control.Cohorts, error) {
	return either(ctx, a, func(s server) (c control.Cohorts, err error) {
		draft, err := a.draftOf(file, r)
		if err != nil {
			return c, err
		}
		if c, err = sent[control.Cohorts](ctx, s, "/plans/cohort", api.CountedDraft{Draft: draft, Named: named}); err == nil {
			c.Faults = faultsHere(c.Faults, r.Faults, file)
		}
		return c, err
	}, func(_ *config.Config, s *stores) (control.Cohorts, error) {
		return s.planControl(nil, a.now).Cohorts(ctx, r, named)
	})
}

// draftOf is a plan file as it is sent to a server, with the files that stand beside
// it.
func (a *app) draftOf(file string, r *plan.Reading) (api.Draft, error) {
	files, err := a.beside(file, r)
	return api.Draft{Text: r.Text(), Files: files}, err
}

// faultsHere are the faults that a server finds in a plan, by the name that its file
// has here, after those that are only found here.
func faultsHere(there, here plan.Faults, file string) plan.Faults {
	if file == "-" {
		file = standardInput
	}
	all := plan.Faults{}
	for _, f := range there {
		if f.File == api.DraftName {
			f.File = file
		}
		all = append(all, f)
	}
	return append(slices.DeleteFunc(slices.Clone(here), func(f plan.Fault) bool { return slices.Contains(all, f) }), all...)
}

func (a *app) showCohorts(file string, found control.Cohorts) error {
	report := cohortReport{File: file, Cohorts: found, Next: []string{"dualtone plan diff " + file}}
	if found.Faults.Errors() > 0 {
		report.Next = []string{"mend the file or the user list, then dualtone plan cohort " + file}
	}
	if err := a.show(report, report.table); err != nil {
		return err
	}
	return faulty(file, found.Faults)
}

// faulty is the error of a plan that has faults among the users.
func faulty(file string, faults plan.Faults) error {
	if n := faults.Errors(); n > 0 {
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
			t.line("Would be in %s now, and are in no stage: %s. A version that is handed in anew takes them, or another plan.", d.Stage, plan.Some(d.Joiners, 10))
		}
	}
}

func leaverNames(left []plan.LeftOut) string {
	var names []string
	for _, l := range left {
		names = append(names, string(l.Person)+" ("+plan.Words(l.Because)+")")
	}
	return plan.Some(names, 10)
}

// stageAsked is of which stage people are listed, and which of them.
type stageAsked struct {
	stage        string
	left         bool
	after, limit int
}

// stageMembers are the people of a stage, here or at a server; all from a position on for
// no limit.
func (a *app) stageMembers(ctx context.Context, file string, r *plan.Reading, q stageAsked) ([]control.StageMember, error) {
	return either(ctx, a, func(s server) ([]control.StageMember, error) {
		draft, err := a.draftOf(file, r)
		if err != nil {
			return nil, err
		}
		return s.members(ctx, draft, q)
	}, func(_ *config.Config, s *stores) ([]control.StageMember, error) {
		return s.planControl(nil, a.now).StageMembers(ctx, &r.Document, plan.StageID(q.stage), q.left, q.after, q.limit)
	})
}

func (a *app) showStage(ctx context.Context, file string, r *plan.Reading, q stageAsked) error {
	limit := q.limit
	q.limit = oneMore(limit)
	all, err := a.stageMembers(ctx, file, r, q)
	if err != nil {
		return err
	}
	p := page(all, limit, func(m control.StageMember) string { return strconv.Itoa(m.Position) })
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
