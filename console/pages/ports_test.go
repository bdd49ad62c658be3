package pages_test

import (
	"context"
	"sync"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/console/pages"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/people"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/report"
	"github.com/dualtone/dualtone/routing"
)

// routeBook is the routing table of the site's database.
type routeBook struct {
	router *postgres.Router
	edges  *postgres.Edges

	mu    sync.Mutex
	table *routing.Table
}

func newRouteBook(router *postgres.Router, edges *postgres.Edges) *routeBook {
	return &routeBook{router: router, edges: edges, table: routing.NewTable(routing.Options{Countries: []string{"GB"}})}
}

func (b *routeBook) Explain(ctx context.Context, call routing.Call) (d routing.Decision, r routing.Route, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	changed, err := b.router.Since(ctx, b.table.Revision())
	if err != nil {
		return d, r, err
	}
	if b.table, err = b.table.With(changed); err != nil {
		return d, r, err
	}
	d = b.table.Decide(call)
	return d, b.table.Route(dualtone.Number(d.Rule)), nil
}

func (b *routeBook) History(ctx context.Context, n dualtone.Number, before routing.Revision, limit int) ([]pages.RouteChange, error) {
	found, err := b.router.History(ctx, postgres.RouteHistory{Number: n, Before: before, Limit: limit})
	var all []pages.RouteChange
	for _, r := range found {
		all = append(all, pages.RouteChange{Revision: r.Revision, At: r.At, Actor: r.Actor, Reason: r.Reason, Numbers: r.Changes})
	}
	return all, err
}

func (b *routeBook) Edges(ctx context.Context) ([]routing.Edge, routing.Revision, error) {
	edges, err := b.edges.Edges(ctx)
	if err != nil {
		return nil, 0, err
	}
	active, err := b.router.Active(ctx)
	return edges, active, err
}

// sums are the reports of the site's own calls.
type sums struct{ *postgres.Rollups }

func (s sums) Traffic(ctx context.Context, q report.Query) (report.Traffic, error) {
	return report.Make(ctx, s.Rollups, q)
}

// unrehearsed is a stage on which nothing is played and nothing need have been.
type unrehearsed struct{}

func (unrehearsed) Rehearse(_ context.Context, d *plan.Document, _ string) (*rehearsal.Report, error) {
	return &rehearsal.Report{Plan: d.Plan.Metadata.Name, Plays: 1}, nil
}

func (unrehearsed) Rehearsed(context.Context, *plan.Document) error { return nil }

// nobodyMatches is what matching finds where no system is connected.
func nobodyMatches(context.Context, string, bool) (people.Report, error) { return people.Report{}, nil }

// stillWrong reads a row again in vain.
func stillWrong(context.Context, *calllog.Quarantined, string) (pages.Reread, error) {
	return pages.Reread{Fault: "it is as it was"}, nil
}
