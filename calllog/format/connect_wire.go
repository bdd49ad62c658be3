package format

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// contact is a contact record, in the shapes of both the record stream and of
// DescribeContact and SearchContacts: they name the same things differently.
type contact struct {
	ContactID string `json:"ContactId"` // stream
	ID        string `json:"Id"`        // API

	InitialContactID     string `json:"InitialContactId"`
	PreviousContactID    string `json:"PreviousContactId"`
	RelatedContactID     string `json:"RelatedContactId"`
	NextContactID        string `json:"NextContactId"`
	ContactAssociationID string `json:"ContactAssociationId"`

	Channel          string
	InitiationMethod string
	DisconnectReason string

	InitiationTimestamp        stamp
	ConnectedToSystemTimestamp stamp
	DisconnectTimestamp        stamp
	TransferCompletedTimestamp stamp

	CustomerEndpoint      *endpoint
	SystemEndpoint        *endpoint
	TransferredToEndpoint *endpoint

	Agent     *contactAgent // stream
	AgentInfo *contactAgent // API
	Queue     *contactQueue // stream
	QueueInfo *contactQueue // API

	Recording      *recording  // stream
	Recordings     []recording // both
	QualityMetrics *struct {
		Agent    *party
		Customer *party
	}
	Attributes map[string]string
}

type endpoint struct{ Address, DisplayName string }

type party struct {
	Audio *struct{ QualityScore float64 }
}

type recording struct{ Location string }

type contactAgent struct {
	ARN string // stream
	ID  string `json:"Id"` // API

	ConnectedToAgentTimestamp    stamp
	AgentInteractionDuration     *seconds // stream
	AfterContactWorkDuration     *seconds
	CustomerHoldDuration         *seconds // stream
	AgentInitiatedHoldDuration   *seconds // API
	AfterContactWorkEndTimestamp stamp
}

type contactQueue struct {
	ARN string // stream
	ID  string `json:"Id"` // API

	EnqueueTimestamp stamp
	Duration         *seconds // stream
}

// answer is what DescribeContact and SearchContacts answer.
type answer struct {
	Contact  json.RawMessage
	Contacts []json.RawMessage
}

// stamp is a time: 2026-11-22T16:46:28Z in the stream, seconds since 1970 in the
// API's answers.
type stamp struct{ time.Time }

// UnmarshalJSON reads either.
func (s *stamp) UnmarshalJSON(text []byte) error {
	if string(text) == "null" || string(text) == `""` {
		return nil
	}
	if text[0] == '"' {
		t, err := time.Parse(time.RFC3339, strings.Trim(string(text), `"`))
		if err != nil {
			return fmt.Errorf("%s is no time such as 2006-01-02T15:04:05Z", text)
		}
		s.Time = t.UTC()
		return nil
	}
	seconds, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.Abs(seconds) > latest {
		return fmt.Errorf("%s is no time in seconds since 1970", text)
	}
	// Milliseconds are what the service has; a float does not hold more.
	s.Time = time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
	return nil
}

// seconds is a duration in whole seconds.
type seconds int64

func (s *seconds) duration() time.Duration {
	if s == nil {
		return 0
	}
	return time.Duration(*s) * time.Second
}

// id returns the API's id, or the last part of the stream's ARN, which is the same.
func id(id, arn string) string {
	if id != "" {
		return id
	}
	return arn[strings.LastIndexByte(arn, '/')+1:]
}
