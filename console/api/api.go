// Package api is the HTTP API under /api/v1: the same powers as the command line,
// for programs. Each operation names the action that it takes in the table of
// package access; who may not is told before anything that they sent is looked at.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/source"
	"github.com/dualtone/dualtone/console"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/notify"
	"github.com/dualtone/dualtone/report"
	"github.com/dualtone/dualtone/report/delivery"
	"github.com/dualtone/dualtone/routing"
)

// Prefix is before all paths of the API.
const Prefix = "/api/v1"

// Desk is everything that the API reads and steers.
type Desk struct {
	Plans    *control.Plans
	People   cutover.People
	Cohorts  cutover.Cohorts
	Switches cutover.Switches
	Routes   Routes
	// Residents are the people whose calls a change of the table may not lead astray.
	Residents routing.Residents
	Calls     Calls
	Stitches  Stitches
	Closings  report.Closings
	// Traffic makes a report, with the corrections of a closed period.
	Traffic func(ctx context.Context, q report.Query, corrections int) (report.Traffic, error)
	// Unheard counts which of a plan's notices were tried in vain, by channel.
	Unheard func(ctx context.Context, plan string) (map[string]int, error)
	// Rehearsed refuses a plan that asks to be rehearsed and was not.
	Rehearsed func(ctx context.Context, d *plan.Document) error
	// Accounting books every attempt of a time; unless all are asked for, Booked are
	// those that are open.
	Accounting func(ctx context.Context, from, to time.Time, cohort string, all bool) (Accounting, error)
	// Outcome holds the rehearsal of a plan against what came.
	Outcome func(ctx context.Context, plan string) (*rehearsal.Outcome, error)
	// Rehearse plays a plan many times.
	Rehearse func(ctx context.Context, p Play) (rehearsal.Kept, error)
	Packs    Packs
	Canaries rollout.Canaries
	Notices  Notices
	// Channels are the ways to people that the settings name.
	Channels   func() ([]notify.Channel, error)
	Deliveries Deliveries
	// Ways are those on which reports can go out.
	Ways     delivery.Ways
	Invoices Invoices
	// Compare reads the CRM's log of a day, holds it against the call log and keeps
	// what came of it.
	Compare func(ctx context.Context, day time.Time) error
	// Decisions lists what edges decided, the newest first.
	Decisions func(ctx context.Context, q DecisionQuery) ([]Decision, error)
	// URL is where browsers find the console; empty where they use whatever address
	// it listens on.
	URL     string
	History func(ctx context.Context, number dualtone.Number, before routing.Revision, limit int) ([]Revision, error)
	Edges   func(ctx context.Context) ([]routing.Edge, error)
	// Serves waits for a while until the edges serve a revision of the table.
	Serves    func(ctx context.Context, r routing.Revision) Served
	Systems   func(ctx context.Context) ([]System, error)
	Audit     audit.Kept
	Office    *access.Office
	Feed      Feed
	Keys      Keys
	Finance   Finance
	Contracts contract.Store
	Months    *control.Months
	// Connected are the names of the systems that the settings connect.
	Connected []string
	// Match joins the user list with the accounts of the systems, and stores what
	// was found where write says so.
	Match func(ctx context.Context, actor string, afresh, write bool) (Matching, error)
	// Check signs in to every connected system.
	Check func(ctx context.Context) []Health
	// Register asks a system what it is and keeps the answer; anew where replace says
	// so, ErrConflict where it is another one than before.
	Register func(ctx context.Context, name, actor string, replace, dryRun bool) (System, error)
	// Kinds are the kinds of systems that can be connected.
	Kinds func() []SystemKind
	// Reading is how a system's records are read, as the settings say unless the
	// given format, zone and country do; ErrNotFound for an unknown system.
	Reading func(system, format, zone, country string) (source.Reading, error)
	// Log takes in what was read.
	Log     calllog.Store
	Settler calllog.Settler
	Care    calllog.Care
	// Region is whose dialing rules numbers without a plus sign follow.
	Region string
	// Deciding is what edges decide by beside the table; the emergency numbers of its
	// countries are guarded.
	Deciding routing.Options
	Now      func() time.Time
}

