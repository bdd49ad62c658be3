package main

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

// monthArgs are what a month is closed or opened again with.
type monthArgs struct {
	plan, reason string
	dryRun       bool
}

func (m *monthArgs) bind(cmd *cobra.Command, why string) {
	flags := cmd.Flags()
	flags.StringVar(&m.plan, "plan", "", "of which plan (default: the only one)")
	flags.StringVar(&m.reason, "reason", "", why)
	flags.BoolVar(&m.dryRun, "dry-run", false, "say what would be done, and keep nothing")
}

// order is what is asked to be done to a month.
func (m *monthArgs) order(cmd *cobra.Command, month string) (control.MonthOrder, error) {
	at, err := finance.ParseMonth(month)
	if err != nil {
		return control.MonthOrder{}, usage(cmd, err.Error())
	}
	if m.reason == "" {
		return control.MonthOrder{}, usage(cmd, "--reason missing: others will want to know why")
	}
	return control.MonthOrder{Why: control.Why{Reason: m.reason}, Plan: m.plan, Month: at}, nil
}

// months closes months of finance.
func (s *stores) months(now func() time.Time) *control.Months {
	return &control.Months{Source: s.finance, Closings: s.finance, Now: now}
}

func financeClose(a *app) *cobra.Command {
	return monthCommand(a, cost.Close, &cobra.Command{
		Use: "close MONTH", Short: "Close a month: its figures stay, later facts become corrections",
		Long: "Freezes what is known of a month. Reports of it stay equal to the byte, whatever becomes known later; that stands in the next open " +
			"month as corrections, each with the month that it corrects. Months are closed in their order.",
	}, "why it is closed")
}

func financeReopen(a *app) *cobra.Command {
	return monthCommand(a, cost.Reopen, &cobra.Command{
		Use: "reopen MONTH", Short: "Open the last closed month again",
		Long: "Opens the last closed month of a plan again, so that it follows what is known. Who did it and why is recorded; what was closed stays " +
			"readable with --known-at.",
	}, "why it is opened again")
}

// monthCommand closes a month or opens it again.
func monthCommand(a *app, kind cost.ClosingKind, cmd *cobra.Command, why string) *cobra.Command {
	var m monthArgs
	cmd.Args = takes("MONTH, such as 2027-02")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := m.order(cmd, args[0])
		if err != nil {
			return err
		}
		made, err := either(cmd.Context(), a, func(s server) (control.MonthPreview, error) {
			month, err := sent[api.Month](cmd.Context(), s, monthPath(kind), api.MonthOrder{
				Why: api.Why{Reason: o.Reason}, Month: args[0], Plan: o.Plan, DryRun: m.dryRun,
			})
			return month.MonthPreview, err
		}, func(cfg *config.Config, s *stores) (p control.MonthPreview, err error) {
			o.Actor = actor(cfg)
			switch months := s.months(a.now); {
			case m.dryRun:
				return months.Preview(cmd.Context(), kind, o)
			case kind == cost.Reopen:
				p.Closing, err = months.Reopen(cmd.Context(), o)
			default:
				p.Closing, err = months.Close(cmd.Context(), o)
			}
			return p, err
		})
		switch {
		case err != nil:
			return monthHint(err)
		case m.dryRun:
			return a.showMonth(&made)
		}
		return a.show(made.Closing, func(t *table) {
			if kind == cost.Reopen {
				t.line("%s of plan %s is open again.", made.Month, made.Plan)
				return
			}
			t.line("%s of plan %s is closed as known at %s.", made.Month, made.Plan, made.KnownAt.Format(time.RFC3339Nano))
		})
	}
	m.bind(cmd, why)
	return cmd
}

func monthPath(kind cost.ClosingKind) string {
	if kind == cost.Reopen {
		return "/finance/closings/reopen"
	}
	return "/finance/closings"
}

func monthHint(err error) error {
	if isNotFound(err) {
		return hint(err, "dualtone finance contracts import and dualtone finance sample give reports something to be made of")
	}
	return hint(err, "dualtone finance closings shows which months are closed")
}

// showMonth shows what an order would do.
func (a *app) showMonth(p *control.MonthPreview) error {
	return a.show(p, func(t *table) {
		t.row("", "SEAT-DAYS PAID TWICE", "PAID", "SEATS PAID TWICE", "WASTE", "CORRECTIONS", "WITHOUT AN INVOICE")
		figures := func(name string, f *control.MonthFigures) {
			t.row(name, strconv.Itoa(f.SeatDays), f.Paid.Grouped(), f.Overlap.Grouped(), f.Waste.Grouped(), strconv.Itoa(f.Corrections), strconv.Itoa(f.Unbilled))
		}
		if figures(p.Month.String(), &p.Figures); p.Reopened != nil {
			figures("open again", p.Reopened)
		}
		for _, n := range p.Notes {
			t.line("Note: %s", n)
		}
		t.line("Nothing was kept.")
	})
}

func financeClosings(a *app) *cobra.Command {
	var plan string
	cmd := &cobra.Command{
		Use: "closings", Short: "List months that were closed or opened again", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := either(cmd.Context(), a, func(s server) ([]cost.Closing, error) {
				return listed[cost.Closing](cmd.Context(), s, "/finance/closings", client.Query{}.Text("plan", plan), 0)
			}, func(_ *config.Config, s *stores) ([]cost.Closing, error) {
				return s.months(a.now).List(cmd.Context(), plan)
			})
			if err != nil {
				return err
			}
			return showList(a, list[cost.Closing]{Items: all}, "Nothing is closed yet.", func(t *table) {
				t.row("PLAN", "MONTH", "WHAT", "KNOWN AT", "BY", "WHY")
				for _, c := range all {
					t.row(c.Plan, c.Month.String(), string(c.Kind), c.KnownAt.Format(time.RFC3339Nano), c.Actor, c.Reason)
				}
			})
		},
	}
	cmd.Flags().StringVar(&plan, "plan", "", "only of this plan")
	return cmd
}
