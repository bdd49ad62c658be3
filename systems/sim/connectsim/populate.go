package connectsim

import (
	"fmt"
	"strings"

	"github.com/dualtone/dualtone/systems/sim"
)

// Population is what an instance is filled with.
type Population struct {
	// People is how many agents there are; SignedIn says that all have their
	// panel open. Name names the i-th, from 0; "Agent 0001" and so on if nil.
	People   int
	SignedIn bool
	Name     func(i int) (first, last string)
	// Domain ends their usernames, which are their email addresses.
	Domain string
	// Place names the routing profile and the security profile of the i-th; nil
	// for EveryQueue and AgentRights.
	Place func(i int) (profile, rights string)
	// Queues are names; there is a routing profile for each, called
	// "QUEUE only", one for all of them, "Every queue", and an empty one, Parked.
	Queues []string
	// Numbers lead to the queues in turn, each through a flow of its own.
	Numbers []string
}

// Names of what Populate makes beside people and queues.
const (
	Parked       = "Parked"
	EveryQueue   = "Every queue"
	AgentRights  = "Agent"
	LeadRights   = "CallCenterManager"
	StatusReady  = "Available"
	StatusBreak  = "Break"
	StatusMoving = "Moving"
	StatusGone   = "Offline"
)

// Company says what Populate made, by name.
type Company struct {
	Users    []string
	Queues   map[string]string
	Profiles map[string]string
	Security map[string]string
	Statuses map[string]string
	Flows    map[string]string
	Numbers  map[string]string
}

// Populate fills the instance.
func (s *Server) Populate(p Population) Company {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := Company{
		Queues: map[string]string{}, Profiles: map[string]string{}, Security: map[string]string{},
		Statuses: map[string]string{}, Flows: map[string]string{}, Numbers: map[string]string{},
	}
	for _, st := range [][2]string{{StatusReady, Routable}, {StatusGone, Offline}, {StatusBreak, Custom}, {StatusMoving, Custom}} {
		status := &agentStatus{named: s.label("status", st[0]), kind: st[1]}
		s.inst.statuses.put(status.id, status)
		c.Statuses[status.name] = status.id
	}
	for _, name := range []string{AgentRights, LeadRights, Parked} {
		rights := &securityProfile{named: s.label("security profile", name), ccp: name != Parked}
		s.inst.security.put(rights.id, rights)
		c.Security[name] = rights.id
	}
	s.populateQueues(p, &c)
	s.populateNumbers(p, &c)
	s.inst.newProfile, s.inst.newRights = c.Profiles[EveryQueue], c.Security[AgentRights]
	s.populatePeople(p, &c)
	return c
}

func (s *Server) populateQueues(p Population, c *Company) {
	hours := s.label("hours", "Basic Hours")
	s.inst.hours.put(hours.id, &hours)
	every := make([]queueConfig, 0, len(p.Queues))
	for _, name := range p.Queues {
		q := &queue{named: s.label("queue", name), hours: hours.id}
		s.inst.queues.put(q.id, q)
		c.Queues[name] = q.id
		s.world.PutQueue(sim.Queue{ID: q.id, Name: name})
		config := queueConfig{QueueReference: queueReference{QueueId: q.id, Channel: voice}, Priority: 1}
		every = append(every, config)
		s.populateProfile(name+" only", []queueConfig{config}, c)
	}
	s.populateProfile(EveryQueue, every, c)
	s.populateProfile(Parked, nil, c)
}

func (s *Server) populateProfile(name string, queues []queueConfig, c *Company) {
	p := &profile{
		named: s.label("routing profile", name), description: name, queues: queues,
		channels: []channelLimit{{Channel: voice, Concurrency: 1}},
	}
	if len(s.inst.queues.order) > 0 {
		p.outbound = s.inst.queues.order[0].id
	}
	s.inst.profiles.put(p.id, p)
	c.Profiles[name] = p.id
}

func (s *Server) populateNumbers(p Population, c *Company) {
	for _, name := range p.Queues {
		f := &flow{named: s.label("flow", name), kind: "CONTACT_FLOW", queue: c.Queues[name]}
		s.inst.flows.put(f.id, f)
		c.Flows[name] = f.id
	}
	for i, text := range p.Numbers {
		n := &number{id: s.idFor("number", text), number: text, country: "US", kind: "DID"}
		s.inst.numbers.put(n.id, n)
		c.Numbers[text] = n.id
		if len(p.Queues) > 0 {
			s.point(n, c.Flows[p.Queues[i%len(p.Queues)]])
		}
	}
}

// populatePeople makes all accounts first and then fills each queue at once.
func (s *Server) populatePeople(p Population, c *Company) {
	name := p.Name
	if name == nil {
		name = func(i int) (string, string) { return "Agent", fmt.Sprintf("%05d", i+1) }
	}
	domain := p.Domain
	if domain == "" {
		domain = "example.com"
	}
	place := p.Place
	if place == nil {
		place = func(int) (string, string) { return EveryQueue, AgentRights }
	}
	for i := range p.People {
		profile, rights := place(i)
		first, last := name(i)
		email := strings.ToLower(strings.ReplaceAll(first+"."+last, " ", ".")) + "@" + domain
		u := &user{
			id: s.idFor("user", email), username: email, first: first, last: last, email: email,
			security: []string{c.Security[rights]}, phone: phoneConfig{PhoneType: "SOFT_PHONE"},
			changed: s.world.Now(), status: c.Statuses[StatusReady], since: s.world.Now(),
		}
		s.keepUser(u)
		s.enroll(u, c.Profiles[profile])
		s.world.PutPerson(sim.Person{ID: u.id, Name: u.name(), Login: u.username, Email: email, SignedIn: p.SignedIn})
		c.Users = append(c.Users, u.id)
	}
	rank := 0
	for id, people := range s.inst.serving {
		if profile, ok := s.inst.profiles.get(id); ok {
			for _, q := range profile.queues {
				s.members(q.QueueReference.QueueId, people, &rank)
			}
		}
	}
}

// SetProfileQueues gives a routing profile other queues, as an administrator does
// in the console. Both are named.
func (s *Server) SetProfileQueues(profile string, queues ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.inst.profiles.get(s.idFor("routing profile", profile))
	if !ok {
		return
	}
	s.replaceQueues(p, func() {
		p.queues = nil
		for _, name := range queues {
			ref := queueReference{QueueId: s.idFor("queue", name), Channel: voice}
			p.queues = append(p.queues, queueConfig{QueueReference: ref, Priority: 1})
		}
	})
}
