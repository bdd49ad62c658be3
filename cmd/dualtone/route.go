package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/rollcall"
)

const routeLong = `The routing table says for each called number to which system a call goes.

A key is a number in E.164, an extension, a range A..B or "default". A plan is
old, new, "old,new" and "new,old" (failover), both (ring together), "split:30"
(30 % of the callers to the new system, always the same ones) or
"split:30,failover". Emergency numbers are decided before any table, and a table
that would touch one is refused.

Every change makes a revision with who and why. A change takes effect with the
next call and never touches a call in progress.`

func routeCommand(a *app) *cobra.Command {
	cmd := group("route", "Where calls go: look, ask why, change, take back",
		routeShow(a), routeExplain(a), routeSet(a), routeImport(a), routeExport(a),
		routeDiff(a), routeHistory(a), routeRollback(a), routeStrays(a), routeDecisions(a), routeVerify(a))
	cmd.Long = routeLong
	return cmd
}

// countries are those whose emergency numbers the table must not touch, the one in
// which numbers are read first.
func countries(cfg *config.Config) []string {
	var all []string
	for _, country := range append([]string{cfg.Migration.Region}, cfg.Edge.Countries...) {
		if country != "" && !slices.Contains(all, country) {
			all = append(all, country)
		}
	}
	return all
}

// shownRoute is a route in the words of the command line.
type shownRoute struct {
	routing.Route
	Plan string `json:"plan"`
}

func shown(r routing.Route) shownRoute { return shownRoute{r, r.Plan().String()} }

func routeCells(r routing.Route) []string {
	var t routing.Terms
	if r.Terms != nil {
		t = *r.Terms
	}
	var when []string
	if !t.From.IsZero() {
		when = append(when, "from "+clock(t.From))
	}
	if !t.Until.IsZero() {
		when = append(when, "until "+clock(t.Until))
	}
	if t.Hours != "" {
		when = append(when, t.Hours)
	}
	if t.Otherwise != "" {
		when = append(when, "otherwise "+t.Otherwise)
	}
	return []string{string(r.Number), dash(r.Plan().String()), dash(r.Owner()), dash(t.Answers), dash(strings.Join(when, "; "))}
}

func routeShow(a *app) *cobra.Command {
	var after string
	var only routeFilter
	var limit int
	cmd := &cobra.Command{
		Use: "show [KEY...]", Aliases: []string{"list"}, Short: "List active routes, or those of some numbers",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, err := either(cmd.Context(), a, func(s server) ([]routing.Route, error) {
				return s.someRoutes(cmd.Context(), args, only, after, limit)
			}, func(_ *config.Config, s *stores) ([]routing.Route, error) {
				return someRoutes(cmd.Context(), s.router, args)
			})
			if err != nil {
				return err
			}
			found = slices.DeleteFunc(found, func(r routing.Route) bool { return string(r.Number) <= after || !only.holds(r) })
			if limit > 0 && len(found) > limit+1 {
				found = found[:limit+1]
			}
			all := make([]shownRoute, len(found))
			for i, r := range found {
				all[i] = shown(r)
			}
			p := page(all, limit, func(r shownRoute) string { return string(r.Number) })
			return showList(a, p, "No such route.", func(t *table) {
				t.row("KEY", "PLAN", "WHOSE", "ANSWERS", "WHEN")
				for _, r := range p.Items {
					t.row(routeCells(r.Route)...)
				}
			})
		},
	}
	cmd.Flags().StringVar(&after, "after", "", "go on after this key")
	cmd.Flags().StringVar(&only.text, "text", "", "only routes with this in their key or in whose they are")
	cmd.Flags().StringVar(&only.plan, "plan", "", `only routes with this plan, such as new or "old,new"`)
	cmd.Flags().StringVar(&only.whose, "whose", "", "only the routes of this person or queue")
	limitFlag(cmd, &limit, 100, "routes")
	return cmd
}

// routeFilter is which routes are asked for; empty fields ask for all.
type routeFilter struct{ text, plan, whose string }

func (f routeFilter) holds(r routing.Route) bool {
	return len(r.Sides) > 0 &&
		(strings.Contains(string(r.Number), f.text) || strings.Contains(r.Owner(), f.text)) &&
		(f.plan == "" || f.plan == r.Plan().String()) &&
		(f.whose == "" || f.whose == r.Owner())
}

// someRoutes reads the routes of some keys, or the whole table in order.
func someRoutes(ctx context.Context, r *postgres.Router, keys []string) ([]routing.Route, error) {
	if len(keys) == 0 {
		s, err := r.Since(ctx, 0)
		slices.SortFunc(s.Routes, func(x, y routing.Route) int { return strings.Compare(string(x.Number), string(y.Number)) })
		return s.Routes, err
	}
	numbers := make([]dualtone.Number, len(keys))
	for i, k := range keys {
		numbers[i] = dualtone.Number(k)
	}
	return r.Routes(ctx, numbers)
}

