package cutover

import (
	"context"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// UserList is a user list as Import takes it.
type UserList struct {
	People []dualtone.Person
	// Lacks are the columns that its source does not have.
	Lacks []string
}

// Astray are those whose calls the list would lead astray: by numbers that it gives to people
// who do not have them now, and by any number that changes hands while its owner is
// switched. Who is not known yet is taken to be on the old side, as Import does.
func (l *UserList) Astray(
	ctx context.Context, known []PersonState, active routing.Active, options routing.Options, now time.Time,
) ([]routing.Stray, error) {
	if slices.Contains(l.Lacks, "numbers") {
		return nil, nil
	}
	at := make(map[dualtone.PersonID]int, len(known))
	for i := range known {
		at[known[i].ID] = i
	}
	var given []routing.Resident
	var moving []routing.Stray
	for i := range l.People {
		p := &l.People[i]
		was := PersonState{Side: dualtone.Old}
		if i, ok := at[p.ID]; ok {
			was = known[i]
		}
		gains := residents(p.ID, was.Side, p.Numbers, was.Numbers)
		if !was.moving() {
			given = append(given, gains...)
			continue
		}
		for _, r := range append(gains, residents(p.ID, was.Side, was.Numbers, p.Numbers)...) {
			moving = append(moving, routing.Stray{Resident: r, Moving: true})
		}
	}
	led, err := routing.StraysAmong(ctx, given, active, options, now)
	return append(moving, led...), err
}

// residents are the numbers of somebody that are not among others.
func residents(p dualtone.PersonID, side dualtone.Side, numbers, others []dualtone.Number) []routing.Resident {
	var all []routing.Resident
	for _, n := range numbers {
		if !slices.Contains(others, n) {
			all = append(all, routing.Resident{Person: p, Number: n, Side: side})
		}
	}
	return all
}

// moving reports whether a switch of the person is under way.
func (p *PersonState) moving() bool { return p.State != "" && p.State != Planned && !p.State.Final() }

// StrayListError says whose calls a user list would lead astray.
type StrayListError struct{ routing.StrayError }

// Unwrap makes it one of calls that go astray.
func (e *StrayListError) Unwrap() error { return &e.StrayError }

// Next says what is to be done.
func (*StrayListError) Next() string {
	return "dualtone route set leads a number to where its owner is, and who is being switched has soon arrived; --allow-stray takes the list in all the same, as for people whom dualtone users match is to find on the new side"
}
