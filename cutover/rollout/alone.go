package rollout

import (
	"fmt"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/cutover"
)

// Two orders may be about one person alone: skip leaves them out of a stage, and
// rollback takes them back. Neither moves the stage or the plan to another state.

// AgainstLeavingOut is what speaks against leaving somebody out of a stage.
func (s Standing) AgainstLeavingOut(who dualtone.PersonID, o Order) error {
	may := access.Who(Action(o.Verb))
	refuse := func(kind error, why string, args ...any) error { return refuseAlone(who, o, may, kind, why, args...) }
	switch {
	case s.Level == OfPlan:
		return refuse(dualtone.ErrInvalid, "it does not name their stage")
	case s.State == RollingBack || s.State == Finalised:
		return refuse(dualtone.ErrConflict, "%s is %s", s.Name(), s.State)
	case o.Actor == "" || o.Reason == "":
		return refuse(dualtone.ErrInvalid, "it needs an actor and a reason")
	case !slices.Contains(may, o.Role):
		return refuse(dualtone.ErrDenied, "%s acts as %s", o.Actor, orNobody(o.Role))
	case o.Hash != "" && o.Hash != s.Hash:
		return refuse(dualtone.ErrConflict, "%s", otherPlan(o.Hash, s.Hash))
	default:
		return nil
	}
}

// AgainstSkipping is what speaks against leaving somebody out of a stage who has some
// places in the plan.
func (s Standing) AgainstSkipping(who dualtone.PersonID, places []User, o Order) error {
	if err := s.AgainstLeavingOut(who, o); err != nil {
		return err
	}
	otherwise := "so they are being switched right now"
	if slices.ContainsFunc(places, func(u User) bool { return u.Person == who && u.Stage == s.Stage && u.State == cutover.OnNew }) {
		otherwise = "so they are on the new side; roll them back first"
	}
	return s.AgainstPlace(who, places, ToLeaveOut(), o, otherwise)
}

// AgainstTakingBack is what speaks against taking somebody back alone.
func (s Standing) AgainstTakingBack(who dualtone.PersonID, places []User, o Order) error {
	if _, err := s.Take(o); err != nil {
		return err
	}
	return s.AgainstPlace(who, places, ToTakeBack(), o, "so nothing of them is on the new side")
}

// AgainstPlace is what speaks against an order about somebody who has some places
// in the plan, and must be in the stage, or anywhere in it, in one of some states;
// otherwise says what follows when they are in another.
func (s Standing) AgainstPlace(who dualtone.PersonID, places []User, in []cutover.State, o Order, otherwise string) error {
	i := slices.IndexFunc(places, func(u User) bool { return u.Person == who && (s.Level == OfPlan || u.Stage == s.Stage) })
	switch {
	case i < 0:
		return refuseAlone(who, o, nil, dualtone.ErrNotFound, "they are not in %s", s.Name())
	case !slices.Contains(in, places[i].State):
		return refuseAlone(who, o, nil, dualtone.ErrConflict, "they are %s, %s", places[i].State, otherwise)
	default:
		return nil
	}
}

func refuseAlone(who dualtone.PersonID, o Order, may []Role, kind error, why string, args ...any) error {
	return &RefusalError{What: fmt.Sprintf("%s of %s refused", o.Verb, who), Why: fmt.Sprintf(why, args...), May: may, kind: kind}
}

// About is the transition of an order that was taken about one person alone: the
// log tells of it, and the state stays.
func (s Standing) About(who dualtone.PersonID, o Order) Transition {
	return Transition{
		Plan: s.Plan, Stage: s.Stage, From: s.State, To: s.State, Verb: o.Verb,
		Actor: o.Actor, Role: o.Role, Reason: fmt.Sprintf("%s: %s", who, o.Reason), Hash: s.Hash, At: o.At,
	}
}
