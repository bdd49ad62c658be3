package systemtest

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/sim"
)

// WorldPeer looks at a simulated system and changes it through its world.
// Person makes the i-th person of a crowd, with an id as the system gives them.
func WorldPeer(w *sim.World, person func(i int) sim.Person) Peer {
	p := worldPeer{World: w, person: person, calls: &atomic.Int64{}}
	return Peer{
		Forward: p.forward,
		Divert:  p.divert,
		Members: p.members,
		Ring:    p.ring,
		SignOut: p.signOut,
		People:  p.people,
		Finish:  p.finish,
	}
}

type worldPeer struct {
	*sim.World

	person func(i int) sim.Person
	calls  *atomic.Int64
}

func (w worldPeer) forward(t testing.TB, user dualtone.UserID) string {
	t.Helper()
	p, err := w.Person(string(user))
	must(t, err)
	return p.Forward
}

func (w worldPeer) divert(t testing.TB, user dualtone.UserID, to string) {
	t.Helper()
	must(t, w.ChangePerson(string(user), func(p *sim.Person) { p.Forward = to }))
}

func (w worldPeer) members(t testing.TB, queue dualtone.QueueID) []sim.Member {
	t.Helper()
	q, err := w.Queue(string(queue))
	must(t, err)
	return q.Members
}

func (w worldPeer) signOut(t testing.TB, user dualtone.UserID) {
	t.Helper()
	must(t, w.ChangePerson(string(user), func(p *sim.Person) { p.SignedIn = false }))
}

func (w worldPeer) people(t testing.TB, n int) {
	t.Helper()
	for _, p := range w.People() {
		must(t, w.RemovePerson(p.ID))
	}
	for i := range n {
		w.PutPerson(w.person(i))
	}
}

func (w worldPeer) ring(t testing.TB, user dualtone.UserID) Call {
	t.Helper()
	return w.call(t, user, "+12125550190")
}

func (w worldPeer) call(t testing.TB, user dualtone.UserID, from string) Call {
	t.Helper()
	id := fmt.Sprintf("call-%d", w.calls.Add(1))
	if answer := w.Arrive(sim.Incoming{ID: id, From: from, To: string(user)}); !answer.Accepted {
		t.Fatalf("call to %s: %+v", user, answer)
	}
	return Call{
		Answer: func(t testing.TB) { t.Helper(); must(t, w.Pickup(id)) },
		HangUp: func(t testing.TB) { t.Helper(); must(t, w.HangUp(id)) },
	}
}

func (w worldPeer) finish(t testing.TB, user dualtone.UserID, from []string) {
	t.Helper()
	for _, number := range from {
		call := w.call(t, user, number)
		call.Answer(t)
		call.HangUp(t)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
