package postgres

import (
	"fmt"
	"strconv"
	"testing"

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

func TestTheHistoryKeepsWhoChangedWhomAndOnlyRealChanges(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	people := NewPeople(pool)
	a, b := agent(1), agent(2)
	for range 2 {
		if err := people.Import(t.Context(), []dualtone.Person{a, b}, why()); err != nil {
			t.Fatal(err)
		}
	}
	a.Accounts, b.Accounts = b.Accounts, a.Accounts
	if err := people.Import(t.Context(), []dualtone.Person{a, b}, why()); err != nil {
		t.Fatal(err)
	}
	if err := people.Match(t.Context(), map[dualtone.PersonID]dualtone.Accounts{"p001": a.Accounts}, why()); err != nil {
		t.Fatal(err)
	}
	var changes int
	const count = "SELECT count(*) FROM people_changes WHERE actor = 'ada' AND source = 'users.csv'"
	if err := pool.QueryRow(t.Context(), count).Scan(&changes); err != nil || changes != 4 {
		t.Errorf("%d changes in the history, want two people put and both changed: %v", changes, err)
	}
}
