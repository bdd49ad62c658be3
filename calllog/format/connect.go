package format

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// connectRecords reads Amazon Connect's contact records: as its stream exports
// them, one a line, in an array or one after the other, and as DescribeContact
// and SearchContacts answer.
func connectRecords() Format {
	return Format{
		Name:         "connect",
		Summary:      "Amazon Connect: contact records in JSON, of the stream and of the API",
		Translations: connectTranslations(),
		cut:          objects,
		looks: func(head []byte) bool {
			head = bytes.TrimLeft(head, " \t\r\n[")
			return bytes.HasPrefix(head, []byte("{")) && (bytes.Contains(head, []byte(`"InitiationMethod"`)) || bytes.Contains(head, []byte(`"ContactId"`)))
		},
		open: func(o Options) (parser, error) {
			return &connectParser{system: o.System, numbers: newNumbers(o), keys: o.Keys}, nil
		},
	}
}

type connectParser struct {
	system  string
	numbers numbers
	keys    map[string]calllog.KeyKind
	legs    []calllog.Leg
}

func (*connectParser) heading() bool { return false }
func (*connectParser) heads() int    { return 0 }

func (p *connectParser) parse(text string, row *calllog.Row) error {
	if text == "" {
		return nil
	}
	var a answer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		row.Fault = jsonFault(err)
		return nil
	}
	records := a.Contacts
	switch {
	case a.Contact != nil:
		records = append(records, a.Contact)
	case a.Contacts == nil:
		records = append(records, json.RawMessage(text))
	}
	p.legs = p.legs[:0]
	for _, raw := range records {
		var c contact
		if err := json.Unmarshal(raw, &c); err != nil {
			row.Fault = jsonFault(err)
			return nil
		}
		if row.Fault = p.contact(&c); row.Fault != nil {
			return nil
		}
	}
	row.Legs = p.legs
	return nil
}

// contact adds a leg for a contact by voice.
func (p *connectParser) contact(c *contact) *calllog.Fault {
	key := id(c.ID, c.ContactID)
	switch {
	case key == "":
		return fault("ContactId", "", "missing")
	case c.Channel != "" && c.Channel != "VOICE":
		return nil
	case c.InitiationTimestamp.IsZero():
		return fault("InitiationTimestamp", "", "missing")
	case c.DisconnectTimestamp.IsZero():
		return fault("DisconnectTimestamp", "", "missing: the contact is not over")
	case c.DisconnectTimestamp.Before(c.InitiationTimestamp.Time):
		return fault("DisconnectTimestamp", c.DisconnectTimestamp.String(), "before InitiationTimestamp")
	}
	l := calllog.Leg{
		LegID:   calllog.LegID{System: p.system, Record: key},
		Call:    firstOf(c.ContactAssociationID, c.InitialContactID, key),
		Started: c.InitiationTimestamp.Time, Ended: c.DisconnectTimestamp.Time, Zone: "UTC",
		Cause: c.DisconnectReason,
	}
	p.parties(&l, c)
	if q := firstSet(c.Queue, c.QueueInfo); q != nil {
		l.Queue = dualtone.QueueID(id(q.ID, q.ARN))
		l.Wait = waited(c, q)
	}
	if a := firstSet(c.Agent, c.AgentInfo); a != nil && !a.ConnectedToAgentTimestamp.IsZero() {
		served(&l, a)
	} else if l.Queue == "" && l.Direction == calllog.Inbound {
		l.Answered = c.ConnectedToSystemTimestamp.Time // by a flow
	}
	e := connectEnd{reason: c.DisconnectReason, agent: l.Agent != "", queued: l.Queue != "", outbound: l.Direction == calllog.Outbound}
	var ok bool
	if l.Disposition, ok = e.disposition(); !ok {
		return fault("DisconnectReason", c.DisconnectReason, calllog.UnknownEnd+"; calls translations lists the known words")
	}
	if c.TransferredToEndpoint != nil || c.NextContactID != "" {
		l.Transfers = 1
		l.TransferTo = p.endpoint(c.TransferredToEndpoint).Raw
	}
	media(&l, c)
	p.correlate(&l, c)
	p.legs = append(p.legs, l)
	return nil
}

