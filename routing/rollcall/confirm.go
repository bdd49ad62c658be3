package rollcall

import (
	"context"
	"sync"
	"time"

	"github.com/dualtone/dualtone/routing"
)

// Roll lists the edges that have announced themselves.
type Roll interface {
	Edges(ctx context.Context) ([]routing.Edge, error)
}

const (
	// again is how long after one look the next one is taken, however many wait.
	again = 10 * time.Millisecond
	// nobody is how long it is believed that there are no edges.
	nobody = time.Second
)

// Confirmer waits until edges serve a revision. All who wait in a process share
// its looks.
type Confirmer struct {
	roll  Roll
	limit time.Duration

	mu     sync.Mutex
	looked time.Time
	edges  []routing.Edge
	behind map[string]routing.Revision
}

// NewConfirmer waits for so long at most; without a limit it does not wait and
// does not look.
func NewConfirmer(roll Roll, limit time.Duration) *Confirmer {
	return &Confirmer{roll: roll, limit: limit, behind: map[string]routing.Revision{}}
}

// Confirm returns when every live edge serves the revision, or names those that
// do not when the limit is over.
func (c *Confirmer) Confirm(ctx context.Context, r routing.Revision) (routing.Confirmation, error) {
	began := time.Now()
	if c.limit <= 0 {
		return routing.Confirmation{Revision: r}, nil
	}
	for {
		edges, err := c.look(ctx)
		if err != nil {
			return routing.Confirmation{Revision: r}, err
		}
		found := routing.ConfirmationOf(r, edges)
		found.Took = time.Since(began)
		if !c.worthWaiting(found) {
			return found, nil
		}
		pause := time.NewTimer(min(again, c.limit-found.Took))
		select {
		case <-ctx.Done():
			pause.Stop()
			return found, ctx.Err()
		case <-pause.C:
		}
	}
}

// worthWaiting reports whether edges lag that may still come up within the limit.
// One that let somebody wait in vain and has not moved since is waited for by
// nobody else.
func (c *Confirmer) worthWaiting(found routing.Confirmation) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	worth := false
	for _, e := range found.Lagging {
		stuck, ok := c.behind[e.Instance]
		worth = worth || !ok || stuck != e.Revision
		if found.Took >= c.limit {
			c.behind[e.Instance] = e.Revision
		}
	}
	return worth && found.Took < c.limit
}

// look returns the edges as somebody has seen them a moment ago. An edge that
// was seen to serve a revision serves no earlier one.
func (c *Confirmer) look(ctx context.Context) ([]routing.Edge, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh := again
	if len(c.edges) == 0 {
		fresh = nobody
	}
	if !c.looked.IsZero() && time.Since(c.looked) < fresh {
		return c.edges, nil
	}
	edges, err := c.roll.Edges(ctx)
	if err != nil {
		return nil, err
	}
	c.edges, c.looked = edges, time.Now()
	return edges, nil
}
