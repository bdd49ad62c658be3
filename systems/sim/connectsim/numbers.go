package connectsim

import (
	"slices"
	"strings"

	"github.com/dualtone/dualtone/systems/sim"
)

func (s *Server) listNumbers(c *call) (object, error) {
	if target, ok := c.message["TargetArn"].(string); ok && target != s.InstanceARN() {
		return nil, notFound("target", target)
	}
	prefix, _ := c.message["PhoneNumberPrefix"].(string)
	types, _ := c.message["PhoneNumberTypes"].([]any)
	wanted := func(n *number) bool {
		return strings.HasPrefix(n.number, prefix) && (len(types) == 0 || slices.Contains(types, any(n.kind)))
	}
	return listed(s, c, "ListPhoneNumbersSummaryList", s.inst.numbers, wanted, s.showNumber)
}

func (s *Server) numberARN(n *number) string {
	return "arn:aws:connect:" + s.opts.Region + ":" + s.opts.Account + ":phone-number/" + n.id
}

func (s *Server) showNumber(n *number) object {
	return without(object{
		"PhoneNumberId": n.id, "PhoneNumberArn": s.numberARN(n), "PhoneNumber": n.number,
		"PhoneNumberCountryCode": n.country, "PhoneNumberType": n.kind, "PhoneNumberDescription": n.description,
		"TargetArn": s.InstanceARN(), "InstanceId": s.opts.InstanceID,
	})
}

func (s *Server) numberOf(c *call) (*number, error) {
	n, ok := s.inst.numbers.get(c.path("PhoneNumberId"))
	if !ok {
		return nil, notFound("phone number", c.path("PhoneNumberId"))
	}
	return n, nil
}

func (s *Server) describeNumber(c *call) (object, error) {
	n, err := s.numberOf(c)
	if err != nil {
		return nil, err
	}
	shown := s.showNumber(n)
	shown["PhoneNumberStatus"] = object{"Status": "CLAIMED"}
	return object{"ClaimedPhoneNumberSummary": shown}, nil
}

func (s *Server) associateFlow(c *call) (object, error) {
	n, err := s.numberOf(c)
	if err != nil {
		return nil, err
	}
	id, _ := c.message["ContactFlowId"].(string)
	f, ok := s.inst.flows.get(id)
	if !ok {
		return nil, notFound("contact flow", id)
	}
	s.point(n, f.id)
	return nil, nil
}

func (s *Server) disassociateFlow(c *call) (object, error) {
	n, err := s.numberOf(c)
	if err != nil {
		return nil, err
	}
	s.point(n, "")
	return nil, nil
}

// point lets a flow answer the number, and the world ring where the flow leads.
func (s *Server) point(n *number, flow string) {
	if old, ok := s.inst.flows.get(n.flow); ok {
		s.dial(old, n.number, "")
	}
	n.flow = flow
	if f, ok := s.inst.flows.get(flow); ok {
		s.dial(f, "", n.number)
	}
}

// dial changes the number at which a flow's queue or user is reached.
func (s *Server) dial(f *flow, from, to string) {
	if q, err := s.world.Queue(f.queue); err == nil && q.Number == from {
		q.Number = to
		s.world.PutQueue(q)
	}
	_ = s.world.ChangePerson(f.user, func(p *sim.Person) {
		if p.Number == from {
			p.Number = to
		}
	}) // a flow that leads to nobody rings nobody
}

func (s *Server) listFlowAssociations(c *call) (object, error) {
	kind := c.query.Get("ResourceType")
	wanted := func(n *number) bool { return n.flow != "" && (kind == "" || kind == "VOICE_PHONE_NUMBER") }
	return listed(s, c, "FlowAssociationSummaryList", s.inst.numbers, wanted, func(n *number) object {
		return object{
			"ResourceId": s.numberARN(n), "FlowId": s.arn("contact-flow", n.flow), "ResourceType": "VOICE_PHONE_NUMBER",
		}
	})
}
