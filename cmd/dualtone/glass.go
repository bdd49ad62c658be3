package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/cutover/rollout"
)

const glassLong = `Whoever breaks the glass is incident commander for a while: they may do what
nobody else is there to do. It needs a reason, everybody hears of it through the
channels of the settings, and what they do stands in the audit with that role.`

func glassCommand(a *app) *cobra.Command {
	cmd := group("glass", "Become incident commander for a while, when nobody else is there", glassBreak(a), glassMend(a), glassList(a))
	cmd.Long = glassLong
	return cmd
}

// eventOfGlass is what people hear of a glass.
func eventOfGlass(g access.Grant) rollout.Event {
	e := rollout.Event{
		Kind: rollout.GlassBroken, What: "has " + g.Holder + " as incident commander until " + clock(g.Until), Why: g.Reason,
		Actor: g.By, At: g.From, Urgent: true, Next: []string{"dualtone audit list --who " + g.Holder, "dualtone glass mend " + g.ID},
	}
	if !g.Ended.IsZero() {
		e.What, e.At, e.Urgent, e.Next = "has "+g.Holder+" as incident commander no more", g.Ended, false, e.Next[:1]
	}
	return e
}

func glassBreak(a *app) *cobra.Command {
	var reason string
	var dryRun bool
	lasts := time.Hour
	cmd := &cobra.Command{
		Use: "break", Short: "Become incident commander for a while; everybody hears of it", Long: glassLong, Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if lasts%time.Minute != 0 {
				return usage(cmd, fmt.Sprintf("--for %s: want whole minutes", lasts))
			}
			g, err := either(cmd.Context(), a, func(s server) (access.Grant, error) {
				return sent[access.Grant](cmd.Context(), s, "/glass", api.Glass{Reason: reason, Minutes: int(lasts / time.Minute), DryRun: dryRun})
			}, func(_ *config.Config, s *stores) (access.Grant, error) {
				who, _ := access.From(cmd.Context())
				if dryRun {
					return access.NewGlass(who, reason, lasts, a.now())
				}
				return a.office(s).Glass(cmd.Context(), who, reason, lasts)
			})
			if err != nil {
				return err
			}
			return a.show(map[string]any{"glass": g, "dry_run": dryRun}, func(t *table) {
				if dryRun {
					t.line("%s would be incident commander until %s, and everybody would hear of it.", g.Holder, clock(g.Until))
					return
				}
				t.line("%s is incident commander until %s. Everybody hears of it; dualtone glass mend %s ends it.", g.Holder, clock(g.Until), g.ID)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&reason, "reason", "", "what has happened")
	flags.DurationVar(&lasts, "for", lasts, "for how long, 8h at most")
	flags.BoolVar(&dryRun, "dry-run", false, "say what would be, and break nothing")
	return cmd
}

func glassMend(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "mend ID", Short: "Be incident commander no more, before the time is over", Args: takes("the glass's ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := either(cmd.Context(), a, func(s server) (g access.Grant, err error) {
				return g, s.Delete(cmd.Context(), client.Path("glass", args[0]), ending(dryRun), &g)
			}, func(_ *config.Config, s *stores) (access.Grant, error) {
				who, _ := access.From(cmd.Context())
				if dryRun {
					return a.office(s).Mendable(cmd.Context(), who, args[0])
				}
				return a.office(s).Mend(cmd.Context(), who, args[0])
			})
			if err != nil {
				return hint(err, "dualtone glass list shows which there are")
			}
			return a.show(map[string]any{"glass": g, "dry_run": dryRun}, func(t *table) {
				t.line("%s %s incident commander no more.", g.Holder, map[bool]string{true: "would be", false: "is"}[dryRun])
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be, and end nothing")
	return cmd
}

func glassList(a *app) *cobra.Command {
	var before string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "Who was incident commander for a while, when and why; the newest first", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := instant(cmd, "after", before)
			if err != nil {
				return err
			}
			found, err := either(cmd.Context(), a, func(s server) ([]access.Grant, error) {
				return listed[access.Grant](cmd.Context(), s, "/glass", client.Query{}.Yes("all", true).Time("after", from), oneMore(limit))
			}, func(_ *config.Config, s *stores) ([]access.Grant, error) {
				return s.accounts.Grants(cmd.Context(), from, oneMore(limit))
			})
			if err != nil {
				return err
			}
			p := page(found, limit, func(g access.Grant) string { return g.From.Format(time.RFC3339Nano) })
			return showList(a, p, "Nobody ever broke the glass.", func(t *table) {
				t.row("ID", "WHO", "FROM", "UNTIL", "ENDED", "WHY")
				for _, g := range p.Items {
					t.row(g.ID, g.Holder, clock(g.From), clock(g.Until), clock(g.Ended), g.Reason)
				}
			})
		},
	}
	cmd.Flags().StringVar(&before, "after", "", "go on after this one, as the list before said")
	limitFlag(cmd, &limit, 50, "grants")
	return cmd
}
