package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/workflows"
)

// cohorts lists cohorts.
func (d *Desk) cohorts(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	found, err := d.Cohorts.Cohorts(r.Context(), cutover.CohortQuery{Text: q.text("text"), After: q.text("after"), Limit: perPage + 1})
	if err != nil {
		return nil, err
	}
	found, next := cut(q, found, perPage, func(c cutover.Cohort) string { return c.Name })
	return cohortsPage(p, q, found, next), nil
}

// group is what the page of a cohort shows.
type group struct {
	cutover.Cohort

	path    string
	members []cutover.Member
	next    string
	move    *workflows.CohortStatus // its latest, nil if it was never moved
	verbs   []button
}

// cohort is the page of a cohort.
func (d *Desk) cohort(r *http.Request, p page) (templ.Component, error) {
	g, err := d.lookAtCohort(r.Context(), queryOf(r), r.PathValue("cohort"), p.viewer)
	if err != nil {
		return nil, err
	}
	p.title = g.Name
	return cohortPage(p, queryOf(r), g), nil
}

func (d *Desk) lookAtCohort(ctx context.Context, q *query, name string, v Viewer) (group, error) {
	g := group{path: v.link("/cohorts/" + name)}
	var err error
	if g.Cohort, err = d.Cohorts.Cohort(ctx, name); err != nil {
		return g, err
	}
	asked := cutover.MemberQuery{Cohort: name, Limit: perPage + 1, Side: dualtone.Side(q.text("side"))}
	if s := q.text("state"); s != "" {
		asked.States = []cutover.State{cutover.State(s)}
	}
	asked.After, _ = strconv.Atoi(q.text("after"))
	if g.members, err = d.Cohorts.Members(ctx, asked); err != nil {
		return g, err
	}
	g.members, g.next = cut(q, g.members, perPage, func(m cutover.Member) string { return strconv.Itoa(m.Position) })
	status, err := d.Control.CohortStatus(ctx, name)
	switch {
	case err == nil:
		g.move = &status
	case !errors.Is(err, dualtone.ErrNotFound):
		return g, err
	}
	g.verbs = g.buttons(v)
	return g, nil
}

func (g group) running() bool { return g.move != nil && g.move.Verdict == "" }

// buttons are the orders to a cohort, in its present state.
func (g group) buttons(v Viewer) []button {
	states := cutover.Tally(g.States)
	onNew, waiting := states[cutover.OnNew], g.Size-states[cutover.OnNew]
	all := []button{
		{
			id: "move", text: "Move", class: "go", effect: "Moves up to " + several(waiting, "user") + " to the new system, a window of them at a time.",
			fields: []field{{name: "window", label: "Users at a time (empty: as configured)", typed: "number"}},
		},
		{id: "retry", text: "Retry the failed", effect: "Moves up to " + several(g.retryable(), "user") + " again whose move failed, was deferred or left out, and nobody who was taken back."},
		{id: "rollback", text: "Roll back", class: "danger", effect: "Takes back " + several(onNew, "user") + ", last first."},
	}
	if g.running() {
		inFlight := len(g.move.InFlight)
		all = []button{
			{id: "pause", text: "Pause", effect: "Starts nobody else. In flight, to be finished: " + several(inFlight, "user") + "."},
			{id: "resume", text: "Resume", effect: "Goes on with those who wait."},
			{id: "stop", text: "Stop", class: "danger", effect: "Starts nobody else. In flight: " + several(inFlight, "user") + ".", fields: []field{inFlightField()}},
			{id: "rollback", text: "Roll back", class: "danger", effect: "Starts nobody else and takes back " + several(onNew+inFlight, "user") + ", last first."},
		}
	}
	for i := range all {
		all[i].to, all[i].reason = g.path+"/orders", true
		all[i].hidden = []hidden{{"order", all[i].id}}
		if all[i].refused = v.refusal(cohortAction(all[i].id)); all[i].refused == "" {
			all[i].refused = g.pointless(all[i].id)
		}
	}
	return all
}

// retryable is how many could be tried again, were nobody of them taken back on purpose.
func (g group) retryable() int {
	all := 0
	for _, s := range cutover.Retryable(dualtone.New) {
		all += g.States[s]
	}
	return all
}

