package people

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
)

func TestAnAccountIsFoundByTheStrongestKey(t *testing.T) {
	t.Parallel()
	ada := dualtone.Person{ID: "ada", FederationID: "F-Ada", Email: "Ada@example.com", Extension: "1001", Numbers: []dualtone.Number{"+49301"}}
	for name, c := range map[string]struct {
		user dualtone.User
		want Key
	}{
		"federation id":        {dualtone.User{FederationID: "f-ada", Email: "ada@example.com"}, FederationID},
		"login is federation":  {dualtone.User{Login: "f-ada"}, FederationID},
		"e-mail":               {dualtone.User{Email: "ada@EXAMPLE.com", Extension: "1001"}, Email},
		"login is an e-mail":   {dualtone.User{Login: "ada@example.com"}, Email},
		"extension":            {dualtone.User{Extension: "1001", Numbers: []dualtone.Number{"+49301"}}, Extension},
		"login is extension":   {dualtone.User{Login: "1001"}, Extension},
		"number":               {dualtone.User{Numbers: []dualtone.Number{"+9", "+49 30-1"}}, Number},
		"inactive if the only": {dualtone.User{Email: "ada@example.com"}, Email},
	} {
		c.user.ID, c.user.Active = "u", name != "inactive if the only"
		got := Match([]dualtone.Person{ada}, []dualtone.User{c.user, {ID: "x"}}, nil, nil)
		want := []Matched{{Person: "ada", System: CRM, Account: "u", By: c.want, Inactive: !c.user.Active}}
		if diff := cmp.Diff(want, got.Matches); diff != "" || len(got.Missing) != 2 || len(got.Unclaimed) != 1 {
			t.Errorf("%s: %+v: -want +got\n%s", name, got, diff)
		}
	}
}

func TestSidesFollowTheCallCenters(t *testing.T) {
	t.Parallel()
	r := Match([]dualtone.Person{{ID: "a", Extension: "1"}, {ID: "b", Extension: "2"}, {ID: "c", Extension: "3"}, {ID: "d", Extension: "4"}},
		[]dualtone.User{
			{ID: "u1", Extension: "1", CallCenter: "pbx"},
			{ID: "u2", Extension: "2", CallCenter: "cloud"},
			{ID: "u3", Extension: "3", CallCenter: "other"},
			{ID: "u4", Extension: "4"},
		}, nil, nil)
	want := map[dualtone.PersonID]dualtone.Side{"a": dualtone.Old, "b": dualtone.New}
	if diff := cmp.Diff(want, r.Sides("pbx", "cloud")); diff != "" {
		t.Errorf("sides (-want +got):\n%s", diff)
	}
}

func TestWhatTwoAnswersFitIsListedAndNotDecided(t *testing.T) {
	t.Parallel()
	mail := func(id dualtone.UserID, email, federation string) dualtone.User {
		return dualtone.User{ID: id, Email: email, FederationID: federation, Active: true}
	}
	a := dualtone.Person{ID: "a", Email: "a@x.de", FederationID: "fa"}
	b := dualtone.Person{ID: "b", Email: "b@x.de"}
	for name, c := range map[string]struct {
		people []dualtone.Person
		users  []dualtone.User
		want   Report
	}{
		"two candidates": {
			[]dualtone.Person{b},
			[]dualtone.User{mail("2", "b@x.de", ""), mail("1", "b@x.de", "")},
			Report{Ambiguous: []Ambiguity{{Person: "b", System: Old, By: Email, Accounts: []dualtone.UserID{"1", "2"}, Count: 2}}},
		},
		"an old account beside the active one": {
			[]dualtone.Person{b},
			[]dualtone.User{mail("2", "b@x.de", ""), {ID: "1", Email: "b@x.de"}},
			Report{Matches: []Matched{{Person: "b", System: Old, Account: "2", By: Email}}},
		},
		"two people for one account": {
			[]dualtone.Person{a, b},
			[]dualtone.User{mail("1", "b@x.de", "fa")},
			Report{Claimed: []Claim{{System: Old, Account: "1", People: []Claimant{{"a", FederationID}, {"b", Email}}}}},
		},
		"keys that disagree": {
			[]dualtone.Person{a},
			[]dualtone.User{mail("1", "", "fa"), mail("2", "a@x.de", "")},
			Report{Conflicts: []Conflict{{Person: "a", System: Old, Says: []Saying{{FederationID, "1"}, {Email, "2"}}}}},
		},
		"the user list's word stands": {
			[]dualtone.Person{{ID: "c", Accounts: dualtone.Accounts{Old: "1"}}, b},
			[]dualtone.User{mail("1", "b@x.de", "")},
			Report{
				Matches: []Matched{{Person: "c", System: Old, Account: "1", By: Given}},
				Claimed: []Claim{{System: Old, Account: "1", Holder: "c", People: []Claimant{{"b", Email}}}},
			},
		},
		"a given account that is not there": {
			[]dualtone.Person{{ID: "c", Accounts: dualtone.Accounts{Old: "9"}}},
			[]dualtone.User{mail("1", "", "")},
			Report{Missing: []Missing{{Person: "c", System: Old, Given: "9"}}, Unclaimed: []Unclaimed{{Old, mail("1", "", "")}}},
		},
	} {
		got := Match(c.people, nil, c.users, nil)
		got.People = 0
		got.Missing = slices.DeleteFunc(got.Missing, func(m Missing) bool { return m.System != Old })
		if len(got.Missing) == 0 {
			got.Missing = nil
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func drawUsers(t *rapid.T, label string) []dualtone.User {
	few := func(kind string) *rapid.Generator[string] {
		return rapid.SampledFrom([]string{"", "", kind + "1", kind + "2", kind + "3", kind + "4"})
	}
	n := rapid.IntRange(0, 6).Draw(t, label)
	users := make([]dualtone.User, n)
	for i := range users {
		users[i] = dualtone.User{
			ID: dualtone.UserID(fmt.Sprint("u", i)), FederationID: few("f").Draw(t, "f"), Email: few("e@").Draw(t, "e"),
			Extension: few("x").Draw(t, "x"), Login: few("f").Draw(t, "login"), Active: rapid.Bool().Draw(t, "active"),
		}
		if n := few("+").Draw(t, "n"); n != "" {
			users[i].Numbers = []dualtone.Number{dualtone.Number(n), "+0"}
		}
	}
	return users
}

func TestNoAccountIsGivenTwiceAndTheOrderOfTheInputDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var people []dualtone.Person
		for i, u := range drawUsers(t, "people") {
			p := dualtone.Person{ID: dualtone.PersonID(fmt.Sprint("p", i)), FederationID: u.FederationID, Email: u.Email, Extension: u.Extension, Numbers: u.Numbers}
			if rapid.IntRange(0, 5).Draw(t, "given") == 0 {
				p.Accounts.New = dualtone.UserID(fmt.Sprint("u", rapid.IntRange(0, 7).Draw(t, "account")))
			}
			people = append(people, p)
		}
		crm, old, cloud := drawUsers(t, "crm"), drawUsers(t, "old"), drawUsers(t, "new")
		got := Match(people, crm, old, cloud)
		checkReport(t, got, len(people))

		shuffle := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)) //nolint:gosec // G404: an order.
		for _, users := range [][]dualtone.User{crm, old, cloud} {
			shuffle.Shuffle(len(users), func(i, j int) { users[i], users[j] = users[j], users[i] })
		}
		shuffle.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
		if diff := cmp.Diff(got, Match(people, crm, old, cloud)); diff != "" {
			t.Fatalf("another order of the input: -want +got\n%s", diff)
		}
	})
}

