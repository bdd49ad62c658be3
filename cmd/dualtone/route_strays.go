package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/routing"
)

const routeStraysLong = `Lists the numbers of people whose calls do not ring first on the side that they
are on, by which rule: after a change of the table with --allow-stray, or when the
user list gave somebody another number. A rule of "none" has nobody ring. While
somebody is switched they may be listed for the moment between their softphone
and their routes.

The command ends with exit code 7 when there is anybody, so that it can be used
as a check.`

func routeStrays(a *app) *cobra.Command {
	var text, after string
	var side dualtone.Side
	var limit int
	cmd := &cobra.Command{
		Use: "strays", Short: "List people whose calls do not ring where they are", Long: routeStraysLong,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			found, err := either(ctx, a, func(s server) ([]routing.Stray, error) {
				return listed[routing.Stray](ctx, s, "/strays", client.Query{}.Text("text", text).Text("side", string(side)).Text("after", after), oneMore(limit))
			}, func(cfg *config.Config, s *stores) ([]routing.Stray, error) {
				found, err := routing.StraysOf(ctx, s.router, s.people, decidingOptions(cfg), a.now())
				return slices.DeleteFunc(found, func(s routing.Stray) bool { return !s.Has(text, side) || string(s.Number) <= after }), err
			})
			if err != nil {
				return err
			}
			p := page(found, limit, func(s routing.Stray) string { return string(s.Number) })
			if err := showList(a, p, "Nobody: all calls ring first where those who are called are.", func(t *table) {
				t.row("PERSON", "NUMBER", "SIDE", "RULE")
				for _, s := range p.Items {
					t.row(string(s.Person), string(s.Number), string(s.Side), cmp.Or(string(s.Rule), "none"))
				}
			}); err != nil || len(found) == 0 {
				return err
			}
			return hint(fmt.Errorf("calls go astray: %w", errPartial), "dualtone switch moves somebody, dualtone route set their number")
		},
	}
	cmd.Flags().StringVar(&text, "text", "", "only people and numbers with this in them")
	choiceFlag(cmd, &side, "side", "only people who are on this side", dualtone.Old, dualtone.New)
	cmd.Flags().StringVar(&after, "after", "", "go on after this number")
	limitFlag(cmd, &limit, 100, "numbers")
	return cmd
}
