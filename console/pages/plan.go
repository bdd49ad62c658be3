package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone/console/chart"
	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/finance/cost"
)

const (
	// gridded is how many people of a stage the grid shows at a time.
	gridded = 500
	// mostMoving is how many of those being moved stand on a plan's page.
	mostMoving = 25
	// mostFailed is how many failures stand on a plan's page; the list has all.
	mostFailed = 12
	// mostReadings is how many readings of a gate are drawn.
	mostReadings = 40
	// mostLogged is how many of the last orders and changes stand there.
	mostLogged = 25
)

// sight is what a plan's page shows.
type sight struct {
	name  string
	stage string        // whose people the grid shows
	state cutover.State // only those in this one; empty for all
	after int           // their position after which it goes on
	path  string        // of the page, with the reader's link

	view     control.PlanView
	document *plan.Document
	hash     string // of the document
	users    []rollout.User
	next     int // the position after which the grid goes on; 0 where it ends
	moving   []rollout.User
	failed   []rollout.User
	money    *cost.Standing
	gates    []gateSight
	log      []rollout.Transition
	// worked is how long each stage has switched people so far.
	worked map[string]time.Duration
	line   chart.Timeline
	packs  []packed
	// wanting is what the packs do not prove, and unsigned why none can be made.
	wanting  []string
	unsigned string
	// tally counts the people of the stage that the grid shows.
	tally cutover.Tally
}

// gateSight is the latest reading of a gate, and the ones before it.
type gateSight struct {
	rollout.Reading

	row []float64 // its latest figures, oldest first
	// value, baseline and bound are as people read them.
	value, baseline, bound string
}

// look reads what a plan's page shows.
func (d *Desk) look(ctx context.Context, s sight) (sight, error) {
	var err error
	if s.view, err = d.Plans.View(ctx, s.name); err != nil {
		return s, err
	}
	if s.stage == "" {
		s.stage = shownFirst(s.view.Stages)
	}
	// A version never changes, so whoever looks again needs not read it again.
	if s.document == nil || s.hash != s.view.Plan.Hash {
		version, err := d.Plans.Versions.Version(ctx, s.name, plan.Hash(s.view.Plan.Hash))
		if err != nil {
			return s, err
		}
		s.document, s.hash = &version.Document, s.view.Plan.Hash
	}
	if err := d.lookAtUsers(ctx, &s); err != nil {
		return s, err
	}
	if err := d.lookAtGates(ctx, &s); err != nil {
		return s, err
	}
	if s.money = s.view.Money; s.view.MoneyUnknown != "" {
		d.Log.WarnContext(ctx, "what a plan costs cannot be told", "plan", s.name, "error", s.view.MoneyUnknown)
	}
	s.packs = nil
	if err := d.lookAtPacks(ctx, &s); err != nil {
		return s, err
	}
	all, err := d.Plans.Store.Transitions(ctx, rollout.TransitionQuery{Plan: s.name, Limit: 5000})
	if err != nil {
		return s, err
	}
	s.line, s.worked = timeline(s.view, s.document, all), worked(all, s.view.AsOf)
	s.log = all[max(0, len(all)-mostLogged):]
	return s, nil
}

// shownFirst is the stage at work, or else the first that has people.
func shownFirst(all []rollout.Stage) string {
	first := ""
	for _, s := range all {
		if s.Users.Total() == 0 {
			continue
		}
		if first == "" {
			first = s.ID
		}
		if s.State != rollout.Pending && s.State != rollout.Passed && s.State != rollout.Skipped {
			return s.ID
		}
	}
	return first
}

func (d *Desk) lookAtUsers(ctx context.Context, s *sight) error {
	if s.stage == "" {
		return nil
	}
	asked := rollout.UserQuery{Plan: s.name, Stage: s.stage, After: s.after, Limit: gridded + 1}
	if s.state != "" {
		asked.States = []cutover.State{s.state}
	}
	users, err := d.Plans.Store.Users(ctx, asked)
	if err != nil {
		return err
	}
	if len(users) > gridded {
		users = users[:gridded]
		s.next = users[gridded-1].Position
	}
	s.users = users
	for _, st := range s.view.Stages {
		if st.ID == s.stage {
			s.tally = st.Users
		}
	}
	if s.moving, err = d.Plans.Store.Users(ctx, rollout.UserQuery{Plan: s.name, States: moving(), Limit: mostMoving}); err != nil {
		return err
	}
	s.failed, err = d.Plans.Store.Users(ctx, rollout.UserQuery{Plan: s.name, States: rollout.FailedUsers(), Limit: mostFailed})
	return err
}

