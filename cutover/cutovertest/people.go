package cutovertest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// Person returns what is known of a person.
func (s *Stores) Person(_ context.Context, id dualtone.PersonID) (cutover.PersonState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.people[id]
	if !ok {
		return cutover.PersonState{}, fmt.Errorf("person %s: %w", id, dualtone.ErrNotFound)
	}
	return copied(*p), nil
}

// List returns people in the order of ids.
func (s *Stores) List(_ context.Context, q cutover.PeopleQuery) ([]cutover.PersonState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains([]cutover.Selection{cutover.Either, cutover.Only, cutover.Except}, q.Unmatched) {
		return nil, fmt.Errorf("people: selection %q: %w", q.Unmatched, dualtone.ErrInvalid)
	}
	var all []cutover.PersonState
	for _, id := range slices.Sorted(maps.Keys(s.people)) {
		if p := s.people[id]; id > q.After && s.selected(*p, q) {
			all = append(all, copied(*p))
		}
	}
	return page(all, q.Limit), nil
}

func (s *Stores) selected(p cutover.PersonState, q cutover.PeopleQuery) bool {
	a := p.Accounts
	unmatched := a.CRM == "" || a.Old == "" || a.New == ""
	return (len(q.IDs) == 0 || slices.Contains(q.IDs, p.ID)) &&
		(len(q.Numbers) == 0 || slices.ContainsFunc(p.Numbers, func(n dualtone.Number) bool { return slices.Contains(q.Numbers, n) })) &&
		(q.Accounts == dualtone.Accounts{} || shared(a.CRM, q.Accounts.CRM) || shared(a.Old, q.Accounts.Old) || shared(a.New, q.Accounts.New)) &&
		(q.Side == "" || p.Side == q.Side) &&
		(q.State == "" || stateOf(p) == q.State) &&
		(q.Site == "" || p.Site == q.Site) &&
		(q.Team == "" || p.Team == q.Team) &&
		hasAttributes(p, q.Attributes) &&
		(q.Cohort == "" || s.inCohort(q.Cohort, p.ID)) &&
		(q.Text == "" || found(q.Text, string(p.ID), p.Name, p.Email, p.Extension)) &&
		(q.Unmatched == cutover.Either || unmatched == (q.Unmatched == cutover.Only))
}

func shared(a, b dualtone.UserID) bool { return a != "" && a == b }

func hasAttributes(p cutover.PersonState, wanted map[string]string) bool {
	for name, value := range wanted {
		if !slices.Contains(p.Attributes[name], value) {
			return false
		}
	}
	return true
}

// stateOf is planned for somebody who was never switched.
func stateOf(p cutover.PersonState) cutover.State { return cmp.Or(p.State, cutover.Planned) }

// found looks for a text in others, whatever its case.
func found(text string, in ...string) bool {
	return slices.ContainsFunc(in, func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(text)) })
}

// Import inserts people or replaces what is known of them.
func (s *Stores) Import(_ context.Context, people []dualtone.Person, why cutover.Import) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[dualtone.PersonID]bool{}
	changed := maps.Clone(s.people)
	for _, p := range people {
		if p.ID == "" || seen[p.ID] {
			return fmt.Errorf("import of %q, %q: without an id or twice: %w", p.ID, p.Name, dualtone.ErrInvalid)
		}
		seen[p.ID] = true
		now := cutover.PersonState{Side: dualtone.Old}
		if held := changed[p.ID]; held != nil {
			now = *held
		}
		accounts, attributes := given(p.Accounts, now.Accounts), merged(now.Attributes, p.Attributes)
		held := now.Person
		now.Person = copied(p)
		now.Accounts, now.Attributes = accounts, attributes
		keepLacking(&now.Person, held, why.Lacks)
		changed[p.ID] = &now
	}
	return s.replace(changed)
}

// keepLacking takes what was known of columns in the place of what the list says.
func keepLacking(now *dualtone.Person, held dualtone.Person, columns []string) {
	if held.ID == "" {
		return
	}
	for _, column := range columns {
		switch column {
		case "email":
			now.Email = held.Email
		case "federation_id":
			now.FederationID = held.FederationID
		case "extension":
			now.Extension = held.Extension
		case "site":
			now.Site = held.Site
		case "team":
			now.Team = held.Team
		case "numbers":
			now.Numbers = held.Numbers
		}
	}
}

// Match stores accounts.
func (s *Stores) Match(_ context.Context, accounts map[dualtone.PersonID]dualtone.Accounts, _ cutover.Import) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := maps.Clone(s.people)
	for id, a := range accounts {
		held, ok := changed[id]
		if !ok {
			return fmt.Errorf("match: person %s: %w", id, dualtone.ErrNotFound)
		}
		now := *held
		now.Accounts = given(a, held.Accounts)
		changed[id] = &now
	}
	return s.replace(changed)
}

// Place notes where people work who were never switched.
func (s *Stores) Place(_ context.Context, sides map[dualtone.PersonID]dualtone.Side, _ cutover.Import) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	moved := 0
	for id, side := range sides {
		if p := s.people[id]; p != nil && p.Switch == "" && p.Side != side {
			p.Side = side
			moved++
		}
	}
	return moved, nil
}

func given(a, held dualtone.Accounts) dualtone.Accounts {
	return dualtone.Accounts{CRM: cmp.Or(a.CRM, held.CRM), Old: cmp.Or(a.Old, held.Old), New: cmp.Or(a.New, held.New)}
}

// merged are the attributes held, with those that are given put over them.
func merged(held, given dualtone.Attributes) dualtone.Attributes {
	all := dualtone.Attributes{}
	maps.Copy(all, held)
	maps.Copy(all, given)
	maps.DeleteFunc(all, func(_ string, values []string) bool { return len(values) == 0 })
	if len(all) == 0 {
		return nil
	}
	return all
}

// replace takes over a changed user list unless two people claim the same.
func (s *Stores) replace(changed map[dualtone.PersonID]*cutover.PersonState) error {
	owner := map[string]dualtone.PersonID{}
	for _, id := range slices.Sorted(maps.Keys(changed)) {
		p := changed[id]
		claims := []string{"crm " + string(p.Accounts.CRM), "old " + string(p.Accounts.Old), "new " + string(p.Accounts.New)}
		for _, n := range p.Numbers {
			claims = append(claims, "number "+string(n))
		}
		for _, c := range claims {
			if other, ok := owner[c]; ok && other != id && !strings.HasSuffix(c, " ") {
				return fmt.Errorf("%s belongs to person %s and to person %s: %w", c, other, id, dualtone.ErrConflict)
			}
			owner[c] = id
		}
	}
	s.people = changed
	return nil
}
