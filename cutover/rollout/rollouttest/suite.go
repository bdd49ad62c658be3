package rollouttest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Ports are the stores of one company, which knows nobody yet.
type Ports struct {
	People   cutover.People
	Switches cutover.Switches
	Rollouts rollout.Store
}

// Open makes stores for a test of their own.
type Open func(t *testing.T) Ports

// Run holds a store to everything that its ports promise.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, p := range []struct {
		name string
		keep func(t *testing.T, b *bench)
	}{
		{"a plan is kept with its stages and people", planKept},
		{"a plan is kept whole or not at all", planRefused},
		{"a plan under way is not replaced", planUnderWay},
		{"plans are listed by name, state and text, in pages", planList},
		{"a transition moves its plan or stage once", transitions},
		{"a transition from another state is a conflict", transitionConflict},
		{"a switch moves its person in a plan under way", switchMoves},
		{"a switch moves its person in a plan whose start is not kept yet", switchMovesFirst},
		{"who does not come back is on the new side", switchBackFails},
		{"whom others bring to the new side is found there and not moved", broughtByOthers},
		{"people are paged forward and backward and by state", userPages},
		{"people are marked from the states that are named", marks},
		{"whoever is left out is not switched for their stage", leftOut},
		{"whoever is left out and switched in the same moment is one of the two", leftOutAtOnce},
		{"a hold stands until it is released once", holds},
		{"approvals are kept in order, repeated ones once", approvals},
		{"readings are kept once and the newest are found", readings},
		{"a task moves only from what it was", tasks},
		{"people who were let through count until they begin", admissions},
		{"people are let through by one at a time", admissionsAtOnce},
		{"people whose switch failed are counted, not those who were taken back", failures},
		{"people are counted by the groups in which they work", headcounts},
		{"a plan is read at once as it is read bit by bit", overviews},
		{"what workers asked of systems is their sum, however often it is told", usages},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p.keep(t, &bench{open(t)})
		})
	}
}

type bench struct{ Ports }

func noon() time.Time { return time.Date(2027, 3, 2, 12, 0, 0, 123456000, time.UTC) }

func person(n int) dualtone.PersonID { return dualtone.PersonID(fmt.Sprintf("p%03d", n)) }

func someone() (rollout.Plan, []rollout.Stage) {
	p := rollout.Plan{Name: "emea", Hash: "h1", CohortHash: "c1", Author: "ada", State: rollout.Submitted, Since: noon(), Kept: noon()}
	return p, []rollout.Stage{
		{ID: "pilot", Kind: "pilot", State: rollout.Pending},
		{ID: "wave-1", Kind: "wave", After: []string{"pilot"}, State: rollout.Pending},
	}
}

// plan keeps a plan of three and five people.
func (b *bench) plan(t *testing.T) rollout.Plan {
	t.Helper()
	people := make([]dualtone.Person, 9)
	for i := range people {
		people[i] = dualtone.Person{ID: person(i + 1), Site: "berlin"}
	}
	must(t, b.People.Import(t.Context(), people, cutover.Import{Actor: "ada"}))
	p, stages := someone()
	must(t, b.Rollouts.KeepPlan(t.Context(), p, stages, map[string][]dualtone.PersonID{
		"pilot": {"p003", "p001", "p002"}, "wave-1": {"p004", "p005", "p006", "p007", "p008"},
	}))
	return p
}

func (b *bench) record(t *testing.T, stage string, v rollout.Verb, from, to rollout.State, after time.Duration) rollout.Transition {
	t.Helper()
	tr := rollout.Transition{
		Plan: "emea", Stage: stage, From: from, To: to, Verb: v, Actor: "bob", Role: plan.Operator, Reason: "because", Hash: "h1", At: noon().Add(after),
	}
	must(t, b.Rollouts.Record(t.Context(), tr))
	return tr
}

func (b *bench) start(t *testing.T) {
	t.Helper()
	b.record(t, "", rollout.Cleared, rollout.Submitted, rollout.Approved, time.Second)
	b.record(t, "", rollout.Start, rollout.Approved, rollout.Active, 2*time.Second)
}

