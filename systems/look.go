package systems

import (
	"context"
	"fmt"
	"sync"

	"github.com/dualtone/dualtone"
)

// OneLook returns a context for one look at things as they are now. Under it a
// connector may answer several questions about the same user from one request,
// which the vendor counts. It must not be used for a write, nor for reading one
// back.
func OneLook(ctx context.Context) context.Context {
	return context.WithValue(ctx, lookKey{}, &look{seen: map[any]*sight{}})
}

type lookKey struct{}

// look remembers what was seen under one context.
type look struct {
	mu   sync.Mutex
	seen map[any]*sight
}

// sight is one answer, perhaps still on its way.
type sight struct {
	there chan struct{}
	value any
	err   error
}

// Doubt returns a context for a look that surprised: under it a connector
// believes nothing that it has learned or read before.
func Doubt(ctx context.Context) context.Context {
	return context.WithValue(OneLook(ctx), doubtKey{}, true)
}

type doubtKey struct{}

// Doubted reports whether the context is one of doubt.
func Doubted(ctx context.Context) bool { return ctx.Value(doubtKey{}) != nil }

// Once reads something, or returns what was read under the same look and key,
// waiting for it where it is on its way. Without a look it always reads. A key
// names connector, question and what it is about.
func Once[V any](ctx context.Context, key any, read func(context.Context) (V, error)) (V, error) {
	l, ok := ctx.Value(lookKey{}).(*look)
	if !ok {
		return read(ctx)
	}
	l.mu.Lock()
	s, asked := l.seen[key]
	if !asked {
		s = &sight{there: make(chan struct{})}
		l.seen[key] = s
	}
	l.mu.Unlock()
	if !asked {
		s.value, s.err = read(ctx)
		close(s.there)
	}
	var value V
	select {
	case <-s.there:
	case <-ctx.Done():
		return value, ctx.Err()
	}
	if s.err != nil {
		return value, s.err
	}
	value, ok = s.value.(V)
	if !ok {
		return value, fmt.Errorf("two questions under one key %v: %w", key, dualtone.ErrInvalid)
	}
	return value, nil
}
