package api

import (
	"context"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/routing"
)

// Routes is the route table.
type Routes interface {
	Routes(ctx context.Context, numbers []dualtone.Number) ([]routing.Route, error)
	Since(ctx context.Context, after routing.Revision) (routing.Snapshot, error)
	Apply(ctx context.Context, changes []routing.Change, why routing.Provenance) (routing.Revision, error)
	Changes(ctx context.Context, from, to routing.Revision) ([]routing.Change, error)
	Back(ctx context.Context, to routing.Revision) ([]routing.Change, error)
}

// Revision is one change of the table.
type Revision struct {
	Revision routing.Revision `json:"revision"`
	routing.Provenance

	At      time.Time       `json:"at"`
	Changes int             `json:"changes"`
	Change  *routing.Change `json:"change,omitempty"`
}

func (a *API) routeTable() {
	read(a, get("list-routes", "/routes", access.RouteRead, "The route table"), a.listRoutes)
	read(a, get("get-route", "/routes/{number}", access.RouteRead, "The route of one key"), a.getRoute)
	read(a, get("explain-route", "/routes/{number}/explain", access.RouteRead, "Where a call goes, by which rule and why"), a.explain)
	read(a, get("list-revisions", "/revisions", access.RouteRead, "The history of the table, or of one number, newest first"), a.revisions)
	read(a, get("list-changes", "/revisions/{revision}/changes", access.RouteRead, "What a revision changed"), a.changes)
	read(a, get("list-decisions", "/decisions", access.RouteRead, "What edges decided, call by call, the newest first; numbers of people outside are masked"), a.decisions)
	read(a, get("list-edges", "/edges", access.RouteRead, "What each edge serves"), a.edges)
	write(a, post("change-routes", "/routes", access.RouteChange, "Change routes, all in one revision or none"), a.changeRoutes)
	write(a, post("rollback-routes", "/revisions/{revision}/rollback", access.RouteChange, "Make the table what it was at a revision"), a.rollBackRoutes)
}

type routeList struct{ Paging }

func (a *API) listRoutes(ctx context.Context, in *routeList) (*Page[routing.Route], error) {
	all, err := a.Routes.Since(ctx, 0)
	var found []routing.Route
	for _, r := range all.Routes {
		if string(r.Number) > in.After && len(found) < in.more() {
			found = append(found, r)
		}
	}
	return paged("/routes", in.Paging, found, err, func(r routing.Route) string { return string(r.Number) })
}

type oneRoute struct {
	Number dualtone.Number `path:"number" maxLength:"60" doc:"A number or a range, as the table has it"`
}

func (a *API) getRoute(ctx context.Context, in *oneRoute) (*body[routing.Route], error) {
	found, err := a.Routes.Routes(ctx, []dualtone.Number{in.Number})
	if err != nil {
		return nil, err
	}
	return &body[routing.Route]{found[0]}, nil
}

type explained struct {
	Number  string          `path:"number" maxLength:"60" doc:"As dialed"`
	Caller  string          `query:"from" maxLength:"60"`
	Ingress routing.Ingress `query:"ingress" enum:"carrier,old,new,internal" default:"carrier"`
	At      string          `query:"at" maxLength:"40"`
	Country string          `query:"country" maxLength:"2"`
	// Location decides calls for help.
	Location string `query:"location" maxLength:"60" doc:"Where the caller is, by its name in edge.locations"`
	// Diverted are the numbers that forwarded the call before.
	Diverted []string `query:"diverted" doc:"Numbers that forwarded the call before"`
}

// Explanation is where a call goes and why.
type Explanation struct {
	routing.Decision

	// Route is the rule; missing where none decided.
	Route *routing.Route `json:"route,omitempty"`
	At    time.Time      `json:"asked_for"`
}

func (a *API) explain(ctx context.Context, in *explained) (*body[Explanation], error) {
	at, err := moment("at", in.At)
	if err != nil {
		return nil, err
	}
	if at.IsZero() {
		at = a.Now()
	}
	if in.Country == "" {
		in.Country = a.Region
	}
	all, err := a.Routes.Since(ctx, 0)
	if err != nil {
		return nil, err
	}
	t, err := routing.NewTable(a.Deciding).With(all)
	if err != nil {
		return nil, err
	}
	d := t.Decide(routing.Call{
		Called: in.Number, Caller: in.Caller, Ingress: in.Ingress, Country: in.Country, Location: in.Location, Diverted: in.Diverted, At: at,
	})
	e := Explanation{Decision: d, At: at}
	if d.Rule != "" && !d.Emergency {
		r := t.Route(dualtone.Number(d.Rule))
		e.Route = &r
	}
	return &body[Explanation]{e}, nil
}

