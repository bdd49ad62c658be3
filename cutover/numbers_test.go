package cutover_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/routingtest"
)

func holding(id dualtone.PersonID, numbers ...dualtone.Number) dualtone.Person {
	return dualtone.Person{ID: id, Numbers: numbers}
}

func TestAUserListTellsWhoseCallsItLeadsAstray(t *testing.T) {
	t.Parallel()
	table := &routingtest.Router{}
	var changes []routing.Change
	for number, side := range map[dualtone.Number]dualtone.Side{"default": dualtone.Old, "+493020": dualtone.New, "+493021": dualtone.New, "+493030": dualtone.Old} {
		changes = append(changes, routing.Change{To: routing.Route{Number: number, Sides: []dualtone.Side{side}}})
	}
	if _, err := table.Apply(t.Context(), changes, routing.Provenance{}); err != nil {
		t.Fatal(err)
	}
	known := []cutover.PersonState{
		{Person: holding("omar", "+493010"), Side: dualtone.Old, State: cutover.Restored, Switch: "s1"},
		{Person: holding("nina", "+493020", "+493021"), Side: dualtone.New, State: cutover.OnNew, Switch: "s2"},
		{Person: holding("lost", "+493030"), Side: dualtone.New, State: cutover.OnNew, Switch: "s3"},
		{Person: holding("mona", "+493040"), Side: dualtone.Old, State: cutover.Drained, Switch: "s4"},
	}
	const (
		toOmar   = "omar is on the old side, and calls to +493020 would not ring there first (rule +493020)"
		toNina   = "nina is on the new side, and calls to +493010 would not ring there first (rule default)"
		toFresh  = "fred is on the old side, and calls to +493021 would not ring there first (rule +493021)"
		lostMona = "mona is being switched, and until that is over nobody knows where calls to +493040 are to ring"
		toMona   = "mona is being switched, and until that is over nobody knows where calls to +493041 are to ring"
	)
	for name, c := range map[string]struct {
		list   []dualtone.Person
		lacks  string
		strays []string
	}{
		"as it is":                             {list: []dualtone.Person{known[0].Person, known[1].Person, known[2].Person, known[3].Person}},
		"in another order":                     {list: []dualtone.Person{holding("nina", "+493021", "+493020")}},
		"numbers that route where they are":    {list: []dualtone.Person{holding("omar", "+493011"), holding("lost", "+493030", "+493021"), holding("nina", "+493020"), holding("fred", "+493012")}},
		"a number of the other side":           {list: []dualtone.Person{holding("omar", "+493010", "+493020"), holding("nina")}, strays: []string{toOmar}},
		"two swap theirs":                      {list: []dualtone.Person{holding("omar", "+493020"), holding("nina", "+493010", "+493021")}, strays: []string{toOmar, toNina}},
		"who is new is on the old side":        {list: []dualtone.Person{holding("nina", "+493020"), holding("fred", "+493021")}, strays: []string{toFresh}},
		"who is being switched keeps theirs":   {list: []dualtone.Person{holding("mona", "+493041")}, strays: []string{toMona, lostMona}},
		"a list that does not speak of it":     {list: []dualtone.Person{holding("mona"), holding("omar", "+493020")}, lacks: "numbers"},
		"a list that lacks something else":     {list: []dualtone.Person{holding("omar", "+493020")}, lacks: "team", strays: []string{toOmar}},
		"nobody's number, which leads astray":  {list: []dualtone.Person{holding("lost", "+493030", "+493031")}, strays: []string{"lost is on the new side, and calls to +493031 would not ring there first (rule default)"}},
		"who is astray already is not told of": {list: []dualtone.Person{holding("lost", "+493030")}},
	} {
		l := cutover.UserList{People: c.list, Lacks: []string{c.lacks}}
		strays, err := l.Astray(t.Context(), known, table, routing.Options{}, time.Now())
		var found []string
		for i := range strays {
			found = append(found, strays[i].String())
		}
		if strings.Join(found, "\n") != strings.Join(c.strays, "\n") || err != nil {
			t.Errorf("%s (%v): astray are\n%s\nwant\n%s", name, err, strings.Join(found, "\n"), strings.Join(c.strays, "\n"))
		}
	}
}

func TestARefusedUserListIsAConflictAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	err := error(&cutover.StrayListError{StrayError: routing.StrayError{Strays: []routing.Stray{{Resident: routing.Resident{Person: "omar", Number: "+493020", Side: dualtone.Old}}}}})
	const says = "calls would go astray: omar is on the old side, and no rule would say where calls to +493020 go: conflict"
	stray, ok := errors.AsType[*routing.StrayError](err)
	if !ok || len(stray.Strays) != 1 || !errors.Is(err, dualtone.ErrConflict) || err.Error() != says || !strings.Contains(dualtone.Next(err), "takes the list in all the same") {
		t.Errorf("%v; next: %s", err, dualtone.Next(err))
	}
}
