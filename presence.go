package dualtone

import "time"

// Activity is what a user's phone is doing.
type Activity string

// What a call of a user can be doing. Each of them keeps the user busy.
const (
	Ringing Activity = "ringing"
	Talking Activity = "talking"
	OnHold  Activity = "on_hold"
	Consult Activity = "consult"
	WrapUp  Activity = "wrap_up"
)

// ActiveCall is one call that a user is in, ringing and wrap-up included.
type ActiveCall struct {
	ID       string    `json:"id"`
	Activity Activity  `json:"activity"`
	Other    string    `json:"other,omitempty"`
	Queue    QueueID   `json:"queue,omitempty"`
	Since    time.Time `json:"since,omitzero"`
}

// Presence is what a system says of a user at this moment.
type Presence struct {
	// SignedIn reports whether a device or softphone of the user would ring.
	SignedIn bool         `json:"signed_in"`
	Calls    []ActiveCall `json:"calls,omitempty"`
}

// Busy reports whether the user has a call, a ringing phone or wrap-up work.
func (p Presence) Busy() bool { return len(p.Calls) > 0 }
