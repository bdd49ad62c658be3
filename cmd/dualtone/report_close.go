package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/report"
)

func reportDefinitions(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "definitions", Short: "What each figure of a report means", Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			all := report.Definitions()
			return showList(a, list[report.Definition]{Items: all}, "no figures", func(t *table) {
				t.row("FIGURE", "COLUMN", "MEANING")
				for _, d := range all {
					t.row(d.Name, d.Column, d.Meaning)
				}
			})
		},
	}
}

func reportClose(a *app) *cobra.Command {
	var from, to, zone, reason string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "close NAME", Short: "Close a period: later reports of it name what came since",
		Long: "Notes what is known of a period now. Its figures stay readable as they are with --known-at, and a later report of it " +
			"names every leg that came late or was corrected.",
		Args: takes("NAME, such as 2026-10"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c := report.Closing{Name: args[0], Zone: zone, Reason: reason}
			if _, err := time.LoadLocation(zone); err != nil {
				return usage(cmd, "--zone "+zone+": want a time zone such as Europe/Berlin")
			}
			if reason == "" {
				return usage(cmd, "--reason missing: others will want to know why")
			}
			var err error
			if c.From, c.To, err = period(cmd, args[0], from, to); err != nil {
				return err
			}
			c, err = either(cmd.Context(), a, func(s server) (report.Closing, error) {
				return sent[report.Closing](cmd.Context(), s, "/closings", api.NewClosing{
					Why: api.Why{Reason: reason}, Name: c.Name, From: c.From.String(), To: c.To.String(), Zone: zone, DryRun: dryRun,
				})
			}, func(cfg *config.Config, s *stores) (report.Closing, error) {
				c.Actor = actor(cfg)
				if dryRun {
					return report.WouldClose(cmd.Context(), s.rollups, s.rollups.Settle, c)
				}
				return s.rollups.Close(cmd.Context(), c)
			})
			if err != nil {
				return err
			}
			return a.show(c, func(t *table) {
				is := "is closed as known at"
				switch {
				case dryRun && c.At.IsZero():
					is = "would be closed as known at"
				case dryRun:
					is = "stays closed, whatever is known by now, as known at"
				}
				t.line("%s, %s to %s in %s, %s %s.", c.Name, c.From, c.To, c.Zone, is, c.KnownAt.Format(time.RFC3339Nano))
				if dryRun {
					t.line("Nothing was kept.")
				}
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&from, "from", "", "first day (default: of the month that NAME is)")
	flags.StringVar(&to, "to", "", "last day (default: of the month that NAME is)")
	flags.StringVar(&zone, "zone", "UTC", "the time zone of its days")
	flags.StringVar(&reason, "reason", "", "why it is closed")
	flags.BoolVar(&dryRun, "dry-run", false, "say what would be closed, and keep nothing")
	return cmd
}

// period is the days of a closing: a month by its name, or as they are given.
func period(cmd *cobra.Command, name, from, to string) (first, last report.Date, err error) {
	if month, wrong := time.Parse("2006-01", name); wrong == nil && from == "" && to == "" {
		return report.DateOf(month), report.DateOf(month.AddDate(0, 1, -1)), nil
	}
	if from == "" || to == "" {
		return first, last, usage(cmd, "--from and --to missing: "+name+" is no month such as 2026-10")
	}
	if first, err = report.ParseDate(from); err != nil {
		return first, last, err
	}
	last, err = report.ParseDate(to)
	return first, last, err
}

func reportClosings(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "closings", Short: "List the periods that were closed", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := either(cmd.Context(), a, func(s server) ([]report.Closing, error) {
				return listed[report.Closing](cmd.Context(), s, "/closings", nil, 0)
			}, func(_ *config.Config, s *stores) ([]report.Closing, error) { return s.rollups.Closings(cmd.Context()) })
			if err != nil {
				return err
			}
			return showList(a, list[report.Closing]{Items: all}, "Nothing is closed yet.", func(t *table) {
				t.row("NAME", "FROM", "TO", "ZONE", "KNOWN AT", "BY", "WHY")
				for _, c := range all {
					t.row(c.Name, c.From.String(), c.To.String(), c.Zone, c.KnownAt.Format(time.RFC3339Nano), dash(c.Actor), c.Reason)
				}
			})
		},
	}
}
