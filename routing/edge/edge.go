// Package edge holds what the servers of the routing plane share: how a call is
// asked about and measured, how a target of a decision becomes an address, who
// may ask, and what is kept of a call so that its legs can be found again.
package edge

import (
	"time"

	"github.com/dualtone/dualtone/routing"
)

// Core answers for one server: it asks the decider and counts what it said. Its
// methods may be called from any number of goroutines.
type Core struct {
	Decider  routing.Decider
	Targets  *Targets
	Measures *Measures
	// Limit is what is decided at most. Calls for help are decided all the same.
	Limit Limit
	// Recorder is told of each decision; nil for none.
	Recorder Recorder
	// Now is the clock.
	Now func() time.Time
}

// Ready reports whether there is a table to answer from. A server that is not
// ready says so to keep-alives, and the SBC goes to another one.
func (c *Core) Ready() bool { return c.Decider.Revision() > 0 }

// Decide returns where a call goes.
func (c *Core) Decide(call routing.Call) routing.Decision { return c.Decider.Decide(call) }

// A Recorder keeps decisions for the call log. Keep must return at once.
type Recorder interface {
	Keep(r *Record)
}

// Record is one decision with everything of the call that survives a hop.
type Record struct {
	Edge     string           `json:"edge"`
	Call     routing.Call     `json:"call"`
	Decision routing.Decision `json:"decision"`
	Peer     string           `json:"peer"`
	// SessionID, UserToUser, Diversion and History are as the wire had them.
	SessionID  string `json:"session_id,omitempty"`
	UserToUser string `json:"user_to_user,omitempty"`
	Diversion  string `json:"diversion,omitempty"`
	History    string `json:"history,omitempty"`
}

// Outcome is how a request was answered.
type Outcome int

// The outcomes. The first ones are the results of a decision.
const (
	Routed Outcome = iota
	NotFound
	Loop
	NoTable
	// Invalid was no proper request.
	Invalid
	// Refused came from somebody who may not ask.
	Refused
	// Overloaded was turned away to keep the others quick.
	Overloaded
	// Repeated got the answer again that it had got before.
	Repeated
	// KeepAlive asked whether the server is there.
	KeepAlive
	// Other needed no decision: an acknowledgment, a cancel.
	Other
	outcomes
)

// String is the outcome's label.
func (o Outcome) String() string {
	return [outcomes]string{
		"routed", "not_found", "loop", "no_table", "invalid",
		"refused", "overloaded", "repeated", "keep_alive", "other",
	}[o]
}

// Of is the outcome that a decision's result counts as.
func Of(r routing.Result) Outcome {
	switch r {
	case routing.Routed:
		return Routed
	case routing.NotFound:
		return NotFound
	case routing.Loop:
		return Loop
	case routing.NoTable:
		return NoTable
	default:
		return NoTable
	}
}
