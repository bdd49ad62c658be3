package asterisk

import (
	"context"
	"sync"

	"github.com/dualtone/dualtone"
)

// locks keeps changes of the same user apart, since between the reading and
// the writing of a compare-and-set nobody else of this program may write.
type locks struct {
	mu   sync.Mutex
	held map[dualtone.UserID]chan struct{}
}

// lock waits until nobody else changes the user.
func (l *locks) lock(ctx context.Context, user dualtone.UserID) (unlock func(), err error) {
	for {
		l.mu.Lock()
		if l.held == nil {
			l.held = map[dualtone.UserID]chan struct{}{}
		}
		other, taken := l.held[user]
		if !taken {
			mine := make(chan struct{})
			l.held[user] = mine
			l.mu.Unlock()
			return func() { l.unlock(user, mine) }, nil
		}
		l.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (l *locks) unlock(user dualtone.UserID, mine chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, user)
	close(mine)
}