// someRoutes reads the routes of some keys, or a part of the whole table in order.
func (s server) someRoutes(ctx context.Context, keys []string, only routeFilter, after string, limit int) ([]routing.Route, error) {
	if len(keys) == 0 {
		return listed[routing.Route](ctx, s, "/routes", client.Query{}.Text("text", only.text).Text("plan", only.plan).Text("whose", only.whose).Text("after", after), oneMore(limit))
	}
	all := make([]routing.Route, len(keys))
	for i, key := range keys {
		if err := s.Get(ctx, client.Path("routes", key), nil, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// routeChange is a change in the words of the command line.
type routeChange struct {
	Key  dualtone.Number `json:"key"`
	From shownRoute      `json:"from"`
	To   shownRoute      `json:"to"`
}

func shownChanges(changes []routing.Change) []routeChange {
	all := make([]routeChange, len(changes))
	for i, c := range changes {
		all[i] = routeChange{c.To.Number, shown(c.From), shown(c.To)}
	}
	return all
}

// mostShown bounds the changes that people are shown of one that they make; programs
// get them all.
const mostShown = 50

// changesTable shows so many changes at most, 0 for all.
func changesTable(t *table, changes []routeChange, most int) {
	if len(changes) == 0 {
		return
	}
	if most == 0 {
		most = len(changes)
	}
	t.row("KEY", "FROM", "TO", "WHOSE", "WHEN")
	for _, c := range changes[:min(len(changes), most)] {
		cells := routeCells(c.To.Route)
		t.row(string(c.Key), dash(c.From.Plan), dash(c.To.Plan), cells[2], cells[4])
	}
	if more := len(changes) - most; more > 0 {
		t.line("and %d more", more)
	}
}

// routeReport is what a change of the table did.
type routeReport struct {
	api.Served

	Revision routing.Revision `json:"revision"`
	DryRun   bool             `json:"dry_run"`
	Changes  []routeChange    `json:"changes"`
}

// serves waits for a while until the live edges serve a revision, as a switch does.
// The change stands, whatever comes of it.
func serves(ctx context.Context, s *stores, within time.Duration, r routing.Revision) api.Served {
	c, err := rollcall.NewConfirmer(s.edges, within).Confirm(ctx, r)
	if err != nil {
		return api.Served{Said: fmt.Sprintf("whether the edges serve it is not known (%v); ask dualtone edge list", err)}
	}
	out := api.Served{Edges: c.Confirmed, Said: c.String()}
	for _, e := range c.Lagging {
		out.Lagging = append(out.Lagging, e.Name)
	}
	if out.Said == "" && within > 0 {
		out.Said = "no edge has announced itself; until one runs, SBCs follow their fallback"
	}
	return out
}

// change has the table changed, here or at a server, and tells of it.
func (o *changeOptions) change(ctx context.Context, a *app, order api.RouteOrder) error {
	order.RouteEdit = o.edit()
	return a.showChanged(either(ctx, a, func(s server) (api.Changed, error) {
		return sent[api.Changed](ctx, s, "/routes", order)
	}, func(cfg *config.Config, s *stores) (api.Changed, error) {
		wanted, err := order.Wanted(countries(cfg))
		if err != nil {
			return api.Changed{}, err
		}
		changes, err := wanted.Changes(ctx, s.router)
		if err != nil {
			return api.Changed{}, err
		}
		return o.apply(ctx, a, cfg, s, changes)
	}))
}

// apply makes changes unless it is a rehearsal.
func (o *changeOptions) apply(ctx context.Context, a *app, cfg *config.Config, s *stores, changes []routing.Change) (api.Changed, error) {
	done := api.Changed{Changes: changes, DryRun: o.dryRun}
	if !o.stray {
		if err := routing.Astray(ctx, changes, s.router, s.people, decidingOptions(cfg), a.now()); err != nil {
			return done, err
		}
	}
	if o.dryRun {
		return done, nil
	}
	var err error
	done.Revision, err = s.router.Apply(ctx, changes, routing.Provenance{Actor: actor(cfg), Reason: o.reason})
	if err == nil && len(changes) > 0 {
		done.Served = serves(ctx, s, cfg.Routing.Confirm, done.Revision)
	}
	return done, err
}

// showChanged tells of a change of the table.
func (a *app) showChanged(done api.Changed, err error) error {
	if err != nil {
		return err
	}
	r := routeReport{Served: done.Served, Revision: done.Revision, DryRun: done.DryRun, Changes: shownChanges(done.Changes)}
	return a.show(r, func(t *table) {
		changesTable(t, r.Changes, mostShown)
		switch {
		case len(r.Changes) == 0:
			t.line("Nothing to change.")
		case r.DryRun:
			t.line("%s would change; nothing was written, as asked.", count(len(r.Changes), "route"))
		default:
			t.line("%s changed in revision %d.", count(len(r.Changes), "route"), r.Revision)
			if r.Said != "" {
				t.line("Edges: %s.", r.Said)
			}
		}
	})
}

// changeOptions are the flags that all changes of the table share.
type changeOptions struct {
	dryRun, stray bool
	reason        string
}

func (o *changeOptions) edit() api.RouteEdit {
	return api.RouteEdit{Why: api.Why{Reason: o.reason}, AllowStray: o.stray, DryRun: o.dryRun}
}

func (o *changeOptions) bind(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "say what would change, and change nothing")
	cmd.Flags().BoolVar(&o.stray, "allow-stray", false, "also where calls to somebody would then not ring first on the side that they are on")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the history")
}

// moment reads a time of the command line; the zero time for none.
func moment(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("--%s %q: want a moment with its zone, such as 2026-11-30T06:00:00Z: %w", name, text, dualtone.ErrInvalid)
	}
	return at.UTC(), nil
}