func planKept(t *testing.T, b *bench) {
	t.Helper()
	p := b.plan(t)
	held, err := b.Rollouts.Plan(t.Context(), "emea")
	must(t, err)
	same(t, "the plan", p, held)
	stages, err := b.Rollouts.Stages(t.Context(), "emea")
	must(t, err)
	same(t, "the stages", []rollout.Stage{
		{Plan: "emea", ID: "pilot", Position: 1, Kind: "pilot", State: rollout.Pending, Since: noon(), Users: cutover.Tally{cutover.Planned: 3}},
		{Plan: "emea", ID: "wave-1", Position: 2, Kind: "wave", After: []string{"pilot"}, State: rollout.Pending, Since: noon(), Users: cutover.Tally{cutover.Planned: 5}},
	}, stages)
	must(t, b.Rollouts.Refine(t.Context(), rollout.Note{Plan: "emea", Stage: "pilot", Detail: "night opens", Until: noon().Add(time.Hour), Evidence: "e1"}))
	must(t, b.Rollouts.Refine(t.Context(), rollout.Note{Plan: "emea", Stage: "pilot", Detail: "night is open"}))
	stages, err = b.Rollouts.Stages(t.Context(), "emea")
	must(t, err)
	if st := stages[0]; st.Detail != "night is open" || !st.Until.IsZero() || st.Evidence != "e1" {
		t.Errorf("after two notes the stage says %+v", st)
	}
	refused(t, "a note on no stage", b.Rollouts.Refine(t.Context(), rollout.Note{Plan: "emea", Stage: "x"}), dualtone.ErrNotFound)
	p.Hash, p.CohortHash = "h2", "c2"
	must(t, b.Rollouts.KeepPlan(t.Context(), p, []rollout.Stage{{ID: "all", Kind: "wave", State: rollout.Pending}},
		map[string][]dualtone.PersonID{"all": {"p001"}}))
	stages, err = b.Rollouts.Stages(t.Context(), "emea")
	must(t, err)
	if len(stages) != 1 || stages[0].Users[cutover.Planned] != 1 {
		t.Errorf("the new version has the stages %+v", stages)
	}
}

func planRefused(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	p, stages := someone()
	p.Hash = "h2"
	keep := func(people map[string][]dualtone.PersonID) error {
		return b.Rollouts.KeepPlan(t.Context(), p, stages, people)
	}
	refused(t, "unknown people", keep(map[string][]dualtone.PersonID{"pilot": {"p001", "x", "y"}}), dualtone.ErrNotFound, "x", "y", "pilot")
	refused(t, "in two stages", keep(map[string][]dualtone.PersonID{"pilot": {"p001"}, "wave-1": {"p001"}}), dualtone.ErrInvalid, "p001")
	refused(t, "of no stage", keep(map[string][]dualtone.PersonID{"other": {"p001"}}), dualtone.ErrInvalid, "other")
	held, err := b.Rollouts.Plan(t.Context(), "emea")
	must(t, err)
	if held.Hash != "h1" {
		t.Errorf("after refusals the plan is %s, want h1", held.Hash)
	}
	_, err = b.Rollouts.Plan(t.Context(), "none")
	refused(t, "unknown plan", err, dualtone.ErrNotFound, "none")
}

func planUnderWay(t *testing.T, b *bench) {
	t.Helper()
	p := b.plan(t)
	b.start(t)
	_, stages := someone()
	refused(t, "replacing", b.Rollouts.KeepPlan(t.Context(), p, stages, nil), dualtone.ErrConflict, "emea")
	b.record(t, "", rollout.Rollback, rollout.Active, rollout.RollingBack, 3*time.Second)
	b.record(t, "", rollout.Restored, rollout.RollingBack, rollout.RolledBack, 4*time.Second)
	must(t, b.Rollouts.KeepPlan(t.Context(), p, stages, nil))
}

func planList(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	for _, name := range []string{"apac", "Dubai"} {
		p, _ := someone()
		p.Name, p.State = name, rollout.Draft
		must(t, b.Rollouts.KeepPlan(t.Context(), p, nil, nil))
	}
	for _, c := range []struct {
		q    rollout.PlanQuery
		want string
	}{
		{rollout.PlanQuery{}, "Dubai apac emea"},
		{rollout.PlanQuery{States: []rollout.State{rollout.Draft}}, "Dubai apac"},
		{rollout.PlanQuery{Text: "EA"}, "emea"},
		{rollout.PlanQuery{After: "Dubai", Limit: 1}, "apac"},
	} {
		all, err := b.Rollouts.Plans(t.Context(), c.q)
		must(t, err)
		var names []string
		for _, p := range all {
			names = append(names, p.Name)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.q, got, c.want)
		}
	}
}

