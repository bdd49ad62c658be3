// Package cutovertest holds stores and systems in memory, so that tests can
// move thousands of users and fail at every point without a server, and the
// suites that say what every store promises.
package cutovertest

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// Stores keeps people, cohorts, switches and the journal in memory. It is safe
// for concurrent use.
type Stores struct {
	mu       sync.Mutex
	people   map[dualtone.PersonID]*cutover.PersonState
	cohorts  map[string]*cohort
	switches map[cutover.SwitchID]*kept
	journal  []cutover.Entry
	recorded map[string]bool
	// stands is the switch that a way back of a person would take back.
	stands map[dualtone.PersonID]cutover.SwitchID
	// follow hears of every state that a person comes to, and by which switch.
	follow []func(p cutover.PersonState, w cutover.Switch)
	// ask may refuse to keep a switch.
	ask []func(w cutover.Switch) error
}

// Ask calls a function with every new switch, before it is kept; nothing is kept
// when it returns an error. It must not come back to these stores.
func (s *Stores) Ask(before func(w cutover.Switch) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ask = append(s.ask, before)
}

// Follow calls a function with every state that a person comes to, and the switch
// that took them there, as a database's trigger would. It must not come back to these stores.
func (s *Stores) Follow(heard func(p cutover.PersonState, w cutover.Switch)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.follow = append(s.follow, heard)
}

var (
	_ cutover.People   = (*Stores)(nil)
	_ cutover.Cohorts  = (*Stores)(nil)
	_ cutover.Switches = (*Stores)(nil)
)

// kept is a switch and when it reached the state that it is in.
type kept struct {
	cutover.Switch

	reached time.Time
}

// NewStores returns stores that know these people, all on the old side.
func NewStores(people ...dualtone.Person) *Stores {
	s := &Stores{
		people:   map[dualtone.PersonID]*cutover.PersonState{},
		cohorts:  map[string]*cohort{},
		switches: map[cutover.SwitchID]*kept{},
		recorded: map[string]bool{},
		stands:   map[dualtone.PersonID]cutover.SwitchID{},
	}
	for _, p := range people {
		s.people[p.ID] = &cutover.PersonState{Person: copied(p), Side: dualtone.Old}
	}
	return s
}

// copied returns a deep copy, through JSON as a database would make it.
func copied[T any](v T) T {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var c T
	if err := json.Unmarshal(raw, &c); err != nil {
		panic(err)
	}
	return c
}

// page cuts a list at a limit; 0 is none.
func page[T any](all []T, limit int) []T {
	if limit > 0 && len(all) > limit {
		return all[:limit]
	}
	return all
}
