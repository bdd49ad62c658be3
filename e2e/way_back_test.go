package e2e_test

import (
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
