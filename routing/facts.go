package routing

import "cmp"

// Facts are what is true of a number whatever its plan: whose it is, and what answers
// there. Each tells whether somebody who changes routes speaks of it.
type Facts struct{ Person, Queue, Answers bool }

// Kept returns the wanted route with what stands of the number where nobody has
// spoken of it. Without that a plan alone would make the number of a queue one of
// nobody, where both sides may ring.
func (said Facts) Kept(want, have Route) Route {
	if len(want.Sides) == 0 || len(have.Sides) == 0 {
		return want
	}
	t := want.terms()
	if !said.Queue && want.Person == "" {
		t.Queue = cmp.Or(t.Queue, have.terms().Queue)
	}
	if !said.Person && t.Queue == "" {
		want.Person = cmp.Or(want.Person, have.Person)
	}
	if !said.Answers {
		t.Answers = cmp.Or(t.Answers, have.terms().Answers)
	}
	if want.Terms = nil; !t.IsZero() {
		want.Terms = &t
	}
	return want
}
