package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/console"
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
	read(a, get("list-strays", "/strays", access.RouteRead, "Whose calls do not ring first on the side that they are on"), a.strays)
	write(a, post("change-routes", "/routes", access.RouteChange, "Change routes, all in one revision or none").storedAtOnce(), a.changeRoutes)
	write(a, post("rollback-routes", "/revisions/{revision}/rollback", access.RouteChange, "Make the table what it was at a revision").storedAtOnce(), a.rollBackRoutes)
}

type routeList struct {
	Paging

	Text  string `query:"text" maxLength:"200" doc:"Searched in the key and in whose it is"`
	Plan  string `query:"plan" maxLength:"60" doc:"Only routes with this plan, such as old,new"`
	Whose string `query:"whose" maxLength:"200" doc:"Only the routes of this person or queue"`

	Revision int64 `query:"revision" minimum:"-1" default:"-1" doc:"The table as it was then; as it is, if it is left out"`
}

func (in *routeList) holds(r routing.Route) bool {
	return len(r.Sides) > 0 &&
		(strings.Contains(string(r.Number), in.Text) || strings.Contains(r.Owner(), in.Text)) &&
		(in.Plan == "" || in.Plan == r.Plan().String()) &&
		(in.Whose == "" || in.Whose == r.Owner())
}

func (a *API) listRoutes(ctx context.Context, in *routeList) (*Page[routing.Route], error) {
	all, err := a.table(ctx, in.Revision)
	slices.SortFunc(all, func(x, y routing.Route) int { return strings.Compare(string(x.Number), string(y.Number)) })
	var found []routing.Route
	for _, r := range all {
		if string(r.Number) > in.After && len(found) < in.more() && in.holds(r) {
			found = append(found, r)
		}
	}
	return paged("/routes", in.Paging, found, err, func(r routing.Route) string { return string(r.Number) })
}