func transitions(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	b.start(t)
	begun := b.record(t, "pilot", rollout.Start, rollout.Pending, rollout.Prechecking, 3*time.Second)
	must(t, b.Rollouts.Record(t.Context(), begun)) // once more
	held := b.record(t, "", rollout.PutHold, rollout.Active, rollout.Active, 4*time.Second)
	stages, err := b.Rollouts.Stages(t.Context(), "emea")
	must(t, err)
	if st := stages[0]; st.State != rollout.Prechecking || !st.Since.Equal(begun.At) || st.Detail != "because" {
		t.Errorf("the stage is %+v", st)
	}
	p, err := b.Rollouts.Plan(t.Context(), "emea")
	must(t, err)
	if p.State != rollout.Active || !p.Since.Equal(noon().Add(2*time.Second)) {
		t.Errorf("the plan is %s since %s; a hold changes neither", p.State, p.Since)
	}
	all, err := b.Rollouts.Transitions(t.Context(), rollout.TransitionQuery{Plan: "emea"})
	must(t, err)
	if len(all) != 4 {
		t.Fatalf("%d transitions, want 4: %+v", len(all), all)
	}
	same(t, "the last transition", held, all[3], cmpopts.IgnoreFields(rollout.Transition{}, "Serial"))
	all, err = b.Rollouts.Transitions(t.Context(), rollout.TransitionQuery{Plan: "emea", Stage: "pilot"})
	must(t, err)
	same(t, "the stage's", []rollout.Transition{begun}, all, cmpopts.IgnoreFields(rollout.Transition{}, "Serial"))
	later, err := b.Rollouts.Transitions(t.Context(), rollout.TransitionQuery{Plan: "emea", After: all[0].Serial, Limit: 5})
	must(t, err)
	if len(later) != 1 {
		t.Errorf("%d transitions after the stage's, want 1", len(later))
	}
}

func transitionConflict(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	tr := rollout.Transition{Plan: "emea", From: rollout.Approved, To: rollout.Active, Verb: rollout.Start, Actor: "bob", Role: plan.Operator, Hash: "h1", At: noon()}
	refused(t, "from another state", b.Rollouts.Record(t.Context(), tr), dualtone.ErrConflict, "submitted", "approved")
	tr.Stage = "none"
	refused(t, "of no stage", b.Rollouts.Record(t.Context(), tr), dualtone.ErrNotFound)
	all, err := b.Rollouts.Transitions(t.Context(), rollout.TransitionQuery{Plan: "emea"})
	must(t, err)
	if len(all) != 0 {
		t.Errorf("refused transitions were kept: %+v", all)
	}
}

func (b *bench) moved(t *testing.T, id dualtone.PersonID, to cutover.State, cohort string) {
	t.Helper()
	b.switched(t, id, dualtone.New, to, cohort)
}

func (b *bench) switched(t *testing.T, id dualtone.PersonID, to dualtone.Side, end cutover.State, cohort string) {
	t.Helper()
	_, err := b.Switches.Keep(t.Context(), cutover.Switch{
		ID: cutover.SwitchID(fmt.Sprintf("s-%s-%s-%s-%s", id, to, end, cohort)), Person: id, To: to, State: end, Cohort: cohort, Detail: "as told", Started: noon(),
	})
	must(t, err)
}

// Who does not come back is where they were, whatever became of the attempt.
func switchBackFails(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	b.start(t)
	for _, id := range []dualtone.PersonID{"p001", "p002", "p003"} {
		b.moved(t, id, cutover.OnNew, "emea/pilot")
	}
	b.switched(t, "p001", dualtone.Old, cutover.Deferred, "emea/pilot")
	b.switched(t, "p002", dualtone.Old, cutover.FailedClean, "emea/pilot")
	b.switched(t, "p003", dualtone.Old, cutover.Restored, "emea/pilot")
	b.count(t, "pilot", cutover.Tally{cutover.OnNew: 2, cutover.Restored: 1})
}

