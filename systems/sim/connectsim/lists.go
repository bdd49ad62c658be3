package connectsim

import "slices"

func (s *Server) describeInstance(*call) (object, error) {
	return object{"Instance": object{
		"Id": s.opts.InstanceID, "Arn": s.InstanceARN(),
		"IdentityManagementType": s.opts.IdentityManagement, "InstanceAlias": "dualtone-sim",
		"InstanceStatus": "ACTIVE", "InboundCallsEnabled": true, "OutboundCallsEnabled": true,
	}}, nil
}

func (s *Server) summary(kind string, n named) object {
	return object{"Id": n.id, "Arn": s.arn(kind, n.id), "Name": n.name, "LastModifiedTime": epoch(n.changed)}
}

// kinds makes the filter that a query's list of kinds asks for.
func kinds[T any](c *call, parameter string, kind func(T) string) func(T) bool {
	wanted := c.query[parameter]
	if len(wanted) == 0 {
		return all[T]
	}
	return func(v T) bool { return slices.Contains(wanted, kind(v)) }
}

func (s *Server) listSecurityProfiles(c *call) (object, error) {
	return listed(s, c, "SecurityProfileSummaryList", s.inst.security, all, func(p *securityProfile) object {
		return s.summary("security-profile", p.named)
	})
}

func (s *Server) listHours(c *call) (object, error) {
	return listed(s, c, "HoursOfOperationSummaryList", s.inst.hours, all, func(h *named) object {
		return s.summary("operating-hours", *h)
	})
}

func (s *Server) listFlows(c *call) (object, error) {
	wanted := kinds(c, "contactFlowTypes", func(f *flow) string { return f.kind })
	return listed(s, c, "ContactFlowSummaryList", s.inst.flows, wanted, func(f *flow) object {
		return object{
			"Id": f.id, "Arn": s.arn("contact-flow", f.id), "Name": f.name,
			"ContactFlowType": f.kind, "ContactFlowState": "ACTIVE", "ContactFlowStatus": "PUBLISHED",
		}
	})
}

func (s *Server) listStatuses(c *call) (object, error) {
	wanted := kinds(c, "AgentStatusTypes", func(st *agentStatus) string { return st.kind })
	return listed(s, c, "AgentStatusSummaryList", s.inst.statuses, wanted, func(st *agentStatus) object {
		shown := s.summary("agent-state", st.named)
		shown["Type"] = st.kind
		return shown
	})
}

func (s *Server) listQuickConnects(c *call) (object, error) {
	wanted := kinds(c, "QuickConnectTypes", func(q *quickConnect) string { return q.kind })
	return listed(s, c, "QuickConnectSummaryList", s.inst.quick, wanted, func(q *quickConnect) object {
		shown := s.summary("transfer-destination", q.named)
		shown["QuickConnectType"] = q.kind
		return shown
	})
}

type quickConnectConfig struct {
	QuickConnectType string
	UserConfig       *struct {
		UserId, ContactFlowId string //nolint:revive,staticcheck // The wire's names.
	}
	QueueConfig *struct {
		QueueId, ContactFlowId string //nolint:revive,staticcheck // The wire's names.
	}
	PhoneConfig *struct{ PhoneNumber string }
}

func (s *Server) createQuickConnect(c *call) (object, error) {
	var in struct {
		Name               string
		QuickConnectConfig quickConnectConfig
	}
	if err := c.into(&in); err != nil {
		return nil, err
	}
	if err := s.checkQuickConnect(in.QuickConnectConfig); err != nil {
		return nil, err
	}
	q := &quickConnect{named: s.label("quick connect", in.Name), kind: in.QuickConnectConfig.QuickConnectType}
	if _, taken := s.inst.quick.get(q.id); taken {
		return nil, duplicate("quick connect", in.Name)
	}
	s.inst.quick.put(q.id, q)
	return object{"QuickConnectId": q.id, "QuickConnectARN": s.arn("transfer-destination", q.id)}, nil
}

func (s *Server) checkQuickConnect(in quickConnectConfig) error {
	switch {
	case in.QuickConnectType == "USER" && in.UserConfig != nil:
		if _, ok := s.inst.users.get(in.UserConfig.UserId); !ok {
			return notFound("user", in.UserConfig.UserId)
		}
	case in.QuickConnectType == "QUEUE" && in.QueueConfig != nil:
		if _, ok := s.inst.queues.get(in.QueueConfig.QueueId); !ok {
			return notFound("queue", in.QueueConfig.QueueId)
		}
	case in.QuickConnectType == "PHONE_NUMBER" && in.PhoneConfig != nil:
	default:
		return invalidParameter("QuickConnectConfig does not fit %s", in.QuickConnectType)
	}
	return nil
}

func (s *Server) listQueues(c *call) (object, error) {
	wanted := kinds(c, "queueTypes", func(*queue) string { return "STANDARD" })
	return listed(s, c, "QueueSummaryList", s.inst.queues, wanted, func(q *queue) object {
		shown := s.summary("queue", q.named)
		shown["QueueType"] = "STANDARD"
		return shown
	})
}

func (s *Server) showQueue(q *queue) object {
	return without(object{
		"Name": q.name, "QueueArn": s.arn("queue", q.id), "QueueId": q.id,
		"HoursOfOperationId": q.hours, "Status": "ENABLED", "LastModifiedTime": epoch(q.changed),
	})
}

func (s *Server) describeQueue(c *call) (object, error) {
	q, ok := s.inst.queues.get(c.path("QueueId"))
	if !ok {
		return nil, notFound("queue", c.path("QueueId"))
	}
	return object{"Queue": s.showQueue(q)}, nil
}

func (s *Server) searchQueues(c *call) (object, error) {
	wanted, err := criteria(c.message, queueFields())
	if err != nil {
		return nil, err
	}
	answer, err := listed(s, c, "Queues", s.inst.queues, wanted, s.showQueue)
	if err != nil {
		return nil, err
	}
	answer["ApproximateTotalCount"] = len(s.inst.queues.order)
	return answer, nil
}
