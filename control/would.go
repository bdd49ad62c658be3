package control

import (
	"context"
	"fmt"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// Would refuses what Give would refuse of an order to a plan that stands like that, as
// far as what is kept can tell, and changes nothing.
func (p *Plans) Would(ctx context.Context, v PlanView, o workflows.PlanOrder) error {
	var places []rollout.User
	if o.Person != "" {
		var err error
		if places, err = p.Store.Users(ctx, v.Place(o.Person)); err != nil {
			return err
		}
	}
	if err := v.Against(o, places); err != nil {
		return err
	}
	need := v.Needs[o.Stage]
	switch {
	case o.Verb == rollout.Approve && o.Stage != "" && len(need.Roles) > 0 && !slices.Contains(need.Roles, o.Role):
		return fmt.Errorf("approve of stage %s of plan %s refused: %s acts as %s; may: %s: %w",
			o.Stage, v.Plan.Name, o.Actor, o.Role, rollout.RolesText(need.Roles), dualtone.ErrDenied)
	case o.Verb == rollout.Limit && o.Rate != nil:
		return p.withinApproved(ctx, v, *o.Rate)
	default:
		return nil
	}
}

// withinApproved refuses limits above those that were approved.
func (p *Plans) withinApproved(ctx context.Context, v PlanView, r rollout.Rate) error {
	version, err := p.Versions.Version(ctx, v.Plan.Name, plan.Hash(v.Plan.Hash))
	if err != nil {
		return err
	}
	most := rollout.RateOf(version.Document.Plan.Spec.Limits)
	if why := most.With(r).Within(most); why != "" {
		return fmt.Errorf("limits of plan %s refused: %s: %w", v.Plan.Name, why, dualtone.ErrDenied)
	}
	return nil
}
