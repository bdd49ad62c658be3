package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
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
			return a.withStores(cmd.Context(), func(cfg *config.Config, s *stores) error {
				c.Actor = actor(cfg)
				if dryRun {
					return a.previewClosing(cmd.Context(), s, c)
				}
				if c, err = s.rollups.Close(cmd.Context(), c); err != nil {
					return err
				}
				return a.show(c, func(t *table) {
					t.line("%s, %s to %s in %s, is closed as known at %s.", c.Name, c.From, c.To, c.Zone, c.KnownAt.Format(time.RFC3339Nano))
				})
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

// previewClosing says what closing a period would do: nothing to one that is closed
// already, and it is refused where the name is that of other days.
func (a *app) previewClosing(ctx context.Context, s *stores, c report.Closing) error {
	all, err := s.rollups.Closings(ctx)
	if err != nil {
		return err
	}
	would := "would be closed as known at"
	if i := slices.IndexFunc(all, func(o report.Closing) bool { return o.Name == c.Name }); i >= 0 {
		held := all[i]
		if held.From != c.From || held.To != c.To || held.Zone != c.Zone {
			return fmt.Errorf("closing %s: it is closed already, of %s to %s in %s: %w", c.Name, held.From, held.To, held.Zone, dualtone.ErrConflict)
		}
		c, would = held, "stays closed, whatever is known by now, as known at"
	} else if c.KnownAt, err = s.rollups.Settle(ctx); err != nil {
		return err
	}
	return a.show(c, func(t *table) {
		t.line("%s, %s to %s in %s, %s %s.", c.Name, c.From, c.To, c.Zone, would, c.KnownAt.Format(time.RFC3339Nano))
		t.line("Nothing was kept.")
	})
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
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				all, err := s.rollups.Closings(cmd.Context())
				if err != nil {
					return err
				}
				return showList(a, list[report.Closing]{Items: all}, "Nothing is closed yet.", func(t *table) {
					t.row("NAME", "FROM", "TO", "ZONE", "KNOWN AT", "BY", "WHY")
					for _, c := range all {
						t.row(c.Name, c.From.String(), c.To.String(), c.Zone, c.KnownAt.Format(time.RFC3339Nano), dash(c.Actor), c.Reason)
					}
				})
			})
		},
	}
}
