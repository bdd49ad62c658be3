package connectsim

import (
	"slices"

	"github.com/dualtone/dualtone/systems/sim"
)

const voice = "VOICE"

// penalty is a queue's rank for an agent as the world counts it: priority 1
// without delay is 0, a delay of half a minute 30, priority 2 is 10000.
func (q queueConfig) penalty() int { return (q.Priority-1)*10000 + q.Delay }

// calls are the queues from which the profile takes calls, with their ranks.
func (p *profile) calls() map[string]int {
	ranks := map[string]int{}
	for _, q := range p.queues {
		if q.QueueReference.Channel == voice {
			ranks[q.QueueReference.QueueId] = q.penalty()
		}
	}
	return ranks
}

// giveProfile lets the user serve the profile's queues, and no others. A call
// that they are in goes on.
func (s *Server) giveProfile(u *user, id string) {
	before, now := map[string]int{}, map[string]int{}
	if p, ok := s.inst.profiles.get(u.profile); ok {
		before = p.calls()
	}
	if p, ok := s.inst.profiles.get(id); ok {
		now = p.calls()
	}
	s.enroll(u, id)
	for queue := range before {
		if _, stays := now[queue]; !stays {
			s.members(queue, map[string]bool{u.id: true}, nil)
		}
	}
	for queue, rank := range now {
		if was, had := before[queue]; !had || was != rank {
			s.members(queue, map[string]bool{u.id: true}, &rank)
		}
	}
}

// enroll notes the user's profile without telling the queues.
func (s *Server) enroll(u *user, id string) {
	delete(s.inst.serving[u.profile], u.id)
	if s.inst.serving[id] == nil {
		s.inst.serving[id] = map[string]bool{}
	}
	s.inst.serving[id][u.id] = true
	u.profile = id
}

// members makes the people members of the queue at the rank, or takes them out
// of it where there is none.
func (s *Server) members(queue string, people map[string]bool, rank *int) {
	_ = s.world.ChangeMembers(queue, func(members []sim.Member) ([]sim.Member, error) {
		members = slices.DeleteFunc(members, func(m sim.Member) bool { return people[m.Person] })
		if rank == nil {
			return members, nil
		}
		for _, p := range s.inst.inOrder(people) {
			members = append(members, sim.Member{Person: p, Penalty: *rank})
		}
		return members, nil
	}) // a queue that was removed behind our back has no members
}

// inOrder sorts people by when their accounts were made.
func (i *instance) inOrder(people map[string]bool) []string {
	ids := make([]string, 0, len(people))
	for id := range people {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return int(i.users.places[a]) - int(i.users.places[b]) }) //nolint:gosec // counts of people are small
	return ids
}

func (s *Server) showProfile(p *profile) object {
	limits := make([]object, 0, len(p.channels))
	for _, limit := range p.channels {
		limits = append(limits, object{"Channel": limit.Channel, "Concurrency": limit.Concurrency})
	}
	return without(object{
		"InstanceId": s.opts.InstanceID, "Name": p.name, "Description": p.description,
		"RoutingProfileArn": s.arn("routing-profile", p.id), "RoutingProfileId": p.id,
		"MediaConcurrencies": limits, "DefaultOutboundQueueId": p.outbound,
		"NumberOfAssociatedQueues": len(p.queues), "NumberOfAssociatedUsers": len(s.inst.serving[p.id]),
		"LastModifiedTime": epoch(p.changed),
	})
}

func (s *Server) listProfiles(c *call) (object, error) {
	return listed(s, c, "RoutingProfileSummaryList", s.inst.profiles, all, func(p *profile) object {
		return s.summary("routing-profile", p.named)
	})
}

func (s *Server) searchProfiles(c *call) (object, error) {
	wanted, err := criteria(c.message, profileFields())
	if err != nil {
		return nil, err
	}
	answer, err := listed(s, c, "RoutingProfiles", s.inst.profiles, wanted, func(p *profile) object {
		shown := s.showProfile(p)
		ids := []string{}
		for _, q := range p.queues {
			if !slices.Contains(ids, q.QueueReference.QueueId) {
				ids = append(ids, q.QueueReference.QueueId)
			}
		}
		shown["AssociatedQueueIds"] = ids
		return shown
	})
	if err != nil {
		return nil, err
	}
	answer["ApproximateTotalCount"] = len(s.inst.profiles.order)
	return answer, nil
}

func (s *Server) profileOf(c *call) (*profile, error) {
	p, ok := s.inst.profiles.get(c.path("RoutingProfileId"))
	if !ok {
		return nil, notFound("routing profile", c.path("RoutingProfileId"))
	}
	return p, nil
}

func (s *Server) describeProfile(c *call) (object, error) {
	p, err := s.profileOf(c)
	if err != nil {
		return nil, err
	}
	return object{"RoutingProfile": s.showProfile(p)}, nil
}

