package pages

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// RouteBook is the routing plane as pages read it.
type RouteBook interface {
	// Explain decides a call as every edge would now. The route is the rule that
	// decided; without sides when none did.
	Explain(ctx context.Context, call routing.Call) (routing.Decision, routing.Route, error)
	// History lists revisions, newest first; those that changed a number, or all
	// for an empty one.
	History(ctx context.Context, number dualtone.Number, before routing.Revision, limit int) ([]RouteChange, error)
	// Edges lists the edges that announced themselves, and the active revision.
	Edges(ctx context.Context) ([]routing.Edge, routing.Revision, error)
}

// RouteChange is a revision of the table: who changed it, why, and what became of
// the number that was asked for.
type RouteChange struct {
	Revision routing.Revision
	At       time.Time
	Actor    string
	Reason   string
	Numbers  int
	From, To []dualtone.Side
}

// explained is a number with who decides it and why.
type explained struct {
	asked    routing.Call
	decision routing.Decision
	route    routing.Route
}

// routes explains a number, and lists what was changed and which edge serves what.
func (d *Desk) routes(r *http.Request, p page) (templ.Component, error) {
	ctx, q := r.Context(), queryOf(r)
	var e *explained
	var number dualtone.Number
	if dialed := q.text("number"); dialed != "" {
		call := routing.Call{
			Called: dialed, Caller: q.text("caller"), Ingress: routing.Ingress(q.text("ingress")), Country: d.Region, At: d.Now(),
		}
		if call.Ingress == "" {
			call.Ingress = routing.FromCarrier
		}
		if when := q.text("at"); when != "" {
			var err error
			if call.At, err = time.Parse("2006-01-02T15:04", when); err != nil {
				return nil, fmt.Errorf("at %q: want a time such as 2027-02-10T06:00, UTC: %w", when, dualtone.ErrInvalid)
			}
		}
		e = &explained{asked: call}
		var err error
		if e.decision, e.route, err = d.Routes.Explain(ctx, call); err != nil {
			return nil, err
		}
		number = e.decision.Number
	}
	before, _ := strconv.ParseInt(q.text("after"), 10, 64)
	history, err := d.Routes.History(ctx, number, routing.Revision(before), perPage+1)
	if err != nil {
		return nil, err
	}
	history, next := cut(q, history, perPage, func(c RouteChange) string { return strconv.FormatInt(int64(c.Revision), 10) })
	edges, active, err := d.Routes.Edges(ctx)
	if err != nil {
		return nil, err
	}
	return routesPage(p, q, e, history, next, edges, active, routing.EmergencyNumbers(d.Countries...)), nil
}

// goes tells where a call goes.
func (e explained) goes() string {
	var sides []string
	for _, t := range e.decision.Targets {
		sides = append(sides, "the "+string(t.Side)+" system")
	}
	and := " then "
	if e.decision.Order == routing.Parallel {
		and = " and at once "
	}
	switch e.decision.Result {
	case routing.Routed:
		return "goes to " + strings.Join(sides, and)
	case routing.Loop:
		return "is refused as a loop (482)"
	case routing.NoTable:
		return "is not decided (503)"
	default:
		return "is not found (404)"
	}
}

func (e explained) rule() string {
	text := string(e.decision.Scope)
	if e.decision.Rule != "" && e.decision.Rule != text {
		text += " " + e.decision.Rule
	}
	if e.decision.Owner != "" {
		text += " of " + e.decision.Owner
	}
	return text
}

// edgeSays tells whether an edge follows the table.
func edgeSays(e routing.Edge, active routing.Revision) (string, tone) {
	switch {
	case !e.Live():
		return "lost", bad
	case e.Revision < active:
		return fmt.Sprintf("%d behind", active-e.Revision), warns
	default:
		return "current", good
	}
}
