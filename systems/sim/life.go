package sim

import (
	"slices"
	"time"
)

func (w *World) keep(c *Call) {
	c.nth = len(w.order)
	w.calls[c.ID] = c
	w.order = append(w.order, c)
	if c.Patience <= 0 {
		return
	}
	c.giveUp = w.clock.AfterFunc(c.Patience, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if c.Answered.IsZero() {
			w.finish(c, Abandoned)
			w.serveQueues()
		}
	})
}

// change edits a call and keeps the lists of who is busy and who waits.
func (w *World) change(c *Call, edit func()) {
	before := c.copy()
	edit()
	if before.State == Waiting && c.State != Waiting {
		w.waiting = slices.DeleteFunc(w.waiting, func(other *Call) bool { return other == c })
	}
	if before.Person != "" && (before.Person != c.Person || c.State.Over()) {
		w.free(before.Person, c)
	}
	if c.Person != "" && !c.State.Over() && !slices.Contains(w.active[c.Person], c) {
		w.active[c.Person] = append(w.active[c.Person], c)
		slices.SortFunc(w.active[c.Person], byArrival)
	}
	if c.ForwardedBy != "" {
		w.forwarded = slices.DeleteFunc(w.forwarded, func(other *Call) bool { return other == c })
		if !c.State.Over() {
			w.forwarded = append(w.forwarded, c)
		}
	}
	if before.State == "" {
		before = nil
	}
	w.tell(Change{Call: c.copy(), CallBefore: before})
}

// free takes a call from a person, who is idle from now on.
func (w *World) free(person string, c *Call) {
	w.idle[person] = w.clock.Now()
	left := slices.DeleteFunc(w.active[person], func(other *Call) bool { return other == c })
	if len(left) == 0 {
		delete(w.active, person)
		return
	}
	w.active[person] = left
}

// after replaces what the call waits for. A zero duration waits for a hand.
func (w *World) after(c *Call, d time.Duration, f func()) {
	c.stop()
	c.stop = func() {}
	c.turn++
	if d <= 0 {
		return
	}
	turn := c.turn
	c.stop = w.clock.AfterFunc(d, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		// A stopped timer of the real clock may already be waiting for the lock.
		if c.turn != turn {
			return
		}
		f()
		w.serveQueues()
	})
}

func (w *World) ring(c *Call, person string) {
	w.change(c, func() {
		if c.Person != "" {
			c.Transfers = append(slices.Clone(c.Transfers), c.Person)
		}
		c.Person, c.State, c.Rang = person, Ringing, w.clock.Now()
	})
	w.after(c, c.Ring, func() { w.pickup(c) })
}

// forward sends a call on over a line of its own and waits for what the other end
// does.
func (w *World) forward(c *Call, p *Person) {
	c.Ring, c.Talk, c.Wrap, c.Patience = 0, 0, 0, 0
	w.keep(c)
	w.change(c, func() { c.ForwardedBy, c.ForwardedTo, c.State = p.ID, p.Forward, Ringing })
}

func (w *World) pickup(c *Call) {
	c.giveUp()
	w.change(c, func() {
		c.State = Talking
		if c.Answered.IsZero() {
			c.Answered = w.clock.Now()
		}
	})
	w.after(c, c.Talk, func() { w.wrapUp(c) })
}

func (w *World) wrapUp(c *Call) {
	if c.Wrap <= 0 {
		w.finish(c, Ended)
		return
	}
	w.change(c, func() { c.State, c.Over = WrapUp, w.clock.Now() })
	w.after(c, c.Wrap, func() { w.finish(c, Ended) })
}

func (w *World) finish(c *Call, as CallState) {
	if c.State.Over() {
		return
	}
	c.giveUp()
	w.after(c, 0, nil)
	w.change(c, func() {
		c.State = as
		if c.Over.IsZero() {
			c.Over = w.clock.Now()
		}
	})
}

func (w *World) cutCallsOf(person string) {
	for _, c := range slices.Clone(w.active[person]) {
		if c.State == WrapUp {
			w.finish(c, Ended)
			continue
		}
		w.finish(c, Cut)
	}
}
