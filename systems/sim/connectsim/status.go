package connectsim

import (
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// The kinds of agent status.
const (
	Routable = "ROUTABLE"
	Custom   = "CUSTOM"
	Offline  = "OFFLINE"
)

// SignIn opens the Contact Control Panel for a user, who is then available. It
// is refused to somebody none of whose security profiles allows it.
func (s *Server) SignIn(username string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catchUp()
	u, ok := s.inst.users.get(s.inst.byUsername[strings.ToLower(username)])
	if !ok {
		return notFound("user", username)
	}
	if !slices.ContainsFunc(u.security, func(id string) bool {
		p, ok := s.inst.security.get(id)
		return ok && p.ccp
	}) {
		return &apiError{status: 403, kind: "AccessDeniedException", message: username + " has no access to the Contact Control Panel"}
	}
	u.set(s.firstStatus(Routable), s.world.Now())
	return s.world.ChangePerson(u.id, func(p *sim.Person) { p.SignedIn, p.Away = true, false })
}

func (u *user) set(status string, now time.Time) { u.status, u.next, u.since = status, "", now }

func (s *Server) firstStatus(kind string) string {
	for _, p := range s.inst.statuses.order {
		if s.inst.statuses.things[p.id].kind == kind {
			return p.id
		}
	}
	return ""
}

func (s *Server) putStatus(c *call) (object, error) {
	u, err := s.userOf(c)
	if err != nil {
		return nil, err
	}
	id, _ := c.message["AgentStatusId"].(string)
	status, ok := s.inst.statuses.get(id)
	if !ok {
		return nil, notFound("agent status", id)
	}
	p, err := s.world.Person(u.id)
	if err != nil || !p.SignedIn {
		return nil, invalidRequest("user %s is not signed in", u.id)
	}
	s.agree(u, p)
	if s.busy(u) {
		u.next = status.id
	} else {
		u.set(status.id, s.world.Now())
	}
	// Nothing more is offered from now on, although the status itself waits for
	// the end of the contact.
	return nil, s.world.ChangePerson(u.id, func(p *sim.Person) { p.Away = status.kind != Routable })
}

func (s *Server) busy(u *user) bool { return len(s.world.Active(u.id)) > 0 }

// agree takes over a next status whose time has come, and what the agent did at
// their phone without us.
func (s *Server) agree(u *user, p sim.Person) {
	if u.next != "" && !s.busy(u) {
		u.set(u.next, s.world.Now())
	}
	status, known := s.inst.statuses.get(u.status)
	if next, ok := s.inst.statuses.get(u.next); ok {
		status = next
	}
	switch {
	case !known:
		u.set(s.firstStatus(Routable), s.world.Now())
		if p.Away {
			u.set(s.firstStatus(Custom), s.world.Now())
		}
	case p.Away && status.kind == Routable:
		u.set(s.firstStatus(Custom), s.world.Now())
	case !p.Away && status.kind != Routable:
		u.set(s.firstStatus(Routable), s.world.Now())
	}
}

type userFilters struct {
	Agents, Queues, RoutingProfiles []string
	ContactFilter                   *struct{ ContactStates []string }
}

func (s *Server) currentUsers(c *call) (object, error) {
	var in struct{ Filters userFilters }
	if err := c.into(&in); err != nil {
		return nil, err
	}
	ids, err := s.chosen(in.Filters)
	if err != nil {
		return nil, err
	}
	w, err := s.window(c)
	if err != nil {
		return nil, err
	}
	var found []object
	next := any(nil)
	for i := int(w.after); i < len(ids); i++ { //nolint:gosec // our own token
		shown := s.currentUser(ids[i], in.Filters)
		if shown == nil {
			continue
		}
		if len(found) == w.size {
			next = s.token(c.op.name, uint64(i)) //nolint:gosec // never negative
			break
		}
		found = append(found, shown)
	}
	return without(object{"UserDataList": slices.Concat([]object{}, found), "NextToken": next, "ApproximateTotalCount": len(ids)}), nil
}

// chosen lists the users whom the filters name. Only one of them may be given.
func (s *Server) chosen(f userFilters) ([]string, error) {
	given := 0
	for _, list := range [][]string{f.Agents, f.Queues, f.RoutingProfiles} {
		if len(list) > 0 {
			given++
		}
	}
	if given != 1 {
		return nil, invalidParameter("Filters must name agents, queues or routing profiles")
	}
	var ids []string
	for _, id := range f.Agents {
		ids = append(ids, bare(id))
	}
	for _, id := range f.RoutingProfiles {
		ids = append(ids, s.inst.inOrder(s.inst.serving[bare(id)])...)
	}
	for _, id := range f.Queues {
		q, err := s.world.Queue(bare(id))
		if err != nil {
			return nil, notFound("queue", id)
		}
		for _, m := range q.Members {
			ids = append(ids, m.Person)
		}
	}
	return ids, nil
}

// currentUser shows a user who is signed in and not offline; nil for others.
func (s *Server) currentUser(id string, f userFilters) object {
	u, ok := s.inst.users.get(id)
	if !ok {
		return nil
	}
	p, err := s.world.Person(u.id)
	if err != nil || !p.SignedIn {
		return nil
	}
	s.agree(u, p)
	status, ok := s.inst.statuses.get(u.status)
	if !ok || status.kind == Offline {
		return nil
	}
	calls := s.world.Active(u.id)
	contacts := make([]object, 0, len(calls))
	matches := f.ContactFilter == nil || len(f.ContactFilter.ContactStates) == 0
	for _, c := range calls {
		shown := s.showAgentContact(c)
		contacts = append(contacts, shown)
		if !matches {
			state, _ := shown["AgentContactState"].(string)
			matches = slices.Contains(f.ContactFilter.ContactStates, state)
		}
	}
	if !matches {
		return nil
	}
	data := object{
		"User":           object{"Id": u.id, "Arn": s.arn("agent", u.id)},
		"RoutingProfile": object{"Id": u.profile, "Arn": s.arn("routing-profile", u.profile)},
		"Status": without(object{
			"StatusStartTimestamp": epoch(u.since), "StatusArn": s.arn("agent-state", status.id), "StatusName": status.name,
		}),
		"MaxSlotsByChannel":       object{voice: 1},
		"ActiveSlotsByChannel":    object{voice: len(calls)},
		"AvailableSlotsByChannel": object{voice: max(0, 1-len(calls))},
		"Contacts":                contacts,
	}
	if next, ok := s.inst.statuses.get(u.next); ok {
		data["NextStatus"] = next.name
	}
	return data
}
