package calllog

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
)

// CallID names a call by its first leg, so that the same legs make the same
// call wherever and in whatever order they are stitched. When an earlier leg
// joins late, the call is named anew and the log keeps what it was called
// before.
type CallID string

// CallIDOf names the call that begins with a leg. Names sort by the time of the
// start.
func CallIDOf(first LegID, started time.Time) CallID {
	sum := sha256.Sum256([]byte(first.System + "\x00" + first.Record))
	var id [15]byte
	binary.BigEndian.PutUint64(id[:8], uint64(max(started.UnixMilli(), 0))<<16)
	copy(id[6:], sum[:])
	return CallID(strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(id[:])))
}

// Call is what the customer experienced: one call, whatever systems carried it.
// A leg that no other belongs to is a call of its own, which the log does not
// write down a second time.
type Call struct {
	ID      CallID    `json:"id"`
	Started time.Time `json:"started"`
	// Members are the legs in the order of their starts.
	Members []Member `json:"members"`
	// Crossed says that legs of several systems take part.
	Crossed bool `json:"crossed,omitempty"`
}

// Order puts the members into the order of their starts.
func (c *Call) Order() {
	slices.SortFunc(c.Members, func(a, b Member) int { return cmp.Or(a.Started.Compare(b.Started), a.Leg.Compare(b.Leg)) })
}

// Member is a leg's place in a call and why it has it.
type Member struct {
	Leg     LegID     `json:"leg"`
	Started time.Time `json:"started"`
	Join    Join      `json:"join"`
}

// Join is the reason for which a leg belongs to its call.
type Join struct {
	Method     Method `json:"method"`
	Confidence int    `json:"confidence"` // percent
	// To is the leg that it was joined to; empty for the first of a call.
	To LegID `json:"to,omitzero"`
	// Why tells the key or the numbers and times, for people.
	Why string `json:"why,omitempty"`
}

// Method is what two legs were joined by.
type Method string

// The methods, strongest first.
const (
	First     Method = "first"     // nothing to be joined to
	ByPerson  Method = "person"    // somebody looked at it and said so
	SameCall  Method = "same_call" // the system's own key of the call
	ByKey     Method = "key"       // a key that both systems hold
	ByDivert  Method = "divert"    // the later leg names who forwarded it
	ByNumbers Method = "numbers"   // numbers and times
)

// Ambiguity is a leg that may belong to several calls. It stays a call of its
// own until a later leg or a person says which.
type Ambiguity struct {
	Leg     LegID     `json:"leg"`
	Started time.Time `json:"started"`
	// Candidates are the legs that it may have come from, best first.
	Candidates []Candidate `json:"candidates"`
}

// Place is its place in the list of what is ambiguous.
func (a *Ambiguity) Place() Place { return Place{Started: a.Started, LegID: a.Leg} }

// Candidate is a leg that another may have come from.
type Candidate struct {
	Leg        LegID  `json:"leg"`
	Confidence int    `json:"confidence"` // percent
	Why        string `json:"why"`
}

// Ruling is what a person decided about a leg: that it came from another, or
// that it came from none.
type Ruling struct {
	Leg     LegID     `json:"leg"`
	Started time.Time `json:"started"`
	// To is the leg that it belongs to; zero says that it is apart.
	To     LegID     `json:"to,omitzero"`
	Actor  string    `json:"actor"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Clock is how far the clock of one system is ahead of another's on a day, as
// measured from legs of the same calls.
type Clock struct {
	System  string    `json:"system"`
	Against string    `json:"against"`
	Day     time.Time `json:"day"` // its beginning, UTC
	// Ahead is what System's clock shows more than Against's at noon, and Drift
	// what it gains in a day.
	Ahead time.Duration `json:"ahead"`
	Drift time.Duration `json:"drift"`
	// Spread is how far single calls are off: half of them are within it.
	Spread time.Duration `json:"spread"`
	// Pairs is how many calls it was measured from; below a handful it is a
	// guess and is treated as one.
	Pairs int `json:"pairs"`
}

// Handful is how many pairs make a measurement sure, if they agree.
const Handful = 4

// Sure reports whether the measurement can be believed by itself.
func (c Clock) Sure() bool { return c.Pairs >= Handful }

// At is what System's clock shows more than Against's at a time.
func (c Clock) At(t time.Time) time.Duration {
	noon := c.Day.Add(12 * time.Hour)
	return c.Ahead + time.Duration(float64(c.Drift)*float64(t.Sub(noon))/float64(24*time.Hour))
}

// Trace is what stitching looks at of a leg.
type Trace struct {
	LegID

	Call        string
	Started     time.Time
	Answered    time.Time
	Ended       time.Time
	Direction   Direction
	Disposition Disposition
	Caller      Party
	Called      Party
	Dialed      Party
	Diverted    Party // who forwarded it
	Agent       dualtone.UserID
	TransferTo  string
	Keys        []Key
}

// Trace leaves out what stitching does not look at.
func (l *Leg) Trace() Trace {
	return Trace{
		LegID: l.LegID, Call: l.Call, Started: l.Started, Answered: l.Answered, Ended: l.Ended,
		Direction: l.Direction, Disposition: l.Disposition, Caller: l.Caller, Called: l.Called, Dialed: l.Dialed,
		Diverted: l.DivertedFrom, Agent: l.Agent, TransferTo: l.TransferTo, Keys: l.Keys,
	}
}