func switchMoves(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	b.moved(t, "p001", cutover.OnNew, "emea/pilot")
	b.count(t, "pilot", cutover.Tally{cutover.Planned: 3}) // not under way
	b.start(t)
	b.moved(t, "p002", cutover.OnNew, "emea/pilot")
	b.moved(t, "p004", cutover.Deferred, "emea/wave-1")
	b.moved(t, "p009", cutover.OnNew, "emea/wave-1") // in no stage
	b.moved(t, "p005", cutover.Restored, "")         // a canary that the plan has not tried yet
	b.moved(t, "p003", cutover.OnNew, "emea/pilot")
	b.switched(t, "p003", dualtone.Old, cutover.Restored, "") // taken back by hand
	b.count(t, "pilot", cutover.Tally{cutover.Planned: 1, cutover.OnNew: 1, cutover.Restored: 1})
	b.count(t, "wave-1", cutover.Tally{cutover.Planned: 4, cutover.Deferred: 1})
	all, err := b.Rollouts.Users(t.Context(), rollout.UserQuery{Plan: "emea", Person: "p004"})
	must(t, err)
	same(t, "the person", []rollout.User{{
		Plan: "emea", Stage: "wave-1", Position: 1, Person: "p004", Site: "berlin", State: cutover.Deferred, Since: noon(), Detail: "as told",
	}}, all)
}

// A plan's work does not wait until its start is kept.
func switchMovesFirst(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	b.record(t, "", rollout.Cleared, rollout.Submitted, rollout.Approved, time.Second)
	b.moved(t, "p002", cutover.OnNew, "emea/pilot")
	b.moved(t, "p003", cutover.OnNew, "")
	b.count(t, "pilot", cutover.Tally{cutover.Planned: 2, cutover.OnNew: 1})
	there, err := b.Rollouts.Users(t.Context(), rollout.UserQuery{Plan: "emea", There: true})
	must(t, err)
	if len(there) != 1 || there[0].Person != "p003" {
		t.Errorf("on the new side by others: %+v, want p003 alone", there)
	}
}

func (b *bench) count(t *testing.T, stage string, want cutover.Tally) {
	t.Helper()
	stages, err := b.Rollouts.Stages(t.Context(), "emea")
	must(t, err)
	for _, st := range stages {
		if st.ID == stage {
			same(t, "people of "+stage, want, st.Users)
		}
	}
}

func userPages(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	b.start(t)
	b.moved(t, "p006", cutover.OnNew, "emea/wave-1")
	for _, c := range []struct {
		q    rollout.UserQuery
		want string
	}{
		{rollout.UserQuery{Stage: "pilot"}, "1:p003 2:p001 3:p002"},
		{rollout.UserQuery{Stage: "wave-1", Limit: 2}, "1:p004 2:p005"},
		{rollout.UserQuery{Stage: "wave-1", After: 2, Limit: 2}, "3:p006 4:p007"},
		{rollout.UserQuery{Stage: "wave-1", Reverse: true, Limit: 2}, "5:p008 4:p007"},
		{rollout.UserQuery{Stage: "wave-1", Reverse: true, After: 3}, "2:p005 1:p004"},
		{rollout.UserQuery{Stage: "wave-1", States: []cutover.State{cutover.Planned}, After: 2, Limit: 1}, "4:p007"},
		{rollout.UserQuery{States: []cutover.State{cutover.OnNew}}, "3:p006"},
		{rollout.UserQuery{Stage: "wave-1", After: 5}, ""},
		{rollout.UserQuery{Stage: "none"}, ""},
		{rollout.UserQuery{AfterStage: "pilot", After: 2, Limit: 2}, "3:p002 1:p004"},
		{rollout.UserQuery{AfterStage: "wave-1", After: 1, Reverse: true}, "3:p002 2:p001 1:p003"},
	} {
		c.q.Plan = "emea"
		all, err := b.Rollouts.Users(t.Context(), c.q)
		must(t, err)
		var got []string
		for _, u := range all {
			got = append(got, fmt.Sprintf("%d:%s", u.Position, u.Person))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%+v: %q, want %q", c.q, text, c.want)
		}
	}
}