// API is the API of one server.
type API struct {
	Desk

	server *console.Server
	huma   huma.API
	mux    *http.ServeMux
	hub    *hub
	routes []console.Route
	// uploads and streams are the paths whose bodies and answers are not held in
	// memory.
	uploads, streams map[string]bool
	// orders are the patterns of what changes something, and whether each stores all
	// at once.
	orders map[string]bool
}

// Register puts the API and its documentation on a server.
func Register(server *console.Server, desk Desk, version string) *API {
	a := &API{
		Desk: desk, server: server, mux: http.NewServeMux(), hub: newHub(desk.Feed),
		uploads: map[string]bool{}, streams: map[string]bool{Prefix + "/events": true}, orders: map[string]bool{},
	}
	config := huma.DefaultConfig("dualtone", version)
	config.DocsPath, config.SchemasPath, config.OpenAPIPath = "", "", ""
	config.Info.Description = "Moves a company's phone agents from an old phone system to a new one. Errors are RFC 9457 problems. " +
		"Lists page by key: follow the Link header. A write with an Idempotency-Key is done once, however often it is sent: it is answered as the first time; " +
		"where that answer was lost with the server, what is x-stored-at-once is refused with the entry of the audit that tells what was stored, " +
		"and anything else does what is left to do. " +
		"What is read has an ETag; a write with an If-Match is done only while what it is about is still that."
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Transformers = []huma.Transformer{problems}
	config.CreateHooks = nil // no $schema in answers: they are those of the command line
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "dualtone token create makes one"},
		"session": {Type: "apiKey", In: "cookie", Name: "dualtone"},
	}
	config.Security = []map[string][]string{{"token": {}}, {"session": {}}}
	a.huma = humago.NewWithPrefix(a.mux, Prefix, config)
	// What the library declares of an error is what is sent.
	a.huma.OpenAPI().Components.Schemas.RegisterTypeAlias(reflect.TypeFor[huma.ErrorModel](), reflect.TypeFor[console.Problem]())
	for _, register := range []func(){
		a.planRuns, a.users, a.cohortMoves, a.userSwitches, a.callLog, a.quarantineRows, a.rulings, a.intake, a.care,
		a.drafts, a.evidence, a.canaries, a.notices, a.reports, a.deliveries, a.costs, a.billing, a.routeTable, a.connected, a.own, a.links, a.audits,
		a.accountBook, a.events,
	} {
		register()
	}
	server.Mount("/api/", a.found(a.tagged(a.doneOnce(a.matched(a.mux)))), a.routes)
	a.document()
	return a
}

// schemaName keeps types of the same name in different packages apart.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	// A list of items is named after them, with their package.
	if outer, inner, generic := strings.Cut(t.Name(), "["); generic {
		inner = strings.TrimSuffix(inner[strings.LastIndexByte(inner, '/')+1:], "]")
		return titled(strings.TrimPrefix(inner, "api.")) + outer
	}
	name := huma.DefaultSchemaNamer(t, hint)
	pkg := t.PkgPath()
	if pkg == "" || strings.HasSuffix(pkg, "/console") || strings.HasSuffix(pkg, "/console/api") || strings.HasSuffix(pkg, "/huma/v2") {
		return name
	}
	pkg = pkg[strings.LastIndexByte(pkg, '/')+1:]
	if strings.HasPrefix(strings.ToLower(name), pkg) || pkg == "dualtone" {
		return name
	}
	return titled(pkg) + name
}

// titled writes a name with its package as one word.
func titled(name string) string {
	pkg, rest, _ := strings.Cut(name, ".")
	return strings.ToUpper(pkg[:1]) + pkg[1:] + rest
}