func (s *Server) createProfile(c *call) (object, error) {
	var in struct {
		Name, Description      string
		DefaultOutboundQueueId string //nolint:revive,staticcheck // The wire's name.
		QueueConfigs           []queueConfig
		MediaConcurrencies     []channelLimit
	}
	if err := c.into(&in); err != nil {
		return nil, err
	}
	if _, ok := s.inst.queues.get(in.DefaultOutboundQueueId); !ok {
		return nil, notFound("queue", in.DefaultOutboundQueueId)
	}
	p := &profile{
		named: s.label("routing profile", in.Name), description: in.Description,
		outbound: bare(in.DefaultOutboundQueueId), channels: in.MediaConcurrencies,
	}
	if _, taken := s.inst.profiles.get(p.id); taken {
		return nil, duplicate("routing profile", in.Name)
	}
	if err := s.mergeQueues(p, in.QueueConfigs); err != nil {
		return nil, err
	}
	s.inst.profiles.put(p.id, p)
	return object{"RoutingProfileId": p.id, "RoutingProfileArn": s.arn("routing-profile", p.id)}, nil
}

func (s *Server) listProfileQueues(c *call) (object, error) {
	p, err := s.profileOf(c)
	if err != nil {
		return nil, err
	}
	w, err := s.window(c)
	if err != nil {
		return nil, err
	}
	start := min(int(w.after), len(p.queues)) //nolint:gosec // our own token
	end := min(start+w.size, len(p.queues))
	list := make([]object, 0, end-start)
	for _, q := range p.queues[start:end] {
		known, _ := s.inst.queues.get(q.QueueReference.QueueId)
		list = append(list, object{
			"QueueId": known.id, "QueueArn": s.arn("queue", known.id), "QueueName": known.name,
			"Priority": q.Priority, "Delay": q.Delay, "Channel": q.QueueReference.Channel,
		})
	}
	answer := object{"RoutingProfileQueueConfigSummaryList": list, "LastModifiedTime": epoch(p.changed)}
	if end < len(p.queues) {
		answer["NextToken"] = s.token(c.op.name, uint64(end)) //nolint:gosec // never negative
	}
	return answer, nil
}

func (s *Server) associateQueues(c *call) (object, error) {
	return s.editQueues(c, func(p *profile, in queueEdit) error { return s.mergeQueues(p, in.QueueConfigs) })
}

func (s *Server) updateQueues(c *call) (object, error) {
	return s.editQueues(c, func(p *profile, in queueEdit) error {
		for _, q := range in.QueueConfigs {
			if p.placeOf(q.QueueReference) < 0 {
				return notFound("queue in the routing profile", q.QueueReference.QueueId)
			}
		}
		return s.mergeQueues(p, in.QueueConfigs)
	})
}

func (s *Server) disassociateQueues(c *call) (object, error) {
	return s.editQueues(c, func(p *profile, in queueEdit) error {
		if len(in.QueueReferences) == 0 || len(in.QueueReferences) > 10 {
			return invalidParameter("QueueReferences must name 1 to 10 queues")
		}
		p.queues = slices.DeleteFunc(slices.Clone(p.queues), func(q queueConfig) bool {
			return slices.Contains(in.QueueReferences, q.QueueReference)
		})
		return nil
	})
}

type queueEdit struct {
	QueueConfigs    []queueConfig
	QueueReferences []queueReference
}

// editQueues changes a profile as the request wants it.
func (s *Server) editQueues(c *call, edit func(*profile, queueEdit) error) (object, error) {
	p, err := s.profileOf(c)
	if err != nil {
		return nil, err
	}
	var in queueEdit
	if err := c.into(&in); err != nil {
		return nil, err
	}
	s.replaceQueues(p, func() { err = edit(p, in) })
	return nil, err
}

// replaceQueues edits a profile and moves its users from the queues that it had
// to those that it has.
func (s *Server) replaceQueues(p *profile, edit func()) {
	before := p.calls()
	edit()
	p.changed = s.world.Now()
	now := p.calls()
	for queue := range before {
		if _, stays := now[queue]; !stays {
			s.members(queue, s.inst.serving[p.id], nil)
		}
	}
	for queue, rank := range now {
		s.members(queue, s.inst.serving[p.id], &rank)
	}
}

func (p *profile) placeOf(ref queueReference) int {
	return slices.IndexFunc(p.queues, func(q queueConfig) bool { return q.QueueReference == ref })
}

// mergeQueues adds queues to a profile or changes their ranks in it.
func (s *Server) mergeQueues(p *profile, configs []queueConfig) error {
	merged := slices.Clone(p.queues)
	for _, q := range configs {
		if _, ok := s.inst.queues.get(q.QueueReference.QueueId); !ok {
			return notFound("queue", q.QueueReference.QueueId)
		}
		q.QueueReference.QueueId = bare(q.QueueReference.QueueId)
		if at := p.placeOf(q.QueueReference); at >= 0 {
			merged[at] = q
			continue
		}
		merged = append(merged, q)
	}
	p.queues = merged
	return nil
}
