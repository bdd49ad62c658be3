package people

import (
	"cmp"
	"slices"

	"github.com/dualtone/dualtone"
)

// Match joins people with the accounts of the three systems, each system by
// itself: by the account that the user list gives, else by federation id,
// e-mail, extension and number. The first key that knows an account decides;
// a later one that knows only other accounts makes it a conflict. Nothing that
// two answers fit is decided. The order of the input does not matter; people
// must have different ids.
func Match(persons []dualtone.Person, crm, old, new []dualtone.User) Report { //nolint:predeclared // The side's own name.
	persons = slices.Clone(persons)
	slices.SortFunc(persons, func(a, b dualtone.Person) int { return cmp.Compare(a.ID, b.ID) })
	r := Report{People: len(persons)}
	for _, s := range []struct {
		name  System
		users []dualtone.User
		given func(dualtone.Accounts) dualtone.UserID
	}{
		{CRM, crm, func(a dualtone.Accounts) dualtone.UserID { return a.CRM }},
		{Old, old, func(a dualtone.Accounts) dualtone.UserID { return a.Old }},
		{New, new, func(a dualtone.Accounts) dualtone.UserID { return a.New }},
	} {
		m := matcher{system: s.name, index: newIndex(s.users), report: &r, given: map[int]int{}}
		m.proposed = make([][]Claimant, len(m.index.users))
		for _, p := range persons {
			m.propose(p, s.given(p.Accounts))
		}
		m.settle()
		m.rest()
	}
	r.sort()
	return r
}

// matcher matches people with one system.
type matcher struct {
	system System
	index  *index
	report *Report
	// proposed are the people to whom a key would give a user; given counts how
	// many of them the user list names itself.
	proposed [][]Claimant
	given    map[int]int
}

// propose finds the one account that a person's keys speak for.
func (m *matcher) propose(p dualtone.Person, given dualtone.UserID) {
	if given != "" {
		user, ok := m.index.byID[given]
		if !ok {
			m.report.Missing = append(m.report.Missing, Missing{Person: p.ID, System: m.system, Given: given})
			return
		}
		m.given[user]++
		m.proposed[user] = append(m.proposed[user], Claimant{p.ID, Given})
		return
	}
	var says []Saying
	user, by := -1, Key("")
	for _, key := range keys() {
		values := valuesOf(p, key)
		users, count := m.index.find(key, values)
		switch {
		case count == 0:
		case user < 0 && count > 1:
			m.report.Ambiguous = append(m.report.Ambiguous, Ambiguity{
				Person: p.ID, System: m.system, By: key, Accounts: m.index.ids(users), Count: count,
			})
			return
		case user < 0:
			user, by = users[0], key
			says = append(says, Saying{key, m.index.users[user].ID})
		case !m.index.has(user, key, values):
			says = append(says, Saying{key, m.index.users[users[0]].ID})
		}
	}
	switch {
	case user < 0:
		m.report.Missing = append(m.report.Missing, Missing{Person: p.ID, System: m.system})
	case len(says) > 1:
		m.report.Conflicts = append(m.report.Conflicts, Conflict{Person: p.ID, System: m.system, Says: says})
	default:
		m.proposed[user] = append(m.proposed[user], Claimant{p.ID, by})
	}
}

// settle gives an account to its only claimant, or to the only one whom the
// user list names.
func (m *matcher) settle() {
	for user, claimants := range m.proposed {
		u := &m.index.users[user]
		holder := slices.IndexFunc(claimants, func(c Claimant) bool {
			return len(claimants) == 1 || c.By == Given && m.given[user] == 1
		})
		claim := Claim{System: m.system, Account: u.ID}
		for i, c := range claimants {
			if i != holder {
				claim.People = append(claim.People, c)
				continue
			}
			claim.Holder = c.Person
			m.report.Matches = append(m.report.Matches, Matched{
				Person: c.Person, System: m.system, Account: u.ID, By: c.By, Inactive: !u.Active, CallCenter: u.CallCenter,
			})
		}
		if len(claim.People) > 0 {
			m.report.Claimed = append(m.report.Claimed, claim)
		}
	}
}

// rest lists the accounts that no person's keys led to.
func (m *matcher) rest() {
	for i, u := range m.index.users {
		if len(m.proposed[i]) == 0 && !m.index.asked(i) {
			m.report.Unclaimed = append(m.report.Unclaimed, Unclaimed{System: m.system, User: u})
		}
	}
}

func (s System) order() int {
	switch s {
	case CRM:
		return 0
	case Old:
		return 1
	default:
		return 2
	}
}

func (r *Report) sort() {
	byPerson := func(p, q dualtone.PersonID, s, t System) int {
		return cmp.Or(cmp.Compare(p, q), cmp.Compare(s.order(), t.order()))
	}
	byAccount := func(s, t System, u, v dualtone.UserID) int {
		return cmp.Or(cmp.Compare(s.order(), t.order()), cmp.Compare(u, v))
	}
	slices.SortFunc(r.Matches, func(a, b Matched) int { return byPerson(a.Person, b.Person, a.System, b.System) })
	slices.SortFunc(r.Ambiguous, func(a, b Ambiguity) int { return byPerson(a.Person, b.Person, a.System, b.System) })
	slices.SortFunc(r.Conflicts, func(a, b Conflict) int { return byPerson(a.Person, b.Person, a.System, b.System) })
	slices.SortFunc(r.Missing, func(a, b Missing) int { return byPerson(a.Person, b.Person, a.System, b.System) })
	slices.SortFunc(r.Claimed, func(a, b Claim) int { return byAccount(a.System, b.System, a.Account, b.Account) })
	slices.SortFunc(r.Unclaimed, func(a, b Unclaimed) int { return byAccount(a.System, b.System, a.User.ID, b.User.ID) })
}
