package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// soak lets time pass, measuring the gates now and then. One that fails by then
// is not waited for.
func (s *stage) soak(ctx workflow.Context) error {
	now := workflow.Now(ctx)
	if !now.Before(s.SoakUntil) {
		return s.find(ctx, rollout.Soaked, fmt.Sprintf("the soak is over after %s", plan.Duration(now.Sub(s.SoakFrom).Round(time.Second))), time.Time{})
	}
	next := s.SoakUntil
	if len(s.Spec.Gates) > 0 {
		next = earliest(next, s.Measured.Add(s.Spec.MeasureEvery()))
	}
	if now.Before(next) {
		return s.wait(ctx, earliest(next, s.runEnds()), nil)
	}
	turn := s.turn
	if err := s.measure(ctx); err != nil || s.turn != turn {
		return err
	}
	return s.follow(ctx, now, false)
}

// measure measures the gates, by what came after the switch.
func (s *stage) measure(ctx workflow.Context) error {
	at := workflow.Now(ctx)
	s.Measured = at
	s.measured++
	s.Findings = nil
	if len(s.Spec.Gates) == 0 {
		return nil
	}
	return workflow.ExecuteActivity(asking(ctx), activities.MeasureStageName, activities.MeasureOrder{
		StageRef: s.ref(), Gates: s.Spec.Gates, Since: s.SoakFrom, Began: s.SoakFrom, At: at,
	}).Get(ctx, &s.Findings)
}

// follow does what the findings lead to. What is not known yet in the soak is
// waited for; with last the findings are all there will be.
func (s *stage) follow(ctx workflow.Context, asked time.Time, last bool) error {
	c, why := rollout.Conclude(s.Findings, s.Spec.Automatic)
	switch {
	case c == rollout.TakeItBack:
		s.ByItself = true
		return s.find(ctx, rollout.GoBack, why, asked)
	case c == rollout.FailIt || c == rollout.BlockIt:
		return s.find(ctx, rollout.Fail, why, asked)
	case !last:
		return nil
	case c == rollout.GoOn:
		return s.find(ctx, rollout.Pass, passes(s.Findings), asked)
	case c == rollout.WaitMore:
		s.note(why, s.Measured.Add(s.Spec.MeasureEvery()))
		return s.wait(ctx, s.Measured.Add(s.Spec.MeasureEvery()), nil)
	default:
		return s.inconclusive(ctx, why)
	}
}

func passes(findings []rollout.Finding) string {
	if len(findings) == 0 {
		return "no gate is asked"
	}
	return "all gates pass"
}

// evaluate judges the stage after its soak.
func (s *stage) evaluate(ctx workflow.Context) error {
	turn, asked := s.turn, workflow.Now(ctx)
	if err := s.tally(ctx); err != nil {
		return err
	}
	if err := s.measure(ctx); err != nil || s.turn != turn {
		return err
	}
	if missing := rollout.Missing(s.Standing.Users); missing != "" {
		return s.find(ctx, rollout.Fail, "not everybody is where they should be: "+missing, asked)
	}
	return s.follow(ctx, asked, true)
}

// inconclusive holds the stage until somebody has looked; no data never passes.
func (s *stage) inconclusive(ctx workflow.Context, why string) error {
	if !s.held(ctx) {
		s.holdItself(ctx, why)
	}
	until := rollout.HeldUntil(s.Standing.Holds, s.Standing.Stage, workflow.Now(ctx))
	return s.wait(ctx, earliest(until, s.runEnds()), func() bool { return !s.held(ctx) })
}

// awaitTasks has people do by hand what the stage is about, until all of it is
// confirmed.
func (s *stage) awaitTasks(ctx workflow.Context) error {
	if err := s.seeTasks(ctx, activities.TaskOrder{Open: s.Spec.Tasks}); err != nil {
		return err
	}
	if s.Undone == "" {
		return s.arrived(ctx, "every task is confirmed")
	}
	s.note(s.Undone, time.Time{})
	return s.wait(ctx, s.runEnds(), nil)
}

// seeTasks gives an order about the tasks of the stage and sees how they stand.
func (s *stage) seeTasks(ctx workflow.Context, o activities.TaskOrder) error {
	o.StageRef, o.At = s.ref(), workflow.Now(ctx)
	var found activities.TasksFound
	if err := workflow.ExecuteActivity(keeping(ctx), activities.StageTasksName, o).Get(ctx, &found); err != nil {
		return err
	}
	s.Undone, s.Tasked = found.Undone, found.Begun
	return nil
}
