package e2e_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/workflows"
)

// status asks how a cohort's move stands.
func (s *site) status(t *testing.T, cohort string) workflows.CohortStatus {
	t.Helper()
	var st workflows.CohortStatus
	if a := s.ask(t, &st, "cohort", "status", cohort); a.code != exitOK {
		t.Fatal(a)
	}
	return st
}

// order gives a cohort an order and returns how it stands then.
func (s *site) order(t *testing.T, args ...string) workflows.CohortStatus {
	t.Helper()
	var st workflows.CohortStatus
	if a := s.ask(t, &st, append([]string{"cohort"}, args...)...); a.code != exitOK {
		t.Fatal(a)
	}
	return st
}

// declines gives an order that must be refused as a conflict.
func (s *site) declines(t *testing.T, says string, args ...string) {
	t.Helper()
	var failure struct {
		Error struct{ Kind, Message string }
	}
	a := s.ask(t, nil, append([]string{"cohort"}, args...)...)
	must(t, json.Unmarshal([]byte(a.err), &failure))
	if a.code != exitConflict || failure.Error.Kind != "conflict" || !strings.Contains(failure.Error.Message, says) {
		t.Errorf("want a conflict that says %q: %v", says, a)
	}
}

// ends waits for the end of a cohort's move, as its user does, and checks what
// is said of it.
func (s *site) ends(t *testing.T, cohort string, verdict cutover.Verdict) workflows.CohortStatus {
	t.Helper()
	var st workflows.CohortStatus
	a := s.ask(t, &st, "cohort", "status", cohort, "--watch")
	code := exitPartial
	if verdict == cutover.AllMoved || verdict == cutover.AllRestored {
		code = exitOK
	}
	if st.Verdict != verdict || a.code != code {
		t.Fatalf("want %s and exit code %d: %v", verdict, code, a)
	}
	return st
}

// A worker that stood still with a request to switch somebody comes back after
// others have made that switch, and after the person was taken back. Nobody is
// switched by it.
func TestALateRequestSwitchesNobodyAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3, usual())
	s.open(t)
	before := s.standings(t)
	s.work(t)
	asks := func(workflow, pass string) workflows.Progress {
		person := s.people[0].person()
		run, err := s.temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID: activities.UserWorkflowID(person), TaskQueue: taskQueue,
		}, workflow, workflows.UserRequest{
			Person: person, Cohort: "spring", Pass: pass, Actor: "tester", Reason: "test", DrainWait: 5 * time.Second, Patience: 20 * time.Second,
		})
		must(t, err)
		var end workflows.Progress
		must(t, run.Get(t.Context(), &end))
		return end
	}
	if end := asks(workflows.SwitchUserName, "1/new"); end.State != cutover.OnNew {
		t.Fatalf("the switch ended %s: %s", end.State, end.Detail)
	}
	if end := asks(workflows.ReturnUserName, "1/old"); end.State != cutover.Restored {
		t.Fatalf("the way back ended %s: %s", end.State, end.Detail)
	}
	if end := asks(workflows.SwitchUserName, "1/new"); end.State != cutover.FailedClean || !strings.Contains(end.Detail, "already") {
		t.Errorf("the late request ended %s: %s", end.State, end.Detail)
	}
	if on := s.judge(t, before); on[dualtone.New] != 0 {
		t.Errorf("%v", on)
	}
	if end := asks(workflows.SwitchUserName, "2/new"); end.State != cutover.OnNew {
		t.Errorf("the next pass ended %s: %s", end.State, end.Detail)
	}
}

func TestTwoCohortsAtOnceAndEveryOrder(t *testing.T) {
	t.Parallel()
	s := newSite(t, 14, pace{drain: "50s", patience: "30s", signIn: "0s"})
	s.open(t)
	s.cohort(t, "red", 0, 8)
	s.cohort(t, "blue", 8, 6)
	before := s.standings(t)
	s.work(t)

	// Two of the red ones are on the phone, so red stands still and blue goes by.
	talk(t, s.old, "call-0", s.people[0].Number)
	talk(t, s.old, "call-1", s.people[1].Number)
	s.good(t, "cohort", "move", "red", "--window", "2", "--no-wait", "--reason", "wave 1")
	s.good(t, "cohort", "move", "blue", "--no-wait")
	s.ends(t, "blue", cutover.AllMoved)

	s.pauseAndResume(t)
	s.stopAndRetry(t)
	s.judge(t, before)
	s.stopAWayBack(t)
	s.turnBack(t)
	if on := s.judge(t, before); on[dualtone.Old] != len(s.people) {
		t.Errorf("after all ways back: %v", on)
	}
	s.uncut(t)
}

