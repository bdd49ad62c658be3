package pages

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// wantsBeforeFinal is what is known to be missing before the point of no return: who
// has still to approve it, and what people have still to do and to confirm. What has
// to be looked up in the systems is looked up when the dialog opens.
func (s sight) wantsBeforeFinal() []string {
	if s.view.Finalise == nil {
		return nil
	}
	var wants []string
	for _, t := range s.view.Tasks {
		if t.Stage == workflows.FinalStage {
			wants = append(wants, fmt.Sprintf("%s: task %s is %s and is to be confirmed", t.Name, t.ID, words(string(t.State))))
		}
	}
	if said := s.view.Said(workflows.FinalStage); !said.Enough {
		wants = append(wants, said.Missing)
	}
	return wants
}

// beforeFinal says all that is missing before the point of no return, as finalising
// would say it.
func (d *Desk) beforeFinal(r *http.Request, p page) (templ.Component, error) {
	as, denied := p.viewer.As(verbAction(rollout.Finalise), "")
	if denied != nil {
		return nil, denied
	}
	v, err := d.Plans.View(r.Context(), r.PathValue("plan"))
	if err != nil {
		return nil, err
	}
	o := rollout.Order{Verb: rollout.Finalise, Actor: p.viewer.Name, Role: as, Reason: "asked", Hash: v.Plan.Hash, At: v.AsOf, Evidence: v.AsOf}
	err = d.Plans.Would(r.Context(), v, workflows.PlanOrder{Order: o})
	switch {
	case err == nil:
		return line("Nothing is missing before the point of no return."), nil
	case slices.ContainsFunc([]error{dualtone.ErrConflict, dualtone.ErrDenied}, func(kind error) bool { return errors.Is(err, kind) }):
		return line("It will be refused as it stands: " + whyNot(err) + "."), nil
	default:
		return line(fmt.Sprintf("What is missing cannot be told now: %v.", err)), nil
	}
}
