package calllog

import (
	"time"

	"github.com/dualtone/dualtone"
)

// LegID names a leg everywhere and for good: a record that is sent again, or
// corrected, keeps it.
type LegID struct {
	// System is the configured name of the system that wrote the record.
	System string `json:"system"`
	// Record is the system's own key of the record.
	Record string `json:"record"`
}

// Leg is what one system recorded of a call.
type Leg struct {
	LegID

	// Call ties the legs of one call together on their own system: Asterisk's
	// linkedid, UCM's global call id, Connect's initial contact id.
	Call string `json:"call,omitempty"`
	// Channels are the system's names for the ends of the leg: Asterisk's
	// uniqueid, UCM's leg identifiers. What a system records apart from the leg
	// names one of them; see Supplement.
	Channels []string `json:"channels,omitempty"`

	// Started is when the system first knew of the leg, Answered when a person
	// or a service took it, Ended when it was released; UTC, Answered zero where
	// nobody did.
	Started  time.Time `json:"started"`
	Answered time.Time `json:"answered,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	// Zone is the IANA zone in which the source wrote its times.
	Zone string `json:"zone,omitempty"`

	Caller Party `json:"caller"`
	Called Party `json:"called"`
	// Dialed is what the caller asked for before the system changed it.
	Dialed Party `json:"dialed,omitzero"`

	Direction Direction       `json:"direction"`
	Agent     dualtone.UserID `json:"agent,omitempty"`
	// Extension is the agent's phone, where the source tells it apart from the agent.
	Extension string           `json:"extension,omitempty"`
	Queue     dualtone.QueueID `json:"queue,omitempty"`
	Site      string           `json:"site,omitempty"`
	TrunkIn   string           `json:"trunk_in,omitempty"`
	TrunkOut  string           `json:"trunk_out,omitempty"`

	Disposition Disposition `json:"disposition"`
	// Cause is the source's own word or number for how the leg ended.
	Cause string `json:"cause,omitempty"`

	// The parts of a leg's life; to the millisecond, zero where the source does
	// not say.
	Wait   time.Duration `json:"wait,omitempty"` // in a queue, until offered
	Ring   time.Duration `json:"ring,omitempty"`
	Talk   time.Duration `json:"talk,omitempty"`
	Hold   time.Duration `json:"hold,omitempty"`
	WrapUp time.Duration `json:"wrap_up,omitempty"`

	Transfers  int    `json:"transfers,omitempty"`
	TransferTo string `json:"transfer_to,omitempty"`
	// DivertedFrom is who forwarded the call here (Diversion, History-Info), and
	// DivertReason why.
	DivertedFrom Party  `json:"diverted_from,omitzero"`
	DivertReason string `json:"divert_reason,omitempty"`

	Recording string  `json:"recording,omitempty"`
	Activity  string  `json:"activity,omitempty"` // the CRM's record of the call
	Pop       Pop     `json:"pop,omitempty"`
	Quality   Quality `json:"quality,omitzero"`

	// Keys are what may be found on another system's leg of the same call.
	Keys []Key `json:"keys,omitempty"`
}

// Party is one end of a call.
type Party struct {
	// Raw is the number, extension or address as the source wrote it.
	Raw string `json:"raw,omitempty"`
	// Number is the same in E.164, empty where it is none: an extension, a
	// withheld number.
	Number dualtone.Number `json:"number,omitempty"`
	Name   string          `json:"name,omitempty"`
}

// Direction says which way a call crossed the company's border.
type Direction string

// The directions of a call.
const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
	Internal Direction = "internal"
)

// Pop is what became of the screen pop.
type Pop string

// The results of a screen pop; empty where none was to be shown or nobody
// recorded it.
const (
	Popped  Pop = "popped"   // the right record came up
	NoMatch Pop = "no_match" // no record fitted
	PopFail Pop = "failed"
)

// Quality is how a leg sounded.
type Quality struct {
	// MOS is the mean opinion score in hundredths: 100 to 500, 0 where unknown.
	MOS    int           `json:"mos,omitempty"`
	Jitter time.Duration `json:"jitter,omitempty"`
	// Lost and Packets count media packets that did not come and that should have.
	Lost    int `json:"lost,omitempty"`
	Packets int `json:"packets,omitempty"`
}

// KeyKind tells what sort of key two legs may share.
type KeyKind string

// The kinds of keys, strongest first.
const (
	DecisionKey  KeyKind = "decision" // dualtone's own id of the routing decision
	SIPCallID    KeyKind = "sip_call_id"
	SessionID    KeyKind = "session_id" // RFC 7989
	UCID         KeyKind = "ucid"
	UserToUser   KeyKind = "uui"     // RFC 7433
	LinkedID     KeyKind = "linked"  // a key that systems of one vendor pass on
	ContactIDKey KeyKind = "contact" // a cloud's contact id found elsewhere
)

// Key is one value that ties legs of different systems together.
type Key struct {
	Kind  KeyKind `json:"kind"`
	Value string  `json:"value"`
}
