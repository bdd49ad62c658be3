package systems

import (
	"context"

	"github.com/dualtone/dualtone"
)

// Survey begins to read many users, of whom a system would else be asked one by
// one. count is how many there will be; a connector makes no survey of so few that
// asking for each takes fewer requests.
type Survey func(ctx context.Context, count int) (Ahead, error)

// Ahead reads some users ahead, a few hundred at the most, with as few requests as
// the vendor allows. Under the context's look the questions for a seat, a forward,
// an offering or a softphone are then answered by what it read. Whoever it says
// nothing of is asked for alone. What it read may be some minutes old.
type Ahead func(ctx context.Context, users []dualtone.UserID) error

// Know keeps under the context's look what was read ahead, as the answer to a key.
func Know[V any](ctx context.Context, key any, value V) {
	l, ok := ctx.Value(lookKey{}).(*look)
	if !ok {
		return
	}
	s := &sight{there: make(chan struct{}), value: value}
	close(s.there)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen[key] = s
}

// Known is what was read ahead under the context's look.
func Known[V any](ctx context.Context, key any) (V, bool) {
	var none V
	l, ok := ctx.Value(lookKey{}).(*look)
	if !ok {
		return none, false
	}
	l.mu.Lock()
	s := l.seen[key]
	l.mu.Unlock()
	if s == nil {
		return none, false
	}
	value, ok := s.value.(V)
	return value, ok
}