func (s *site) pauseAndResume(t *testing.T) {
	t.Helper()
	eventually(t, "red fills its window", func() bool { return len(s.status(t, "red").InFlight) == 2 })
	if st := s.order(t, "pause", "red", "--reason", "lunch"); st.Paused == nil || st.Paused.Actor != "tester" || st.Paused.Reason != "lunch" {
		t.Errorf("paused: %+v", st.Paused)
	}
	s.declines(t, "already paused by tester: lunch", "pause", "red")
	s.declines(t, "being moved already", "move", "red", "--no-wait")
	s.declines(t, "being switched right now", "skip", "red", s.people[0].ID)
	s.order(t, "skip", "red", s.people[7].ID, "--reason", "on leave")
	s.declines(t, "skipped already", "skip", "red", s.people[7].ID)
	if st := s.order(t, "window", "red", "3"); st.Window != 3 {
		t.Errorf("the window is %d, want 3", st.Window)
	}
	if a := s.do(t, "cohort", "window", "red", "none"); a.code != exitInvalid {
		t.Errorf("a window of none: %v", a)
	}
	must(t, s.old.HangUp("call-0"))
	eventually(t, "the first is moved and nobody else is started", func() bool {
		st := s.status(t, "red")
		return st.Tally[cutover.OnNew] == 1 && slices.Equal(st.InFlight, []dualtone.PersonID{s.people[1].person()})
	})
	if st := s.order(t, "resume", "red"); st.Paused != nil {
		t.Errorf("still paused: %+v", st.Paused)
	}
	eventually(t, "all but the one on the phone are moved", func() bool {
		st := s.status(t, "red")
		return st.Tally[cutover.OnNew] == 6 && st.Tally[cutover.Skipped] == 1 && len(st.InFlight) == 1
	})
}

func (s *site) stopAndRetry(t *testing.T) {
	t.Helper()
	if st := s.order(t, "cancel", "red", "--in-flight", "back", "--reason", "enough"); st.Stopped == nil || !st.Stopped.Back {
		t.Errorf("stopped: %+v", st.Stopped)
	}
	if st := s.ends(t, "red", cutover.Stopped); st.Tally[cutover.Restored] != 1 {
		t.Errorf("stopped with %v, want the one in flight restored", st.Tally)
	}
	must(t, s.old.HangUp("call-1"))
	s.good(t, "cohort", "retry", "red", "--no-wait")
	if st := s.ends(t, "red", cutover.AllMoved); st.Tally.Total() != 1 {
		t.Errorf("retried %v, want the one who had failed", st.Tally)
	}
	s.good(t, "cohort", "move", "red", "--no-wait")
	if st := s.ends(t, "red", cutover.AllMoved); st.Tally.Total() != 1 {
		t.Errorf("moved %v, want the one who was skipped", st.Tally)
	}
}

// stopAWayBack stops a cohort on its way back and lets those in flight finish.
func (s *site) stopAWayBack(t *testing.T) {
	t.Helper()
	last := s.people[13]
	must(t, s.connect.SignIn(last.Email))
	talk(t, s.cloud, "call-13", last.Number)
	s.good(t, "cohort", "rollback", "blue", "--window", "1", "--no-wait")
	eventually(t, "the last one goes back first", func() bool {
		return slices.Equal(s.status(t, "blue").InFlight, []dualtone.PersonID{last.person()})
	})
	s.order(t, "cancel", "blue", "--in-flight", "finish")
	must(t, s.cloud.HangUp("call-13"))
	if st := s.ends(t, "blue", cutover.Stopped); st.Tally[cutover.Restored] != 1 || st.Tally.Total() != 1 {
		t.Errorf("stopped with %v, want the one in flight restored", st.Tally)
	}
	s.good(t, "cohort", "rollback", "blue", "--no-wait")
	if st := s.ends(t, "blue", cutover.AllRestored); st.Tally.Total() != 5 {
		t.Errorf("taken back %v, want the other 5", st.Tally)
	}
}

// turnBack rolls back a cohort that is just being moved.
func (s *site) turnBack(t *testing.T) {
	t.Helper()
	s.good(t, "cohort", "rollback", "red")
	talk(t, s.old, "call-2", s.people[2].Number)
	s.good(t, "cohort", "move", "red", "--no-wait")
	eventually(t, "all but the one on the phone are moved", func() bool { return s.status(t, "red").Tally[cutover.OnNew] == 7 })
	s.good(t, "cohort", "rollback", "red", "--no-wait", "--reason", "not today")
	s.declines(t, "on its way back already", "rollback", "red", "--no-wait")
	must(t, s.old.HangUp("call-2"))
	eventually(t, "the cohort has turned back", func() bool {
		st := s.status(t, "red")
		return st.To == dualtone.Old && st.Verdict == cutover.AllRestored
	})
	if st := s.status(t, "red"); st.Tally.Total() != 8 {
		t.Errorf("taken back %v, want all 8", st.Tally)
	}
}
