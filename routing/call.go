package routing

import (
	"time"

	"github.com/dualtone/dualtone"
)

// Ingress is where a call came from, as the SBC knows it.
type Ingress string

// The ways on which a call reaches the SBC. Internal is a call that starts
// inside a PBX which asks before it routes, so that either side may take it;
// FromOld and FromNew are calls that a platform has handed out.
const (
	FromCarrier Ingress = "carrier"
	FromOld     Ingress = "old"
	FromNew     Ingress = "new"
	Internal    Ingress = "internal"
)

// platform is the side that handed the call out; empty for the other ways.
func (i Ingress) platform() dualtone.Side {
	switch i {
	case FromOld:
		return dualtone.Old
	case FromNew:
		return dualtone.New
	default:
		return ""
	}
}

// Call is what is known of a new call when its route is asked for.
type Call struct {
	// ID is the Call-ID. It spreads callers who withhold their number over a split
	// and decides nothing else.
	ID string
	// Called is what was dialed, as the wire has it: E.164, national digits, an
	// extension, a tel URI or the user part of a SIP URI.
	Called string
	// Caller is the caller's number in the same forms; empty when withheld.
	Caller  string
	Ingress Ingress
	// Country is the trunk's, ISO 3166 alpha-2: the one in which national digits
	// are read and emergency numbers are known.
	Country string
	// Location names the caller's dispatchable location, as far as the trunk or
	// the SBC tells it. It chooses the emergency trunk and nothing else.
	Location string
	// Diverted are the numbers that already forwarded this call: Diversion, and
	// History-Info without its last entry, which is the call itself.
	Diverted []string
	At       time.Time

	// Repeated says that a Guard saw this caller and called number too often to
	// be anything but a loop.
	Repeated Repeated
	// Callback is the side from which the called number placed an emergency call
	// lately, as Callbacks tells; empty for almost every call.
	Callback dualtone.Side
}

// Repeated reports that a call goes round and round.
type Repeated bool

// Result says how to read a decision.
type Result string

// The results. On the SIP wire they are 302, 404, 482 and 503.
const (
	// Routed: try the targets.
	Routed Result = "routed"
	// NotFound: the number is not ours. The SBC must not look elsewhere for it.
	NotFound Result = "not_found"
	// Loop: every target would hand the call back to where it came from.
	Loop Result = "loop"
	// NoTable: nothing is loaded yet, or a table without a rule. The SBC falls back
	// to its own default.
	NoTable Result = "no_table"
)

// Order says how the targets of a decision are tried.
type Order string

// The orders. A serial target is tried only when the one before it refused the
// call or could not be reached, never when it rang; parallel ones ring at once.
const (
	Serial   Order = "serial"
	Parallel Order = "parallel"
)

// Target is one place to try.
type Target struct {
	Side dualtone.Side `json:"side"`
	// Q is the preference in thousandths, RFC 3261 section 20.10: 1000 is q=1.0.
	// Parallel targets have the same.
	Q uint16 `json:"q"`
	// Trunk is the emergency trunk of the caller's location; empty for every
	// other call and for a location without one of its own.
	Trunk string `json:"trunk,omitempty"`
}

// Scope is what kind of rule decided.
type Scope string

// The scopes, in the order in which they are asked.
const (
	ByEmergency Scope = "emergency"
	ByUser      Scope = "user"
	ByNumber    Scope = "number"
	ByQueue     Scope = "queue"
	ByRange     Scope = "range"
	ByDefault   Scope = "default"
	ByNothing   Scope = "nothing"
)

// Decision is where a call goes and why. It is valid for this call only and
// shares its targets with others: do not change them.
type Decision struct {
	Result Result `json:"result"`
	// Number is the called number as it was looked up.
	Number dualtone.Number `json:"number"`
	// Caller is the caller in E.164, of emergency calls only: to whom help calls
	// back.
	Caller  dualtone.Number `json:"caller,omitempty"`
	Order   Order           `json:"order,omitempty"`
	Targets []Target        `json:"targets,omitempty"`
	// Emergency calls go out with priority and are never held, split or queued.
	Emergency bool `json:"emergency,omitempty"`
	// Scope and Rule name the rule that decided: Rule is its key in the table.
	Scope Scope  `json:"scope"`
	Rule  string `json:"rule,omitempty"`
	// Owner is the person or the queue whose number it is, as far as known.
	Owner string `json:"owner,omitempty"`
	// Reason is one sentence for people. It is one of a fixed set, so that it may
	// label a count.
	Reason   string   `json:"reason"`
	Revision Revision `json:"revision"`
}

// Decider decides calls from an immutable table in memory. It is safe for
// concurrent use, touches no clock, disk or wire, and does not allocate for a
// number in E.164.
type Decider interface {
	// Decide is the same for the same call and revision.
	Decide(call Call) Decision
	// Revision is the one that the next decision is made from.
	Revision() Revision
	// Age is how long ago the table was last known to be the active one.
	Age(now time.Time) time.Duration
}