// checkReport checks that each person is told of once a system, and that no
// account is given twice or called unclaimed when it is given.
func checkReport(t *rapid.T, r Report, people int) {
	type account struct {
		System
		dualtone.UserID
	}
	type person struct {
		System
		dualtone.PersonID
	}
	given, told := map[account]bool{}, map[person]int{}
	for _, m := range r.Matches {
		if given[account{m.System, m.Account}] {
			t.Fatalf("account %s of %s is given twice", m.Account, m.System)
		}
		given[account{m.System, m.Account}] = true
		told[person{m.System, m.Person}]++
	}
	for _, x := range r.Ambiguous {
		told[person{x.System, x.Person}]++
		if x.Count < 2 || len(x.Accounts) < 2 {
			t.Fatalf("ambiguous with %+v", x)
		}
	}
	for _, x := range r.Conflicts {
		told[person{x.System, x.Person}]++
	}
	for _, x := range r.Missing {
		told[person{x.System, x.Person}]++
	}
	for _, x := range r.Claimed {
		for _, c := range x.People {
			told[person{x.System, c.Person}]++
		}
	}
	for _, u := range r.Unclaimed {
		if given[account{u.System, u.User.ID}] {
			t.Fatalf("account %s of %s is given and unclaimed", u.User.ID, u.System)
		}
	}
	for p, n := range told {
		if n != 1 {
			t.Fatalf("%v is told of %d times", p, n)
		}
	}
	if len(told) != 3*people {
		t.Fatalf("%d answers for %d people on three systems", len(told), people)
	}
}

func company(n int) (people []dualtone.Person, users []dualtone.User) {
	for i := range n {
		u := dualtone.User{
			ID: dualtone.UserID(fmt.Sprintf("u%06d", i)), Email: fmt.Sprintf("agent%d@example.com", i), Active: true,
			Extension: strconv.Itoa(100000 + i), Numbers: []dualtone.Number{dualtone.Number(fmt.Sprintf("+4930%07d", i)), "+493000"},
		}
		users = append(users, u)
		people = append(people, dualtone.Person{
			ID: dualtone.PersonID(fmt.Sprintf("p%06d", i)), FederationID: fmt.Sprint("f", i), Email: u.Email, Extension: u.Extension, Numbers: u.Numbers,
		})
	}
	return people, users
}

func TestANumberThatEverybodyHasDoesNotSlowAMatchDown(t *testing.T) {
	t.Parallel()
	people, users := company(5000)
	for i := range people {
		people[i].Email, people[i].Extension = "", ""
	}
	got := Match(people, users, users, users)
	if len(got.Ambiguous) != 15000 || len(got.Ambiguous[0].Accounts) > mostShown {
		t.Errorf("%d ambiguous", len(got.Ambiguous))
	}
}

func BenchmarkMatch100000(b *testing.B) {
	people, users := company(100000)
	for b.Loop() {
		if got := Match(people, users, users, users); got.Complete() != len(people) {
			b.Fatal(got.Complete())
		}
	}
}