// operation is what an operation is, apart from what goes in and out.
type operation struct {
	id, method, path string
	action           access.Action
	summary          string
	status           int
	// upload: its body is a file that is read as it comes.
	upload bool
	// stream: its answer is written as it is made, so it has no ETag.
	stream bool
	// lasts: it may take longer than any other request.
	lasts bool
	// atOnce: all that it changes is changed in one transaction. Any other is safe
	// twice: done again, it does what is left to do.
	atOnce bool
}

func (o operation) storedAtOnce() operation {
	o.atOnce = true
	return o
}

func (o operation) lasting() operation {
	o.lasts = true
	return o
}

func get(id, path string, action access.Action, summary string) operation {
	return operation{id: id, method: http.MethodGet, path: path, action: action, summary: summary}
}

func post(id, path string, action access.Action, summary string) operation {
	return operation{id: id, method: http.MethodPost, path: path, action: action, summary: summary}
}

// Why is the part of an order that says in which role and for what reason it is
// given.
type Why struct {
	Reason string      `json:"reason,omitempty" maxLength:"2000" doc:"Why; it is recorded, and some orders need it"`
	Role   access.Role `json:"role,omitempty" enum:"viewer,planner,admin,operator,operations-lead,cutover-approver,telecom-owner,finance-owner,incident-commander" doc:"In which role; the first of yours that may, if it is left out"`
}

// order is a request that changes something.
type order interface {
	// what it is done to, as the audit names it, and why.
	asked() (object string, why Why)
}

// read adds an operation that changes nothing.
func read[I, O any](a *API, op operation, do func(context.Context, *I) (*O, error)) {
	huma.Register(a.huma, a.declare(op), func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		return out, a.told(ctx, err)
	})
}

// write adds an operation that changes something: the gate is asked and the audit
// notes it before it is done. The role is the one in which it is done.
func write[I any, P interface {
	*I
	order
}, O any](a *API, op operation, do func(context.Context, *I, access.Role) (*O, error)) {
	a.orders[op.method+" "+Prefix+op.path] = op.atOnce
	huma.Register(a.huma, a.declare(op), func(ctx context.Context, in *I) (*O, error) {
		object, why := P(in).asked()
		ctx, role, err := a.server.Gate().Enter(ctx, access.Ask{Action: op.action, As: why.Role, Object: object, Reason: why.Reason})
		if err != nil {
			return nil, a.told(ctx, err)
		}
		out, err := do(ctx, in, role)
		return out, a.told(ctx, err)
	})
}

// declare makes the operation's declaration. Its gate stands before the reading of
// what was sent, so that nobody learns from errors what they may not do.
func (a *API) declare(op operation) huma.Operation {
	row, known := access.Find(op.action)
	if !known {
		panic(op.id + " does what is not in the table: " + string(op.action))
	}
	a.routes = append(a.routes, console.Route{Pattern: op.method + " " + Prefix + op.path, Action: op.action, Within: row.Writes})
	first, _, _ := strings.Cut(strings.TrimPrefix(op.path, "/"), "/")
	declared := huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, Summary: op.summary, Tags: []string{first}, DefaultStatus: op.status,
		Description: "Takes " + string(op.action) + ": " + roles(row.Roles) + ".",
		Errors:      failures(op.method),
		// The server bounds what a request may have, and how long it may take to come.
		MaxBodyBytes: -1, BodyReadTimeout: time.Minute,
		Middlewares: huma.Middlewares{func(c huma.Context, next func(huma.Context)) { a.gated(c, next, op) }},
		Extensions:  map[string]any{"x-action": string(op.action)},
	}
	if op.atOnce {
		declared.Extensions["x-stored-at-once"] = true
	}
	if op.upload {
		a.server.Upload(Prefix + op.path)
		a.uploads[Prefix+op.path] = true
		declared.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		}}
	}
	if op.stream {
		a.streams[Prefix+op.path] = true
	}
	return declared
}