// parties says who spoke with whom.
func (p *connectParser) parties(l *calllog.Leg, c *contact) {
	customer, system := p.endpoint(c.CustomerEndpoint), p.endpoint(c.SystemEndpoint)
	l.Caller, l.Called = customer, system
	switch c.InitiationMethod {
	case "OUTBOUND", "API", "CALLBACK", "EXTERNAL_OUTBOUND":
		l.Direction = calllog.Outbound
		l.Caller, l.Called = system, customer
	case "MONITOR":
		l.Direction = calllog.Internal
	default:
		l.Direction = calllog.Inbound
	}
}

func (p *connectParser) endpoint(e *endpoint) calllog.Party {
	if e == nil {
		return calllog.Party{}
	}
	party := p.numbers.party(e.Address, "")
	party.Name = e.DisplayName
	return party
}

func waited(c *contact, q *contactQueue) time.Duration {
	if q.Duration != nil {
		return q.Duration.duration()
	}
	if q.EnqueueTimestamp.IsZero() {
		return 0
	}
	until := c.DisconnectTimestamp
	if a := firstSet(c.Agent, c.AgentInfo); a != nil && !a.ConnectedToAgentTimestamp.IsZero() {
		until = a.ConnectedToAgentTimestamp
	}
	return max(0, until.Sub(q.EnqueueTimestamp.Time))
}

// served notes what the agent did. The service's wait ends when the agent is
// connected, so that a ring is within it.
func served(l *calllog.Leg, a *contactAgent) {
	l.Agent = dualtone.UserID(id(a.ID, a.ARN))
	l.Answered = a.ConnectedToAgentTimestamp.Time
	l.WrapUp = a.AfterContactWorkDuration.duration()
	l.Hold = firstSet(a.CustomerHoldDuration, a.AgentInitiatedHoldDuration).duration()
	l.Talk = max(0, l.Ended.Sub(l.Answered)-l.Hold)
	if a.AgentInteractionDuration != nil {
		l.Talk = a.AgentInteractionDuration.duration()
	}
}

// media notes the recording and the quality, the worse of the two ends.
func media(l *calllog.Leg, c *contact) {
	if c.Recording != nil {
		l.Recording = c.Recording.Location
	}
	if l.Recording == "" && len(c.Recordings) > 0 {
		l.Recording = c.Recordings[0].Location
	}
	if c.QualityMetrics == nil {
		return
	}
	for _, end := range []*party{c.QualityMetrics.Agent, c.QualityMetrics.Customer} {
		if end == nil || end.Audio == nil || end.Audio.QualityScore <= 0 {
			continue
		}
		score := int(math.Round(min(end.Audio.QualityScore, 5) * 100))
		if l.Quality.MOS == 0 || score < l.Quality.MOS {
			l.Quality.MOS = score
		}
	}
}

// correlate notes by what another system may know the contact.
func (p *connectParser) correlate(l *calllog.Leg, c *contact) {
	for _, other := range []string{l.Record, c.InitialContactID, c.PreviousContactID, c.RelatedContactID} {
		key := calllog.Key{Kind: calllog.ContactIDKey, Value: other}
		if other != "" && !slices.Contains(l.Keys, key) {
			l.Keys = append(l.Keys, key)
		}
	}
	for name, value := range c.Attributes {
		if kind, ok := p.keys[name]; ok && value != "" {
			l.Keys = append(l.Keys, calllog.Key{Kind: kind, Value: value})
		}
	}
	slices.SortFunc(l.Keys, func(a, b calllog.Key) int {
		return strings.Compare(string(a.Kind)+a.Value, string(b.Kind)+b.Value)
	})
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func firstSet[T any](values ...*T) *T {
	for _, v := range values {
		if v != nil {
			return v
		}
	}
	return nil
}
