package e2e_test

import (
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/salesforcesim"
)

// uncut fails if either system cut a call.
func (s *site) uncut(t *testing.T) {
	t.Helper()
	for side, world := range map[dualtone.Side]*sim.World{dualtone.Old: s.old, dualtone.New: s.cloud} {
		for _, c := range world.Calls() {
			if c.State == sim.Cut {
				t.Errorf("call %s to %s was cut on the %s side", c.ID, c.Person, side)
			}
		}
	}
}

// talk puts a user on the phone.
func talk(t *testing.T, world *sim.World, id, to string) {
	t.Helper()
	if a := world.Arrive(sim.Incoming{ID: id, From: "+16465550100", To: to}); !a.Accepted {
		t.Fatalf("the call %s to %s is not taken: %+v", id, to, a)
	}
	must(t, world.Pickup(id))
}

func TestWhoStaysOnTheirCallIsDeferredWithNothingWritten(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2, pace{drain: "1s", patience: "20s", signIn: "0s"})
	s.open(t)
	s.work(t)
	e := s.people[1]
	before := s.standings(t)
	talk(t, s.old, "long", e.Number)
	a := s.do(t, "switch", e.ID, "--to", "new")
	if a.code != exitUnavailable || !strings.Contains(a.err, "talking on pbx") || !strings.Contains(a.err, "when the user is free") {
		t.Errorf("the user stays on the phone: %v", a)
	}
	s.judge(t, before)
	if state := s.state(t, e); state != cutover.Deferred {
		t.Errorf("the user is %s, want deferred", state)
	}
	must(t, s.old.HangUp("long"))
	s.good(t, "switch", e.ID, "--to", "new")
	s.judge(t, before)
	s.uncut(t)
}

func TestACallIsWaitedForAndNeverCut(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2, pace{drain: "20s", patience: "20s", signIn: "0s"})
	s.open(t)
	s.work(t)
	e := s.people[1]
	before := s.standings(t)

	talk(t, s.old, "old-call", e.Number)
	s.good(t, "switch", e.ID, "--to", "new", "--no-wait")
	eventually(t, "offers are stopped", func() bool { return s.standing(t, e).OldQueues[0].Paused })
	must(t, s.old.Hold("old-call"))
	must(t, s.old.Resume("old-call"))
	if c, err := s.old.Call("old-call"); err != nil || c.State != sim.Talking || s.standing(t, e).CallCenter != s.crm.OldCallCenter {
		t.Errorf("while the user talks (%s, %v) they are moved", c.State, err)
	}
	must(t, s.old.HangUp("old-call"))
	s.settled(t, e)
	s.judge(t, before)

	// The user opens the new softphone, and is rolled back while on the phone.
	must(t, s.connect.SignIn(e.Email))
	talk(t, s.cloud, "new-call", e.Number)
	s.good(t, "switch", e.ID, "--to", "old", "--no-wait")
	eventually(t, "the way back has begun", func() bool { return s.state(t, e) == cutover.Captured })
	if c, err := s.cloud.Call("new-call"); err != nil || c.State != sim.Talking || s.standing(t, e).CallCenter != s.crm.NewCallCenter {
		t.Errorf("while the user talks on the new side (%s, %v) they are taken back", c.State, err)
	}
	must(t, s.cloud.HangUp("new-call"))
	s.settled(t, e)
	if side := s.side(t, e); side != dualtone.Old {
		t.Errorf("the user is on the %s side", side)
	}
	s.judge(t, before)
	s.uncut(t)
}

// settled waits until no switch of the user is under way.
func (s *site) settled(t *testing.T, e employee) {
	t.Helper()
	eventually(t, "the switch of "+e.ID+" ended", func() bool {
		d, err := s.temporal.DescribeWorkflowExecution(t.Context(), "user/"+e.ID, "")
		return err == nil && d.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	})
}

// splitLimit is the longest that a softphone and a route may disagree, with room
// for a machine that is busy with other tests.
const splitLimit = 2 * time.Second

// TestNobodyIsSplitForLong measures, for each user of a cohort, how long their
// softphone was on one side and their calls went to the other.
func TestNobodyIsSplitForLong(t *testing.T) {
	t.Parallel()
	s := newSite(t, 12, usual())
	s.open(t)
	s.cohort(t, "spring", 0, len(s.people))
	s.work(t)
	watching := s.watchRoutes(t)
	s.good(t, "cohort", "move", "spring")
	s.good(t, "cohort", "rollback", "spring")
	routes := watching()
	var longest, sum time.Duration
	turns := 0
	for _, e := range s.people {
		crm := s.org.Changes(salesforcesim.Filter{ID: e.CRM, Field: "CallCenterId"})
		crm = crm[len(crm)-2:]
		for i, side := range []dualtone.Side{dualtone.New, dualtone.Old} {
			at, ok := routes[e.Number][side]
			if !ok {
				t.Fatalf("%s's calls were never seen to go to the %s side first", e.ID, side)
			}
			split := at.Sub(crm[i].At).Abs()
			longest, sum, turns = max(longest, split), sum+split, turns+1
		}
	}
	t.Logf("softphone and route disagreed for %s at most and %s on average, over %d turns",
		longest.Round(time.Millisecond), (sum / time.Duration(turns)).Round(time.Millisecond), turns)
	if longest > splitLimit {
		t.Errorf("somebody was split for %s", longest)
	}
}

// watchRoutes follows the routing table as a border controller does. The
// function that it returns ends that and tells when each number's calls were
// first seen to go to a side.
func (s *site) watchRoutes(t *testing.T) (end func() map[string]map[dualtone.Side]time.Time) {
	t.Helper()
	seen := map[string]map[dualtone.Side]time.Time{}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		var revision routing.Revision
		for {
			if changed, err := s.router.Since(t.Context(), revision); err == nil {
				revision = changed.Revision
				for _, r := range changed.Routes {
					note(seen, r, time.Now())
				}
			}
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return func() map[string]map[dualtone.Side]time.Time {
		close(stop)
		<-done
		return seen
	}
}

// note keeps when a number's first side changed. A number without a route is on
// the old side, and so is everybody before the first change.
func note(seen map[string]map[dualtone.Side]time.Time, r routing.Route, at time.Time) {
	side := dualtone.Old
	if len(r.Sides) > 0 {
		side = r.Sides[0]
	}
	times := seen[string(r.Number)]
	if times == nil {
		times = map[dualtone.Side]time.Time{}
		seen[string(r.Number)] = times
	}
	_, wasNew := times[dualtone.New]
	_, known := times[side]
	if !known && (side == dualtone.New || wasNew) {
		times[side] = at
	}
}