func marks(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	mark := func(want int, m rollout.Mark) {
		t.Helper()
		m.Plan, m.Stage, m.At = "emea", "pilot", noon()
		n, err := b.Rollouts.Mark(t.Context(), m)
		must(t, err)
		if n != want {
			t.Errorf("%+v answers %d, want %d", m, n, want)
		}
	}
	skip := rollout.Mark{People: []dualtone.PersonID{"p001", "p004"}, State: cutover.Skipped, Detail: "on leave"}
	mark(1, skip) // p004 is in another stage
	mark(1, skip) // its answer was lost
	mark(0, rollout.Mark{People: []dualtone.PersonID{"p001"}, From: []cutover.State{cutover.Planned}, State: cutover.Skipped, Detail: "for another reason"})
	mark(1, rollout.Mark{People: []dualtone.PersonID{"p001", "p002"}, From: []cutover.State{cutover.Planned}, State: cutover.Deferred})
	b.count(t, "pilot", cutover.Tally{cutover.Planned: 1, cutover.Skipped: 1, cutover.Deferred: 1})
	mark(1, rollout.Mark{From: []cutover.State{cutover.Planned}, State: cutover.Deferred, Detail: "the window closed"}) // everybody
	b.count(t, "pilot", cutover.Tally{cutover.Skipped: 1, cutover.Deferred: 2})
}

func holds(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	first := rollout.Hold{ID: "h-1", Plan: "emea", Owner: "bob", Role: plan.Operator, Reason: "voice", Placed: noon(), Expires: noon().Add(time.Hour)}
	second := rollout.Hold{ID: "h-2", Plan: "emea", Stage: "pilot", Owner: "system", Role: rollout.System, Reason: "no data", Placed: noon().Add(time.Second)}
	must(t, b.Rollouts.PlaceHold(t.Context(), second))
	must(t, b.Rollouts.PlaceHold(t.Context(), first))
	must(t, b.Rollouts.PlaceHold(t.Context(), first))
	asks := first
	asks.ID, asks.Placed, asks.Expires, asks.Abort = "h-3", noon().Add(2*time.Second), time.Time{}, rollout.TakeBackThem
	must(t, b.Rollouts.PlaceHold(t.Context(), asks))
	done := second
	done.Released, done.ReleasedBy, done.Why = noon().Add(time.Minute), "eve", "data is back"
	must(t, b.Rollouts.ReleaseHold(t.Context(), done))
	must(t, b.Rollouts.ReleaseHold(t.Context(), done))
	all, err := b.Rollouts.Holds(t.Context(), "emea")
	must(t, err)
	same(t, "the holds", []rollout.Hold{first, done, asks}, all)
	other := done
	other.Released, other.ReleasedBy = noon().Add(2*time.Minute), "mallory"
	refused(t, "released by another", b.Rollouts.ReleaseHold(t.Context(), other), dualtone.ErrConflict, "eve")
	other.ID = "h-9"
	refused(t, "unknown", b.Rollouts.ReleaseHold(t.Context(), other), dualtone.ErrNotFound, "h-9")
	unknown := first
	unknown.Plan = "none"
	refused(t, "of no plan", b.Rollouts.PlaceHold(t.Context(), unknown), dualtone.ErrNotFound)
}

func approvals(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	yes := rollout.Approval{
		Plan: "emea", Actor: "eve", Role: plan.CutoverApprover, Bound: rollout.Bound{Plan: "h1", Cohort: "c1"}, At: noon(), Expires: noon().Add(time.Hour),
	}
	no := rollout.Approval{
		Plan: "emea", Stage: "pilot", Actor: "zoe", Role: plan.OperationsLead, No: true, Reason: "too soon",
		Bound: rollout.Bound{Plan: "h1", Evidence: "e"}, At: noon().Add(-time.Minute), Expires: noon(),
	}
	for _, a := range []rollout.Approval{yes, no, yes} {
		must(t, b.Rollouts.Decide(t.Context(), a))
	}
	all, err := b.Rollouts.Approvals(t.Context(), "emea")
	must(t, err)
	same(t, "the approvals", []rollout.Approval{no, yes}, all)
}

