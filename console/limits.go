package console

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits keeps a rate for each name, and forgets names that have been quiet long
// enough for their rate to be whole again.
type limits struct {
	every time.Duration
	burst int
	now   func() time.Time

	mu   sync.Mutex
	kept map[string]*rate.Limiter
	next time.Time
}

// newLimits allows burst at once, and then one every so often.
func newLimits(every time.Duration, burst int, now func() time.Time) *limits {
	return &limits{every: every, burst: burst, now: now, kept: map[string]*rate.Limiter{}}
}

// allow takes one of a name's; else it says how long to wait.
func (l *limits) allow(name string) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.forget(now)
	limiter := l.kept[name]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Every(l.every), l.burst)
		l.kept[name] = limiter
	}
	r := limiter.ReserveN(now, 1)
	if wait := r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// giveBack returns one that was taken of a name, for what turned out not to count.
func (l *limits) giveBack(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if limiter := l.kept[name]; limiter != nil {
		limiter.AllowN(l.now(), -1)
	}
}

// forget drops those that are whole again, now and then.
func (l *limits) forget(now time.Time) {
	if now.Before(l.next) {
		return
	}
	l.next = now.Add(time.Minute)
	for name, limiter := range l.kept {
		if limiter.TokensAt(now) >= float64(l.burst) {
			delete(l.kept, name)
		}
	}
}
