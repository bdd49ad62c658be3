package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
)

func linkCommand(a *app) *cobra.Command {
	return group("link", "Addresses by which somebody without an account reads one page", linkShare(a), linkList(a), linkRevoke(a))
}

func linkShare(a *app) *cobra.Command {
	n := api.NewLink{Days: 30}
	cmd := &cobra.Command{
		Use: "share PAGE", Short: "Let somebody without an account read one page; the address is told once",
		Long: "Makes an address at which one page of the console is read, without a button on it: that of a plan, /plans/NAME,\n" +
			"or a report, /reports/traffic and /reports/cost/NAME. Nobody shares what they may not see themselves.",
		Args: takes("the PAGE's path, such as /plans/spring"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n.Path = args[0]
			made, err := either(cmd.Context(), a, func(s server) (api.Shared, error) {
				return sent[api.Shared](cmd.Context(), s, "/links", n)
			}, func(cfg *config.Config, s *stores) (api.Shared, error) {
				who, _ := access.From(cmd.Context())
				return api.Share(cmd.Context(), a.office(s), who, n, cfg.Console.URL)
			})
			if err != nil {
				return err
			}
			return a.show(made, func(t *table) {
				if n.DryRun {
					t.line("%s could be read by %s until %s. Nothing was made.", made.Path, made.Reader, clock(made.Expires))
					return
				}
				t.line("%s", made.Address)
				t.line("Link %s is for %s and holds until %s. The address is not told again; dualtone link revoke %s ends it.",
					made.ID, made.Reader, clock(made.Expires), made.ID)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&n.Reader, "reader", "", "for whom it is")
	flags.StringVar(&n.Pinned, "filters", "", "the page's filters, as its address has them behind the question mark; the reader cannot change them")
	flags.IntVar(&n.Days, "days", n.Days, "for how many days it holds, 90 at most")
	flags.StringVar(&n.Reason, "reason", "", "why; it is recorded")
	flags.BoolVar(&n.DryRun, "dry-run", false, "check it, and make nothing")
	_ = cmd.MarkFlagRequired("reader")
	return cmd
}

func linkList(a *app) *cobra.Command {
	var by, after string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List shared links, and how often they were used", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := either(cmd.Context(), a, func(s server) ([]access.Link, error) {
				return listed[access.Link](cmd.Context(), s, "/links", client.Query{}.Text("by", by).Text("after", after), oneMore(limit))
			}, func(_ *config.Config, s *stores) ([]access.Link, error) {
				who, _ := access.From(cmd.Context())
				return a.office(s).Shared(cmd.Context(), who, by, after, oneMore(limit))
			})
			if err != nil {
				return err
			}
			p := page(found, limit, func(l access.Link) string { return l.ID })
			return showList(a, p, "No links.", func(t *table) {
				t.row("ID", "PAGE", "FILTERS", "FOR", "BY", "EXPIRES", "REVOKED", "READ", "LAST")
				for _, l := range p.Items {
					t.row(l.ID, l.Path, dash(l.Pinned), l.Reader, l.By, clock(l.Expires), clock(l.Revoked), strconv.Itoa(l.Uses), clock(l.LastUsed))
				}
			})
		},
	}
	cmd.Flags().StringVar(&by, "by", "", "only those that this person made")
	cmd.Flags().StringVar(&after, "after", "", "go on after this link")
	limitFlag(cmd, &limit, 100, "links")
	return cmd
}

func linkRevoke(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "revoke ID", Short: "End a link at once", Args: takes("the link's ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, id := cmd.Context(), args[0]
			err := a.thereOrHere(func(_ *config.Config, s server) error {
				return s.Delete(ctx, client.Path("links", id), ending(dryRun), nil)
			}, func() error {
				return a.withStores(ctx, func(_ *config.Config, s *stores) error {
					who, _ := access.From(ctx)
					end := a.office(s).Unshare
					if dryRun {
						end = a.office(s).Unsharable
					}
					_, err := end(ctx, who, id)
					return err
				})
			})
			if err != nil {
				return hint(err, "dualtone link list shows which there are")
			}
			return a.show(map[string]any{"revoked": id, "dry_run": dryRun}, func(t *table) {
				if dryRun {
					t.line("Link %s would let nobody read any more. Nothing was changed.", id)
					return
				}
				t.line("Link %s lets nobody read any more.", id)
			})
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "check it, and end nothing")
	return cmd
}
