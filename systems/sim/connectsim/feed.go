package connectsim

import (
	"strings"
	"sync"

	"github.com/dualtone/dualtone/systems/sim"
)

// feed holds what happened in the world until the next request. The world tells
// it while it is locked itself, so that nothing may be asked of it then.
type feed struct {
	mu     sync.Mutex
	ended  []endedContact
	people []string
}

func (f *feed) take() ([]endedContact, []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	ended, people := f.ended, f.people
	f.ended, f.people = nil, nil
	return ended, people
}

func (f *feed) hear(change sim.Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch c := change.Call; {
	case c != nil && !c.Over.IsZero() && (change.CallBefore == nil || change.CallBefore.Over.IsZero()):
		f.ended = append(f.ended, endedContact{c.ID, c.Over})
	case change.Person != nil && change.PersonBefore == nil:
		f.people = append(f.people, change.Person.ID)
	case change.Person == nil && change.PersonBefore != nil:
		f.people = append(f.people, change.PersonBefore.ID)
	}
}

// attend begins to follow the world, with what ended before.
func (s *Server) attend() {
	for _, c := range s.world.Calls() {
		if !c.Over.IsZero() {
			s.inst.ended = append(s.inst.ended, endedContact{c.ID, c.Over})
		}
	}
	s.world.Watch(s.feed.hear)
}

// catchUp takes over what happened in the world since the last request. People
// who came without an account get one that may do an agent's work, and accounts
// whose people are gone are deleted.
func (s *Server) catchUp() {
	ended, people := s.feed.take()
	s.inst.ended = append(s.inst.ended, ended...)
	for _, id := range people {
		p, err := s.world.Person(id)
		u, known := s.inst.users.get(id)
		switch {
		case err != nil && known:
			s.forget(u)
		case err == nil && !known && s.inst.newProfile != "":
			s.welcome(p)
		}
	}
}

func (s *Server) welcome(p sim.Person) {
	first, last, _ := strings.Cut(p.Name, " ")
	u := &user{
		id: p.ID, username: p.Login, first: first, last: last, email: p.Email,
		security: []string{s.inst.newRights}, phone: phoneConfig{PhoneType: "SOFT_PHONE"}, changed: s.world.Now(),
	}
	if u.username == "" {
		u.username = p.ID
	}
	s.keepUser(u)
	s.giveProfile(u, s.inst.newProfile)
}
