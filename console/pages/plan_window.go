package pages

import (
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// agree is what a form says that agrees to a window, or to an abort, that somebody
// else asked for.
const agree = "agree"

// askedWindow is who asked last for the closed window of a stage to be opened.
func (s sight) askedWindow(stage string) (rollout.Transition, bool) {
	for _, t := range slices.Backward(s.log) {
		switch {
		case t.Stage != stage:
		case t.From != t.To: // it came into the state in which it waits
			return rollout.Transition{}, false
		case t.Verb == rollout.Window:
			return t, true
		}
	}
	return rollout.Transition{}, false
}

// windowed says in the dialog of a closed window whose turn it is, and offers to
// agree to whoever did not ask.
func (s sight) windowed(b *button, v Viewer, stage string) {
	b.fields = []field{s.windowField()}
	t, found := s.askedWindow(stage)
	switch {
	case !found:
	case t.Actor == v.Name:
		b.effect = fmt.Sprintf("You have asked for it (%s), and somebody else must agree. To ask again takes its place. ", t.Reason) + b.effect
	default:
		b.effect = fmt.Sprintf("%s has asked for it (%s): it opens when you agree. ", t.Actor, t.Reason) + b.effect
		b.fields[0].options = append([]option{{agree, "as long as " + t.Actor + " asks for: I agree"}}, b.fields[0].options...)
	}
	b.refused = s.againstWindow(v, found && t.Actor != v.Name)
}

// againstWindow is why none of a viewer's roles may ask for a window, nor agree to one
// that was asked for.
func (s sight) againstWindow(v Viewer, agreeing bool) string {
	var why error
	for _, role := range v.in(verbAction(rollout.Window)) {
		if agreeing && slices.Contains(access.Who(access.PlanApprove), role) {
			return ""
		}
		if _, err := s.document.Plan.Grant(v.Name, role, "asked", s.view.AsOf, plan.Duration(1)); err == nil {
			return ""
		} else if why == nil {
			why = err
		}
	}
	if why == nil {
		return ""
	}
	return whyNot(why)
}

// windowField offers windows that are as long as the plan allows.
func (s sight) windowField() field {
	f := field{name: "opens", label: "For"}
	override := s.document.Plan.Spec.Calendars.Override
	if override == nil {
		return f
	}
	for _, long := range []plan.Duration{plan.Duration(time.Hour), plan.Duration(2 * time.Hour), plan.Duration(4 * time.Hour), plan.Duration(8 * time.Hour)} {
		if long < override.Expires {
			f.options = append(f.options, option{long.String(), long.String()})
		}
	}
	most := override.Expires.String()
	f.options = append(f.options, option{most, most + ", the longest that the plan allows"})
	return f
}
