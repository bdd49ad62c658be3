package postgres

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

func why() cutover.Import { return cutover.Import{Actor: "ada", Source: "users.csv"} }

func agent(n int) dualtone.Person {
	id := dualtone.PersonID(fmt.Sprintf("p%03d", n))
	return dualtone.Person{
		ID: id, Name: fmt.Sprintf("Agent %d", n), Email: fmt.Sprintf("%s@example.com", id), Extension: strconv.Itoa(1000 + n),
		Numbers: []dualtone.Number{dualtone.Number(fmt.Sprintf("+49301234%03d", n))}, Site: "berlin", Team: "sales",
		Accounts: dualtone.Accounts{
			CRM: dualtone.UserID("crm" + id), Old: dualtone.UserID("old" + id), New: dualtone.UserID("new" + id),
		},
	}
}

func agents(n int) []dualtone.Person {
	all := make([]dualtone.Person, n)
	for i := range all {
		all[i] = agent(i + 1)
	}
	return all
}

func TestAnImportReplacesPeopleButKeepsAccountsThatItDoesNotGive(t *testing.T) {
	t.Parallel()
	people := NewPeople(newPool(t))
	p := agent(1)
	if err := people.Import(t.Context(), []dualtone.Person{p}, why()); err != nil {
		t.Fatal(err)
	}
	p.Name, p.Numbers = "Ada", []dualtone.Number{"+4930999", "+4930998"}
	again := p
	again.Accounts = dualtone.Accounts{New: "other"}
	if err := people.Import(t.Context(), []dualtone.Person{again}, why()); err != nil {
		t.Fatal(err)
	}
	p.Accounts.New = "other"
	got, err := people.Person(t.Context(), p.ID)
	if diff := cmp.Diff(cutover.PersonState{Person: p, Side: dualtone.Old}, got); err != nil || diff != "" {
		t.Errorf("%v: -want +got\n%s", err, diff)
	}
	if _, err := people.Person(t.Context(), "nobody"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("unknown person: %v", err)
	}
}

func TestAnAccountOrNumberOfSomebodyElseIsRefusedAndBothAreNamed(t *testing.T) {
	t.Parallel()
	people := NewPeople(newPool(t))
	if err := people.Import(t.Context(), agents(2), why()); err != nil {
		t.Fatal(err)
	}
	thief := agent(3)
	thief.Accounts.CRM, thief.Numbers = "crmp001", []dualtone.Number{"+49301234002"}
	err := people.Import(t.Context(), []dualtone.Person{agent(4), thief}, why())
	if !errors.Is(err, dualtone.ErrConflict) {
		t.Fatal(err)
	}
	for _, want := range []string{"CRM account crmp001 belongs to person p001 and to person p003", "number +49301234002 belongs to person p002 and to person p003"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
	if all, err := people.List(t.Context(), cutover.PeopleQuery{}); err != nil || len(all) != 2 {
		t.Errorf("%d people after a refused import: %v", len(all), err)
	}
	err = people.Match(t.Context(), map[dualtone.PersonID]dualtone.Accounts{"p001": {Old: "x"}, "p002": {Old: "x"}}, why())
	if !errors.Is(err, dualtone.ErrConflict) || !strings.Contains(err.Error(), "old side x belongs to person p001 and to person p002") {
		t.Errorf("two claims in one match: %v", err)
	}
	err = people.Match(t.Context(), map[dualtone.PersonID]dualtone.Accounts{"p001": {Old: "y"}, "ghost": {Old: "x"}}, why())
	if !errors.Is(err, dualtone.ErrNotFound) || !strings.Contains(err.Error(), "ghost") {
		t.Errorf("a match of somebody unknown: %v", err)
	}
}

func TestTwoPeopleSwapAccountsAndNumbersInOneChange(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	people := NewPeople(pool)
	if err := people.Import(t.Context(), agents(2), why()); err != nil {
		t.Fatal(err)
	}
	a, b := agent(1), agent(2)
	a.Accounts, b.Accounts = b.Accounts, a.Accounts
	a.Numbers, b.Numbers = b.Numbers, a.Numbers
	if err := people.Import(t.Context(), []dualtone.Person{a, b}, why()); err != nil {
		t.Fatal(err)
	}
	got, err := people.Person(t.Context(), a.ID)
	if diff := cmp.Diff(a, got.Person); err != nil || diff != "" {
		t.Errorf("%v: -want +got\n%s", err, diff)
	}
	var changes int
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM people_changes WHERE actor = 'ada'").Scan(&changes); err != nil || changes != 4 {
		t.Errorf("%d changes in the history: %v", changes, err)
	}
	if err := people.Import(t.Context(), []dualtone.Person{a, b}, why()); err != nil {
		t.Fatal(err)
	}
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM people_changes").Scan(&changes); err != nil || changes != 4 {
		t.Errorf("the same import again left %d changes: %v", changes, err)
	}
}

