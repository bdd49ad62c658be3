package console

import (
	"errors"
	"fmt"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
)

// Route is a route and the action that it takes; none for one that is open to
// everybody.
type Route struct {
	Pattern string
	Action  access.Action
	// Within: the route itself asks the gate, once it has read what is wanted.
	Within bool
}

// Router takes the routes of pages and of the API. Each names the action that it
// takes, so none can be forgotten by whoever checks; the patterns are those of
// http.ServeMux.
type Router struct {
	mux    *http.ServeMux
	gate   *access.Gate
	routes []Route
	// refuse answers somebody who may not.
	refuse func(w http.ResponseWriter, r *http.Request, err error)
}

// Routes are all routes that are registered.
func (t *Router) Routes() []Route { return t.routes }

// Open registers a route for everybody, signed in or not.
func (t *Router) Open(pattern string, h http.Handler) {
	t.routes = append(t.routes, Route{Pattern: pattern})
	t.mux.Handle(pattern, named(pattern, h))
}

// Read registers a route for those who may do an action that changes nothing. The
// action of a route that writes is asked for with Write.
func (t *Router) Read(pattern string, action access.Action, h http.Handler) {
	if row, known := access.Find(action); !known || row.Writes {
		panic(fmt.Sprintf("%s: %s is no action that reads", pattern, action))
	}
	t.routes = append(t.routes, Route{Pattern: pattern, Action: action})
	t.mux.Handle(pattern, named(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, _, err := t.gate.Enter(r.Context(), access.Ask{Action: action, Object: r.Pattern})
		if err != nil {
			t.refuse(w, r, err)
			return
		}
		h.ServeHTTP(w, r.WithContext(ctx))
	})))
}

// Write registers a route whose handler asks the gate itself, by Enter, once it
// knows what is to be changed and why. Whoever may never do the action in any role
// does not come so far.
func (t *Router) Write(pattern string, action access.Action, h http.Handler) {
	if row, known := access.Find(action); !known || !row.Writes {
		panic(fmt.Sprintf("%s: %s is no action that writes", pattern, action))
	}
	t.routes = append(t.routes, Route{Pattern: pattern, Action: action, Within: true})
	t.mux.Handle(pattern, named(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if who, ok := access.From(r.Context()); !ok || !who.May(action) {
			_, _, err := t.gate.Enter(r.Context(), access.Ask{Action: action, Object: r.URL.Path})
			t.refuse(w, r, err)
			return
		}
		h.ServeHTTP(w, r)
	})))
}

// Mount serves everything below a prefix with a handler that checks its own routes,
// which are given to be known.
func (t *Router) Mount(prefix string, h http.Handler, routes []Route) {
	t.routes = append(t.routes, routes...)
	t.mux.Handle(prefix, h)
}

// Gate is what lets people through to what they want to do.
func (t *Router) Gate() *access.Gate { return t.gate }

// Enter asks the gate for what a handler is about to change; see access.Gate.Enter.
func (t *Router) Enter(r *http.Request, ask access.Ask) (*http.Request, access.Role, error) {
	ctx, role, err := t.gate.Enter(r.Context(), ask)
	return r.WithContext(ctx), role, err
}

// named gives a handler's pattern to the middleware around the mux, which logs and
// measures by it: paths hold numbers and names of people.
func named(pattern string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Named(r, pattern)
		h.ServeHTTP(w, r)
	})
}

// Named notes which route a request took, also in its trace, which holds no path.
func Named(r *http.Request, pattern string) {
	span := trace.SpanFromContext(r.Context())
	span.SetName(pattern)
	span.SetAttributes(attribute.String("http.route", pattern), attribute.String("dualtone.request", RequestID(r.Context())))
	if v := visitOf(r.Context()); v != nil {
		v.pattern = pattern
	}
}

// isDenied reports whether somebody who is signed in may not, and not that nobody
// is.
func isDenied(err error) bool {
	_, ok := errors.AsType[*access.DeniedError](err)
	return ok
}

// cause puts what is known of a request before anybody is let in into its context.
func cause(r *http.Request, id, from string) *http.Request {
	return r.WithContext(audit.Because(r.Context(), audit.Cause{Request: id, Actor: "nobody", Via: from}))
}
