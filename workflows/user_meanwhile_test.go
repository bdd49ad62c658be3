package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/workflows"
)

// refuse has a system refuse some operations for good.
func refuse(ops ...string) func(string) cutovertest.Failure {
	return func(op string) cutovertest.Failure {
		if slices.Contains(ops, op) {
			return cutovertest.Failure{Before: dualtone.ErrInvalid}
		}
		return cutovertest.Failure{}
	}
}

// isStill looks in which state the agent is known to be.
func (o *office) isStill(t *testing.T, want cutover.State) {
	t.Helper()
	if p, err := o.stores.Person(t.Context(), "E100"); err != nil || p.State != want {
		t.Errorf("the agent is known to be %s, want %s: %v", p.State, want, err)
	}
}

func (o *office) works() {
	o.world.FailWith(func(string) cutovertest.Failure { return cutovertest.Failure{} })
}

// A move that failed, and of which something could not be taken back, is finished by a
// way back that is asked for later.
func TestWhatAFailedMoveLeftIsTakenBackLater(t *testing.T) {
	t.Parallel()
	o := newOffice()
	var moved bool
	o.world.FailWith(func(op string) cutovertest.Failure {
		fails := moved && op == "set crm.softphone" || op == "set old.forward"
		moved = moved || op == "set crm.softphone"
		if fails {
			return cutovertest.Failure{Before: dualtone.ErrInvalid}
		}
		return cutovertest.Failure{}
	})
	if p := o.run(t, workflows.SwitchUser); p.State != cutover.RestoreDrift {
		t.Fatalf("the user is %s (%s), want restore_drift", p.State, p.Detail)
	}
	o.works()
	if p := o.run(t, workflows.SwitchUser); p.State != cutover.FailedClean || !strings.Contains(p.Detail, "--to old") {
		t.Errorf("moved again from there the user is %s (%s), want it refused and the way out named", p.State, p.Detail)
	}
	o.isStill(t, cutover.RestoreDrift)
	if p := o.run(t, workflows.ReturnUser); p.State != cutover.Restored || p.Unchanged {
		t.Errorf("the way back ended in %s (%s)", p.State, p.Detail)
	}
	if diff := cmp.Diff(cutovertest.Before(), o.world.Image()); diff != "" {
		t.Errorf("the world is not as it was before (-before +now):\n%s", diff)
	}
	if p := o.run(t, workflows.SwitchUser); p.State != cutover.OnNew {
		t.Errorf("the next move ended in %s (%s)", p.State, p.Detail)
	}
}

// Whoever comes home with a softphone that somebody else changed in part has the old
// side's call center, where their calls go, and keeps the change.
func TestASoftphoneThatSomebodyElseChangedGoesBackWithTheCalls(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.run(t, workflows.SwitchUser)
	phone := *o.world.Image()[cutover.Softphone].Softphone
	phone.AutoLogin = false
	phone.PermissionSets = append(slices.Clone(phone.PermissionSets), "Supervisor")
	o.world.Change(cutover.Softphone, cutover.Value{Softphone: &phone})
	if p := o.run(t, workflows.ReturnUser); p.State != cutover.RestoreDrift {
		t.Errorf("the user is %s (%s), want restore_drift", p.State, p.Detail)
	}
	want := *cutovertest.Before()[cutover.Softphone].Softphone
	want.AutoLogin = false
	want.PermissionSets = append(slices.Clone(want.PermissionSets), "Supervisor")
	if diff := cmp.Diff(cutovertest.Before().With(cutover.Softphone, cutover.Value{Softphone: &want}), o.world.Image()); diff != "" {
		t.Errorf("all but what they changed should be as before (-want +got):\n%s", diff)
	}
	if p := o.run(t, workflows.SwitchUser); p.State != cutover.FailedClean || p.Unchanged {
		t.Errorf("moved again from there the user is %s, unchanged %t (%s); want it refused", p.State, p.Unchanged, p.Detail)
	}
	o.isStill(t, cutover.RestoreDrift)
	over := cutover.Image{cutover.Softphone: {Softphone: &want}}
	if p := o.runAs(t, workflows.ReturnUser, workflows.UserRequest{Choice: cutover.Choice{Over: over}}); p.State != cutover.Restored {
		t.Errorf("over their change the way back ended in %s (%s)", p.State, p.Detail)
	}
}

