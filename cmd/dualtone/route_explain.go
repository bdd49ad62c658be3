package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/routing"
)

const explainLong = `Decides one call as every edge would at this revision, and tells which rule
decided and why. NUMBER is what was dialed, in any form.`

// explanation is a decision beside the rule that made it.
type explanation struct {
	routing.Decision
	// Route is the rule; without sides when none decided.
	Route shownRoute `json:"route,omitzero"`
	// Dialed is what was asked about.
	Dialed string    `json:"dialed"`
	At     time.Time `json:"at"`
}

func routeExplain(a *app) *cobra.Command {
	call := routing.Call{Ingress: routing.FromCarrier}
	var at string
	cmd := &cobra.Command{
		Use: "explain NUMBER", Short: "Where one call goes, by which rule and why", Long: explainLong,
		Args: takes("NUMBER, as dialed"),
		RunE: func(cmd *cobra.Command, args []string) error {
			call.Called = args[0]
			var err error
			if call.At, err = moment("at", at); err != nil {
				return err
			}
			if at == "" {
				call.At = a.now()
			}
			return a.withReads(cmd.Context(), func(r reads) error {
				d, route, err := r.Explain(cmd.Context(), call)
				if err != nil {
					return err
				}
				e := explanation{Decision: d, Dialed: call.Called, At: call.At.UTC()}
				if len(route.Sides) > 0 {
					e.Route = shown(route)
				}
				return a.show(e, e.table)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&call.Caller, "from", "", "the caller's number; it decides a split")
	choiceFlag(cmd, &call.Ingress, "ingress", "where the call comes from", routing.FromCarrier, routing.FromOld, routing.FromNew, routing.Internal)
	flags.StringVar(&at, "at", "", "when, such as 2026-11-30T06:00:00Z (default: now)")
	flags.StringVar(&call.Location, "location", "", "where the caller is, by its name in edge.locations; it decides calls for help")
	flags.StringVar(&call.Country, "country", "", "the trunk's country, two capital letters (default: migration.region)")
	flags.StringSliceVar(&call.Diverted, "diverted", nil, "numbers that forwarded the call before")
	return cmd
}

func (e explanation) table(t *table) {
	sides := make([]string, len(e.Targets))
	for i, target := range e.Targets {
		sides[i] = string(target.Side)
	}
	number := cmp.Or(string(e.Number), e.Dialed)
	and := " then "
	if e.Order == routing.Parallel {
		and = " and at once "
	}
	switch e.Result {
	case routing.Routed:
		t.line("%s goes to %s.", number, strings.Join(sides, and))
	case routing.Loop:
		t.line("%s is refused as a loop (482).", number)
	case routing.NoTable:
		t.line("%s is not decided (503), so the SBC follows its fallback.", number)
	default:
		t.line("%s is not found (404).", number)
	}
	rule := string(e.Scope)
	if e.Rule != "" && e.Rule != rule {
		rule += " " + e.Rule
	}
	if e.Owner != "" {
		rule += " of " + e.Owner
	}
	t.line("Rule:     %s", rule)
	if len(e.Route.Sides) > 0 {
		t.line("Plan:     %s", e.Route.Plan)
		if when := routeCells(e.Route.Route)[4]; when != "-" {
			t.line("When:     %s", when)
		}
	}
	t.line("Why:      %s", e.Reason)
	if next := e.next(); next != "" {
		t.line("Next:     %s", next)
	}
	t.line("Revision: %d, asked for %s", e.Revision, clock(e.At))
}

// next is what makes a decision of none.
func (e explanation) next() string {
	switch {
	case e.Result == routing.NoTable:
		return "fill the table with `dualtone route import`, or have `dualtone route set default old` decide what no rule names"
	case e.Result == routing.NotFound && e.Number != "":
		return fmt.Sprintf("`dualtone route set %s old` makes a rule, and `dualtone route set default old` one for all that no rule names", e.Number)
	default:
		return ""
	}
}
