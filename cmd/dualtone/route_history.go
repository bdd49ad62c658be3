package main

import (
	"fmt"
	"slices"
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
					return a.writeRoutes(routes)
				}
				active, err := s.router.Since(cmd.Context(), 0)
				if err != nil {
					return err
				}
				return a.writeRoutes(active.Routes)
			})
		},
	}
	cmd.Flags().Int64Var(&at, "revision", at, "the table as it was at a revision (default: the active one)")
	return cmd
}

// writeRoutes writes CSV, or JSON where that is asked for.
func (a *app) writeRoutes(routes []routing.Route) error {
	if a.flags.output != asJSON {
		return routing.WriteCSV(a.out, routes)
	}
	all := list[shownRoute]{Items: make([]shownRoute, len(routes))}
	for i, r := range routes {
		all.Items[i] = shown(r)
	}
	return a.show(all, nil)
}

func revision(cmd *cobra.Command, text string) (routing.Revision, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, usage(cmd, fmt.Sprintf("%q is no revision", text))
	}
	return routing.Revision(n), nil
}

func routeDiff(a *app) *cobra.Command {
	var after string
	var limit int
	cmd := &cobra.Command{
		Use: "diff FROM [TO]", Short: "What changed between two revisions, or since one",
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, err := revision(cmd, args[0])
			if err != nil {
				return err
			}
			to := routing.Revision(-1)
			if len(args) > 1 {
				if to, err = revision(cmd, args[1]); err != nil {
					return err
				}
			}
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				if to < 0 {
					if to, err = s.router.Active(cmd.Context()); err != nil {
						return err
					}
				}
				changes, err := s.router.Changes(cmd.Context(), from, to)
				if err != nil {
					return err
				}
				left := slices.DeleteFunc(shownChanges(changes), func(c routeChange) bool { return string(c.Key) <= after })
				l := page(left, limit, func(c routeChange) string { return string(c.Key) })
				return showList(a, l, fmt.Sprintf("Nothing changed from revision %d to %d.", from, to), func(t *table) { changesTable(t, l.Items, 0) })
			})
		},
	}
	cmd.Flags().StringVar(&after, "after", "", "go on after this key")
	cmd.Flags().IntVar(&limit, "limit", 100, "how many routes at most, 0 for all")
	return cmd
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