// Whose softphone cannot be brought back still is reached there.
func TestWhoKeepsTheNewSoftphoneKeepsTheSeatAndTheRouteThere(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.run(t, workflows.SwitchUser)
	o.world.FailWith(refuse("set crm.softphone"))
	if p := o.run(t, workflows.ReturnUser); p.State != cutover.RestoreDrift {
		t.Errorf("the user is %s (%s), want restore_drift", p.State, p.Detail)
	}
	now := o.world.Image()
	if sides := now[cutover.Routes].Routes[0].Sides; !slices.Contains(sides, dualtone.New) || !slices.Contains(sides, dualtone.Old) {
		t.Errorf("calls go to %v, want either side", sides)
	}
	if !now[cutover.NewSeat].Seat.Enabled {
		t.Error("the seat of the softphone that they have was taken")
	}
	o.works()
	if p := o.run(t, workflows.ReturnUser); p.State != cutover.Restored {
		t.Errorf("asked again the way back ended in %s (%s)", p.State, p.Detail)
	}
	if diff := cmp.Diff(cutovertest.Before(), o.world.Image()); diff != "" {
		t.Errorf("the world is not as it was before (-before +now):\n%s", diff)
	}
}

// Whose account on the new side is gone still goes home.
func TestWhoseNewAccountIsGoneGoesHome(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.run(t, workflows.SwitchUser)
	gone := func(op string) cutovertest.Failure {
		if strings.Contains(op, " new") {
			return cutovertest.Failure{Before: dualtone.ErrNotFound}
		}
		return cutovertest.Failure{}
	}
	o.world.FailWith(gone)
	p := o.run(t, workflows.ReturnUser)
	if p.State != cutover.RestoreDrift || !strings.Contains(p.Detail, "new.seat") {
		t.Errorf("the user is %s (%s), want restore_drift and what is gone named", p.State, p.Detail)
	}
	now := o.world.Image()
	for _, f := range []cutover.Facet{cutover.Softphone, cutover.Routes, cutover.OldForward, cutover.OldOffering} {
		if want := cutovertest.Before()[f]; !now[f].Equal(want) {
			t.Errorf("%s is %+v, want %+v", f, now[f], want)
		}
	}
}

// Nobody's calls are sent home to a seat that was taken meanwhile.
func TestWhoseOldSeatIsTakenStays(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.run(t, workflows.SwitchUser)
	o.world.Change(cutover.OldSeat, cutover.Value{Seat: &dualtone.Seat{}})
	there := o.world.Image()
	if p := o.run(t, workflows.ReturnUser); p.State != cutover.FailedClean || !strings.Contains(p.Detail, "1001") {
		t.Errorf("the user is %s (%s), want it refused and the account named", p.State, p.Detail)
	}
	if diff := cmp.Diff(there, o.world.Image()); diff != "" {
		t.Errorf("something was written (-before +now):\n%s", diff)
	}
	o.world.Change(cutover.OldSeat, cutovertest.Before()[cutover.OldSeat])
	if p := o.run(t, workflows.ReturnUser); p.State != cutover.Restored {
		t.Errorf("with the seat the way back ended in %s (%s)", p.State, p.Detail)
	}
}

// The same holds of a move that fails, and its journal tells which write each one takes back.
func TestAFailedMoveTakesBackItsPartOfASoftphoneThatSomebodyElseChanged(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.world.FailWith(func(op string) cutovertest.Failure {
		if op != "set old.forward" {
			return cutovertest.Failure{}
		}
		return cutovertest.Failure{Before: dualtone.ErrInvalid, Meddle: func(i cutover.Image) cutover.Image {
			phone := *i[cutover.Softphone].Softphone
			phone.AutoLogin = false
			return i.With(cutover.Softphone, cutover.Value{Softphone: &phone})
		}}
	})
	if p := o.run(t, workflows.SwitchUser); p.State != cutover.RestoreDrift {
		t.Errorf("the user is %s (%s), want restore_drift", p.State, p.Detail)
	}
	phone := *cutovertest.Before()[cutover.Softphone].Softphone
	phone.AutoLogin = false
	if diff := cmp.Diff(cutovertest.Before().With(cutover.Softphone, cutover.Value{Softphone: &phone}), o.world.Image()); diff != "" {
		t.Errorf("all but what they changed should be as before (-want +got):\n%s", diff)
	}
	entries, err := o.stores.Journal(t.Context(), cutover.JournalQuery{Kind: cutover.Wrote})
	if err != nil {
		t.Fatal(err)
	}
	place := map[int]string{}
	for _, e := range entries {
		where := string(e.Step) + " " + string(e.Facet)
		if e.Action > 0 {
			place[e.Action] = where
		} else if place[-e.Action] != where {
			t.Errorf("write %d, of %s, takes back that of %q", e.Action, where, place[-e.Action])
		}
	}
}

