package cutovertest

import (
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// RunPeople holds a user list to its port.
func RunPeople(t *testing.T, open Open) {
	t.Helper()
	runPromises(t, open, []promise{
		{"an unknown person is not found", unknownPerson},
		{"an import replaces what is known and keeps the accounts that it does not give", importReplaces},
		{"an import keeps the attributes that it does not give, and takes away those it gives without values", importAttributes},
		{"an import leaves people where they are", importKeepsPlace},
		{"an import leaves what its list lacks", importKeepsWhatTheListLacks},
		{"an account or number of somebody else is refused, both are named, nothing is stored", claimsRefused},
		{"an import without an id or with somebody twice is refused", importInvalid},
		{"two people swap accounts and numbers in one import", swap},
		{"a match keeps the accounts that it does not give", matchKeeps},
		{"a match is made for all or for none", matchAllOrNone},
		{"who was never switched is where they are said to be", placeTheUnswitched},
		{"a list is in the order of ids and pages go on after a person", listPages},
		{"a list holds what is asked for", listSelects},
	})
}

func unknownPerson(t *testing.T, b *bench) {
	_, err := b.People.Person(t.Context(), "nobody")
	refused(t, "unknown person", err, dualtone.ErrNotFound, "nobody")
}

func importReplaces(t *testing.T, b *bench) {
	p := employee(1)
	b.hire(t, p)
	same(t, "a new person", cutover.PersonState{Person: p, Side: dualtone.Old}, b.person(t, p.ID))
	p.Name, p.Team, p.Numbers = "Ada", "", []dualtone.Number{"+4930999", "+4930998"}
	again := p
	again.Accounts = dualtone.Accounts{New: "other"}
	b.hire(t, again)
	p.Accounts.New = "other"
	same(t, "the person", cutover.PersonState{Person: p, Side: dualtone.Old}, b.person(t, p.ID))
	b.hire(t)
}

func importAttributes(t *testing.T, b *bench) {
	p := employee(1)
	p.Attributes = dualtone.Attributes{"queue": {"sales-uk", "sales-ie"}, "shift": {"early"}, "vip": {}}
	b.hire(t, p)
	same(t, "new attributes", dualtone.Attributes{"queue": {"sales-uk", "sales-ie"}, "shift": {"early"}}, b.person(t, p.ID).Attributes)
	p.Attributes = nil
	b.hire(t, p)
	same(t, "none given", dualtone.Attributes{"queue": {"sales-uk", "sales-ie"}, "shift": {"early"}}, b.person(t, p.ID).Attributes)
	p.Attributes = dualtone.Attributes{"queue": {"sales-uk"}, "shift": {}, "x_desk": {"4 b"}}
	b.hire(t, p)
	same(t, "some given", dualtone.Attributes{"queue": {"sales-uk"}, "x_desk": {"4 b"}}, b.person(t, p.ID).Attributes)
}

func importKeepsPlace(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	w := b.keep(t, captured("s1", employee(1), dualtone.New))
	b.record(t, reached(w, cutover.OnNew, 1))
	before := b.person(t, "p001")
	b.hire(t, employee(1), employee(2))
	same(t, "where they are", before, b.person(t, "p001"))
}

func importKeepsWhatTheListLacks(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	before := b.person(t, "p001")
	why := why()
	why.Lacks = []string{"email", "federation_id", "extension", "numbers", "site", "team"}
	list := []dualtone.Person{{ID: "p001", Name: before.Name}, {ID: "p009", Name: "New"}}
	if err := b.People.Import(t.Context(), list, why); err != nil {
		t.Fatal(err)
	}
	same(t, "what the list lacks", before, b.person(t, "p001"))
	why.Lacks = []string{"email", "federation_id", "extension", "site", "team"}
	if err := b.People.Import(t.Context(), list, why); err != nil {
		t.Fatal(err)
	}
	before.Numbers = nil
	same(t, "numbers that are empty in the list", before, b.person(t, "p001"))
}

func claimsRefused(t *testing.T, b *bench) {
	b.hire(t, employees(2)...)
	for what, change := range map[string]func(*dualtone.Person){
		"CRM account": func(p *dualtone.Person) { p.Accounts.CRM = "crmp001" },
		"old account": func(p *dualtone.Person) { p.Accounts.Old = "oldp001" },
		"new account": func(p *dualtone.Person) { p.Accounts.New = "newp001" },
		"number":      func(p *dualtone.Person) { p.Numbers = []dualtone.Number{"+49301234001"} },
	} {
		thief := employee(3)
		change(&thief)
		err := b.People.Import(t.Context(), []dualtone.Person{employee(4), thief}, why())
		refused(t, what, err, dualtone.ErrConflict, "p001", "p003")
	}
	one, two := employee(5), employee(6)
	two.Accounts.Old = one.Accounts.Old
	err := b.People.Import(t.Context(), []dualtone.Person{one, two}, why())
	refused(t, "two of one import", err, dualtone.ErrConflict, "p005", "p006")
	if all, err := b.People.List(t.Context(), cutover.PeopleQuery{}); err != nil || len(all) != 2 {
		t.Errorf("%d people after refused imports: %v", len(all), err)
	}
}

func importInvalid(t *testing.T, b *bench) {
	refused(t, "no id", b.People.Import(t.Context(), []dualtone.Person{{Name: "Ghost"}}, why()), dualtone.ErrInvalid, "Ghost")
	refused(t, "twice", b.People.Import(t.Context(), []dualtone.Person{employee(1), employee(1)}, why()), dualtone.ErrInvalid, "p001")
}

func swap(t *testing.T, b *bench) {
	b.hire(t, employees(2)...)
	one, two := employee(1), employee(2)
	one.Accounts, two.Accounts = two.Accounts, one.Accounts
	one.Numbers, two.Numbers = two.Numbers, one.Numbers
	b.hire(t, one, two)
	same(t, "the first", one, b.person(t, "p001").Person)
	same(t, "the second", two, b.person(t, "p002").Person)
	accounts := map[dualtone.PersonID]dualtone.Accounts{"p001": {CRM: "crmp001"}, "p002": {CRM: "crmp002"}}
	if err := b.People.Match(t.Context(), accounts, why()); err != nil {
		t.Errorf("a match that swaps: %v", err)
	}
	if got := b.person(t, "p001").Accounts.CRM; got != "crmp001" {
		t.Errorf("the first has %s after a match that swaps", got)
	}
}

func matchKeeps(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	if err := b.People.Match(t.Context(), map[dualtone.PersonID]dualtone.Accounts{"p001": {Old: "1001"}}, why()); err != nil {
		t.Fatal(err)
	}
	want := employee(1)
	want.Accounts.Old = "1001"
	same(t, "the person", want, b.person(t, "p001").Person)
	if err := b.People.Match(t.Context(), nil, why()); err != nil {
		t.Errorf("a match of nobody: %v", err)
	}
}

func matchAllOrNone(t *testing.T, b *bench) {
	b.hire(t, employees(2)...)
	err := b.People.Match(t.Context(), map[dualtone.PersonID]dualtone.Accounts{"p001": {Old: "x"}, "ghost": {Old: "y"}}, why())
	refused(t, "somebody unknown", err, dualtone.ErrNotFound, "ghost")
	err = b.People.Match(t.Context(), map[dualtone.PersonID]dualtone.Accounts{"p001": {Old: "x"}, "p002": {Old: "x"}}, why())
	refused(t, "two claims", err, dualtone.ErrConflict, "p001", "p002")
	err = b.People.Match(t.Context(), map[dualtone.PersonID]dualtone.Accounts{"p001": {Old: "x", CRM: "crmp002"}}, why())
	refused(t, "a claim on somebody else's", err, dualtone.ErrConflict, "p001", "p002")
	same(t, "after refused matches", employee(1), b.person(t, "p001").Person)
}

func placeTheUnswitched(t *testing.T, b *bench) {
	b.hire(t, employees(3)...)
	w := b.keep(t, captured("s1", employee(1), dualtone.New))
	b.record(t, reached(w, cutover.OnNew, 1))
	said := map[dualtone.PersonID]dualtone.Side{"p001": dualtone.Old, "p002": dualtone.New, "p003": dualtone.Old, "ghost": dualtone.New}
	for _, want := range []int{1, 0} {
		if moved, err := b.People.Place(t.Context(), said, why()); err != nil || moved != want {
			t.Errorf("%d people were placed, want %d: %v", moved, want, err)
		}
	}
	for id, want := range map[dualtone.PersonID]dualtone.Side{"p001": dualtone.New, "p002": dualtone.New, "p003": dualtone.Old} {
		if p := b.person(t, id); p.Side != want {
			t.Errorf("%s is on the %s side, want %s", id, p.Side, want)
		}
	}
}

func listPages(t *testing.T, b *bench) {
	people := employees(25)
	people[24].ID = "Zoe" // Capitals come first: ids are ordered byte by byte.
	b.hire(t, people...)
	var walked []dualtone.PersonID
	for after := dualtone.PersonID(""); ; after = walked[len(walked)-1] {
		part, err := b.People.List(t.Context(), cutover.PeopleQuery{After: after, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(part) == 0 {
			break
		}
		if len(part) > 10 {
			t.Errorf("a page of %d", len(part))
		}
		for _, p := range part {
			walked = append(walked, p.ID)
		}
	}
	if len(walked) != 25 || walked[0] != "Zoe" || walked[24] != "p024" {
		t.Errorf("walked %v", walked)
	}
}

func listSelects(t *testing.T, b *bench) {
	people := employees(25)
	people[3].Site, people[4].Accounts.New, people[5].Name, people[6].Team = "bonn", "", "100% Ada_", "support"
	people[7].Attributes = dualtone.Attributes{"queue": {"a", "b"}, "skill": {"x"}}
	people[8].Attributes = dualtone.Attributes{"queue": {"b"}}
	b.hire(t, people...)
	if err := b.Cohorts.Create(t.Context(), cutover.Cohort{Name: "first", Actor: "ada"}, []dualtone.PersonID{"p002", "p001"}); err != nil {
		t.Fatal(err)
	}
	b.record(t, reached(b.keep(t, captured("s1", employee(1), dualtone.New)), cutover.OnNew, 1))
	for name, c := range map[string]struct {
		q    cutover.PeopleQuery
		want int
	}{
		"all":             {cutover.PeopleQuery{}, 25},
		"ids":             {cutover.PeopleQuery{IDs: []dualtone.PersonID{"p002", "ghost", "p001", "p002"}}, 2},
		"id and side":     {cutover.PeopleQuery{IDs: []dualtone.PersonID{"p002", "p001"}, Side: dualtone.New}, 1},
		"numbers":         {cutover.PeopleQuery{Numbers: []dualtone.Number{"+49301234002", "+49301234001", "+4930999"}}, 2},
		"number and side": {cutover.PeopleQuery{Numbers: []dualtone.Number{"+49301234002", "+49301234001"}, Side: dualtone.Old}, 1},
		"accounts":        {cutover.PeopleQuery{Accounts: dualtone.Accounts{CRM: employee(1).Accounts.CRM, Old: employee(2).Accounts.Old, New: employee(3).Accounts.New}}, 3},
		"one account":     {cutover.PeopleQuery{Accounts: dualtone.Accounts{Old: employee(2).Accounts.Old}}, 1},
		"no such account": {cutover.PeopleQuery{Accounts: dualtone.Accounts{CRM: employee(1).Accounts.Old}}, 0},
		"site":            {cutover.PeopleQuery{Site: "bonn"}, 1},
		"team":            {cutover.PeopleQuery{Team: "support"}, 1},
		"attribute":       {cutover.PeopleQuery{Attributes: map[string]string{"queue": "b"}}, 2},
		"attributes":      {cutover.PeopleQuery{Attributes: map[string]string{"queue": "b", "skill": "x"}}, 1},
		"no such value":   {cutover.PeopleQuery{Attributes: map[string]string{"queue": "c"}}, 0},
		"never switched":  {cutover.PeopleQuery{State: cutover.Planned}, 24},
		"state":           {cutover.PeopleQuery{State: cutover.OnNew}, 1},
		"new side":        {cutover.PeopleQuery{Side: dualtone.New}, 1},
		"old side":        {cutover.PeopleQuery{Side: dualtone.Old}, 24},
		"unmatched":       {cutover.PeopleQuery{Unmatched: cutover.Only}, 1},
		"matched":         {cutover.PeopleQuery{Unmatched: cutover.Except}, 24},
		"cohort":          {cutover.PeopleQuery{Cohort: "first"}, 2},
		"cohort and side": {cutover.PeopleQuery{Cohort: "first", Side: dualtone.Old}, 1},
		"no such cohort":  {cutover.PeopleQuery{Cohort: "second"}, 0},
		"percent":         {cutover.PeopleQuery{Text: "100%"}, 1},
		"underscore":      {cutover.PeopleQuery{Text: "ADA_"}, 1},
		"id or mail":      {cutover.PeopleQuery{Text: "p00"}, 9},
		"extension":       {cutover.PeopleQuery{Text: "1025"}, 1},
	} {
		if got, err := b.People.List(t.Context(), c.q); err != nil || len(got) != c.want {
			t.Errorf("%s: %d people, want %d: %v", name, len(got), c.want, err)
		}
	}
	_, err := b.People.List(t.Context(), cutover.PeopleQuery{Unmatched: "perhaps"})
	refused(t, "an unknown selection", err, dualtone.ErrInvalid, "perhaps")
}
