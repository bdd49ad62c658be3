package pages

import (
	"context"
	"net/http"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

func planStates() []string {
	var all []string
	for _, s := range rollout.PlanStates() {
		all = append(all, string(s))
	}
	return all
}

// plans lists plans.
func (d *Desk) plans(r *http.Request, p page) (templ.Component, error) {
	q := queryOf(r)
	asked := rollout.PlanQuery{Text: q.text("text"), After: q.text("after"), Limit: perPage + 1}
	if s := q.text("state"); s != "" {
		asked.States = []rollout.State{rollout.State(s)}
	}
	found, err := d.Plans.Store.Plans(r.Context(), asked)
	if err != nil {
		return nil, err
	}
	found, next := cut(q, found, perPage, func(p rollout.Plan) string { return p.Name })
	var first []step
	if len(found) == 0 && len(q.values) == 0 {
		if first, err = d.firstSteps(r.Context()); err != nil {
			return nil, err
		}
	}
	return plansPage(p, q, found, first, next), nil
}

// step is something that a newcomer does.
type step struct {
	text, why, path, to string
	done                bool
}

// firstSteps lead from an empty dualtone to a rehearsed plan.
func (d *Desk) firstSteps(ctx context.Context) ([]step, error) {
	people, err := d.People.List(ctx, cutover.PeopleQuery{Limit: 1})
	if err != nil {
		return nil, err
	}
	systems, err := d.Fleet.Systems(ctx)
	return []step{
		{
			text: "Take in the user list", path: "/users/import", to: "Take in a list", done: len(people) > 0,
			why: "A CSV file of the people who are to move. Without one at hand, a sample of 40 made-up people does for a first look.",
		},
		{
			text: "Write a plan and rehearse it", path: "/plans/edit", to: "Start from the sample plan",
			why: "A plan says who moves when, and what must hold. The sample fits the sample list; rehearsing plays it 50 times, and touches no phone system.",
		},
		{
			text: "Connect the two phone systems and the CRM", path: "/systems", to: "Systems", done: len(systems) > 0,
			why: "They stand in the settings file, dualtone.yaml, for which dualtone.example.yaml is the pattern. Nobody can be moved before; everything else can be tried.",
		},
		{
			text: "Hand the plan in, and have somebody else approve it", path: "/admin", to: "Accounts",
			why: "No plan is approved by its author, so a second person needs an account.",
		},
	}, err
}
