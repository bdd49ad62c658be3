package workflows_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/workflows"
)

type queues interface{ systems.Queues }

// heeded notes of whom a system's queues are asked and set.
type heeded struct {
	queues

	mu    *sync.Mutex
	users map[dualtone.UserID]bool
}

func (h heeded) note(user dualtone.UserID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users[user] = true
}

func (h heeded) Offering(ctx context.Context, user dualtone.UserID) (dualtone.Offering, error) {
	h.note(user)
	return h.queues.Offering(ctx, user)
}

func (h heeded) SetOffering(ctx context.Context, user dualtone.UserID, from, to dualtone.Offering) error {
	h.note(user)
	return h.queues.SetOffering(ctx, user, from, to)
}

// heed returns of whom the queues of a system are asked from now on.
func heed(p *systems.Platform) map[dualtone.UserID]bool {
	h := heeded{p.Queues, &sync.Mutex{}, map[dualtone.UserID]bool{}}
	p.Queues = h
	return h.users
}

// listed has the user list say which accounts people have.
func (o *office) listed(t *testing.T, accounts map[dualtone.PersonID]dualtone.Accounts) {
	t.Helper()
	agent, other := cutovertest.Agent(), dualtone.Person{ID: "E200", Name: "Bob Agent"}
	agent.Accounts, other.Accounts = accounts["E100"], accounts["E200"]
	if err := o.stores.Import(t.Context(), []dualtone.Person{agent, other}, cutover.Import{}); err != nil {
		t.Fatal(err)
	}
}

// What a move wrote stands at the accounts that the person had then, whatever the user
// list says since.
func TestAWayBackWritesToTheAccountsOfTheMove(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.run(t, workflows.SwitchUser)
	o.listed(t, map[dualtone.PersonID]dualtone.Accounts{"E100": {Old: "2002", New: "u-2002"}})
	old, now := heed(o.user.Old), heed(o.user.New)
	if p := o.run(t, workflows.ReturnUser); p.State != cutover.Restored {
		t.Errorf("the user is %s (%s), want restored", p.State, p.Detail)
	}
	for user := range old {
		if user != "1001" {
			t.Errorf("the old side was asked of %s, whom nobody moved", user)
		}
	}
	for user := range now {
		if user != "u-1001" {
			t.Errorf("the new side was asked of %s, whom nobody moved", user)
		}
	}
}

// Nobody goes home to an account that is somebody else's by now.
func TestAnOldAccountThatIsSomebodyElsesIsLeftAlone(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.run(t, workflows.SwitchUser)
	there := o.world.Image()
	o.listed(t, map[dualtone.PersonID]dualtone.Accounts{"E100": {Old: "2002"}, "E200": {Old: "1001"}})
	if p := o.run(t, workflows.ReturnUser); p.State != cutover.FailedClean || !strings.Contains(p.Detail, "1001") || !strings.Contains(p.Detail, "E200") {
		t.Errorf("the user is %s (%s), want it refused and whose account it is named", p.State, p.Detail)
	}
	if diff := cmp.Diff(there, o.world.Image()); diff != "" {
		t.Errorf("something was written (-before +now):\n%s", diff)
	}
}

// Whose account on the new side is somebody else's by now goes home without it.
func TestANewAccountThatIsSomebodyElsesIsLeftAlone(t *testing.T) {
	t.Parallel()
	o := newOffice()
	o.run(t, workflows.SwitchUser)
	there := o.world.Image()
	o.listed(t, map[dualtone.PersonID]dualtone.Accounts{"E100": {New: "u-2002"}, "E200": {New: "u-1001"}})
	now := heed(o.user.New)
	if p := o.run(t, workflows.ReturnUser); p.State != cutover.RestoreDrift {
		t.Errorf("the user is %s (%s), want restore_drift", p.State, p.Detail)
	}
	if len(now) > 0 {
		t.Errorf("the new side was asked of %v", now)
	}
	want := cutovertest.Before()
	for _, f := range []cutover.Facet{cutover.NewSeat, cutover.NewOffering} {
		want = want.With(f, there[f])
	}
	if diff := cmp.Diff(want, o.world.Image()); diff != "" {
		t.Errorf("all but the other's account should be as before (-want +got):\n%s", diff)
	}
}

// The same holds of a move that fails while the user list is changed.
func TestAFailedMoveIsTakenBackAtItsAccounts(t *testing.T) {
	t.Parallel()
	o := newOffice()
	old := heed(o.user.Old)
	o.world.FailWith(func(op string) cutovertest.Failure {
		if op != "set old.forward" {
			return cutovertest.Failure{}
		}
		o.listed(t, map[dualtone.PersonID]dualtone.Accounts{"E100": {Old: "2002"}})
		return cutovertest.Failure{Before: dualtone.ErrInvalid}
	})
	if p := o.run(t, workflows.SwitchUser); p.State != cutover.Restored {
		t.Errorf("the user is %s (%s), want restored", p.State, p.Detail)
	}
	if len(old) != 1 || !old["1001"] {
		t.Errorf("the old side was asked of %v, want 1001 alone", old)
	}
}