type revisionList struct {
	Paging

	Number dualtone.Number `query:"number" maxLength:"60"`
}

func (a *API) revisions(ctx context.Context, in *revisionList) (*Page[Revision], error) {
	before, err := in.number()
	if err != nil {
		return nil, err
	}
	found, err := a.History(ctx, in.Number, routing.Revision(before), in.more())
	return paged("/revisions", in.Paging, found, err, func(r Revision) string { return serial(int64(r.Revision)) })
}

// RevisionPath names a revision in a path.
type RevisionPath struct {
	Revision int64 `path:"revision" minimum:"0"`
}

func (a *API) changes(ctx context.Context, in *RevisionPath) (*body[Items[routing.Change]], error) {
	if in.Revision == 0 {
		return nil, invalid("revision 0 is the empty table")
	}
	found, err := a.Routes.Changes(ctx, routing.Revision(in.Revision-1), routing.Revision(in.Revision))
	return bodyOf(Items[routing.Change]{Items: append([]routing.Change{}, found...)}, err)
}

func (a *API) edges(ctx context.Context, _ *struct{}) (*body[Items[routing.Edge]], error) {
	found, err := a.Edges(ctx)
	return bodyOf(Items[routing.Edge]{Items: append([]routing.Edge{}, found...)}, err)
}

// WantedRoute is a route that is set, or removed where it has no plan.
type WantedRoute struct {
	Number dualtone.Number `json:"number" minLength:"1" maxLength:"60"`
	Plan   string          `json:"plan" maxLength:"60" doc:"Such as new,old; none removes the route"`
	Expect string          `json:"expect,omitempty" maxLength:"60" doc:"The plan that must be active, or none"`
}

// RouteOrder is a change of the table.
type RouteOrder struct {
	Why

	Routes []WantedRoute `json:"routes" minItems:"1" maxItems:"10000"`
	DryRun bool          `json:"dry_run,omitempty"`
}

type routeOrder struct{ Body RouteOrder }

func (o *routeOrder) asked() (string, Why) { return "routes", o.Body.Why }

// Changed is what changed in the table, or would.
type Changed struct {
	Revision routing.Revision `json:"revision,omitempty"`
	Changes  []routing.Change `json:"changes"`
	DryRun   bool             `json:"dry_run,omitempty"`
}

func (a *API) changeRoutes(ctx context.Context, in *routeOrder, _ access.Role) (*body[Changed], error) {
	var keys []dualtone.Number
	var want []routing.Route
	for _, w := range in.Body.Routes {
		r := routing.Route{Number: w.Number}
		if w.Plan != "none" && w.Plan != "" {
			p, err := routing.ParsePlan(w.Plan)
			if err != nil {
				return nil, invalid(err.Error())
			}
			r.Sides = p.Sides
			if terms := (routing.Terms{How: p.How, Share: p.Share}); !terms.IsZero() {
				r.Terms = &terms
			}
			if err := r.Validate(a.Deciding.Countries...); err != nil {
				return nil, err
			}
		}
		keys, want = append(keys, w.Number), append(want, r)
	}
	have, err := a.Routes.Routes(ctx, keys)
	if err != nil {
		return nil, err
	}
	for i, w := range in.Body.Routes {
		if now := have[i].Plan().String(); w.Expect != "" && w.Expect != now && (w.Expect != "none" || now != "") {
			return nil, conflict("route of " + string(w.Number) + " goes to " + now + ", not to " + w.Expect)
		}
	}
	return a.apply(ctx, routing.Diff(have, want), in.Body.Why, in.Body.DryRun)
}

func (a *API) apply(ctx context.Context, changes []routing.Change, why Why, dryRun bool) (*body[Changed], error) {
	out := Changed{Changes: append([]routing.Change{}, changes...), DryRun: dryRun}
	if dryRun || len(changes) == 0 {
		return &body[Changed]{out}, nil
	}
	var err error
	out.Revision, err = a.Routes.Apply(ctx, changes, routing.Provenance{Actor: by(ctx, why).Actor, Reason: why.Reason})
	return bodyOf(out, err)
}

// RevisionOrder takes the table back.
type RevisionOrder struct {
	Why

	DryRun bool `json:"dry_run,omitempty"`
}

type revisionOrder struct {
	RevisionPath

	Body RevisionOrder
}

func (o *revisionOrder) asked() (string, Why) { return "routes/" + serial(o.Revision), o.Body.Why }

func (a *API) rollBackRoutes(ctx context.Context, in *revisionOrder, _ access.Role) (*body[Changed], error) {
	changes, err := a.Routes.Back(ctx, routing.Revision(in.Revision))
	if err != nil {
		return nil, err
	}
	return a.apply(ctx, changes, in.Body.Why, in.Body.DryRun)
}
