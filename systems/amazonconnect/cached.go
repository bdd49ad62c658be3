package amazonconnect

import (
	"context"
	"time"

	"github.com/dualtone/dualtone/systems"
)

// cached is something that seldom changes, read again when it has become old.
type cached[V any] struct {
	load  func(ctx context.Context) (V, error)
	now   func() time.Time
	fresh time.Duration
	// turn lets one reader ask while the others wait for its answer.
	turn  chan struct{}
	value V
	until time.Time
}

func newCached[V any](c *client, fresh time.Duration, load func(ctx context.Context) (V, error)) *cached[V] {
	return &cached[V]{load: load, now: c.now, fresh: fresh, turn: make(chan struct{}, 1)}
}

func (c *cached[V]) get(ctx context.Context) (V, error) {
	var none V
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return none, ctx.Err()
	}
	defer func() { <-c.turn }()
	if c.now().Before(c.until) && !systems.Doubted(ctx) {
		return c.value, nil
	}
	value, err := c.load(ctx)
	if err != nil {
		return none, err
	}
	c.value, c.until = value, c.now().Add(c.fresh)
	return value, nil
}

// forget makes the next reader ask again.
func (c *cached[V]) forget() {
	c.turn <- struct{}{}
	c.until = time.Time{}
	<-c.turn
}
