package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// The update by which people give orders to a plan or a stage, the signal by
// which a plan passes them on, and the query for the status of either.
const (
	PlanOrderUpdate = "order"
	PlanOrderSignal = "plan_order"
	PlanQuery       = "status"
	// PlanWould asks what speaks against an order that is not given.
	PlanWould = "would"
)

// Would is what an order would be told; empty where it would be taken.
type Would struct {
	Refused string `json:"refused,omitempty"`
	Kind    string `json:"kind,omitempty"` // the name of the error
}

// wouldBe answers what would be told to an order that is not given, by what speaks
// against it at the time that it names.
func wouldBe(against func(PlanOrder) error) func(PlanOrder) (Would, error) {
	return func(o PlanOrder) (Would, error) {
		if err := against(o); err != nil {
			return Would{Refused: err.Error(), Kind: dualtone.Kind(err)}, nil
		}
		return Would{}, nil
	}
}

// listen answers queries and takes orders. One that is refused leaves no trace
// in the history, and says why and who may.
func (s *stage) listen(ctx workflow.Context) error {
	err := workflow.SetQueryHandler(ctx, PlanQuery, func() (StageStatus, error) { return s.status(workflow.Now(ctx)), nil })
	if err != nil {
		return err
	}
	if err := workflow.SetQueryHandler(ctx, PlanWould, wouldBe(s.against)); err != nil {
		return err
	}
	handle := func(ctx workflow.Context, o PlanOrder) (StageStatus, error) {
		if err := s.obey(ctx, o); err != nil {
			return StageStatus{}, refused(err)
		}
		err := s.kept(ctx)
		return s.status(workflow.Now(ctx)), err
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, PlanOrderUpdate, handle, workflow.UpdateHandlerOptions{
		Validator: func(ctx workflow.Context, o PlanOrder) error {
			o.At = workflow.Now(ctx)
			if err := s.against(o); err != nil {
				return refused(err)
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	workflow.Go(ctx, s.hearShare)
	workflow.Go(ctx, s.hearSettled)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for orders := workflow.GetSignalChannel(ctx, PlanOrderSignal); ; {
			var o PlanOrder
			orders.Receive(ctx, &o)
			s.hear(ctx, o)
		}
	})
	return nil
}

// hear takes an order that the plan passes on. What speaks against it is that
// the stage has gone on meanwhile.
func (s *stage) hear(ctx workflow.Context, o PlanOrder) {
	if o.Stage == "" && (o.Verb == rollout.PutHold || o.Verb == rollout.Release) {
		s.plansHolds(ctx, o)
		return
	}
	o.At = workflow.Now(ctx)
	if s.against(o) == nil {
		_ = s.obey(ctx, o) // was checked
	}
}

// hearRest takes orders that have come and were not heard, before the run ends.
func (s *stage) hearRest(ctx workflow.Context) {
	orders := workflow.GetSignalChannel(ctx, PlanOrderSignal)
	for o := (PlanOrder{}); orders.ReceiveAsync(&o); o = (PlanOrder{}) {
		s.hear(ctx, o)
	}
}

// plansHolds takes over a hold of the whole plan, or its end, which the plan
// itself keeps.
func (s *stage) plansHolds(ctx workflow.Context, o PlanOrder) {
	now := workflow.Now(ctx)
	if o.Verb == rollout.PutHold {
		s.Standing.Holds = append(s.Standing.Holds, o.hold(o.Hold, s.Spec.Plan, now))
		return
	}
	for i := range s.Standing.Holds {
		if h := &s.Standing.Holds[i]; h.Stage == "" && h.ID == o.Hold {
			h.Released, h.ReleasedBy = now, o.Actor
		}
	}
}

// against is what speaks against an order at its time.
func (s *stage) against(o PlanOrder) error {
	refuse := func(kind error, why string) error {
		return fmt.Errorf("%s of %s refused: %s: %w", o.Verb, s.Standing.Name(), why, kind)
	}
	if o.Person != "" {
		return againstPerson(s.Standing, o)
	}
	if _, err := s.Standing.Take(o.Order); err != nil {
		return err
	}
	switch o.Verb {
	case rollout.Release:
		if why := s.unheld(o); why != "" {
			return refuse(dualtone.ErrConflict, why)
		}
	case rollout.Pause:
		if s.Paused != nil {
			return refuse(dualtone.ErrConflict, fmt.Sprintf("%s has paused it already%s", s.Paused.Actor, s.Paused.because()))
		}
	case rollout.Resume:
		if s.Paused == nil {
			return refuse(dualtone.ErrConflict, "it is not paused")
		}
	case rollout.Limit:
		if o.Rate == nil {
			return refuse(dualtone.ErrInvalid, "it names no limit")
		}
		if why := s.Rate.With(*o.Rate).Within(s.Spec.Cap); why != "" {
			return refuse(dualtone.ErrDenied, why)
		}
	case rollout.Window:
		_, err := s.overridden(o)
		return err
	case rollout.Extend:
		if err := rollout.AgainstSoak(o.Order, s.Spec.Author, s.SoakFrom, s.SoakUntil, o.Until); err != nil {
			return fmt.Errorf("%s of %s refused: %w", o.Verb, s.Standing.Name(), err)
		}
	case rollout.Override:
		return s.againstOverride(o)
	case rollout.Approve:
		if o.Bound != s.bound() {
			return refuse(dualtone.ErrConflict, "it approves something else than stands now; look at it again")
		}
		return s.mayApprove(o)
	default:
	}
	return nil
}

// againstOverride is what speaks against letting a stage pass that its gates hold.
func (s *stage) againstOverride(o PlanOrder) error {
	// Not a matter of Take: it was not asked in histories that are replayed.
	if err := s.Standing.AgainstOverride(o.Order); err != nil {
		return err
	}
	if c, why := rollout.Conclude(s.Findings, s.Spec.Automatic); c == rollout.BlockIt {
		return fmt.Errorf("%s of %s refused: %s, and it blocks: retry measures it again, rollback takes the stage back: %w",
			o.Verb, s.Standing.Name(), why, dualtone.ErrConflict)
	}
	return nil
}

func (s *stage) mayApprove(o PlanOrder) error {
	if s.Spec.Approval == nil || slices.Contains(s.Spec.Approval.Roles, o.Role) {
		return nil
	}
	return fmt.Errorf("approve of %s refused: %s acts as %s; may: %s: %w",
		s.Standing.Name(), o.Actor, o.Role, rollout.RolesText(s.Spec.Approval.Roles), dualtone.ErrDenied)
}

// overridden is the window's override after an order: one that is asked for, or
// one that somebody else agrees to.
func (s *stage) overridden(o PlanOrder) (v rollout.WindowOverride, err error) {
	if o.Agree {
		v, err = s.Override.Agree(o.Order, s.Spec.Author)
	} else {
		v, err = s.Spec.AskWindow(o.Order, o.For)
	}
	if err != nil {
		return v, fmt.Errorf("%s of %s refused: %w", o.Verb, s.Standing.Name(), err)
	}
	return v, nil
}

// obey does what an order says.
func (s *stage) obey(ctx workflow.Context, o PlanOrder) error {
	if o.Person != "" {
		err := leaveOut(ctx, &s.book, s.Standing, o)
		s.recount = s.recount || err == nil
		return err
	}
	if o.Verb == rollout.Progress {
		moved := activities.TaskOrder{ID: o.Task, Verdict: o.Verdict, Actor: o.Actor, Evidence: o.Attached}
		if err := s.seeTasks(ctx, moved); err != nil {
			return err
		}
	}
	if err := s.take(ctx, o.told()); err != nil {
		return err
	}
	s.heed(o)
	switch o.Verb {
	case rollout.PutHold:
		s.place(o.hold(s.holdID(ctx), s.Spec.Plan, workflow.Now(ctx)))
	case rollout.Release, rollout.Override:
		s.release(ctx, o)
	case rollout.Approve, rollout.Reject:
		s.decide(ctx, o)
	case rollout.Window:
		o.At = workflow.Now(ctx)
		if v, err := s.overridden(o); err == nil {
			s.Override = &v
		}
	case rollout.Extend:
		s.SoakUntil = o.Until
		s.note("soaks", s.SoakUntil)
	default:
	}
	return nil
}

// agreement says how far an override is.
func agreement(v rollout.WindowOverride) string {
	if v.Approver == "" {
		return fmt.Sprintf("for %s asked for by %s (%s): somebody else must agree", v.Holds, v.By, v.Reason)
	}
	return fmt.Sprintf("by %s (%s), agreed by %s", v.By, v.Reason, v.Approver)
}

// heed notes what an order changes beside the state.
func (s *stage) heed(o PlanOrder) {
	switch o.Verb {
	case rollout.Pause:
		s.Paused = &o
	case rollout.Resume:
		s.Paused = nil
	case rollout.Limit:
		if o.Rate != nil {
			s.Rate = s.Rate.With(*o.Rate)
		}
	case rollout.Retry:
		s.Retry, s.NotBefore, s.Paused = true, time.Time{}, nil
	case rollout.Rollback, rollout.Abort:
		s.Back = o.Back
		s.Paused = nil
	default:
	}
}

// decide keeps what somebody said of the stage.
func (s *stage) decide(ctx workflow.Context, o PlanOrder) {
	now := workflow.Now(ctx)
	a := rollout.Approval{
		Plan: s.Spec.Plan, Stage: s.Spec.Stage, Actor: o.Actor, Role: o.Role, No: o.Verb == rollout.Reject, Reason: o.Reason,
		Bound: s.bound(), At: now, Expires: now,
	}
	if s.Spec.Approval != nil {
		a.Expires = now.Add(s.Spec.Approval.ValidFor.Time())
	}
	s.Approvals = append(s.Approvals, a)
	s.keep(activities.KeepApprovalName, a)
}
