package pages

import (
	"net/http"

	"github.com/a-h/templ"

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
	return plansPage(p, q, found, next), nil
}
