package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// againstPerson is what speaks against an order that names a person. A plan and its
// stages only leave people out; whoever goes back alone does so by a switch of
// their own, since those who go back with others do so in the plan's order.
func againstPerson(s rollout.Standing, o PlanOrder) error {
	if o.Verb != rollout.Skip {
		return fmt.Errorf("%s of %s refused: it names %s, and would be about everybody: %w", o.Verb, s.Name(), o.Person, dualtone.ErrInvalid)
	}
	return s.AgainstLeavingOut(o.Person, o.Order)
}

// logsLeftOut is since when the log tells of those who are left out.
const logsLeftOut = "the log tells who is left out"

// leaveOut leaves a person out of a stage who is not being switched, and keeps who
// ordered it.
func leaveOut(ctx workflow.Context, b *book, s rollout.Standing, o PlanOrder) error {
	m := activities.Marking{
		StageRef: activities.StageRef{Plan: s.Plan, Stage: s.Stage, Hash: s.Hash}, People: []dualtone.PersonID{o.Person}, State: cutover.Skipped,
		Detail: fmt.Sprintf("left out by %s: %s", o.Actor, o.Reason),
		From:   rollout.ToLeaveOut(),
	}
	var n int
	if err := workflow.ExecuteActivity(keeping(ctx), activities.MarkPeopleName, m).Get(ctx, &n); err != nil {
		return err
	}
	if n == 0 {
		return notLeftOut(ctx, s, o)
	}
	if workflow.GetVersion(ctx, logsLeftOut, workflow.DefaultVersion, 1) > workflow.DefaultVersion {
		o.At = workflow.Now(ctx)
		b.keep(activities.KeepTransitionName, s.About(o.Person, o.Order))
	}
	return nil
}

// saysWhyNot is since when somebody who cannot be left out is looked at again, to say
// why not.
const saysWhyNot = "says why somebody is not left out"

// notLeftOut is why somebody could not be left out.
func notLeftOut(ctx workflow.Context, s rollout.Standing, o PlanOrder) error {
	if workflow.GetVersion(ctx, saysWhyNot, workflow.DefaultVersion, 1) > workflow.DefaultVersion {
		var places []rollout.User
		asked := activities.PersonRef{Plan: s.Plan, Person: o.Person}
		if err := workflow.ExecuteActivity(keeping(ctx), activities.PersonPlacesName, asked).Get(ctx, &places); err != nil {
			return err
		}
		if err := s.AgainstSkipping(o.Person, places, o.Order); err != nil {
			return err
		}
	}
	return fmt.Errorf("skip of %s refused: they were being switched a moment ago; look at them again: %w", o.Person, dualtone.ErrConflict)
}
