package activities

import (
	"context"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
)

// Ends tells whoever awaits a user's switch in this process that it is about to
// end. Awaiting it at the server instead is answered, and asked again, at each
// of its events. It is a hint: switches also end in other processes, so the
// server is asked all the same, only rarely.
type Ends struct {
	mu    sync.Mutex
	users map[dualtone.PersonID]*awaited
}

// awaited is a user whose switch somebody awaits in this process.
type awaited struct {
	by   int
	once sync.Once
	over chan struct{}
}

// expect is called before the switch is started; done after it was awaited.
func (e *Ends) expect(user dualtone.PersonID) (a *awaited, done func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.users == nil {
		e.users = map[dualtone.PersonID]*awaited{}
	}
	a = e.users[user]
	if a == nil {
		a = &awaited{over: make(chan struct{})}
		e.users[user] = a
	}
	a.by++
	return a, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if a.by--; a.by == 0 {
			delete(e.users, user)
		}
	}
}

// End says that nothing is left to do for the user.
func (e *Ends) End(user dualtone.PersonID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if a := e.users[user]; a != nil {
		a.once.Do(func() { close(a.over) })
	}
}

// wait returns true when the switch is about to end, false after the interval.
func (a *awaited) wait(ctx context.Context, interval time.Duration) bool {
	patience := time.NewTimer(interval)
	defer patience.Stop()
	select {
	case <-a.over:
		return true
	case <-patience.C:
	case <-ctx.Done():
	}
	return false
}
