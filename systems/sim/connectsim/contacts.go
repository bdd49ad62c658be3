package connectsim

import (
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// endedContact is a contact whose customer has gone.
type endedContact struct {
	id string
	at time.Time
}

const byDisconnect = "DISCONNECT_TIMESTAMP"

// showAgentContact is a call as its agent's panel has it.
func (s *Server) showAgentContact(c sim.Call) object {
	state, since := "CONNECTING", c.Rang
	switch c.State {
	case sim.Talking:
		state, since = "CONNECTED", c.Answered
	case sim.Held:
		// The time stays that of the connection, as the service documents.
		state, since = "CONNECTED_ONHOLD", c.Answered
	case sim.WrapUp:
		state, since = "ENDED", c.Over
	case sim.Waiting, sim.Ringing, sim.Ended, sim.Abandoned, sim.Cut:
	}
	return without(object{
		"ContactId": c.ID, "Channel": voice, "InitiationMethod": initiation(c), "AgentContactState": state,
		"StateStartTimestamp": epoch(since), "ConnectedToAgentTimestamp": epoch(c.Answered), "Queue": s.queueRef(c.Queue),
	})
}

func (s *Server) queueRef(id string) any {
	if id == "" {
		return nil
	}
	return object{"Id": id, "Arn": s.arn("queue", id)}
}

func initiation(c sim.Call) string {
	if len(c.Transfers) > 0 {
		return "TRANSFER"
	}
	return "INBOUND"
}

type contactSearch struct {
	TimeRange struct {
		Type               string
		StartTime, EndTime float64
	}
	SearchCriteria struct{ AgentIds, Channels, QueueIds []string } //nolint:revive // The wire's names.
	Sort           struct{ FieldName, Order string }
}

func (s *Server) searchContacts(c *call) (object, error) {
	var in contactSearch
	if err := c.into(&in); err != nil {
		return nil, err
	}
	if in.TimeRange.EndTime < in.TimeRange.StartTime {
		return nil, invalidParameter("EndTime is before StartTime")
	}
	if in.Sort.FieldName == "" {
		in.Sort.FieldName, in.Sort.Order = in.TimeRange.Type, "DESCENDING"
	}
	w, err := s.window(c)
	if err != nil {
		return nil, err
	}
	ids := s.contactsIn(in)
	var found []object
	next := any(nil)
	for i := int(w.after); i < len(ids); i++ { //nolint:gosec // our own token
		if len(found) == w.size {
			next = s.token(c.op.name, uint64(i)) //nolint:gosec // never negative
			break
		}
		if contact, err := s.world.Call(ids[i]); err == nil && in.wants(contact) {
			found = append(found, s.showContactSummary(contact))
		}
	}
	return without(object{"Contacts": slices.Concat([]object{}, found), "NextToken": next, "TotalCount": len(ids)}), nil
}

func seconds(t float64) time.Time { return time.UnixMilli(int64(t * 1000)) }

// contactsIn lists the contacts of the time range in the order asked for. The
// search by disconnect time, which is what readers of records use, looks at no
// other contacts.
func (s *Server) contactsIn(in contactSearch) []string {
	from, to := seconds(in.TimeRange.StartTime), seconds(in.TimeRange.EndTime)
	var chosen []endedContact
	if in.TimeRange.Type == byDisconnect {
		if seen := s.world.Now().Add(-s.opts.IndexDelay); seen.Before(to) {
			to = seen
		}
		place := func(t time.Time) int {
			i, _ := slices.BinarySearchFunc(s.inst.ended, t, func(e endedContact, t time.Time) int {
				return e.at.Truncate(time.Millisecond).Compare(t)
			})
			return i
		}
		chosen = s.inst.ended[place(from):max(place(from), place(to.Add(time.Millisecond)))]
	} else {
		for _, c := range s.world.Calls() {
			if at := timeOf(c, in.TimeRange.Type); !at.IsZero() && !at.Before(from) && !at.After(to) {
				chosen = append(chosen, endedContact{c.ID, at})
			}
		}
	}
	ids := make([]string, 0, len(chosen))
	for _, e := range s.sorted(chosen, in) {
		ids = append(ids, e.id)
	}
	return ids
}

func (s *Server) sorted(chosen []endedContact, in contactSearch) []endedContact {
	if in.TimeRange.Type != byDisconnect || in.Sort.FieldName != byDisconnect {
		chosen = slices.Clone(chosen)
		for i, e := range chosen {
			if c, err := s.world.Call(e.id); err == nil {
				chosen[i].at = timeOf(c, in.Sort.FieldName)
			}
		}
		slices.SortStableFunc(chosen, func(a, b endedContact) int { return a.at.Compare(b.at) })
	}
	if in.Sort.Order == "DESCENDING" {
		chosen = slices.Clone(chosen)
		slices.Reverse(chosen)
	}
	return chosen
}

func timeOf(c sim.Call, kind string) time.Time {
	switch kind {
	case byDisconnect:
		return c.Over
	case "CONNECTED_TO_AGENT_TIMESTAMP":
		return c.Answered
	case "ENQUEUE_TIMESTAMP":
		if c.Queue == "" {
			return time.Time{}
		}
		return c.Arrived
	default:
		return c.Arrived
	}
}

func (in contactSearch) wants(c sim.Call) bool {
	among := func(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }
	return among(in.SearchCriteria.AgentIds, c.Person) && among(in.SearchCriteria.QueueIds, c.Queue) &&
		among(in.SearchCriteria.Channels, voice)
}

// showContactSummary is a contact as a search finds it: without the numbers.
func (s *Server) showContactSummary(c sim.Call) object {
	shown := object{
		"Arn": s.arn("contact", c.ID), "Id": c.ID, "InitiationMethod": initiation(c), "Channel": voice,
		"InitiationTimestamp": epoch(c.Arrived), "DisconnectTimestamp": epoch(c.Over),
	}
	if c.Queue != "" {
		shown["QueueInfo"] = object{"Id": c.Queue, "EnqueueTimestamp": epoch(c.Arrived)}
	}
	if !c.Answered.IsZero() {
		shown["AgentInfo"] = object{"Id": c.Person, "ConnectedToAgentTimestamp": epoch(c.Answered)}
	}
	return without(shown)
}

func (s *Server) describeContact(c *call) (object, error) {
	contact, err := s.world.Call(c.path("ContactId"))
	if err != nil {
		return nil, notFound("contact", c.path("ContactId"))
	}
	shown := s.showContactSummary(contact)
	shown["ContactAssociationId"] = contact.ID
	shown["CustomerEndpoint"] = object{"Type": "TELEPHONE_NUMBER", "Address": contact.From}
	shown["ConnectedToSystemTimestamp"] = epoch(contact.Arrived)
	shown["LastUpdateTimestamp"] = epoch(latest(contact))
	if strings.HasPrefix(contact.To, "+") {
		shown["SystemEndpoint"] = object{"Type": "TELEPHONE_NUMBER", "Address": contact.To}
	}
	if reason := disconnectReason(contact); reason != "" {
		shown["DisconnectReason"] = reason
	}
	if agent, ok := shown["AgentInfo"].(object); ok && contact.State == sim.Ended && contact.Wrap > 0 {
		agent["AfterContactWorkStartTimestamp"] = epoch(contact.Over)
		agent["AfterContactWorkEndTimestamp"] = epoch(contact.Over.Add(contact.Wrap))
		agent["AfterContactWorkDuration"] = int(contact.Wrap.Seconds())
	}
	return object{"Contact": shown}, nil
}

func latest(c sim.Call) time.Time {
	t := c.Arrived
	for _, later := range []time.Time{c.Rang, c.Answered, c.Over} {
		if later.After(t) {
			t = later
		}
	}
	return t
}

func disconnectReason(c sim.Call) string {
	switch c.State {
	case sim.Ended, sim.WrapUp, sim.Abandoned:
		return "CUSTOMER_DISCONNECT"
	case sim.Cut:
		return "TELECOM_PROBLEM"
	case sim.Waiting, sim.Ringing, sim.Talking, sim.Held:
	}
	return ""
}
