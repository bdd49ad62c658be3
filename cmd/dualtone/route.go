package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
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
		routeDiff(a), routeHistory(a), routeRollback(a), routeDecisions(a), routeVerify(a))
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
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				found, err := someRoutes(cmd.Context(), s.router, args)
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
			})
		},
	}
	cmd.Flags().StringVar(&after, "after", "", "go on after this key")
	cmd.Flags().StringVar(&only.text, "text", "", "only routes with this in their key or in whose they are")
	cmd.Flags().StringVar(&only.plan, "plan", "", `only routes with this plan, such as new or "old,new"`)
	cmd.Flags().StringVar(&only.whose, "whose", "", "only the routes of this person or queue")
	cmd.Flags().IntVar(&limit, "limit", 100, "how many routes at most, 0 for all")
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
	Revision routing.Revision `json:"revision"`
	DryRun   bool             `json:"dry_run"`
	Changes  []routeChange    `json:"changes"`
	// Edges are those that serve the revision, and Lagging names the live ones that do
	// not yet.
	Edges   int      `json:"edges"`
	Lagging []string `json:"lagging,omitempty"`

	confirmed string
}

// confirm waits until the live edges serve the change, as a switch does. The change
// stands, whatever comes of it.
func (r *routeReport) confirm(ctx context.Context, s *stores, within time.Duration) {
	c, err := rollcall.NewConfirmer(s.edges, within).Confirm(ctx, r.Revision)
	if err != nil {
		r.confirmed = fmt.Sprintf("whether the edges serve it is not known (%v); ask dualtone edge list", err)
		return
	}
	r.Edges, r.confirmed = c.Confirmed, c.String()
	for _, e := range c.Lagging {
		r.Lagging = append(r.Lagging, e.Name)
	}
	if r.confirmed == "" && within > 0 {
		r.confirmed = "no edge has announced itself; until one runs, SBCs follow their fallback"
	}
}

// applyRoutes makes changes unless it is a rehearsal, and tells of them.
func (a *app) applyRoutes(ctx context.Context, s *stores, o changeOptions, changes []routing.Change) error {
	r := routeReport{DryRun: bool(o.rehearse), Changes: shownChanges(changes)}
	if !o.rehearse {
		var err error
		if r.Revision, err = s.router.Apply(ctx, changes, o.why); err != nil {
			return err
		}
		if len(changes) > 0 {
			r.confirm(ctx, s, o.within)
		}
	}
	return a.show(r, func(t *table) {
		changesTable(t, r.Changes, mostShown)
		switch {
		case len(changes) == 0:
			t.line("Nothing to change.")
		case r.DryRun:
			t.line("%s would change; nothing was written, as asked.", counted(len(changes), "route"))
		default:
			t.line("%s changed in revision %d.", counted(len(changes), "route"), r.Revision)
			if r.confirmed != "" {
				t.line("Edges: %s.", r.confirmed)
			}
		}
	})
}

// changeOptions are the flags that all changes of the table share.
type changeOptions struct {
	rehearse dryRun
	why      routing.Provenance
	// within is how long edges are waited for.
	within time.Duration
}

type dryRun bool

func (o *changeOptions) bind(cmd *cobra.Command) {
	cmd.Flags().BoolVar((*bool)(&o.rehearse), "dry-run", false, "say what would change, and change nothing")
	cmd.Flags().StringVar(&o.why.Reason, "reason", "", "why, for the history")
}

func (o *changeOptions) by(cfg *config.Config) changeOptions {
	done := *o
	done.why.Actor, done.within = actor(cfg), cfg.Routing.Confirm
	return done
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
