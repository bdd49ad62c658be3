// Package rollcall knows which edges there are and which revision of the table
// each of them serves: an edge announces itself, and whoever flips a route waits
// for the edges to confirm it.
package rollcall

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Register is where edges announce themselves.
type Register interface {
	// Announce says that an edge is there and what it serves.
	Announce(ctx context.Context, e routing.Edge) error
	// Leave says that it has stopped.
	Leave(ctx context.Context, e routing.Edge) error
}

// Announcer announces one edge.
type Announcer struct {
	register Register
	edge     routing.Edge
	serves   func() routing.Revision
	log      *slog.Logger
	wake     chan struct{}
}

// NewAnnouncer announces a process of the edge; serves is the revision that it
// answers from.
func NewAnnouncer(register Register, e routing.Edge, serves func() routing.Revision, log *slog.Logger) *Announcer {
	e.Instance = rand.Text()[:8]
	return &Announcer{register: register, edge: e, serves: serves, log: log, wake: make(chan struct{}, 1)}
}

// Changed has the edge announced at once, because it serves another revision. It
// never waits.
func (a *Announcer) Changed(routing.Revision) {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// leaving is how long a stopping edge tries to say so.
const leaving = 2 * time.Second

// Run announces the edge whenever it serves another revision, and from time to
// time between, until the context ends. Many revisions in a short time are
// announced as the last of them.
func (a *Announcer) Run(ctx context.Context) error {
	beat := time.NewTicker(routing.Heartbeat)
	defer beat.Stop()
	quiet := false
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaving)
			defer cancel()
			if err := a.register.Leave(last, a.edge); err != nil {
				a.log.WarnContext(last, "edge could not say that it has stopped", "error", err)
			}
			return nil
		case <-beat.C:
		case <-a.wake:
		}
		e := a.edge
		if e.Revision = a.serves(); e.Revision == 0 {
			continue
		}
		err := a.register.Announce(ctx, e)
		if err != nil && ctx.Err() == nil && !quiet {
			a.log.WarnContext(ctx, "edge is not announced; flips are not confirmed by it", "error", err, "kind", dualtone.Kind(err))
		}
		quiet = err != nil
	}
}