// Whoever goes back to a queue that was removed meanwhile is offered the calls of the
// others.
func TestAQueueThatIsGoneKeepsNobodyFromTheOthers(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.run(t, workflows.SwitchUser)
	o.user.Old.Queues = &lacking{queues: o.user.Old.Queues, gone: "support"}
	if p := o.run(t, workflows.ReturnUser); p.State != cutover.RestoreDrift || !strings.Contains(p.Detail, "old.offering") {
		t.Errorf("the user is %s (%s), want restore_drift and the queues named", p.State, p.Detail)
	}
	rest := cutovertest.Before()[cutover.OldOffering].Offering.Without("support")
	if diff := cmp.Diff(cutovertest.Before().With(cutover.OldOffering, cutover.Value{Offering: &rest}), o.world.Image()); diff != "" {
		t.Errorf("all but the queue that is gone should be as before (-want +got):\n%s", diff)
	}
}

// What a way back could not restore is agreed to, and then nothing of the move stands.
func TestWhatIsAgreedToEndsTheWayBack(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.run(t, workflows.SwitchUser)
	o.user.Old.Queues = &lacking{queues: o.user.Old.Queues, gone: "support"}
	keep := func(f cutover.Facet) workflows.UserRequest {
		return workflows.UserRequest{Choice: cutover.Choice{Keep: cutover.Image{f: o.world.Image()[f]}}}
	}
	if p := o.runAs(t, workflows.ReturnUser, keep(cutover.OldOffering)); p.State != cutover.FailedClean || !strings.Contains(p.Detail, "first") {
		t.Errorf("agreed to beforehand, the way back ended in %s (%s), want it refused", p.State, p.Detail)
	}
	for range 2 {
		if p := o.run(t, workflows.ReturnUser); p.State != cutover.RestoreDrift {
			t.Errorf("to a queue that is gone the way back ended in %s (%s)", p.State, p.Detail)
		}
	}
	if p := o.runAs(t, workflows.ReturnUser, keep(cutover.Routes)); p.State != cutover.FailedClean || !strings.Contains(p.Detail, "routes cannot be kept") {
		t.Errorf("with routes kept the way back ended in %s (%s), want it refused", p.State, p.Detail)
	}
	agreed := keep(cutover.OldOffering)
	left := o.world.Image()
	if p := o.runAs(t, workflows.ReturnUser, agreed); p.State != cutover.Restored || p.Unchanged {
		t.Errorf("agreed to, the way back ended in %s (%s)", p.State, p.Detail)
	}
	if diff := cmp.Diff(left, o.world.Image()); diff != "" {
		t.Errorf("what was agreed to was written (-before +now):\n%s", diff)
	}
	if p, err := o.stores.Person(t.Context(), "E100"); err != nil || p.Side != dualtone.Old || p.State != cutover.Restored {
		t.Errorf("the agent is %s on the %s side, want restored on the old one: %v", p.State, p.Side, err)
	}
	if p := o.run(t, workflows.SwitchUser); p.State != cutover.OnNew {
		t.Errorf("the next move ended in %s (%s)", p.State, p.Detail)
	}
}

// lacking are queues of which one is gone.
type lacking struct {
	queues

	gone dualtone.QueueID
}

func (l *lacking) SetOffering(ctx context.Context, user dualtone.UserID, from, to dualtone.Offering) error {
	rest := to.Without(l.gone)
	if err := l.queues.SetOffering(ctx, user, from, rest); err != nil {
		return err
	}
	if len(rest.Memberships) < len(to.Memberships) {
		return fmt.Errorf("queue %s: %w", l.gone, dualtone.ErrNotFound)
	}
	return nil
}

// Whoever asks what a switch to where somebody is would do is told at once.
func TestThatThereIsNothingToDoIsSaidAndNotAskedAgain(t *testing.T) {
	t.Parallel()
	o := newOffice()
	for _, to := range []dualtone.Side{dualtone.Old, dualtone.New} {
		if to == dualtone.New {
			o.run(t, workflows.SwitchUser)
		}
		_, err := o.user.Preview(t.Context(), activities.Order{Person: "E100", To: to})
		if !errors.Is(err, dualtone.ErrConflict) || !dualtone.Lasting(err) || !strings.Contains(err.Error(), "nothing to do") {
			t.Errorf("to the %s side: %v, want a lasting refusal", to, err)
		}
	}
}