func TestAListIsPagedFilteredAndSearchedLiterally(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	people := NewPeople(pool)
	all := agents(25)
	all[3].Site, all[4].Accounts.New, all[5].Name = "bonn", "", "100% Ada_"
	if err := people.Import(t.Context(), all, why()); err != nil {
		t.Fatal(err)
	}
	if err := NewCohorts(pool).Create(t.Context(), cutover.Cohort{Name: "first", Actor: "ada"}, []dualtone.PersonID{"p002", "p001"}); err != nil {
		t.Fatal(err)
	}
	var walked []dualtone.PersonID
	for after := dualtone.PersonID(""); ; {
		page, err := people.List(t.Context(), cutover.PeopleQuery{After: after, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, p := range page {
			walked = append(walked, p.ID)
		}
		after = page[len(page)-1].ID
	}
	if len(walked) != 25 || walked[24] != "p025" {
		t.Errorf("walked %v", walked)
	}
	for name, c := range map[string]struct {
		q    cutover.PeopleQuery
		want int
	}{
		"site":       {cutover.PeopleQuery{Site: "bonn"}, 1},
		"state":      {cutover.PeopleQuery{State: cutover.Planned}, 25},
		"side":       {cutover.PeopleQuery{Side: dualtone.New}, 0},
		"unmatched":  {cutover.PeopleQuery{Unmatched: cutover.Only}, 1},
		"matched":    {cutover.PeopleQuery{Unmatched: cutover.Except}, 24},
		"cohort":     {cutover.PeopleQuery{Cohort: "first"}, 2},
		"percent":    {cutover.PeopleQuery{Text: "100%"}, 1},
		"underscore": {cutover.PeopleQuery{Text: "ADA_"}, 1},
		"mail":       {cutover.PeopleQuery{Text: "p00"}, 9},
	} {
		if got, err := people.List(t.Context(), c.q); err != nil || len(got) != c.want {
			t.Errorf("%s: %d people, want %d: %v", name, len(got), c.want, err)
		}
	}
}

func TestACohortKeepsItsOrderAndCountsStates(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	if err := NewPeople(pool).Import(t.Context(), agents(7), why()); err != nil {
		t.Fatal(err)
	}
	cohorts := NewCohorts(pool)
	c := cutover.Cohort{Name: "wave-1", Note: "pilots", Actor: "ada"}
	members := []dualtone.PersonID{"p005", "p001", "p004", "p002", "p003"}
	if err := cohorts.Create(t.Context(), c, members); err != nil {
		t.Fatal(err)
	}
	if err := cohorts.Create(t.Context(), c, members); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("a taken name: %v", err)
	}
	err := cohorts.Create(t.Context(), cutover.Cohort{Name: "w2"}, []dualtone.PersonID{"p001", "x", "y"})
	if !errors.Is(err, dualtone.ErrNotFound) || !strings.Contains(err.Error(), "x, y") {
		t.Errorf("unknown members: %v", err)
	}
	if err := cohorts.Create(t.Context(), cutover.Cohort{Name: "w2"}, []dualtone.PersonID{"p001", "p001"}); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("a member twice: %v", err)
	}
	keep(t, pool, cutover.Switch{ID: "s1", Person: "p004", To: dualtone.New, State: cutover.Captured})
	got, err := cohorts.Cohort(t.Context(), "wave-1")
	if err != nil || got.Size != 5 || got.States[cutover.Planned] != 4 || got.States[cutover.Captured] != 1 || got.Created.IsZero() {
		t.Errorf("cohort %+v, %v", got, err)
	}
	check := func(want string, q cutover.MemberQuery) {
		t.Helper()
		page, err := cohorts.Members(t.Context(), q)
		var got strings.Builder
		for _, m := range page {
			fmt.Fprintf(&got, "%d:%s ", m.Position, m.ID)
		}
		if text := got.String(); err != nil || text != want {
			t.Errorf("%+v: %q, want %q: %v", q, text, want, err)
		}
	}
	check("1:p005 2:p001 ", cutover.MemberQuery{Cohort: "wave-1", Limit: 2})
	check("3:p004 4:p002 ", cutover.MemberQuery{Cohort: "wave-1", After: 2, Limit: 2})
	check("5:p003 4:p002 ", cutover.MemberQuery{Cohort: "wave-1", Reverse: true, Limit: 2})
	check("3:p004 2:p001 1:p005 ", cutover.MemberQuery{Cohort: "wave-1", Reverse: true, After: 4})
	check("3:p004 ", cutover.MemberQuery{Cohort: "wave-1", States: []cutover.State{cutover.Captured}})
	check("1:p005 2:p001 4:p002 5:p003 ", cutover.MemberQuery{Cohort: "wave-1", States: []cutover.State{cutover.Planned, cutover.OnNew}})
	check("", cutover.MemberQuery{Cohort: "wave-1", After: 5})
	if _, err := cohorts.Members(t.Context(), cutover.MemberQuery{Cohort: "none"}); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("members of no cohort: %v", err)
	}
	if all, err := cohorts.Cohorts(t.Context(), cutover.CohortQuery{Text: "PILOT"}); err != nil || len(all) != 1 {
		t.Errorf("cohorts %v, %v", all, err)
	}
}