func readings(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	base := 0.9
	var all []rollout.Reading
	for i := range 4 {
		at := noon().Add(time.Duration(i) * time.Hour)
		all = append(all, rollout.Reading{
			Plan: "emea", Stage: "pilot", Gate: "answered-rate", At: at, From: at.Add(-time.Hour), To: at,
			Value: 0.8, Samples: 210 + i, Baseline: &base, Source: "records", Ruling: rollout.GateFails, Why: "down",
		})
	}
	none := all[3]
	none.Gate, none.Baseline, none.Missing = "aht", nil, "no records"
	none.Differences = []rollout.Difference{{Key: "ada", Old: "old", New: "new"}, {Key: "bob", Explanation: "on leave"}}
	must(t, b.Rollouts.KeepReadings(t.Context(), append(all, none, none)...))
	must(t, b.Rollouts.KeepReadings(t.Context()))
	found, err := b.Rollouts.Readings(t.Context(), rollout.ReadingQuery{Plan: "emea", Gate: "answered-rate", Last: 2})
	must(t, err)
	same(t, "the newest", all[2:], found)
	found, err = b.Rollouts.Readings(t.Context(), rollout.ReadingQuery{Plan: "emea", Stage: "pilot", Since: all[3].At})
	must(t, err)
	same(t, "those since", []rollout.Reading{none, all[3]}, found)
}

func tasks(t *testing.T, b *bench) {
	t.Helper()
	b.plan(t)
	port := rollout.Task{
		Plan: "emea", Stage: "pilot", ID: "pilot/port", Name: "port numbers", Owner: "tel", Due: noon().Add(time.Hour), Instruction: "order ext:port-771",
		Wanted: "the carrier's confirmation", Confirm: plan.ByAnother, State: rollout.TaskOpen,
	}
	layout := port
	layout.ID, layout.Owner, layout.Due = "pilot/layout", "adm", noon()
	must(t, b.Rollouts.OpenTasks(t.Context(), port, layout, port))
	must(t, b.Rollouts.OpenTasks(t.Context()))
	done, err := port.Finish("tel", "mail of 2 March", noon())
	must(t, err)
	must(t, b.Rollouts.MoveTask(t.Context(), port, done))
	refused(t, "from what it no longer is", b.Rollouts.MoveTask(t.Context(), port, done), dualtone.ErrConflict)
	handed, err := done.Hand("tess")
	must(t, err)
	must(t, b.Rollouts.MoveTask(t.Context(), done, handed))
	now, err := b.Rollouts.Task(t.Context(), "emea", port.ID)
	must(t, err)
	same(t, "the task of another owner", handed, now)
	must(t, b.Rollouts.MoveTask(t.Context(), handed, done))
	ok, err := done.Judge(rollout.TaskConfirmed, "zoe", "calls arrive", noon())
	must(t, err)
	must(t, b.Rollouts.MoveTask(t.Context(), done, ok))
	held, err := b.Rollouts.Task(t.Context(), "emea", port.ID)
	must(t, err)
	same(t, "the task", ok, held)
	_, err = b.Rollouts.Task(t.Context(), "emea", "none")
	refused(t, "unknown", err, dualtone.ErrNotFound, "none")
	for _, c := range []struct {
		q    rollout.TaskQuery
		want string
	}{
		{rollout.TaskQuery{}, "pilot/layout pilot/port"},
		{rollout.TaskQuery{Owner: "tel"}, "pilot/port"},
		{rollout.TaskQuery{States: []rollout.TaskState{rollout.TaskOpen}}, "pilot/layout"},
		{rollout.TaskQuery{Plan: "emea", After: "pilot/layout"}, "pilot/port"},
		{rollout.TaskQuery{Limit: 1}, "pilot/layout"},
	} {
		all, err := b.Rollouts.Tasks(t.Context(), c.q)
		must(t, err)
		var ids []string
		for _, task := range all {
			ids = append(ids, task.ID)
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.q, got, c.want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that an error is of a kind and names what it is about.
func refused(t *testing.T, what string, err, kind error, names ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: got %v, want %v", what, err, kind)
		return
	}
	for _, n := range names {
		if !strings.Contains(err.Error(), n) {
			t.Errorf("%s: %q does not name %s", what, err, n)
		}
	}
}

func same(t *testing.T, what string, want, got any, options ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, options...); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