// moving are the states of people who are being moved.
func moving() []cutover.State {
	return slices.DeleteFunc(cutover.States(), func(s cutover.State) bool { return s.Final() || s == cutover.Planned })
}

// doing says what happens to somebody in a state.
func doing(s cutover.State) string {
	switch s {
	case cutover.Captured:
		return "drains: no call is offered any more, and what goes on is waited for"
	case cutover.Drained:
		return "is free, and is being switched"
	case cutover.Verifying:
		return "is switched, and read back"
	case cutover.Deferring:
		return "did not come free: what was prepared is taken back"
	case cutover.Compensating:
		return "goes back"
	default:
		return words(string(s))
	}
}

// lookAtGates keeps the latest reading of each gate.
func (d *Desk) lookAtGates(ctx context.Context, s *sight) error {
	const newest = 400
	all, err := d.Plans.Store.Readings(ctx, rollout.ReadingQuery{Plan: s.name, Last: newest})
	if err != nil {
		return err
	}
	place := map[string]int{}
	for _, r := range all {
		key := r.Stage + "/" + r.Gate
		i, ok := place[key]
		if !ok {
			i = len(s.gates)
			place[key] = i
			s.gates = append(s.gates, gateSight{})
		}
		row := s.gates[i].row
		if r.Missing == "" {
			row = append(row, r.Value)
		}
		s.gates[i] = gateSight{Reading: r, row: row[max(0, len(row)-mostReadings):]}
	}
	for i := range s.gates {
		g := &s.gates[i]
		g.value, g.baseline, g.bound = rollout.Told(healthGate(s.document, g.Gate), g.Reading)
	}
	return nil
}

// healthGate is a gate of the plan; one that compares both systems has no unit.
func healthGate(d *plan.Document, name string) plan.HealthGate {
	for _, g := range d.Plan.Spec.Gates.Health {
		if g.Name == name {
			return g
		}
	}
	return plan.HealthGate{Name: name}
}

// plan is a plan's page.
func (d *Desk) plan(r *http.Request, p page) (templ.Component, error) {
	s, err := d.look(r.Context(), d.sightOf(r, p.viewer))
	if err != nil {
		return nil, err
	}
	return planPage(p, s), nil
}

func (d *Desk) sightOf(r *http.Request, v Viewer) sight {
	q := queryOf(r)
	after, _ := strconv.Atoi(q.text("after"))
	return sight{
		name: r.PathValue("plan"), stage: q.text("stage"), state: cutover.State(q.text("state")), after: max(0, after),
		path: v.link("/plans/" + r.PathValue("plan")),
	}
}

// total counts the people of the plan by state.
func (s sight) total() cutover.Tally {
	all := cutover.Tally{}
	for _, st := range s.view.Stages {
		for state, n := range st.Users {
			all[state] += n
		}
	}
	return all
}

// grid is the address of the page with the grid of a stage at a place: the people of
// one state, or of all, after a position.
func (s sight) grid(stage string, state cutover.State, after int) string {
	values := url.Values{"stage": {stage}}
	if state != "" {
		values.Set("state", string(state))
	}
	if after > 0 {
		values.Set("after", strconv.Itoa(after))
	}
	return s.path + "?" + values.Encode() + "#grid-title"
}

// live is the address of the stream that the page follows.
func (s sight) live() string {
	values := url.Values{"stage": {s.stage}, "after": {strconv.Itoa(s.after)}, "state": {string(s.state)}}
	return s.path + "/live?" + values.Encode()
}

// gridSays tells which people of the stage the grid shows.
func (s sight) gridSays() string {
	all, of := s.tally.Total(), "users"
	if s.state != "" {
		all, of = s.tally[s.state], "users who are "+words(string(s.state))
	}
	switch {
	case len(s.users) == 0:
		return "None of the " + counted(all) + " " + of
	case all == 1 && s.state == "":
		return "The one user"
	case all == 1:
		return "The one user who is " + words(string(s.state))
	case len(s.users) == all:
		return "All " + counted(all) + " " + of
	case s.state != "":
		return counted(len(s.users)) + " of the " + counted(all) + " " + of
	default:
		return fmt.Sprintf("Users %s to %s of %s", counted(s.users[0].Position), counted(s.users[len(s.users)-1].Position), counted(all))
	}
}
