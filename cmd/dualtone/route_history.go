package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/routing"
)

func routeExport(a *app) *cobra.Command {
	at := int64(-1)
	cmd := &cobra.Command{
		Use: "export", Short: "Write the table as CSV, as route import reads it",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				var routes []routing.Route
				if at >= 0 {
					changes, err := s.router.Changes(cmd.Context(), 0, routing.Revision(at))
					if err != nil {
						return err
					}
					for _, c := range changes {
						routes = append(routes, c.To)
					}
					return routing.WriteCSV(a.out, routes)
				}
				active, err := s.router.Since(cmd.Context(), 0)
				if err != nil {
					return err
				}
				return routing.WriteCSV(a.out, active.Routes)
			})
		},
	}
	cmd.Flags().Int64Var(&at, "revision", at, "the table as it was at a revision (default: the active one)")
	return cmd
}

func revision(cmd *cobra.Command, text string) (routing.Revision, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, usage(cmd, fmt.Sprintf("%q is no revision", text))
	}
	return routing.Revision(n), nil
}

func routeDiff(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "diff FROM TO", Short: "What changed between two revisions",
		Args: takes("FROM, a revision", "TO, a revision"),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, err := revision(cmd, args[0])
			if err != nil {
				return err
			}
			to, err := revision(cmd, args[1])
			if err != nil {
				return err
			}
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				changes, err := s.router.Changes(cmd.Context(), from, to)
				if err != nil {
					return err
				}
				l := list[routeChange]{Items: shownChanges(changes)}
				return showList(a, l, "Nothing changed.", func(t *table) { changesTable(t, l.Items) })
			})
		},
	}
}

func routeHistory(a *app) *cobra.Command {
	var q postgres.RouteHistory
	cmd := &cobra.Command{
		Use: "history [KEY]", Short: "Who changed the table, or one route, when and why; the newest first",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				q.Number = dualtone.Number(args[0])
			}
			return a.withReads(cmd.Context(), func(r reads) error {
				asked := q
				if asked.Limit > 0 {
					asked.Limit++
				}
				found, err := r.Revisions(cmd.Context(), asked)
				if err != nil {
					return err
				}
				p := page(found, q.Limit, func(r postgres.RouteRevision) string { return strconv.FormatInt(int64(r.Revision), 10) })
				return showList(a, p, "Nothing was changed yet.", func(t *table) { historyTable(t, p.Items) })
			})
		},
	}
	cmd.Flags().Int64Var((*int64)(&q.Before), "after", 0, "go on after this revision, with older ones")
	cmd.Flags().IntVar(&q.Limit, "limit", 50, "how many revisions at most")
	return cmd
}

func historyTable(t *table, revisions []postgres.RouteRevision) {
	t.row("REVISION", "KNOWN FROM", "CHANGES", "BY", "WHY", "WORKFLOW")
	for _, r := range revisions {
		changes := strconv.Itoa(r.Changes)
		if r.Change != nil {
			changes = fmt.Sprintf("%s to %s", dash(r.Change.From.Plan().String()), dash(r.Change.To.Plan().String()))
		}
		t.row(strconv.FormatInt(int64(r.Revision), 10), clock(r.At), changes, dash(r.Actor), dash(r.Reason), dash(r.Workflow))
	}
}

func routeRollback(a *app) *cobra.Command {
	var o changeOptions
	cmd := &cobra.Command{
		Use: "rollback REVISION", Short: "Make the table what it was at a revision, in a new revision",
		Args: takes("REVISION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := revision(cmd, args[0])
			if err != nil {
				return err
			}
			return a.withStores(cmd.Context(), func(cfg *config.Config, s *stores) error {
				// The active revision is read first: what changes after it is a conflict.
				back, err := s.router.Back(cmd.Context(), to)
				if err != nil {
					return err
				}
				return a.applyRoutes(cmd.Context(), s, o.by(cfg), back)
			})
		},
	}
	o.bind(cmd)
	return cmd
}
