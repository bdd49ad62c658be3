package cutovertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// RunCohorts holds cohorts to their port.
func RunCohorts(t *testing.T, open Open) {
	t.Helper()
	runPromises(t, open, []promise{
		{"a cohort is made once, of people in the user list", createRules},
		{"an unknown cohort is not found", unknownCohort},
		{"a cohort counts the states of its members", cohortCounts},
		{"cohorts are listed by name, searched and paged", cohortList},
		{"members keep their order and positions, forward and backward", memberOrder},
		{"members are selected by side and state", memberSelection},
		{"members are tried again who could not be moved, and nobody who was taken back", memberRetry},
	})
}

func (b *bench) wave(t *testing.T) {
	t.Helper()
	b.hire(t, employees(7)...)
	members := []dualtone.PersonID{"p005", "p001", "p004", "p002", "p003"}
	if err := b.Cohorts.Create(t.Context(), cutover.Cohort{Name: "wave-1", Note: "pilots", Actor: "ada"}, members); err != nil {
		t.Fatal(err)
	}
}

func createRules(t *testing.T, b *bench) {
	b.wave(t)
	create := func(name string, members ...dualtone.PersonID) error {
		return b.Cohorts.Create(t.Context(), cutover.Cohort{Name: name, Actor: "ada"}, members)
	}
	refused(t, "a taken name", create("wave-1", "p001"), dualtone.ErrConflict, "wave-1")
	refused(t, "unknown members", create("w2", "p001", "x", "y"), dualtone.ErrNotFound, "x", "y")
	refused(t, "a member twice", create("w2", "p001", "p002", "p001"), dualtone.ErrInvalid)
	refused(t, "no name", create("", "p001"), dualtone.ErrInvalid)
	if _, err := b.Cohorts.Cohort(t.Context(), "w2"); err == nil {
		t.Error("a refused cohort is there")
	}
	if err := create("empty"); err != nil {
		t.Errorf("a cohort of nobody: %v", err)
	}
	members, err := b.Cohorts.Members(t.Context(), cutover.MemberQuery{Cohort: "empty"})
	if err != nil || len(members) != 0 {
		t.Errorf("members of a cohort of nobody: %v, %v", members, err)
	}
}

func unknownCohort(t *testing.T, b *bench) {
	_, err := b.Cohorts.Cohort(t.Context(), "none")
	refused(t, "unknown cohort", err, dualtone.ErrNotFound, "none")
	_, err = b.Cohorts.Members(t.Context(), cutover.MemberQuery{Cohort: "none"})
	refused(t, "its members", err, dualtone.ErrNotFound, "none")
}

func cohortCounts(t *testing.T, b *bench) {
	b.wave(t)
	b.keep(t, captured("s1", employee(4), dualtone.New))
	b.keep(t, captured("s2", employee(7), dualtone.New)) // Not a member.
	got, err := b.Cohorts.Cohort(t.Context(), "wave-1")
	if err != nil || got.Created.IsZero() {
		t.Errorf("created %s: %v", got.Created, err)
	}
	got.Created = noon()
	want := cutover.Cohort{Name: "wave-1", Note: "pilots", Actor: "ada", Created: noon(), Size: 5, States: map[cutover.State]int{cutover.Planned: 4, cutover.Captured: 1}}
	same(t, "the cohort", want, got)
}

