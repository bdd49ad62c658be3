package activities_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/activities"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/cutovertest"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/report"
)

// Thirty agents talk for half an hour and more each Monday noon: who assumes short
// calls defers nobody, and who has recorded them defers many.
func TestARehearsalAfterRecordedCallsDiffersAsItMust(t *testing.T) {
	t.Parallel()
	read := plan.Read(plan.Source{
		Name: "plan.yaml", Now: noon(),
		Text: []byte(strings.Replace(planText, "  gates:\n", "  baseline: {from: 2027-01-11, to: 2027-02-07}\n  gates:\n", 1)),
	})
	if err := read.Faults.Err(); err != nil {
		t.Fatal(err)
	}
	log := &memoryLog{}
	var people []cutover.PersonState
	var agents []dualtone.UserID
	for n := range 30 {
		agent := dualtone.UserID(fmt.Sprintf("a%02d", n))
		agents = append(agents, agent)
		people = append(people, cutover.PersonState{Person: dualtone.Person{ID: dualtone.PersonID(agent), Team: "sales", Accounts: dualtone.Accounts{Old: agent}}})
		for week := range 4 {
			s := sumOf("pbx", week*rehearsal.HalfHours+24, 1, 0) // Mondays from 12:00 to 12:30
			s.Key = string(agent)
			log.sums = append(log.sums, s)
		}
	}
	other := sumOf("pbx", 24, 500, 0)
	other.Key = "somebody who is not in the plan"
	log.sums = append(log.sums, other)
	for n := range 2 {
		start := time.Date(2027, 1, 11, 12, n, 0, 0, time.UTC)
		log.legs = append(log.legs, calllog.Kept{Leg: calllog.Leg{
			LegID: calllog.LegID{System: "pbx", Record: fmt.Sprint(n)}, Started: start, Answered: start, Ended: start.Add(39 * time.Minute),
			WrapUp: time.Minute, Disposition: calllog.Answered,
		}})
	}

	recorded, err := log.log().Recorded(t.Context(), &read.Document.Plan, agents, noon())
	if err != nil {
		t.Fatal(err)
	}
	if recorded.Calls != 120 || recorded.Users != 30 || recorded.Traffic.Hourly[24] != 2 || recorded.Traffic.Hourly[25] != 0 || recorded.Traffic.Busy.Mean() != 40*time.Minute {
		t.Errorf("recorded %d calls of %d users, %g an hour at Monday noon and %g after it, each for %s", recorded.Calls, recorded.Users,
			recorded.Traffic.Hourly[24], recorded.Traffic.Hourly[25], recorded.Traffic.Busy.Mean())
	}
	deferred := func(m *rehearsal.Model) int {
		found, err := read.Document.Resolve(rollout.Candidates(people))
		if err != nil {
			t.Fatal(err)
		}
		zones := map[dualtone.PersonID]*time.Location{}
		report, err := rehearsal.Run(t.Context(), rehearsal.Request{Document: &read.Document, Resolution: found, Zones: zones, Model: m, Start: noon(), Plays: 20})
		if err != nil {
			t.Fatal(err)
		}
		return report.Stages[1].Deferred.P50
	}
	m := rehearsal.Assumed("Europe/London")
	if n := deferred(m); n != 0 {
		t.Errorf("with calls of a quarter of an hour and 20 minutes to wait, %d are deferred", n)
	}
	m.Recorded(recorded)
	if n := deferred(m); n < 8 {
		t.Errorf("with the recorded calls %d of 30 are deferred, want about half", n)
	}
	if want := "calls: recorded, 120 of 30 users in the call log of pbx, by weekday and half hour from 2027-01-11 to 2027-02-07"; m.Grounds[2] != want {
		t.Errorf("it says %q, want %q", m.Grounds[2], want)
	}

	few := rehearsal.Assumed("Europe/London")
	recorded.Calls = 99
	few.Recorded(recorded)
	if deferred(few) != 0 || !strings.HasPrefix(few.Grounds[2], "calls: assumed") || !strings.Contains(few.Grounds[2], "99 of 30 users") {
		t.Errorf("a few calls are enough to go by: %q", few.Grounds[2])
	}
}

// Where a plan names no baseline, the last four whole weeks are looked at.
func TestWithoutABaselineTheLastWeeksAreLookedAt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	recorded, err := (&memoryLog{sums: []report.Sum{}}).log().Recorded(t.Context(), &o.document.Plan, []dualtone.UserID{"a"}, noon())
	if err != nil || recorded.Calls != 0 || recorded.To.Sub(recorded.From) != 28*24*time.Hour || recorded.To.After(noon()) {
		t.Errorf("%+v, %v", recorded, err)
	}
}

// ran is a rehearsal that was kept, and the attempts that came after it.
type ran struct {
	rehearsal.Store
	kept  rehearsal.Kept
	tried []rehearsal.Tried
}

func (r ran) Latest(context.Context, plan.Hash) (rehearsal.Kept, error) { return r.kept, nil }

func (r ran) Tried(context.Context, string, time.Time) ([]rehearsal.Tried, error) {
	return r.tried, nil
}

func TestCallsThatCameBetweenTheCRMAndTheRouteWereAtRisk(t *testing.T) {
	t.Parallel()
	agent := cutovertest.Agent()
	o := newOffice(t, agent)
	second := func(n int) time.Time { return noon().Add(time.Duration(n) * time.Second) }
	kept := rehearsal.Kept{Report: rehearsal.Report{PlanHash: o.document.Hash(), Stages: []rehearsal.Stage{{Stage: "pilot", People: 1}}}}
	tried := []rehearsal.Tried{
		{Stage: "pilot", Person: agent.ID, State: cutover.OnNew, Began: noon(), CRM: second(10), Route: second(12)},
		{Stage: "pilot", Person: agent.ID, State: cutover.Deferred, Began: noon().Add(-24 * time.Hour)},
	}
	of := func(log *memoryLog) *int {
		outcomes := &activities.Outcomes{Store: o.store, Rehearsals: ran{kept: kept, tried: tried}, People: o.people, Log: log.log(), Now: noon}
		found, err := outcomes.Outcome(t.Context(), "emea")
		if err != nil {
			t.Fatal(err)
		}
		return found.Stages[0].AtRisk.Actual
	}
	call := func(id string, number dualtone.Number, at time.Time) calllog.Attempt {
		return calllog.Attempt{ID: id, At: at, Number: number}
	}
	if n := of(&memoryLog{}); n != nil {
		t.Errorf("%d calls were at risk where nobody records calls", *n)
	}
	n := of(&memoryLog{attempts: []calllog.Attempt{
		call("before", agent.Numbers[0], second(9)), call("between", agent.Numbers[0], second(11)), call("asked again", agent.Numbers[0], second(11)),
		call("to another", "+12125559999", second(11)), call("after", agent.Numbers[0], second(13)),
	}})
	if n == nil || *n != 1 {
		t.Errorf("%v calls were at risk by the border, want the one between", n)
	}
	leg := incoming("pbx", 1, second(11), true)
	leg.Called.Number = agent.Numbers[0]
	if n := of(&memoryLog{legs: []calllog.Kept{leg, incoming("cloud", 2, second(100), true)}}); n == nil || *n != 1 {
		t.Errorf("%v calls were at risk by the systems' records, want one", n)
	}
	if n := of(&memoryLog{legs: []calllog.Kept{incoming("cloud", 2, second(100), true)}}); n == nil || *n != 0 {
		t.Errorf("%v calls were at risk, want none of those that are recorded", n)
	}
}
