package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/workflows"
)

// order is a verb for a running cohort.
type order struct {
	use, short, long string
	args             []string
	flags            func(*cobra.Command)
	// would says what the order does, for those who ask first.
	would string
	give  func(ctx context.Context, c cohortOrders, args []string, why control.Why) (workflows.CohortStatus, error)
}

func (a *app) orderCommand(o order) *cobra.Command {
	var reason string
	var dryRun bool
	cmd := &cobra.Command{
		Use: o.use, Short: o.short, Long: o.long,
		Args: takes(append([]string{"the cohort's NAME"}, o.args...)...),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withCounter(cmd.Context(), reason, func(c *counter) error {
				if dryRun {
					return a.wouldOrder(cmd.Context(), c, o, args)
				}
				s, err := o.give(cmd.Context(), c.cohorts, args, c.why)
				if err != nil {
					return err
				}
				return a.show(s, func(t *table) { statusTable(t, s) })
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for whoever looks at it")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would happen, and order nothing")
	if o.flags != nil {
		o.flags(cmd)
	}
	return cmd
}

// wouldOrder tells how the cohort stands and what the order would do to it.
func (a *app) wouldOrder(ctx context.Context, c *counter, o order, args []string) error {
	s, err := c.cohorts.CohortStatus(ctx, args[0])
	if err != nil {
		return err
	}
	if s.Verdict != "" {
		return fmt.Errorf("cohort %s is at rest (%s), there is nothing to order: %w", s.Cohort, s.Verdict, dualtone.ErrConflict)
	}
	return a.show(map[string]any{"status": s, "would": o.would, "dry_run": true}, func(t *table) {
		statusTable(t, s)
		t.line("The order would %s. Nothing was ordered.", o.would)
	})
}

func cohortPause(a *app) *cobra.Command {
	return a.orderCommand(order{
		use: "pause NAME", short: "Let those in flight end and start nobody else until resume",
		would: "let those in flight end and start nobody else",
		give: func(ctx context.Context, c cohortOrders, args []string, why control.Why) (workflows.CohortStatus, error) {
			return c.Pause(ctx, args[0], why)
		},
	})
}

func cohortResume(a *app) *cobra.Command {
	return a.orderCommand(order{
		use: "resume NAME", short: "Go on with a paused cohort",
		would: "start the users who are left",
		give: func(ctx context.Context, c cohortOrders, args []string, why control.Why) (workflows.CohortStatus, error) {
			return c.Resume(ctx, args[0], why)
		},
	})
}

func cohortCancel(a *app) *cobra.Command {
	var inFlight string
	return a.orderCommand(order{
		use: "cancel NAME", short: "Start nobody else; those in flight finish or go back",
		would: "start nobody else, and end once nobody is in flight",
		flags: func(cmd *cobra.Command) {
			cmd.Flags().StringVar(&inFlight, "in-flight", string(control.Finish), "what becomes of those in flight: finish or back")
		},
		give: func(ctx context.Context, c cohortOrders, args []string, why control.Why) (workflows.CohortStatus, error) {
			return c.Stop(ctx, args[0], control.InFlight(inFlight), why)
		},
	})
}

func cohortSkip(a *app) *cobra.Command {
	return a.orderCommand(order{
		use: "skip NAME USER", short: "Leave out a user who was not started yet", args: []string{"USER, the person's id"},
		would: "leave the user out",
		give: func(ctx context.Context, c cohortOrders, args []string, why control.Why) (workflows.CohortStatus, error) {
			return c.Skip(ctx, args[0], dualtone.PersonID(args[1]), why)
		},
	})
}

func cohortWindow(a *app) *cobra.Command {
	return a.orderCommand(order{
		use: "window NAME USERS", short: "Set how many users are moved at the same time", args: []string{"how many USERS"},
		would: "change how many users are moved at the same time",
		give: func(ctx context.Context, c cohortOrders, args []string, why control.Why) (workflows.CohortStatus, error) {
			n, err := strconv.Atoi(args[1])
			if err != nil || n < 1 {
				return workflows.CohortStatus{}, fmt.Errorf("window %q: want a number from 1: %w", args[1], dualtone.ErrInvalid)
			}
			return c.Widen(ctx, args[0], n, why)
		},
	})
}

func cohortStatus(a *app) *cobra.Command {
	var follow bool
	cmd := &cobra.Command{
		Use: "status NAME", Short: "How a cohort's latest move stands",
		Long: "Tells how a cohort's latest move stands. With --watch it follows the move to its end, and the exit code says how it ended.",
		Args: takes("the cohort's NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withCounter(cmd.Context(), "", func(c *counter) error {
				named, err := c.reads.Cohort(cmd.Context(), args[0])
				if err != nil {
					return hint(err, "dualtone cohort list shows which there are")
				}
				s, err := c.cohorts.CohortStatus(cmd.Context(), named.Name)
				if isNotFound(err) {
					return hint(err, "dualtone cohort move "+named.Name+" starts it")
				}
				if err != nil {
					return err
				}
				if follow {
					total, err := expected(cmd.Context(), c.reads, s)
					if err != nil {
						return err
					}
					return a.watchCohort(cmd.Context(), c, watch{cohort: named.Name, total: total})
				}
				return a.show(s, func(t *table) { statusTable(t, s) })
			})
		},
	}
	cmd.Flags().BoolVarP(&follow, "watch", "w", false, "follow it to its end")
	return cmd
}

// expected is how many users a running move has in all, or at most where it
// leaves some out: those who have ended, and those who are not yet where it
// goes and were not tried in vain.
func expected(ctx context.Context, r reads, s workflows.CohortStatus) (int, error) {
	there, err := whom(ctx, r, control.CohortMove{Cohort: s.Cohort, To: s.To})
	if err != nil || s.Verdict != "" {
		return s.Tally.Total(), err
	}
	left := len(there)
	for _, n := range badOnes(s) {
		left -= n
	}
	return s.Tally.Total() + max(left, len(s.InFlight)), nil
}
