package e2e_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/salesforcesim"
)

// A sandbox that was refreshed is another org at the same address. What was meant
// for the one that was registered must not reach it.
func TestNothingIsWrittenToARefreshedSandbox(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3, usual())
	s.open(t)
	s.work(t)
	e := s.people[1]
	before := s.standing(t, e)

	// The refresh comes in the middle of a switch, while the user is on the phone.
	s.old.Arrive(sim.Incoming{ID: "long", From: "+16465550100", To: e.Number})
	must(t, s.old.Pickup("long"))
	s.good(t, "switch", e.ID, "--to", "new", "--no-wait")
	eventually(t, "the offers are stopped", func() bool { return s.standing(t, e).OldQueues[0].Paused })
	s.org.Refresh("dev", salesforcesim.KeepCallCenters)
	refreshed := len(s.org.Changes(salesforcesim.Filter{}))
	must(t, s.old.HangUp("long"))
	eventually(t, "the switch ended", func() bool { return s.state(t, e).Final() })

	if state := s.state(t, e); state != cutover.Restored {
		t.Errorf("the user is %s, want restored", state)
	}
	if diff := cmp.Diff(before, s.standing(t, e), orEmpty()); diff != "" {
		t.Errorf("the user did not come back clean (-before +now):\n%s", diff)
	}
	refusals := slices.DeleteFunc(s.journal(t, e), func(entry cutover.Entry) bool { return entry.Kind != cutover.Erred })
	if len(refusals) != 1 || refusals[0].Facet != cutover.Softphone || !strings.Contains(refusals[0].Text, "writes are refused") {
		t.Errorf("the journal tells of the refusal as %+v", refusals)
	}

	// Whoever tries again is refused as well, and so is a new worker.
	if a := s.do(t, "switch", s.people[2].ID, "--to", "new"); a.code == exitOK || !strings.Contains(a.err, "writes are refused") {
		t.Errorf("another user is moved in the other org: %v", a)
	}
	if a := s.do(t, "worker"); a.code != exitConflict || !strings.Contains(a.err, "register --replace") {
		t.Errorf("a new worker works with the other org: %v", a)
	}
	written := slices.DeleteFunc(s.org.Changes(salesforcesim.Filter{})[refreshed:], func(c salesforcesim.Change) bool { return c.Via == "login" })
	if len(written) > 0 {
		t.Errorf("the refreshed org was written to: %+v", written)
	}
	if side := s.side(t, s.people[2]); side != dualtone.Old {
		t.Errorf("the other user is on the %s side", side)
	}
}

func (s *site) state(t tester, e employee) cutover.State {
	t.Helper()
	p, err := s.stores.Person(t.Context(), e.person())
	must(t, err)
	return p.State
}
