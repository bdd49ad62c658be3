// Package cutovertest holds stores and systems in memory, so that tests can
// move thousands of users and fail at every point without a server.
package cutovertest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// Stores keeps people, cohorts, switches and the journal in memory. It is safe
// for concurrent use.
type Stores struct {
	mu       sync.Mutex
	people   map[dualtone.PersonID]*cutover.PersonState
	cohorts  map[string][]dualtone.PersonID
	switches map[cutover.SwitchID]*cutover.Switch
	order    []cutover.SwitchID
	journal  []cutover.Entry
}

// NewStores returns stores that know these people, all on the old side.
func NewStores(people ...dualtone.Person) *Stores {
	s := &Stores{
		people:   map[dualtone.PersonID]*cutover.PersonState{},
		cohorts:  map[string][]dualtone.PersonID{},
		switches: map[cutover.SwitchID]*cutover.Switch{},
	}
	for _, p := range people {
		s.people[p.ID] = &cutover.PersonState{Person: p, Side: dualtone.Old}
	}
	return s
}

// Person returns what is known of a person.
func (s *Stores) Person(_ context.Context, id dualtone.PersonID) (cutover.PersonState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.people[id]
	if !ok {
		return cutover.PersonState{}, fmt.Errorf("person %s: %w", id, dualtone.ErrNotFound)
	}
	return *p, nil
}

// List returns everybody after a person, in the order of ids.
func (s *Stores) List(_ context.Context, q cutover.PeopleQuery) ([]cutover.PersonState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []cutover.PersonState
	for _, p := range s.people {
		if p.ID > q.After {
			all = append(all, *p)
		}
	}
	slices.SortFunc(all, func(a, b cutover.PersonState) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// Import replaces people.
func (s *Stores) Import(_ context.Context, people []dualtone.Person, _ cutover.Import) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range people {
		s.people[p.ID] = &cutover.PersonState{Person: p, Side: dualtone.Old}
	}
	return nil
}

// Match stores accounts.
func (s *Stores) Match(_ context.Context, accounts map[dualtone.PersonID]dualtone.Accounts, _ cutover.Import) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, a := range accounts {
		s.people[id].Accounts = a
	}
	return nil
}

// Keep stores a switch unless it is there.
func (s *Stores) Keep(_ context.Context, w cutover.Switch) (cutover.Switch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held, ok := s.switches[w.ID]; ok {
		return copied(*held), nil
	}
	if _, ok := s.people[w.Person]; !ok {
		return w, fmt.Errorf("person %s: %w", w.Person, dualtone.ErrNotFound)
	}
	w = copied(w)
	s.switches[w.ID] = &w
	s.order = append(s.order, w.ID)
	s.append(cutover.Entry{
		Switch: w.ID, Person: w.Person, Kind: cutover.Reached, State: w.State, Text: w.Detail,
		Provenance: w.Provenance, At: w.Started,
	})
	return copied(w), nil
}

// Switch returns a switch.
func (s *Stores) Switch(_ context.Context, id cutover.SwitchID) (cutover.Switch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.switches[id]
	if !ok {
		return cutover.Switch{}, fmt.Errorf("switch %s: %w", id, dualtone.ErrNotFound)
	}
	return copied(*w), nil
}

// Latest returns the switch that stands.
func (s *Stores) Latest(_ context.Context, person dualtone.PersonID) (cutover.Switch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Backward(s.order) {
		w := s.switches[id]
		if w.Person != person {
			continue
		}
		if w.To == dualtone.Old && w.State == cutover.Restored {
			break
		}
		if w.To == dualtone.New && w.State == cutover.OnNew {
			return copied(*w), nil
		}
	}
	return cutover.Switch{}, fmt.Errorf("standing switch of %s: %w", person, dualtone.ErrNotFound)
}

// Record appends to the journal.
func (s *Stores) Record(_ context.Context, entries ...cutover.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range entries {
		s.append(e)
	}
	return nil
}

func (s *Stores) append(e cutover.Entry) {
	e.Serial = int64(len(s.journal) + 1)
	s.journal = append(s.journal, e)
	if e.Kind != cutover.Reached {
		return
	}
	if w := s.switches[e.Switch]; w != nil {
		w.State, w.Detail = e.State, e.Text
	}
	p := s.people[e.Person]
	p.State, p.Switch, p.Detail, p.Since = e.State, e.Switch, e.Text, e.At
	switch e.State {
	case cutover.OnNew:
		p.Side = dualtone.New
	case cutover.Restored:
		p.Side = dualtone.Old
	default:
	}
}

// Journal returns entries, oldest first.
func (s *Stores) Journal(_ context.Context, q cutover.JournalQuery) ([]cutover.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []cutover.Entry
	for _, e := range s.journal {
		if (q.Person == "" || e.Person == q.Person) && (q.Switch == "" || e.Switch == q.Switch) &&
			(q.Kind == "" || e.Kind == q.Kind) && e.Serial > q.After {
			found = append(found, e)
		}
	}
	return found, nil
}

// Create stores a cohort.
func (s *Stores) Create(_ context.Context, c cutover.Cohort, members []dualtone.PersonID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cohorts[c.Name] = slices.Clone(members)
	return nil
}

// Cohort returns a cohort.
func (s *Stores) Cohort(_ context.Context, name string) (cutover.Cohort, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	members, ok := s.cohorts[name]
	if !ok {
		return cutover.Cohort{}, fmt.Errorf("cohort %s: %w", name, dualtone.ErrNotFound)
	}
	return cutover.Cohort{Name: name, Size: len(members)}, nil
}

// Cohorts lists none: no test asks for it.
func (*Stores) Cohorts(context.Context, cutover.CohortQuery) ([]cutover.Cohort, error) {
	return nil, nil
}

// Members pages through a cohort.
func (s *Stores) Members(_ context.Context, q cutover.MemberQuery) ([]cutover.Member, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var page []cutover.Member
	for i, id := range s.cohorts[q.Cohort] {
		p := s.people[id]
		if (q.Side == "" || p.Side == q.Side) && (len(q.States) == 0 || slices.Contains(q.States, p.State)) {
			page = append(page, cutover.Member{Position: i + 1, PersonState: *p})
		}
	}
	if q.Reverse {
		slices.Reverse(page)
	}
	page = slices.DeleteFunc(page, func(m cutover.Member) bool {
		return q.After > 0 && (!q.Reverse && m.Position <= q.After || q.Reverse && m.Position >= q.After)
	})
	if q.Limit > 0 && len(page) > q.Limit {
		page = page[:q.Limit]
	}
	return page, nil
}

// copied returns a deep copy, through JSON as a database would make it.
func copied(w cutover.Switch) cutover.Switch {
	raw, err := json.Marshal(w)
	if err != nil {
		panic(err)
	}
	var c cutover.Switch
	if err := json.Unmarshal(raw, &c); err != nil {
		panic(err)
	}
	return c
}
