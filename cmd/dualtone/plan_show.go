package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/cutover/plan"
)

func planSchema(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of a plan file, for editors",
		Long: "Prints the JSON Schema of a plan file. With it in a file, an editor that begins a plan with\n" +
			"# yaml-language-server: $schema=plan.schema.json completes keys and shows mistakes while they are made.",
		Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(a.out, plan.Schema())
			return err
		},
	}
}

func planShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "show FILE", Short: "Show what a plan file says, defaults and all", Args: takes("FILE (- for standard input)"),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := a.readPlan(args[0])
			if err != nil {
				return err
			}
			if r.Faults.Errors() > 0 {
				return a.showLint(args[0], r)
			}
			d := &r.Document
			return a.show(map[string]any{
				"hash": d.Hash(), "plan": d.Plan, "next_steps": []string{"dualtone plan cohort " + args[0], "dualtone plan diff " + args[0]},
			}, func(t *table) { documentTable(t, d) })
		},
	}
}

func documentTable(t *table, d *plan.Document) {
	p, spec := &d.Plan, &d.Plan.Spec
	t.line("Plan %s of %s%s: from %s to %s under %s. Hash %s.", p.Metadata.Name, p.Metadata.Owner, changeOf(p.Metadata), spec.Systems.Old,
		spec.Systems.New, spec.Systems.CRM, d.Hash().Short())
	t.line("")
	t.row("STAGE", "KIND", "AFTER", "WINDOWS", "SOAK", "GATES", "REVERSAL", "APPROVAL")
	for _, s := range spec.Stages {
		soak := "-"
		if s.Soak > 0 {
			soak = s.Soak.String()
		}
		t.row(string(s.ID), string(s.Kind), orDash(texts(s.After)), orDash(s.Windows), soak, orDash(texts(s.Gates)), string(s.Reversal), approvalText(p.Approval(s)))
	}
	if f := spec.Finalise; f != nil {
		t.row("finalise", "-", orDash(texts(f.After)), "-", "-", "-", string(plan.Irreversible), approvalText(f.Approve))
	}
	t.line("")
	limits := fmt.Sprintf("%d users at a time", spec.Limits.Concurrency)
	if n := spec.Limits.Rate.UsersPerMinute; n > 0 {
		limits += ", " + strconv.Itoa(n) + " a minute"
	}
	t.line("Limits: %s. The plan itself needs %s.", limits, approvalText(spec.Approvals.Plan))
	t.line("A failed gate rolls back by itself: %t. Everything can be rolled back until it is finalised, for %s after the last switch at least.", spec.Rollback.OnGateFail == plan.Automatic, spec.Rollback.Window)
}

func changeOf(m plan.Metadata) string {
	if m.Change == "" {
		return ""
	}
	return " (" + m.Change + ")"
}

func approvalText(a plan.Approval) string {
	if a.Need == 0 {
		return "-"
	}
	return fmt.Sprintf("%d of %s", a.Need, strings.Join(texts(a.Roles), ", "))
}

func orDash(all []string) string {
	return cmp.Or(strings.Join(all, ", "), "-")
}