// failures are the statuses by which an operation may fail.
func failures(method string) []int {
	all := []int{401, 403, 404, 409, 422, 429, 503}
	if method != http.MethodGet {
		all = append(all, 412, 413, 501, 502)
	}
	return all
}

func (a *API) gated(c huma.Context, next func(huma.Context), op operation) {
	r, w := humago.Unwrap(c)
	console.Named(r, op.method+" "+Prefix+op.path)
	if who, known := access.From(r.Context()); known && who.May(op.action) {
		if op.lasts {
			// A connection that has no deadlines is none of a server.
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(lastsWithin))
		}
		if r.ContentLength < 0 && !op.upload {
			if err := readWhole(r); err != nil {
				a.server.Refuse(w, r, err)
				return
			}
		}
		next(c)
		return
	}
	_, _, err := a.server.Gate().Enter(r.Context(), access.Ask{Action: op.action, Object: r.URL.Path})
	a.server.Refuse(w, r, err)
}

// readWhole reads a body that does not say how long it is. The library would tell one
// that is too long as a failure of the server.
func readWhole(r *http.Request) error {
	text, err := io.ReadAll(r.Body)
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); err != nil && !tooLong {
		err = fmt.Errorf("the body broke off: %w", dualtone.ErrInvalid)
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	return err
}

// lastsWithin is how long an operation may take that lasts.
const lastsWithin = 10 * time.Minute

func roles(all []access.Role) string {
	var words []string
	for _, r := range all {
		if r != access.System {
			words = append(words, string(r))
		}
	}
	return strings.Join(words, ", ")
}

// problem is an error as huma sends it.
type problem struct{ console.Problem }

func (p *problem) Error() string { return p.Detail }

// GetStatus is the status of the answer.
func (p *problem) GetStatus() int { return p.Status }

// ContentType is that of problems.
func (*problem) ContentType(string) string { return "application/problem+json" }

// MarshalJSON writes the problem itself.
func (p *problem) MarshalJSON() ([]byte, error) { return json.Marshal(p.Problem) }

// problemSchema is the name of the schema of problems.
const problemSchema = "Problem"

// problems makes the library's errors problems: what it says of a request that does
// not fit what is declared.
func problems(c huma.Context, _ string, v any) (any, error) {
	said, ok := v.(*huma.ErrorModel)
	if !ok || said.Status >= http.StatusInternalServerError {
		return v, nil
	}
	p := console.Problem{
		Type: "about:blank", Title: said.Title, Status: said.Status, Detail: said.Detail, Kind: dualtone.Kind(dualtone.ErrInvalid),
		Next: "mend what errors names, and send it again; nothing was changed", Request: console.RequestID(c.Context()),
	}
	for _, e := range said.Errors {
		f := console.Fault{Place: e.Location, Problem: e.Message}
		if text, ok := e.Value.(string); ok {
			f.Value = text
		}
		p.Faults = append(p.Faults, f)
	}
	return &problem{p}, nil
}

// told makes an error of the program a problem.
func (a *API) told(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[huma.StatusError](err); ok {
		return err
	}
	return &problem{a.server.Problem(ctx, err)}
}

// faulty is an error with each fault and its place.
func faulty(what string, all []console.Fault) error {
	return &console.FaultyError{What: what, Faults: all}
}

// by is who gives an order, for those who record it themselves.
func by(ctx context.Context, why Why) control.Why {
	who, _ := access.From(ctx)
	return control.Why{Actor: who.Name, Reason: why.Reason}
}

// body is an answer that is its body alone.
type body[T any] struct{ Body T }

func bodyOf[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// invalid is an error of whoever asked.
func invalid(text string) error { return &textError{text} }

type textError struct{ text string }

// conflict is an order that what stands there does not allow.
func conflict(text string) error { return fmt.Errorf("%s: %w", text, dualtone.ErrConflict) }

func (e *textError) Error() string { return e.text }

func (*textError) Unwrap() error { return dualtone.ErrInvalid }
