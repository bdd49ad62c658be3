// Package routingtest holds a routing table in memory and the suite that says
// what every router promises.
package routingtest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Router keeps the table in memory. The zero value is empty and ready, and safe
// for concurrent use.
type Router struct {
	mu       sync.Mutex
	routes   map[dualtone.Number]kept
	made     map[string]bool
	revision routing.Revision
	at       time.Time
}

var _ routing.Router = (*Router)(nil)

// kept is a route and the revision that made it so.
type kept struct {
	routing.Route

	revision routing.Revision
}

// Routes returns the active routes of the numbers, in their order.
func (r *Router) Routes(_ context.Context, numbers []dualtone.Number) ([]routing.Route, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []routing.Route
	for _, n := range numbers {
		route := clone(r.routes[n].Route)
		route.Number = n
		found = append(found, route)
	}
	return found, nil
}

// Rules returns the routes of the ranges and the default.
func (r *Router) Rules(context.Context) ([]routing.Route, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []routing.Route
	for _, number := range slices.Sorted(maps.Keys(r.routes)) {
		if route := r.routes[number].Route; len(route.Sides) > 0 && routing.Leads(number) {
			found = append(found, clone(route))
		}
	}
	return found, nil
}

// Apply makes all changes or none.
func (r *Router) Apply(_ context.Context, changes []routing.Change, why routing.Provenance) (routing.Revision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := map[dualtone.Number]bool{}
	for _, c := range changes {
		number := cmp.Or(c.To.Number, c.From.Number)
		if seen[number] || !valid(c.From, number) || !valid(c.To, number) {
			return 0, fmt.Errorf("change of %q from %v to %v: %w", number, c.From, c.To, dualtone.ErrInvalid)
		}
		seen[number] = true
	}
	var todo []routing.Change
	for _, c := range changes {
		number := cmp.Or(c.To.Number, c.From.Number)
		have := r.routes[number].Sides
		if slices.Equal(have, c.To.Sides) {
			continue
		}
		if !slices.Equal(have, c.From.Sides) || why.Run != "" && r.made[key(c, why)] {
			return 0, fmt.Errorf("route of %s goes to %v: %w", number, have, dualtone.ErrConflict)
		}
		todo = append(todo, c)
	}
	if len(todo) > 0 {
		r.put(todo, why)
	}
	return r.revision, nil
}

func (r *Router) put(changes []routing.Change, why routing.Provenance) {
	if r.routes == nil {
		r.routes, r.made = map[dualtone.Number]kept{}, map[string]bool{}
	}
	r.revision++
	r.at = time.Now()
	for _, c := range changes {
		to := clone(c.To)
		to.Number = cmp.Or(c.To.Number, c.From.Number)
		to.Person = cmp.Or(c.To.Person, c.From.Person, r.routes[to.Number].Person)
		r.routes[to.Number] = kept{to, r.revision}
		r.made[key(c, why)] = true
	}
}

// key names a change that a run of a workflow made.
func key(c routing.Change, why routing.Provenance) string {
	return fmt.Sprint(why.Workflow, "\n", why.Run, "\n", cmp.Or(c.To.Number, c.From.Number), c.From.Sides, c.To.Sides)
}

func valid(r routing.Route, number dualtone.Number) bool {
	if len(r.Sides) == 0 {
		return number != "" && (r.Number == "" || r.Number == number)
	}
	unknown := func(s dualtone.Side) bool { return s != dualtone.Old && s != dualtone.New }
	return r.Number == number && r.Validate() == nil && !slices.ContainsFunc(r.Sides, unknown)
}

// Since returns the routes that changed after a revision.
func (r *Router) Since(_ context.Context, after routing.Revision) (routing.Snapshot, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if after > r.revision {
		after = 0
	}
	s := routing.Snapshot{Revision: r.revision, At: r.at}
	for _, n := range slices.Sorted(maps.Keys(r.routes)) {
		if k := r.routes[n]; k.revision > after && (after > 0 || len(k.Sides) > 0) {
			s.Routes = append(s.Routes, clone(k.Route))
		}
	}
	return s, nil
}

func clone(r routing.Route) routing.Route {
	r.Sides = slices.Clone(r.Sides)
	if len(r.Sides) == 0 {
		r.Sides = nil
	}
	return r
}
