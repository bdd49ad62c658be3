package people

import (
	"fmt"
	"strings"

	"github.com/dualtone/dualtone"
)

// Problem is why somebody has no account on a system, for people.
type Problem struct {
	Person dualtone.PersonID
	System System
	What   string
}

// Problems are those of all people: what is ambiguous, then what contradicts itself,
// what several would have, and what is missing.
func (r *Report) Problems() []Problem {
	var all []Problem
	for _, x := range r.Ambiguous {
		var some []string
		for _, id := range x.Accounts {
			some = append(some, string(id))
		}
		all = append(all, Problem{x.Person, x.System, fmt.Sprintf("ambiguous: %d accounts by %s, such as %s", x.Count, x.By, strings.Join(some, " "))})
	}
	for _, x := range r.Conflicts {
		var says []string
		for _, s := range x.Says {
			says = append(says, fmt.Sprintf("%s says %s", s.By, s.Account))
		}
		all = append(all, Problem{x.Person, x.System, "conflict: " + strings.Join(says, ", ")})
	}
	for _, x := range r.Claimed {
		holder := "nobody gets it"
		if x.Holder != "" {
			holder = string(x.Holder) + " has it"
		}
		for _, p := range x.People {
			all = append(all, Problem{p.Person, x.System, fmt.Sprintf("account %s would be theirs by %s, and others' too: %s", x.Account, p.By, holder)})
		}
	}
	for _, x := range r.Missing {
		what := "missing: no account was found"
		if x.Given != "" {
			what = fmt.Sprintf("missing: there is no account %s, which the user list names", x.Given)
		}
		all = append(all, Problem{x.Person, x.System, what})
	}
	return all
}

// Matched counts the people with an account on a system.
func (r *Report) Matched(s System) int {
	n := 0
	for _, m := range r.Matches {
		if m.System == s {
			n++
		}
	}
	return n
}
