package sim

import (
	"slices"
	"strconv"
	"time"
)

// CallState is where a call is in its life.
type CallState string

// The states of a call.
const (
	Waiting   CallState = "waiting" // in a queue
	Ringing   CallState = "ringing"
	Talking   CallState = "talking"
	Held      CallState = "held"
	WrapUp    CallState = "wrap_up" // the caller is gone, the agent still works on it
	Ended     CallState = "ended"
	Abandoned CallState = "abandoned" // the caller gave up
	Cut       CallState = "cut"       // the system ended it in mid-talk or mid-ring
)

// Over reports whether the call occupies nobody any more.
func (s CallState) Over() bool { return s == Ended || s == Abandoned || s == Cut }

// Incoming is a call as it reaches the system. With a zero duration the call
// stays where it is until it is moved by hand.
type Incoming struct {
	ID   string `json:"id"`
	From string `json:"from"`
	To   string `json:"to"` // a number or extension of a person or a queue
	// Ring, Talk and Wrap are how long each part takes; Patience is how long the
	// caller waits before giving up.
	Ring     time.Duration `json:"ring"`
	Talk     time.Duration `json:"talk"`
	Wrap     time.Duration `json:"wrap"`
	Patience time.Duration `json:"patience"`
	// PastForward makes the system ring the person although they forward, as
	// an SBC asks for when the forward's target has already refused the call.
	PastForward bool `json:"past_forward,omitempty"`
}

// Answer is what the system says at once to an incoming call.
type Answer struct {
	// Accepted: the call rings or waits here.
	Accepted bool `json:"accepted"`
	// Forward is where the system sends the call on. It stays in the call; see
	// Call.ForwardedBy.
	Forward string `json:"forward,omitempty"`
	// Refused is why it did not take the call: unknown, signed_out, busy, or
	// duplicate for an id that is already used.
	Refused string `json:"refused,omitempty"`
	// ID names the call if it came without a name.
	ID string `json:"id,omitempty"`
}

// Call is the truth about one call on this system.
type Call struct {
	Incoming
	Person   string    `json:"person,omitempty"`
	Queue    string    `json:"queue,omitempty"`
	State    CallState `json:"state"`
	Arrived  time.Time `json:"arrived"`
	Rang     time.Time `json:"rang,omitzero"`
	Answered time.Time `json:"answered,omitzero"`
	Over     time.Time `json:"over,omitzero"` // when the caller was gone
	// Transfers names the persons who had the call before.
	Transfers []string `json:"transfers,omitempty"`
	// ForwardedBy is the person who was called and ForwardedTo where they forward.
	// Nobody's phone rings here: the system stays in the call while another has it,
	// and whoever carries it there says so with Pickup and HangUp.
	ForwardedBy string `json:"forwarded_by,omitempty"`
	ForwardedTo string `json:"forwarded_to,omitempty"`

	// nth is the call's place in the order of arrival. turn grows with every
	// wait, so that a timer that comes too late is known. stop ends the wait and
	// giveUp the caller's patience.
	nth, turn    int
	stop, giveUp func()
}

func (c *Call) copy() *Call {
	copied := *c
	return &copied
}

// Arrive offers a call to the system.
func (w *World) Arrive(in Incoming) Answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	answer := Answer{Accepted: true}
	if in.ID == "" {
		in.ID = "call-" + strconv.Itoa(len(w.order)+1)
		answer.ID = in.ID
	}
	if _, ok := w.calls[in.ID]; ok {
		return Answer{Refused: "duplicate"}
	}
	c := &Call{Incoming: in, Arrived: w.clock.Now(), stop: func() {}, giveUp: func() {}}
	if q := w.queueOf(in.To); q != nil {
		c.Queue, c.State = q.ID, Waiting
		w.keep(c)
		w.waiting = append(w.waiting, c)
		w.tell(Change{Call: c.copy()})
		w.serveQueues()
		return answer
	}
	p := w.personOf(in.To)
	switch {
	case p == nil:
		return Answer{Refused: "unknown"}
	case p.Forward != "" && !in.PastForward:
		w.forward(c, p)
		return Answer{Forward: p.Forward}
	case !p.SignedIn:
		return Answer{Refused: "signed_out"}
	case w.busy(p.ID):
		return Answer{Refused: "busy"}
	}
	w.keep(c)
	w.ring(c, p.ID)
	return answer
}

// Calls returns the truth about every call, in the order of arrival.
func (w *World) Calls() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]Call, 0, len(w.order))
	for _, c := range w.order {
		all = append(all, *c)
	}
	return all
}

// Call returns the truth about one call.
func (w *World) Call(id string) (Call, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.calls[id]
	if !ok {
		return Call{}, ErrNoCall
	}
	return *c, nil
}

// InProgress returns the calls that are not over, in the order of arrival.
func (w *World) InProgress() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := w.inProgress()
	all := make([]Call, 0, len(calls))
	for _, c := range calls {
		all = append(all, *c)
	}
	return all
}

// Active returns the calls that keep a person busy, wrap-up included.
func (w *World) Active(person string) []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	var active []Call
	for _, c := range w.active[person] {
		active = append(active, *c)
	}
	return active
}

// Pickup answers a ringing call, or one that was forwarded and is answered there.
func (w *World) Pickup(id string) error {
	return w.move(id, []CallState{Ringing}, func(c *Call) error {
		w.pickup(c)
		return nil
	})
}

// Hold puts a call on hold; Resume takes it back.
func (w *World) Hold(id string) error {
	return w.move(id, []CallState{Talking}, func(c *Call) error {
		w.change(c, func() { c.State = Held })
		return nil
	})
}

// Resume goes on with a held call.
func (w *World) Resume(id string) error {
	return w.move(id, []CallState{Held}, func(c *Call) error {
		w.change(c, func() { c.State = Talking })
		return nil
	})
}

// HangUp ends a call from either end, in whatever state it is.
func (w *World) HangUp(id string) error {
	return w.move(id, []CallState{Waiting, Ringing, Talking, Held, WrapUp}, func(c *Call) error {
		switch c.State {
		case Waiting, Ringing:
			w.finish(c, Abandoned)
		case WrapUp:
			w.finish(c, Ended)
		default:
			w.wrapUp(c)
		}
		return nil
	})
}

// Transfer hands a call to another person, whose phone rings. It answers
// ErrNotFree and changes nothing if that person is busy or signed out.
func (w *World) Transfer(id, person string) error {
	return w.move(id, []CallState{Talking, Held}, func(c *Call) error {
		p, ok := w.people[person]
		switch {
		case !ok:
			return ErrNoPerson
		case !p.SignedIn || w.busy(person):
			return ErrNotFree
		}
		w.ring(c, person)
		return nil
	})
}

func (w *World) move(id string, from []CallState, step func(*Call) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.calls[id]
	if !ok || !slices.Contains(from, c.State) {
		return ErrNoCall
	}
	if err := step(c); err != nil {
		return err
	}
	w.serveQueues()
	return nil
}
