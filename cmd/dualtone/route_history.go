package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/routing"
)

func routeExport(a *app) *cobra.Command {
	at := int64(-1)
	cmd := &cobra.Command{
		Use: "export", Short: "Write the table as CSV, as route import reads it",
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			routes, err := either(cmd.Context(), a, func(s server) ([]routing.Route, error) {
				return listed[routing.Route](cmd.Context(), s, "/routes", client.Query{"revision": {strconv.FormatInt(at, 10)}}, 0)
			}, func(_ *config.Config, s *stores) ([]routing.Route, error) {
				return routesAt(cmd.Context(), s.router, at)
			})
			if err != nil {
				return err
			}
			return a.writeRoutes(routes)
		},
	}
	cmd.Flags().Int64Var(&at, "revision", at, "the table as it was at a revision (default: the active one)")
	return cmd
}

// routesAt are the routes as they were at a revision; as they are for one below zero.
func routesAt(ctx context.Context, r *postgres.Router, at int64) ([]routing.Route, error) {
	if at < 0 {
		active, err := r.Since(ctx, 0)
		return active.Routes, err
	}
	changes, err := r.Changes(ctx, 0, routing.Revision(at))
	routes := make([]routing.Route, len(changes))
	for i, c := range changes {
		routes[i] = c.To
	}
	return routes, err
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
		Args: takes("FROM", "[TO]"),
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
			changes, err := either(cmd.Context(), a, func(s server) ([]routing.Change, error) {
				return s.changes(cmd.Context(), from, &to)
			}, func(_ *config.Config, s *stores) (changes []routing.Change, err error) {
				if to < 0 {
					if to, err = s.router.Active(cmd.Context()); err != nil {
						return nil, err
					}
				}
				return s.router.Changes(cmd.Context(), from, to)
			})
			if err != nil {
				return err
			}
			left := slices.DeleteFunc(shownChanges(changes), func(c routeChange) bool { return string(c.Key) <= after })
			l := page(left, limit, func(c routeChange) string { return string(c.Key) })
			return showList(a, l, fmt.Sprintf("Nothing changed from revision %d to %d.", from, to), func(t *table) { changesTable(t, l.Items, 0) })
		},
	}
	cmd.Flags().StringVar(&after, "after", "", "go on after this key")
	limitFlag(cmd, &limit, 100, "routes")
	return cmd
}

// active is the newest revision of the table.
func (s server) active(ctx context.Context) (routing.Revision, error) {
	newest, err := s.Revisions(ctx, postgres.RouteHistory{Limit: 1})
	if err != nil || len(newest) == 0 {
		return 0, err
	}
	return newest[0].Revision, nil
}

// changes are those between two revisions; to is the active one where it is below zero.
func (s server) changes(ctx context.Context, from routing.Revision, to *routing.Revision) ([]routing.Change, error) {
	if *to < 0 {
		var err error
		if *to, err = s.active(ctx); err != nil {
			return nil, err
		}
	}
	if *to == 0 {
		return nil, nil
	}
	path := client.Path("revisions", strconv.FormatInt(int64(*to), 10), "changes")
	return listed[routing.Change](ctx, s, path, client.Query{"since": {strconv.FormatInt(int64(from), 10)}}, 0)
}

func routeHistory(a *app) *cobra.Command {
	var q postgres.RouteHistory
	cmd := &cobra.Command{
		Use: "history [KEY]", Short: "Who changed the table, or one route, when and why; the newest first",
		Args: takes("[KEY]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				q.Number = dualtone.Number(args[0])
			}
			return a.withReads(cmd.Context(), func(r reads) error {
				asked := q
				asked.Limit = oneMore(q.Limit)
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
	limitFlag(cmd, &q.Limit, 50, "revisions")
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
			return a.showChanged(either(cmd.Context(), a, func(s server) (api.Changed, error) {
				return sent[api.Changed](cmd.Context(), s, client.Path("revisions", args[0], "rollback"), api.RevisionOrder{RouteEdit: o.edit()})
			}, func(cfg *config.Config, s *stores) (api.Changed, error) {
				// The active revision is read first: what changes after it is a conflict.
				back, err := s.router.Back(cmd.Context(), to)
				if err != nil {
					return api.Changed{}, err
				}
				return o.apply(cmd.Context(), a, cfg, s, back)
			}))
		},
	}
	o.bind(cmd)
	return cmd
}