func cohortList(t *testing.T, b *bench) {
	b.wave(t)
	for _, c := range []cutover.Cohort{{Name: "Ada", Actor: "ada", Created: noon()}, {Name: "zero", Note: "no Pilots", Actor: "ada"}} {
		if err := b.Cohorts.Create(t.Context(), c, []dualtone.PersonID{"p007"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		q    cutover.CohortQuery
		want string
	}{
		{cutover.CohortQuery{}, "Ada wave-1 zero"},
		{cutover.CohortQuery{Text: "PILOT"}, "wave-1 zero"},
		{cutover.CohortQuery{Text: "wave"}, "wave-1"},
		{cutover.CohortQuery{After: "Ada", Limit: 1}, "wave-1"},
		{cutover.CohortQuery{After: "zero"}, ""},
	} {
		all, err := b.Cohorts.Cohorts(t.Context(), c.q)
		var names []string
		for _, found := range all {
			names = append(names, found.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != c.want {
			t.Errorf("%+v: %q, want %q: %v", c.q, got, c.want, err)
		}
	}
}

// members checks a page as position:person.
func (b *bench) members(t *testing.T, want string, q cutover.MemberQuery) {
	t.Helper()
	q.Cohort = "wave-1"
	all, err := b.Cohorts.Members(t.Context(), q)
	var got []string
	for _, m := range all {
		got = append(got, fmt.Sprintf("%d:%s", m.Position, m.ID))
	}
	if text := strings.Join(got, " "); err != nil || text != want {
		t.Errorf("%+v: %q, want %q: %v", q, text, want, err)
	}
}

func memberOrder(t *testing.T, b *bench) {
	b.wave(t)
	b.members(t, "1:p005 2:p001 3:p004 4:p002 5:p003", cutover.MemberQuery{})
	b.members(t, "1:p005 2:p001", cutover.MemberQuery{Limit: 2})
	b.members(t, "3:p004 4:p002", cutover.MemberQuery{After: 2, Limit: 2})
	b.members(t, "", cutover.MemberQuery{After: 5})
	b.members(t, "5:p003 4:p002", cutover.MemberQuery{Reverse: true, Limit: 2})
	b.members(t, "3:p004 2:p001 1:p005", cutover.MemberQuery{Reverse: true, After: 4})
	b.members(t, "", cutover.MemberQuery{Reverse: true, After: 1})
}

func memberSelection(t *testing.T, b *bench) {
	b.wave(t)
	b.keep(t, captured("s1", employee(4), dualtone.New))
	b.record(t, reached(b.keep(t, captured("s2", employee(2), dualtone.New)), cutover.OnNew, 1))
	b.members(t, "3:p004", cutover.MemberQuery{States: []cutover.State{cutover.Captured}})
	b.members(t, "1:p005 2:p001 4:p002 5:p003", cutover.MemberQuery{States: []cutover.State{cutover.Planned, cutover.OnNew}})
	b.members(t, "4:p002", cutover.MemberQuery{Side: dualtone.New})
	b.members(t, "5:p003 3:p004", cutover.MemberQuery{Side: dualtone.Old, Reverse: true, Limit: 2})
	b.members(t, "2:p001", cutover.MemberQuery{Side: dualtone.Old, States: []cutover.State{cutover.Planned}, After: 1, Limit: 1})
	b.members(t, "", cutover.MemberQuery{Side: dualtone.New, States: []cutover.State{cutover.Captured}})
}

// memberRetry: somebody whose move failed and was taken back is as restored as somebody
// who was moved and then taken back on purpose, and is the only one to try again.
func memberRetry(t *testing.T, b *bench) {
	b.wave(t)
	move := func(id cutover.SwitchID, person int, to dualtone.Side, state cutover.State) {
		b.record(t, reached(b.keep(t, captured(id, employee(person), to)), state, 1))
	}
	move("s1", 4, dualtone.New, cutover.Restored)
	move("s2", 1, dualtone.New, cutover.OnNew)
	move("s3", 1, dualtone.Old, cutover.Restored)
	move("s4", 5, dualtone.New, cutover.Deferred)
	move("s5", 2, dualtone.New, cutover.OnNew)
	move("s6", 3, dualtone.New, cutover.OnNew)
	move("s7", 3, dualtone.Old, cutover.Deferred)
	b.members(t, "1:p005 3:p004", cutover.MemberQuery{Retry: dualtone.New})
	b.members(t, "1:p005", cutover.MemberQuery{Retry: dualtone.New, States: []cutover.State{cutover.Deferred}})
	b.members(t, "5:p003", cutover.MemberQuery{Retry: dualtone.Old})
}
