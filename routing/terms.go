package routing

import (
	"time"

	"github.com/dualtone/dualtone"
)

// How says in which way a route with two sides uses them.
type How string

// The ways. InOrder tries the first side and then the second, which is failover.
const (
	InOrder How = ""
	// Both rings both sides at once.
	Both How = "both"
	// Split sends a share of the callers to the first side and the others to the
	// second one; the other side is not tried.
	Split How = "split"
	// SplitFailover is Split, and the other side is tried next.
	SplitFailover How = "split_failover"
)

// Whole is the share of all callers.
const Whole = 10_000

// Terms are what a route says beyond its sides. The zero value says nothing.
type Terms struct {
	How How `json:"how,omitempty"`
	// Share is the part of the callers who go to the first side, in hundredths of
	// a percent.
	Share uint16 `json:"share,omitempty"`
	// Queue is the queue whose number it is.
	Queue dualtone.QueueID `json:"queue,omitempty"`
	// Answers names what takes the call by itself: voicemail, menu, conference,
	// fax. Empty where a person's phone rings. Nothing that answers by itself may
	// ring together with another side, since it would always win.
	Answers string `json:"answers,omitempty"`
	// From and Until bound the time in which the route holds; From is part of it.
	From  time.Time `json:"valid_from,omitzero"`
	Until time.Time `json:"valid_until,omitzero"`
	// Hours are the weekly windows in which the route holds, as ParseHours reads
	// them: "Mo-Fr 08:00-18:00, Sa 09:00-13:00 Europe/Berlin".
	Hours string `json:"hours,omitempty"`
	// Otherwise is the plan outside of its time. Without one a wider rule decides.
	Otherwise string `json:"otherwise,omitempty"`
}

// Equal reports whether two terms say the same.
func (t Terms) Equal(o Terms) bool {
	if !t.From.Equal(o.From) || !t.Until.Equal(o.Until) {
		return false
	}
	t.From, t.Until, o.From, o.Until = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return t == o
}

// IsZero reports whether nothing is said.
func (t Terms) IsZero() bool { return t.Equal(Terms{}) }

// terms are the route's, the zero value for none.
func (r Route) terms() Terms {
	if r.Terms == nil {
		return Terms{}
	}
	return *r.Terms
}

// Owner is the person or the queue whose number it is, as far as known.
func (r Route) Owner() string {
	if q := r.terms().Queue; q != "" {
		return string(q)
	}
	return string(r.Person)
}
