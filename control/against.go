package control

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// Place asks where in the plan a person is.
func (v PlanView) Place(who dualtone.PersonID) rollout.UserQuery {
	return rollout.UserQuery{Plan: v.Plan.Name, Person: who, Limit: 1}
}

// Against is what speaks against an order, as far as what is kept can tell. places
// are where in the plan the person is whom it is about, if it is about one.
func (v PlanView) Against(o workflows.PlanOrder, places []rollout.User) error {
	s := v.standing()
	if o.Stage != "" && o.Stage != workflows.FinalStage {
		found := false
		for _, st := range v.Stages {
			if st.ID == o.Stage {
				s.Level, s.Stage, s.State, s.Since, s.Users, found = rollout.OfStage, st.ID, st.State, st.Since, st.Users, true
			}
		}
		if !found {
			return fmt.Errorf("plan %s has no stage %q: %w", v.Plan.Name, o.Stage, dualtone.ErrNotFound)
		}
	}
	o.At, o.Evidence = v.AsOf, v.AsOf
	switch {
	case o.Person != "" && o.Verb == rollout.Skip:
		return s.AgainstSkipping(o.Person, places, o.Order)
	case o.Person != "" && o.Verb == rollout.Rollback:
		return s.AgainstTakingBack(o.Person, places, o.Order)
	}
	if _, err := s.Take(o.Order); err != nil {
		return err
	}
	if err := s.AgainstOverride(o.Order); err != nil {
		return err
	}
	if err := s.AgainstAbort(o.Order, o.Agree); err != nil {
		return err
	}
	if err := v.againstEnding(o); err != nil {
		return fmt.Errorf("%s of %s refused: %w", o.Verb, s.Name(), err)
	}
	return v.againstFinal(o)
}

// againstEnding refuses to end what does not stand, and to pause what is paused.
func (v PlanView) againstEnding(o workflows.PlanOrder) error {
	paused := slices.IndexFunc(v.Pauses, func(p rollout.Paused) bool { return p.Stage == "" || p.Stage == o.Stage })
	released := func(h rollout.Hold) bool { return h.Stage == o.Stage && (o.Hold == "" || o.Hold == h.ID) }
	switch {
	case o.Verb == rollout.Pause && paused >= 0:
		return fmt.Errorf("%s has paused it already: %w", v.Pauses[paused].Actor, dualtone.ErrConflict)
	case o.Verb == rollout.Resume && paused < 0:
		return fmt.Errorf("it is not paused: %w", dualtone.ErrConflict)
	case o.Verb == rollout.Release && !slices.ContainsFunc(v.Holds, released):
		return fmt.Errorf("there is no open hold%s: %w", strings.TrimSuffix(" "+o.Hold, " "), dualtone.ErrConflict)
	default:
		return nil
	}
}

// againstFinal is what speaks against an order about the point of no return.
func (v PlanView) againstFinal(o workflows.PlanOrder) error {
	switch {
	case v.Plan.State != rollout.Completed:
		return nil
	case o.Verb == rollout.Approve && o.Stage == "":
		return approvedAlready(v.Plan.Name, o.Verb)
	case (o.Verb == rollout.Finalise || o.Stage == workflows.FinalStage) && v.Finalise == nil:
		return fmt.Errorf("%s of plan %s refused: it names no point of no return (spec.finalise): %w", o.Verb, v.Plan.Name, dualtone.ErrConflict)
	default:
		return nil
	}
}

// approvedAlready refuses what is said of a plan that is completed.
func approvedAlready(name string, v rollout.Verb) error {
	return fmt.Errorf("%s of plan %s refused: it was approved, and is completed; what is left to approve is its stage finalise: %w", v, name, dualtone.ErrConflict)
}

// standing is how the plan as a whole stands.
func (v PlanView) standing() rollout.Standing {
	return rollout.Standing{
		Level: rollout.OfPlan, Plan: v.Plan.Name, Hash: v.Plan.Hash, Author: v.Plan.Author, State: v.Plan.State, Since: v.Plan.Since, Holds: v.Holds,
	}
}
