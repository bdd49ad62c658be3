package main

import (
	"cmp"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

const canaryLong = `A stage goes forward only when the way back of its class was gone lately. For
users, whose way back takes minutes, that is any user who was moved and taken
back. For what is done by hand and takes days, people make a round trip with one
thing, record it here with evidence, and somebody else confirms it.`

func planCanary(a *app) *cobra.Command {
	cmd := group("canary", "Round trips by hand that prove a way back", canaryRecord(a), canaryConfirm(a), canaryList(a))
	cmd.Long = canaryLong
	return cmd
}

func canaryRecord(a *app) *cobra.Command {
	var f acting
	c := rollout.Canary{Class: plan.ReversalDays}
	var drifted bool
	cmd := &cobra.Command{
		Use: "record ID", Short: "Record that something went to the new side and came back", Args: takes("an ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withCanaries(cmd.Context(), func(all rollout.Canaries, who string) error {
				c.ID, c.Restored, c.At = args[0], !drifted, a.now().UTC().Truncate(time.Microsecond)
				if c.Actor = f.as; c.Actor == "" {
					c.Actor = who
				}
				if err := c.Record(cmd.Context(), all, f.dryRun); err != nil {
					return err
				}
				if f.dryRun {
					return a.show(c, func(t *table) { t.line("It would record that %s came back. Nothing was recorded.", c.Subject) })
				}
				return a.show(c, func(t *table) {
					t.line("Recorded. It proves the way back once somebody else has confirmed it: dualtone plan canary confirm %s", c.ID)
				})
			})
		},
	}
	f.bind(cmd, plan.TelecomOwner)
	flags := cmd.Flags()
	flags.StringVar((*string)(&c.Class), "class", string(plan.ReversalDays), "how long the way back takes")
	flags.StringVar(&c.Subject, "subject", "", "what went out and came back, such as a number")
	flags.StringVar(&c.Evidence, "evidence", "", "what shows it, such as a link to both letters")
	flags.BoolVar(&drifted, "drifted", false, "not everything was as before")
	return cmd
}

func canaryConfirm(a *app) *cobra.Command {
	var f acting
	cmd := &cobra.Command{
		Use: "confirm ID", Short: "Confirm a round trip that somebody else made", Args: takes("an ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withCanaries(cmd.Context(), func(all rollout.Canaries, who string) error {
				c, err := all.Canary(cmd.Context(), args[0])
				if err != nil {
					return hint(err, "dualtone plan canary list shows which there are")
				}
				if f.as != "" {
					who = f.as
				}
				if c, err = c.Confirm(who, a.now().UTC().Truncate(time.Microsecond)); err != nil {
					return err
				}
				if f.dryRun {
					return a.show(c, func(t *table) { t.line("It would confirm that %s came back. Nothing was confirmed.", c.Subject) })
				}
				if err := all.ConfirmCanary(cmd.Context(), c); err != nil {
					return err
				}
				return a.show(c, func(t *table) { t.line("Confirmed: %s proves the way back in %s.", c.Subject, c.Class) })
			})
		},
	}
	f.bind(cmd, plan.CutoverApprover)
	return cmd
}

func canaryList(a *app) *cobra.Command {
	var q rollout.CanaryQuery
	var before string
	cmd := &cobra.Command{
		Use: "list", Short: "Round trips by hand, newest first", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if q.Before, err = moment("after", before); err != nil {
				return err
			}
			return a.withCanaries(cmd.Context(), func(all rollout.Canaries, _ string) error {
				asked := q
				asked.Limit = oneMore(q.Limit)
				found, err := all.Canaries(cmd.Context(), asked)
				if err != nil {
					return err
				}
				shown := page(found, q.Limit, func(c rollout.Canary) string { return c.At.Format(time.RFC3339Nano) })
				return showList(a, shown, "No round trips by hand.", func(t *table) {
					t.row("ID", "CLASS", "SUBJECT", "AT", "BY", "CONFIRMED BY", "RESTORED", "EVIDENCE")
					for _, c := range shown.Items {
						t.row(c.ID, string(c.Class), c.Subject, clock(c.At), c.Actor, cmp.Or(c.ConfirmedBy, "nobody"), strconv.FormatBool(c.Restored), c.Evidence)
					}
				})
			})
		},
	}
	flags := cmd.Flags()
	choiceFlag(cmd, &q.Class, "class", "only of this class", plan.ReversalMinutes, plan.ReversalDays)
	flags.StringVar(&before, "after", "", "go on after this one, with those before it")
	limitFlag(cmd, &q.Limit, 100, "round trips")
	return cmd
}