// pointless is why an order would change nothing now; empty where it would.
func (g group) pointless(order string) string {
	states := cutover.Tally(g.States)
	switch {
	case order == "move" && states[cutover.OnNew] == g.Size:
		return "everybody in it is on the new system"
	case order == "retry" && g.retryable() == 0:
		return "nobody in it failed"
	case order == "rollback" && !g.running() && states[cutover.OnNew]+states[cutover.Unknown]+states[cutover.RestoreDrift] == 0:
		return "nobody in it is on the new system"
	case order == "pause" && g.move.Paused != nil:
		return g.move.Paused.Actor + " has paused it already"
	case order == "resume" && g.move.Paused == nil:
		return "it is not paused"
	default:
		return ""
	}
}

// cohortAction is what an order to a cohort is in the table of roles.
func cohortAction(order string) access.Action {
	switch order {
	case "move", "retry":
		return access.CohortMove
	case "rollback":
		return access.CohortRollback
	default:
		return access.CohortOrder
	}
}

// cohortOrder gives an order to a cohort.
func (d *Desk) cohortOrder(r *http.Request, p page) (templ.Component, error) {
	name, verb := r.PathValue("cohort"), r.PostFormValue("order")
	r, _, err := d.enter(r, cohortAction(verb), "cohort/"+name)
	if err != nil {
		return nil, err
	}
	ctx := r.Context()
	why, err := whyOf(r, p.viewer)
	if err != nil {
		return nil, err
	}
	move := control.CohortMove{Cohort: name, To: dualtone.New, Why: why}
	if text := strings.TrimSpace(r.PostFormValue("window")); text != "" {
		if move.Window, err = strconv.Atoi(text); err != nil || move.Window < 1 {
			return nil, fmt.Errorf("users at a time %q: want a whole number from 1: %w", text, dualtone.ErrInvalid)
		}
	}
	switch verb {
	case "move":
		_, err = d.Control.MoveCohort(ctx, move)
	case "retry":
		move.Retry = true
		_, err = d.Control.MoveCohort(ctx, move)
	case "rollback":
		move.To = dualtone.Old
		err = d.Control.RollBack(ctx, move)
	case "pause":
		_, err = d.Control.Pause(ctx, name, why)
	case "resume":
		_, err = d.Control.Resume(ctx, name, why)
	case "stop":
		_, err = d.Control.Stop(ctx, name, control.InFlight(r.PostFormValue("in_flight")), why)
	default:
		return nil, fmt.Errorf("order %q: want move, retry, rollback, pause, resume or stop: %w", verb, dualtone.ErrInvalid)
	}
	if err != nil {
		return nil, err
	}
	return nil, done303("/cohorts/"+name, map[string]string{
		"move": "The cohort is being moved.", "retry": "Those who failed are tried again.", "rollback": "The way back has begun.",
		"pause": "Paused: nobody else is started.", "resume": "It goes on.", "stop": "Stopped: nobody else is started.",
	}[verb])
}

// newCohort asks for a cohort's name and shows who would be in it: all whom the
// filters in the address select.
func (d *Desk) newCohort(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	members, err := cutover.Everybody(r.Context(), d.People, peopleQuery(q))
	if err != nil {
		return nil, err
	}
	return newCohortPage(p, q, members), nil
}

// makeCohort makes a cohort of those whom the filters select, or who are named.
func (d *Desk) makeCohort(r *http.Request, p page) (templ.Component, error) {
	r, _, err := d.enter(r, access.CohortEdit, "cohort/"+r.PostFormValue("name"))
	if err != nil {
		return nil, err
	}
	var ids []dualtone.PersonID
	if named := strings.Fields(r.PostFormValue("people")); len(named) > 0 {
		for _, id := range named {
			ids = append(ids, dualtone.PersonID(strings.Trim(id, ",;")))
		}
	} else {
		members, err := cutover.Everybody(r.Context(), d.People, peopleQuery(queryOf(r)))
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			ids = append(ids, m.ID)
		}
	}
	c := cutover.Cohort{Name: strings.TrimSpace(r.PostFormValue("name")), Note: r.PostFormValue("note"), Actor: p.viewer.Name, Created: d.Now(), Size: len(ids)}
	if len(ids) == 0 {
		return nil, fmt.Errorf("nobody is named: %w", dualtone.ErrInvalid)
	}
	if err := d.Cohorts.Create(r.Context(), c, ids); err != nil {
		return nil, err
	}
	return nil, done303("/cohorts/"+c.Name, fmt.Sprintf("The cohort has %d people.", len(ids)))
}
