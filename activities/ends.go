package activities

import (
	"context"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
)

// Ends tells whoever awaits a user's switch in this process that it begins here
// and that it is about to end. To await it at the server instead costs a request
// at each of its events. It is a hint: what it does not tell is asked for. A nil
// one tells nothing.
type Ends struct {
	mu    sync.Mutex
	users map[dualtone.PersonID]*awaited
}

// awaited is a user whose switch somebody awaits in this process.
type awaited struct {
	by          int
	began, over mark
}

// mark is something that happens once.
type mark struct {
	once sync.Once
	c    chan struct{}
}

func (m *mark) set() { m.once.Do(func() { close(m.c) }) }

// expect is called before the switch is started; done after it was awaited.
func (e *Ends) expect(user dualtone.PersonID) (a *awaited, done func()) {
	if e == nil {
		return nil, func() {}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.users == nil {
		e.users = map[dualtone.PersonID]*awaited{}
	}
	a = e.users[user]
	if a == nil {
		a = &awaited{began: mark{c: make(chan struct{})}, over: mark{c: make(chan struct{})}}
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

// Begin says that the user's switch runs in this process.
func (e *Ends) Begin(user dualtone.PersonID) {
	if a := e.of(user); a != nil {
		a.began.set()
	}
}

// End says that nothing is left to do for the user.
func (e *Ends) End(user dualtone.PersonID) {
	if a := e.of(user); a != nil {
		a.over.set()
	}
}

func (e *Ends) of(user dualtone.PersonID) *awaited {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.users[user]
}

const (
	// beginsWithin is how soon a switch that runs in this process begins.
	beginsWithin = time.Second
	// endsWithin is from when on the end is asked for at the server, in case
	// that the switch has gone on elsewhere.
	endsWithin = 30 * time.Second
)

// wait returns when the switch is about to end, or there is nothing to be
// learned here.
func (a *awaited) wait(ctx context.Context) {
	if a == nil {
		return
	}
	patience := time.NewTimer(beginsWithin)
	defer patience.Stop()
	select {
	case <-a.began.c:
	case <-a.over.c:
		return
	case <-patience.C:
		return
	case <-ctx.Done():
		return
	}
	patience.Reset(endsWithin)
	select {
	case <-a.over.c:
	case <-patience.C:
	case <-ctx.Done():
	}
}
