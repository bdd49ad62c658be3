package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// pass is one go at the people of a stage, which its cohort's workflow makes.
type pass struct {
	stage *stage
	child workflow.ChildWorkflowFuture
	told  bidding
	done  bool
	end   CohortStatus
	err   error
}

// bidding is what the cohort is bidden at a moment.
type bidding struct {
	stop, back, paused bool
	rate               rollout.Rate
}

// launch starts the cohort's workflow for the people in some states.
// Nobody is started after a moment, if there is one.
func (s *stage) launch(ctx workflow.Context, to dualtone.Side, only []cutover.State, until time.Time) (*pass, error) {
	s.Passes++
	ref := s.ref()
	r := CohortRequest{
		Cohort: rollout.CohortName(ref.Plan, ref.Stage), To: to, Actor: s.Begin.Actor, Reason: s.reason(),
		Window: s.rate().Concurrency, UsersPerMinute: s.rate().UsersPerMinute, Only: only, StopWhen: s.stopWhen(), Rate: s.Rate, Granted: s.Override.Grants(),
		DrainWait: s.DrainWait, Patience: s.Patience, RunLength: s.RunLength, Stage: &ref,
		Until: until,
	}
	r.DrainWait, r.Insist = s.Spec.Patient(to, s.DrainWait)
	p := &pass{stage: s, told: bidding{rate: s.rate()}}
	p.child = workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: fmt.Sprintf("%s/%s/%d", workflow.GetInfo(ctx).WorkflowExecution.ID, to, s.Passes),
	}), MoveCohortName, r)
	if err := p.child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
		return nil, err
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		p.err = p.child.Get(ctx, &p.end)
		p.done = true
	})
	return p, nil
}

func (s *stage) reason() string {
	return fmt.Sprintf("plan %s, stage %s: %s", s.Spec.Plan, s.Spec.Stage, s.Standing.State)
}

// see waits for the end of the pass. Meanwhile it passes on what changes: holds
// and pauses, limits, and that the stage goes another way.
func (p *pass) see(ctx workflow.Context) error {
	s, state := p.stage, p.stage.Standing.State
	bid := func() bidding {
		return bidding{
			rate: s.rate(), back: s.Back, stop: s.Standing.State != state,
			paused: side(state) == dualtone.New && (s.Paused != nil || s.held(ctx) || s.rate().Concurrency == 0),
		}
	}
	for !p.done {
		if want := bid(); want != p.told {
			p.tell(ctx, want)
			p.told = want
		}
		next := rollout.HeldUntil(s.Standing.Holds, s.Standing.Stage, workflow.Now(ctx))
		if err := s.wait(ctx, next, func() bool { return p.done || bid() != p.told }); err != nil {
			return err
		}
	}
	return p.err
}

// tell gives the cohort the orders by which it does what is wanted.
func (p *pass) tell(ctx workflow.Context, want bidding) {
	give := func(verb string, o Order) {
		o.Actor, o.Reason = activities.Itself, p.stage.reason()
		// A cohort that has just ended needs no order.
		_ = p.child.SignalChildWorkflow(ctx, OrderSignal, Given{Verb: verb, Order: o}).Get(ctx, nil)
	}
	if want.rate != p.told.rate && want.rate.Concurrency > 0 {
		give(WindowVerb, Order{Window: want.rate.Concurrency, UsersPerMinute: want.rate.UsersPerMinute, Rate: &want.rate})
	}
	if want.paused && !p.told.paused {
		give(PauseVerb, Order{})
	}
	if !want.paused && p.told.paused {
		give(ResumeVerb, Order{})
	}
	if want.stop && !p.told.stop {
		give(StopVerb, Order{Back: want.back})
	}
	if most := want.rate.Concurrency; most < p.told.rate.Concurrency && p.stage.Share != nil {
		give(SettleVerb, Order{Window: most})
	}
}

// switchUsers moves the people of the stage for as long as the window is open.
func (s *stage) switchUsers(ctx workflow.Context) error {
	leave, err := s.join(ctx, dualtone.New)
	if err != nil {
		return err
	}
	if s.Standing.State != rollout.Switching {
		leave()
		return nil
	}
	tried := rollout.Tried(s.Retry)
	if s.HeldBack {
		s.HeldBack, tried = false, []cutover.State{cutover.Planned}
	}
	p, err := s.launch(ctx, dualtone.New, tried, s.Until)
	if err != nil {
		return err
	}
	if err := p.see(ctx); err != nil {
		return err
	}
	leave()
	if err := s.tally(ctx); err != nil || s.Standing.State != rollout.Switching {
		return err
	}
	if stopped := p.end.Stopped; stopped != nil && stopped.Actor == activities.Itself && !p.told.stop {
		s.holdItself(ctx, stopped.Reason)
	}
	if p.end.Stopped == nil {
		if again, err := s.again(ctx, p.end.HeldBack); again || err != nil {
			return err
		}
	}
	return s.judgeSwitch(ctx)
}

