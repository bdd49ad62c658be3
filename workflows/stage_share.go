package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// sharesLimits is since when the stages of a plan share its limits; a stage that
// began to move people before it goes on without.
const sharesLimits = "plan-wide limits"

// join tells the plan that the stage moves people, and waits until it has a part
// of what the plan may do. A way back waits for nobody. leave ends it.
func (s *stage) join(ctx workflow.Context, to dualtone.Side) (leave func(), err error) {
	parent := workflow.GetInfo(ctx).ParentWorkflowExecution
	if parent == nil || workflow.GetVersion(ctx, sharesLimits, workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return func() {}, nil
	}
	s.Share = nil
	back := to == dualtone.Old
	s.tellPlan(ctx, rollout.Moves{Back: back})
	leave = func() {
		s.Share = nil
		s.tellPlan(ctx, rollout.Moves{Over: true})
	}
	if back {
		return leave, nil
	}
	free := func() bool { return s.Share != nil && s.Share.Concurrency > 0 }
	for !free() && s.Standing.State == rollout.Switching && (s.Until.IsZero() || workflow.Now(ctx).Before(s.Until)) {
		if err := s.wait(ctx, s.Until, free); err != nil {
			return leave, err
		}
	}
	return leave, nil
}

// tellPlan tells the plan what the stage does. A plan that has ended hears nothing.
func (s *stage) tellPlan(ctx workflow.Context, m rollout.Moves) {
	m.Stage = s.Spec.Stage
	parent := workflow.GetInfo(ctx).ParentWorkflowExecution
	_ = workflow.SignalExternalWorkflow(ctx, parent.ID, "", MovesSignal, m).Get(ctx, nil)
}

// hearShare takes the stage's part of what the plan may do.
func (s *stage) hearShare(ctx workflow.Context) {
	for shares := workflow.GetSignalChannel(ctx, ShareSignal); ; {
		var told rollout.Rate
		shares.Receive(ctx, &told)
		s.Share = &told
	}
}

// hearSettled passes on that no more users are in flight than the stage may have.
func (s *stage) hearSettled(ctx workflow.Context) {
	for settled := workflow.GetSignalChannel(ctx, SettledSignal); ; {
		var most int
		settled.Receive(ctx, &most)
		if s.Share != nil {
			s.tellPlan(ctx, rollout.Moves{Settled: &most})
		}
	}
}

// stopWhen is when the stage stops itself: as it was approved, or sooner.
func (s *stage) stopWhen() rollout.StopWhen {
	if s.Rate.StopWhen == (rollout.StopWhen{}) {
		return s.Spec.StopWhen
	}
	return s.Rate.StopWhen
}

// rate is what the stage may do now: its own limit, and its part of the plan's.
func (s *stage) rate() rollout.Rate {
	if s.Share == nil || s.Standing.State == rollout.RollingBack {
		return s.Rate
	}
	return s.Rate.AtMost(*s.Share)
}
