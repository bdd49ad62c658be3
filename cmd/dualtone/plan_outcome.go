package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/cutover/rehearsal"
)

const outcomeLong = `Holds what the rehearsal of the version in force predicted against what came: how
long the plan and each stage lasted and worked, how many attempts were deferred or
failed, how many calls came while CRM and route of the called disagreed, and how
many requests each system was asked for the plan on its busiest day.
What is not known yet is left open. The packs of evidence say the same of their
stage.`

func planOutcome(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "outcome PLAN", Short: "What the rehearsal predicted, and what came", Long: outcomeLong, Args: takes("the PLAN's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := either(cmd.Context(), a, func(s server) (o *rehearsal.Outcome, err error) {
				return o, s.Get(cmd.Context(), client.Path("plans", args[0], "outcome"), nil, &o)
			}, func(cfg *config.Config, s *stores) (*rehearsal.Outcome, error) {
				return outcomes(a, cfg, s).Outcome(cmd.Context(), args[0])
			})
			switch {
			case errors.Is(err, rehearsal.ErrNone):
				return hint(err, "dualtone plan rehearse FILE before it is handed in")
			case isNotFound(err):
				return hint(err, "dualtone plan list shows which there are")
			case err != nil:
				return err
			}
			return a.show(o, func(t *table) { outcomeTable(t, o) })
		},
	}
}

func outcomes(a *app, cfg *config.Config, s *stores) *activities.Outcomes {
	return &activities.Outcomes{Store: s.rollouts, Rehearsals: s.rehearsals, People: s.people, Log: callLog(cfg, s, nil), Now: a.now}
}

func outcomeTable(t *table, o *rehearsal.Outcome) {
	t.line("plan %s is %s; rehearsed %s. Each cell says what half of the plays and nine of ten stay below, and what came.", o.Plan, o.State, clock(o.Rehearsed))
	t.line("")
	t.row("STAGE", "STATE", "USERS", "LASTS P50, P90", "CAME", "WORK P50, P90", "CAME", "DEFERRED", "CAME", "FAILED", "CAME", "CALLS AT RISK", "CAME")
	row := func(name, state, users string, lasts, working [2]string, all ...rehearsal.Number) {
		cells := []string{name, state, users, lasts[0], lasts[1], working[0], working[1]}
		for _, n := range all {
			predicted, came := numberCells(n)
			cells = append(cells, predicted, came)
		}
		t.row(cells...)
	}
	people := 0
	for i := range o.Stages {
		s := &o.Stages[i]
		people += s.People
		row(string(s.Stage), string(s.State), strconv.Itoa(s.People), lengthCells(s.Lasts), lengthCells(s.Working), s.Deferred, s.Failed, s.AtRisk)
	}
	row("all", string(o.State), strconv.Itoa(people), lengthCells(o.Lasts), [2]string{"-", "-"}, o.Deferred, o.Failed, o.AtRisk)
	t.line("")
	for _, b := range o.Budgets {
		predicted, came := numberCells(b.Number)
		allowed := ""
		if b.Allows > 0 {
			allowed = fmt.Sprintf(", %.0f are allowed", b.Allows)
		}
		t.line("%s: %s requests on the busiest day were expected, %s came%s.", b.System, predicted, came, allowed)
	}
	for _, g := range o.Grounds {
		t.line("  %s", g)
	}
	for _, b := range o.Beyond {
		t.line("BEYOND: %s", b)
	}
}

func numberCells(n rehearsal.Number) (predicted, came string) {
	came = "-"
	if n.Actual != nil {
		came = strconv.Itoa(*n.Actual)
	}
	return fmt.Sprintf("%d, %d", n.P50, n.P90), came
}

func lengthCells(l rehearsal.Length) [2]string {
	came := "-"
	if l.Actual != nil {
		came = l.Actual.String()
	}
	return [2]string{fmt.Sprintf("%s, %s", l.P50, l.P90), came}
}
