package sim

import (
	"slices"
	"sync"
	"time"
)

// Clock is the world's time.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f once the time has passed; stop prevents it.
	AfterFunc(d time.Duration, f func()) (stop func())
}

// RealTime is the machine's clock.
type RealTime struct{}

// Now is the machine's time.
func (RealTime) Now() time.Time { return time.Now() }

// AfterFunc calls f on its own goroutine after d.
func (RealTime) AfterFunc(d time.Duration, f func()) func() {
	t := time.AfterFunc(d, f)
	return func() { t.Stop() }
}

// ManualTime moves only when it is told to. Its zero value starts at year 1;
// NewManualTime names the start.
type ManualTime struct {
	mu     sync.Mutex
	now    time.Time
	timers []*manualTimer
}

type manualTimer struct {
	at      time.Time
	f       func()
	stopped bool
}

// NewManualTime returns a clock that stands at start.
func NewManualTime(start time.Time) *ManualTime { return &ManualTime{now: start} }

// Now is the time to which the clock was moved.
func (c *ManualTime) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc calls f from within the Advance that passes its time.
func (c *ManualTime) AfterFunc(d time.Duration, f func()) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &manualTimer{at: c.now.Add(d), f: f}
	c.timers = append(c.timers, t)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		t.stopped = true
	}
}

// Advance moves the clock, calling what falls due in the order of time.
func (c *ManualTime) Advance(d time.Duration) {
	c.mu.Lock()
	end := c.now.Add(d)
	for {
		next := c.due(end)
		if next == nil {
			break
		}
		c.now = next.at
		c.mu.Unlock()
		next.f()
		c.mu.Lock()
	}
	c.now = end
	c.mu.Unlock()
}

// due takes out the earliest timer that falls within end.
func (c *ManualTime) due(end time.Time) *manualTimer {
	c.timers = slices.DeleteFunc(c.timers, func(t *manualTimer) bool { return t.stopped })
	var next *manualTimer
	for _, t := range c.timers {
		if !t.at.After(end) && (next == nil || t.at.Before(next.at)) {
			next = t
		}
	}
	c.timers = slices.DeleteFunc(c.timers, func(t *manualTimer) bool { return t == next })
	return next
}
