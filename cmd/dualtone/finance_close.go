package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/config"
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

// closing is what is asked to be done to a month.
func (m *monthArgs) closing(cmd *cobra.Command, cfg *config.Config, s *stores, month string) (cost.Closing, error) {
	at, err := finance.ParseMonth(month)
	if err != nil {
		return cost.Closing{}, usage(cmd, err.Error())
	}
	if m.reason == "" {
		return cost.Closing{}, usage(cmd, "--reason missing: others will want to know why")
	}
	in, err := s.finance.Inputs(cmd.Context(), cost.Question{Plan: m.plan})
	if err != nil {
		return cost.Closing{}, hint(err, "dualtone finance contracts import and dualtone finance sample give reports something to be made of")
	}
	return cost.Closing{Plan: in.Plan.Name, Month: at, Actor: actor(cfg), Reason: m.reason}, nil
}

func financeClose(a *app) *cobra.Command {
	var m monthArgs
	cmd := &cobra.Command{
		Use: "close MONTH", Short: "Close a month: its figures stay, later facts become corrections",
		Long: "Freezes what is known of a month. Reports of it stay equal to the byte, whatever becomes known later; that stands in the next open " +
			"month as corrections, each with the month that it corrects. Months are closed in their order.",
		Args: takes("MONTH, such as 2027-02"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStores(cmd.Context(), func(cfg *config.Config, s *stores) error {
				c, err := m.closing(cmd, cfg, s, args[0])
				if err != nil {
					return err
				}
				closer := cost.Closer{Source: s.finance, Closings: s.finance}
				if c, err = closer.CloseMonth(cmd.Context(), c, finance.DayOf(a.now().UTC()), m.dryRun); err != nil {
					return hint(err, "dualtone finance closings shows which months are closed")
				}
				return a.show(c, func(t *table) {
					t.line("%s of plan %s is closed as known at %s.", c.Month, c.Plan, c.KnownAt.Format(time.RFC3339Nano))
					if m.dryRun {
						t.line("Nothing was kept.")
					}
				})
			})
		},
	}
	m.bind(cmd, "why it is closed")
	return cmd
}

func financeReopen(a *app) *cobra.Command {
	var m monthArgs
	cmd := &cobra.Command{
		Use: "reopen MONTH", Short: "Open the last closed month again",
		Long: "Opens the last closed month of a plan again, so that it follows what is known. Who did it and why is recorded; what was closed stays " +
			"readable with --known-at.",
		Args: takes("MONTH, such as 2027-02"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStores(cmd.Context(), func(cfg *config.Config, s *stores) error {
				c, err := m.closing(cmd, cfg, s, args[0])
				if err != nil {
					return err
				}
				if !m.dryRun {
					c, err = s.finance.ReopenMonth(cmd.Context(), c)
				} else {
					err = s.finance.MayReopen(cmd.Context(), c)
				}
				if err != nil {
					return hint(err, "dualtone finance closings shows which months are closed")
				}
				return a.show(c, func(t *table) {
					t.line("%s of plan %s is open again.", c.Month, c.Plan)
					if m.dryRun {
						t.line("Nothing was kept.")
					}
				})
			})
		},
	}
	m.bind(cmd, "why it is opened again")
	return cmd
}

func financeClosings(a *app) *cobra.Command {
	var plan string
	cmd := &cobra.Command{
		Use: "closings", Short: "List months that were closed or opened again", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				all, err := s.finance.Closings(cmd.Context(), plan, time.Time{})
				if err != nil {
					return err
				}
				return showList(a, list[cost.Closing]{Items: all}, "Nothing is closed yet.", func(t *table) {
					t.row("PLAN", "MONTH", "WHAT", "KNOWN AT", "BY", "WHY")
					for _, c := range all {
						t.row(c.Plan, c.Month.String(), string(c.Kind), c.KnownAt.Format(time.RFC3339Nano), c.Actor, c.Reason)
					}
				})
			})
		},
	}
	cmd.Flags().StringVar(&plan, "plan", "", "only of this plan")
	return cmd
}
