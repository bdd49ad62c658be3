package sim

import (
	"container/heap"
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
	timers timerHeap
	set    int
}

type manualTimer struct {
	at      time.Time
	nth     int
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
	c.set++
	t := &manualTimer{at: c.now.Add(d), nth: c.set, f: f}
	heap.Push(&c.timers, t)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		t.stopped = true
	}
}

// Advance moves the clock, calling what falls due in the order of time, and
// what falls due together in the order in which it was set.
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
	for len(c.timers) > 0 && (c.timers[0].stopped || !c.timers[0].at.After(end)) {
		t, ok := heap.Pop(&c.timers).(*manualTimer)
		if ok && !t.stopped {
			return t
		}
	}
	return nil
}

// timerHeap keeps the earliest timer first.
type timerHeap []*manualTimer

func (h *timerHeap) Len() int { return len(*h) }

func (h *timerHeap) Less(i, j int) bool {
	a, b := (*h)[i], (*h)[j]
	if a.at.Equal(b.at) {
		return a.nth < b.nth
	}
	return a.at.Before(b.at)
}

func (h *timerHeap) Swap(i, j int) { (*h)[i], (*h)[j] = (*h)[j], (*h)[i] }

func (h *timerHeap) Push(x any) {
	if t, ok := x.(*manualTimer); ok {
		*h = append(*h, t)
	}
}

func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return t
}