// table are the routes as they were at a revision; as they are for one below zero.
func (a *API) table(ctx context.Context, at int64) ([]routing.Route, error) {
	if at < 0 {
		active, err := a.Routes.Since(ctx, 0)
		return active.Routes, err
	}
	changes, err := a.Routes.Changes(ctx, 0, routing.Revision(at))
	all := make([]routing.Route, len(changes))
	for i, c := range changes {
		all[i] = c.To
	}
	return all, err
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
	t, err := routing.TableOf(ctx, a.Routes, a.Deciding)
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

type changeList struct {
	RevisionPath
	Paging

	Since int64 `query:"since" minimum:"-1" default:"-1" doc:"The revision from which on; the one before, if it is left out"`
}

func (a *API) changes(ctx context.Context, in *changeList) (*Page[routing.Change], error) {
	if in.Revision == 0 {
		return nil, invalid("revision 0 is the empty table")
	}
	if in.Since < 0 {
		in.Since = in.Revision - 1
	}
	found, err := a.Routes.Changes(ctx, routing.Revision(in.Since), routing.Revision(in.Revision))
	return cut("/revisions/"+serial(in.Revision)+"/changes", in.Paging, found, err, func(c routing.Change) string { return string(c.To.Number) })
}

func (a *API) edges(ctx context.Context, in *Paging) (*Page[routing.Edge], error) {
	found, err := a.Edges(ctx)
	return cut("/edges", *in, found, err, func(e routing.Edge) string { return e.Name + "/" + e.Instance })
}

type strayList struct {
	Paging

	Text string        `query:"text" maxLength:"200" doc:"Searched in who it is and in the number"`
	Side dualtone.Side `query:"side" enum:"old,new" doc:"Only people who are on this side"`
}

func (a *API) strays(ctx context.Context, in *strayList) (*Page[routing.Stray], error) {
	found, err := routing.StraysOf(ctx, a.Routes, a.Residents, a.Deciding, a.Now())
	found = slices.DeleteFunc(found, func(s routing.Stray) bool { return !s.Has(in.Text, in.Side) || string(s.Number) <= in.After })
	return paged("/strays", in.Paging, found, err, func(s routing.Stray) string { return string(s.Number) })
}

// WantedRoute is a route that is set, or removed where it has no plan. What is not
// said of the number stays as it is.
type WantedRoute struct {
	Number    dualtone.Number `json:"number" minLength:"1" maxLength:"60"`
	Plan      string          `json:"plan" maxLength:"60" doc:"Such as new,old; none removes the route"`
	Expect    string          `json:"expect,omitempty" maxLength:"60" doc:"The plan that must be active, or none"`
	Person    *string         `json:"person,omitempty" maxLength:"200" doc:"Whose number it is; stays, if it is left out"`
	Queue     *string         `json:"queue,omitempty" maxLength:"200" doc:"The queue whose number it is; stays, if it is left out"`
	Answers   *string         `json:"answers,omitempty" maxLength:"60" doc:"What answers by itself: voicemail, menu, fax; stays, if it is left out"`
	Hours     string          `json:"hours,omitempty" maxLength:"300" doc:"Weekly windows, as in Mo-Fr 08:00-18:00 Europe/Berlin"`
	Otherwise string          `json:"otherwise,omitempty" maxLength:"60" doc:"The plan outside of its time; a wider rule decides, if it is left out"`
	From      time.Time       `json:"valid_from,omitzero" doc:"From when on"`
	Until     time.Time       `json:"valid_until,omitzero" doc:"Until when"`
}

// Wish is the route as the table takes it.
func (w *WantedRoute) Wish() (routing.Wish, error) {
	wish := routing.Wish{Expect: w.Expect, Said: routing.Facts{Person: w.Person != nil, Queue: w.Queue != nil, Answers: w.Answers != nil}}
	wish.Number = w.Number
	if w.Plan == "none" || w.Plan == "" {
		return wish, nil
	}
	p, err := routing.ParsePlan(w.Plan)
	if err != nil {
		return wish, fmt.Errorf("plan %q: %w: %w", w.Plan, err, dualtone.ErrInvalid)
	}
	t := routing.Terms{
		How: p.How, Share: p.Share, Queue: dualtone.QueueID(deref(w.Queue)), Answers: deref(w.Answers),
		Hours: w.Hours, Otherwise: w.Otherwise, From: w.From, Until: w.Until,
	}
	wish.Sides, wish.Person = p.Sides, dualtone.PersonID(deref(w.Person))
	if !t.IsZero() {
		wish.Terms = &t
	}
	return wish, nil
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// RouteEdit is how the table is changed by hand.
type RouteEdit struct {
	Why

	AllowStray bool `json:"allow_stray,omitempty" doc:"Also where calls to somebody would then not ring first on the side that they are on, which is refused otherwise"`
	DryRun     bool `json:"dry_run,omitempty" doc:"Say what would change, and change nothing"`
}

// RouteOrder is a change of the table: some routes, or a file of them.
type RouteOrder struct {
	RouteEdit

	Routes   []WantedRoute `json:"routes,omitempty" maxItems:"10000"`
	CSV      string        `json:"csv,omitempty" maxLength:"30000000" doc:"Routes as dualtone route import takes them; instead of routes"`
	Replace  bool          `json:"replace,omitempty" doc:"Remove the routes that are not named"`
	Forwards string        `json:"forwards,omitempty" maxLength:"30000000" doc:"CSV of the platforms' own forwards (side,number,to): a table that sends a call in a circle is refused"`
}

type routeOrder struct{ Body RouteOrder }

func (o *routeOrder) asked() (string, Why) { return "routes", o.Body.Why }

// Served is how many edges serve a change of the table.
type Served struct {
	Edges   int      `json:"edges" doc:"How many serve it"`
	Lagging []string `json:"lagging,omitempty" doc:"Live edges that do not serve it yet"`
	Said    string   `json:"said,omitempty" doc:"The same in words, or why it is not known"`
}

// Changed is what changed in the table, or would.
type Changed struct {
	Served

	Revision routing.Revision `json:"revision,omitempty"`
	Changes  []routing.Change `json:"changes"`
	DryRun   bool             `json:"dry_run,omitempty"`
}

func (a *API) changeRoutes(ctx context.Context, in *routeOrder, _ access.Role) (*body[Changed], error) {
	wanted, err := in.Body.Wanted(a.Deciding.Countries)
	if err != nil {
		return nil, err
	}
	changes, err := wanted.Changes(ctx, a.Routes)
	if err != nil {
		return nil, err
	}
	return a.apply(ctx, changes, in.Body.RouteEdit)
}

// Wanted is what the order wants of the table.
func (o *RouteOrder) Wanted(countries []string) (*routing.Wanted, error) {
	w := &routing.Wanted{Replace: o.Replace, Countries: countries}
	if (len(o.Routes) == 0) == (o.CSV == "") {
		return nil, invalid("say either routes or csv")
	}
	for i := range o.Routes {
		wish, err := o.Routes[i].Wish()
		if err != nil {
			return nil, err
		}
		w.Routes = append(w.Routes, wish)
	}
	if o.CSV != "" {
		list, err := routing.ReadCSV(strings.NewReader(o.CSV), countries...)
		if err != nil {
			return nil, err
		}
		if len(list.Faults) > 0 {
			return nil, faulty("the file of routes", routeFaults(list.Faults))
		}
		w.Routes = list.Wishes()
	}
	var err error
	w.Forwards, err = routing.ReadForwards(strings.NewReader(o.Forwards))
	return w, err
}

func routeFaults(all []routing.Fault) []console.Fault {
	var found []console.Fault
	for _, f := range all {
		found = append(found, console.Fault{Place: fmt.Sprintf("line %d, column %s", f.Line, f.Column), Value: f.Value, Problem: f.Problem.Problem})
	}
	return found
}

func (a *API) apply(ctx context.Context, changes []routing.Change, edit RouteEdit) (*body[Changed], error) {
	if !edit.AllowStray {
		if err := routing.Astray(ctx, changes, a.Routes, a.Residents, a.Deciding, a.Now()); err != nil {
			return nil, err
		}
	}
	out := Changed{Changes: append([]routing.Change{}, changes...), DryRun: edit.DryRun}
	if edit.DryRun || len(changes) == 0 {
		return &body[Changed]{out}, nil
	}
	var err error
	if out.Revision, err = a.Routes.Apply(ctx, changes, routing.Provenance{Actor: by(ctx, edit.Why).Actor, Reason: edit.Reason}); err != nil {
		return nil, err
	}
	out.Served = a.Serves(ctx, out.Revision)
	return &body[Changed]{out}, nil
}

// RevisionOrder takes the table back.
type RevisionOrder struct{ RouteEdit }

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
	return a.apply(ctx, changes, in.Body.RouteEdit)
}
