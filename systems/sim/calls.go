package sim

import (
	"slices"
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
	// Forward is where the system sends the call instead.
	Forward string `json:"forward,omitempty"`
	// Refused is why it did not take the call: unknown, signed_out or busy.
	Refused string `json:"refused,omitempty"`
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

	stop func()
}

// Arrive offers a call to the system.
func (w *World) Arrive(in Incoming) Answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &Call{Incoming: in, Arrived: w.clock.Now(), stop: func() {}}
	if q := w.queueOf(in.To); q != nil {
		c.Queue, c.State = q.ID, Waiting
		w.keep(c)
		w.waiting = append(w.waiting, c.ID)
		w.after(c, in.Patience, func() { w.finish(c, Abandoned) })
		w.serveQueues()
		return Answer{Accepted: true}
	}
	p := w.personOf(in.To)
	switch {
	case p == nil:
		return Answer{Refused: "unknown"}
	case p.Forward != "" && !in.PastForward:
		return Answer{Forward: p.Forward}
	case !p.SignedIn:
		return Answer{Refused: "signed_out"}
	case w.busy(p.ID):
		return Answer{Refused: "busy"}
	}
	w.keep(c)
	w.ring(c, p.ID)
	return Answer{Accepted: true}
}

// Calls returns the truth about every call, in the order of arrival.
func (w *World) Calls() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]Call, 0, len(w.order))
	for _, id := range w.order {
		all = append(all, *w.calls[id])
	}
	return all
}

// Active returns the calls that keep a person busy, wrap-up included.
func (w *World) Active(person string) []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	var active []Call
	for _, id := range w.order {
		if c := w.calls[id]; c.Person == person && !c.State.Over() {
			active = append(active, *c)
		}
	}
	return active
}

// Pickup answers a ringing call.
func (w *World) Pickup(id string) error {
	return w.move(id, []CallState{Ringing}, w.pickup)
}

// Hold puts a call on hold; Resume takes it back.
func (w *World) Hold(id string) error {
	return w.move(id, []CallState{Talking}, func(c *Call) { c.State = Held })
}

// Resume goes on with a held call.
func (w *World) Resume(id string) error {
	return w.move(id, []CallState{Held}, func(c *Call) { c.State = Talking })
}

// HangUp ends a call from either end, in whatever state it is.
func (w *World) HangUp(id string) error {
	return w.move(id, []CallState{Waiting, Ringing, Talking, Held, WrapUp}, func(c *Call) {
		switch c.State {
		case Waiting, Ringing:
			w.finish(c, Abandoned)
		case WrapUp:
			w.finish(c, Ended)
		default:
			w.wrapUp(c)
		}
	})
}

// Transfer hands a call to another person, whose phone rings.
func (w *World) Transfer(id, person string) error {
	return w.move(id, []CallState{Talking, Held}, func(c *Call) {
		c.Transfers = append(c.Transfers, c.Person)
		w.idle[c.Person] = w.clock.Now()
		w.ring(c, person)
	})
}

func (w *World) move(id string, from []CallState, step func(*Call)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.calls[id]
	if !ok || !slices.Contains(from, c.State) {
		return ErrNoCall
	}
	step(c)
	w.serveQueues()
	return nil
}

func (w *World) keep(c *Call) {
	w.calls[c.ID] = c
	w.order = append(w.order, c.ID)
}

// after replaces what the call waits for. A zero duration waits for a hand.
func (w *World) after(c *Call, d time.Duration, f func()) {
	c.stop()
	c.stop = func() {}
	if d <= 0 {
		return
	}
	c.stop = w.clock.AfterFunc(d, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		f()
		w.serveQueues()
	})
}

func (w *World) ring(c *Call, person string) {
	c.Person, c.State, c.Rang = person, Ringing, w.clock.Now()
	w.after(c, c.Ring, func() {
		if c.State == Ringing {
			w.pickup(c)
		}
	})
}

func (w *World) pickup(c *Call) {
	c.State = Talking
	if c.Answered.IsZero() {
		c.Answered = w.clock.Now()
	}
	w.after(c, c.Talk, func() {
		if c.State == Talking || c.State == Held {
			w.wrapUp(c)
		}
	})
}

func (w *World) wrapUp(c *Call) {
	c.Over = w.clock.Now()
	if c.Wrap <= 0 {
		w.finish(c, Ended)
		return
	}
	c.State = WrapUp
	w.after(c, c.Wrap, func() { w.finish(c, Ended) })
}

func (w *World) finish(c *Call, as CallState) {
	if c.State.Over() {
		return
	}
	c.stop()
	c.State = as
	if c.Over.IsZero() {
		c.Over = w.clock.Now()
	}
	w.idle[c.Person] = w.clock.Now()
	w.waiting = slices.DeleteFunc(w.waiting, func(id string) bool { return id == c.ID })
}

func (w *World) cutCallsOf(person string) {
	for _, c := range w.calls {
		if c.Person != person || c.State.Over() {
			continue
		}
		if c.State == WrapUp {
			w.finish(c, Ended)
			continue
		}
		w.finish(c, Cut)
	}
}

func (w *World) busy(person string) bool {
	for _, c := range w.calls {
		if c.Person == person && !c.State.Over() {
			return true
		}
	}
	return false
}
