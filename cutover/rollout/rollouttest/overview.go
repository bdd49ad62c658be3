package rollouttest

import (
	"context"

	"github.com/dualtone/dualtone/cutover/rollout"
)

// Overview returns how a plan stands.
func (s *Store) Overview(ctx context.Context, plan string) (o rollout.Overview, err error) {
	if o.Plan, err = s.Plan(ctx, plan); err != nil {
		return o, err
	}
	if o.Stages, err = s.Stages(ctx, plan); err != nil {
		return o, err
	}
	if o.Holds, err = s.Holds(ctx, plan); err != nil {
		return o, err
	}
	if o.Approvals, err = s.Approvals(ctx, plan); err != nil {
		return o, err
	}
	log, err := s.Transitions(ctx, rollout.TransitionQuery{Plan: plan})
	if err != nil {
		return o, err
	}
	o.Pauses = rollout.PausesOf(log)
	o.Tasks, err = s.Tasks(ctx, rollout.TaskQuery{Plan: plan, States: rollout.Unconfirmed()})
	return o, err
}
