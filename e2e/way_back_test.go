package e2e_test

import (
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/systems/sim/salesforcesim"
)

// Somebody takes the softphone of a moved user away by hand. A way back leaves that
// alone, unless whoever asks for it has seen it and says otherwise.
func TestAWayBackPutsBackWhatSomebodyElseChangedWhereItIsChosen(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2, usual())
	s.open(t)
	before := s.standings(t)
	s.work(t)
	e := s.people[0]
	s.good(t, "switch", e.ID, "--to", "new", "--reason", "pilot")
	must(t, s.org.Change("User", e.CRM, salesforcesim.Values{"CallCenterId": nil}))
	if a := s.do(t, "switch", e.ID, "--to", "new", "--over", string(cutover.Softphone), "--reason", "x"); a.code != exitInvalid {
		t.Errorf("a choice for a way forward: %v", a)
	}
	s.good(t, "switch", e.ID, "--to", "old", "--over", string(cutover.Softphone), "--reason", "it was a mistake")
	if on := s.judge(t, before); on[dualtone.Old] != len(s.people) {
		t.Errorf("after the way back: %v", on)
	}
}

// Somebody puts a moved user into one queue more on the old side. The way back leaves
// that and reports it; whoever agrees to it has the user restored.
func TestWhatSomebodyElseSetIsAgreedToAfterAWayBack(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2, usual())
	s.open(t)
	s.work(t)
	e := s.people[1]
	s.good(t, "switch", e.ID, "--to", "new", "--reason", "pilot")
	s.join(t, e, queueNames()[0], 0)
	facet := string(cutover.OldOffering)
	back := []string{"switch", e.ID, "--to", "old", "--reason", "it was a mistake"}
	if a := s.do(t, append(back, "--keep", facet)...); a.code == exitOK || !strings.Contains(a.err, "take "+e.ID+" back first") {
		t.Errorf("agreed to before a way back has reported it: %v", a)
	}
	if a := s.do(t, back...); a.code != exitPartial || !strings.Contains(a.err, "--keep") {
		t.Errorf("a way back beside somebody else's queue: %v", a)
	}
	if a := s.do(t, append(back, "--keep", string(cutover.Routes))...); a.code == exitOK || !strings.Contains(a.err, "cannot be kept") {
		t.Errorf("routes are kept: %v", a)
	}
	s.good(t, append(back, "--keep", facet)...)
	person, err := s.stores.Person(t.Context(), e.person())
	must(t, err)
	if queues := s.standing(t, e).OldQueues; person.State != cutover.Restored || person.Side != dualtone.Old || len(queues) != 2 {
		t.Errorf("agreed to, they are %s on the %s side, in %v", person.State, person.Side, queues)
	}
}
