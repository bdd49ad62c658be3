package calllog

import (
	"time"

	"github.com/dualtone/dualtone"
)

// CallID names a stitched call. It stays the same while legs join; when a call
// is split, the part with the earliest leg keeps it.
type CallID string

// Call is what the customer experienced: one call, whatever systems carried it.
type Call struct {
	ID      CallID    `json:"id"`
	Started time.Time `json:"started"`
	// Members are the legs in the order of their starts.
	Members []Member `json:"members"`
	// Crossed says that legs of both systems take part.
	Crossed bool `json:"crossed,omitempty"`
}

// Member is a leg's place in a call and why it has it.
type Member struct {
	Leg LegID `json:"leg"`
	// Side is the side of the migration that the leg's system is on.
	Side dualtone.Side `json:"side"`
	Join Join          `json:"join"`
}

// Join is the reason for which a leg belongs to its call.
type Join struct {
	Method     Method `json:"method"`
	Confidence int    `json:"confidence"` // percent
	// To is the leg that it was joined to; empty for the first of a call.
	To LegID `json:"to,omitzero"`
	// Why tells the key or the numbers and times, for people.
	Why string    `json:"why,omitempty"`
	At  time.Time `json:"at,omitzero"`
}

// Method is what two legs were joined by.
type Method string

// The methods, strongest first.
const (
	First     Method = "first"     // nothing to be joined to
	SameCall  Method = "same_call" // the system's own key of the call
	ByKey     Method = "key"       // a key that both systems hold
	ByDivert  Method = "divert"    // the later leg names who forwarded it
	ByNumbers Method = "numbers"   // numbers and times
)
