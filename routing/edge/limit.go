package edge

import (
	"sync/atomic"
	"time"
)

// Limit is how many calls a server decides in a second. Those beyond it are told to
// go elsewhere, so that the others are answered quickly. The zero Limit is none.
type Limit struct {
	PerSecond int64

	second, decided atomic.Int64
}

// Over reports whether a call at a time is one too many for its second.
func (l *Limit) Over(at time.Time) bool {
	if l.PerSecond == 0 {
		return false
	}
	now := at.Unix()
	if last := l.second.Load(); last != now && l.second.CompareAndSwap(last, now) {
		l.decided.Store(0)
	}
	return l.decided.Add(1) > l.PerSecond
}