// takesAgain is since when a stage takes those again in the same window whom a hold
// kept where they were.
const takesAgain = "a released hold takes its people again"

// again makes those wait for their turn anew whom a hold has kept where they were
// while they were being moved. It waits for its end for as long as the window is
// open; they are then the stage's next pass. Whoever was deferred for anything else,
// such as a call, waits for the next window.
func (s *stage) again(ctx workflow.Context, held []dualtone.PersonID) (bool, error) {
	if len(held) == 0 || workflow.GetVersion(ctx, takesAgain, workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return false, nil
	}
	open := func() bool { return s.Until.IsZero() || workflow.Now(ctx).Before(s.Until) }
	for s.held(ctx) && open() && s.Standing.State == rollout.Switching {
		next := rollout.HeldUntil(s.Standing.Holds, s.Standing.Stage, workflow.Now(ctx))
		if err := s.wait(ctx, earliest(next, s.Until), func() bool { return !s.held(ctx) }); err != nil {
			return false, err
		}
	}
	if s.held(ctx) || !open() || s.Standing.State != rollout.Switching {
		return s.Standing.State != rollout.Switching, nil
	}
	m := activities.Marking{
		StageRef: s.ref(), People: held, From: []cutover.State{cutover.Deferred}, State: cutover.Planned, Detail: "the hold is over",
	}
	var n int
	err := workflow.ExecuteActivity(keeping(ctx), activities.MarkPeopleName, m).Get(ctx, &n)
	s.HeldBack = n > 0
	return s.HeldBack, err
}

// judgeSwitch says what came of a pass.
func (s *stage) judgeSwitch(ctx workflow.Context) error {
	users := s.Standing.Users
	switch v := rollout.SwitchEnd(users); v {
	case rollout.Switched:
		return s.arrived(ctx, rollout.PeopleAre(users[cutover.OnNew])+" on the new side")
	case rollout.Close:
		closed := !s.Until.IsZero() && !workflow.Now(ctx).Before(s.Until)
		s.NotBefore = s.Until
		if s.Until.IsZero() {
			s.NotBefore = workflow.Now(ctx).Add(alwaysAgain)
		}
		if closed {
			s.keep(activities.MarkPeopleName, activities.Marking{
				StageRef: s.ref(), From: []cutover.State{cutover.Planned}, State: cutover.Deferred, Detail: "the window closed",
			})
		}
		return s.find(ctx, v, rollout.PeopleAre(rollout.Left(users))+" left for the next window", time.Time{})
	default:
		return s.find(ctx, v, rollout.Missing(users), time.Time{})
	}
}

// arrived begins the soak.
func (s *stage) arrived(ctx workflow.Context, why string) error {
	if err := s.find(ctx, rollout.Switched, why, time.Time{}); err != nil || s.Standing.State != rollout.Soaking {
		return err
	}
	now := workflow.Now(ctx)
	s.SoakFrom, s.SoakUntil, s.Measured = now, now.Add(s.Spec.Soak.Time()), now
	s.Findings = nil
	s.note("soaks", s.SoakUntil)
	return nil
}

// holdItself holds the stage on behalf of the program.
func (s *stage) holdItself(ctx workflow.Context, why string) {
	o := PlanOrder{Order: rollout.Order{Verb: rollout.PutHold, Actor: activities.Itself, Role: rollout.System, Reason: why}, Stage: s.Spec.Stage}
	s.place(o.hold(s.holdID(ctx), s.Spec.Plan, workflow.Now(ctx)))
}

// holdTime is the day in the name of a hold.
const holdTime = "0102"

// holdID names the stage's next hold so that people can type it.
func (s *stage) holdID(ctx workflow.Context) string {
	s.StageCarried.Holds++
	return fmt.Sprintf("%s-%s-%d", s.Spec.Stage, workflow.Now(ctx).UTC().Format(holdTime), s.StageCarried.Holds)
}

// takeBack brings back everybody of whom something stands on the new side. It
// waits for no window, no gate and no hold.
func (s *stage) takeBack(ctx workflow.Context) error {
	if s.Spec.Moves() {
		leave, err := s.join(ctx, dualtone.Old)
		if err != nil {
			return err
		}
		p, err := s.launch(ctx, dualtone.Old, rollout.ToTakeBack(), time.Time{})
		if err != nil {
			return err
		}
		if err := p.see(ctx); err != nil {
			return err
		}
		leave()
	} else if err := s.seeTasks(ctx, activities.TaskOrder{}); err != nil {
		return err
	}
	if err := s.tally(ctx); err != nil {
		return err
	}
	users := s.Standing.Users
	if !s.Spec.Moves() && s.Tasked {
		return s.find(ctx, rollout.Drifted, "what people did by hand is to be undone by hand", time.Time{})
	}
	if v := rollout.BackEnd(users); v == rollout.Drifted {
		return s.find(ctx, v, rollout.NotBack(users), time.Time{})
	}
	return s.find(ctx, rollout.Restored, rollout.PeopleAre(users.Total()-users[cutover.Skipped])+" where they were before", time.Time{})
}
