package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/simctl"
)

// sbc is the company's simulated session border controller. It sends every call
// where the route table says, follows the table as it changes, and notes when
// it saw each number change sides.
type sbc struct {
	router  routing.Router
	systems map[dualtone.Side]*simctl.Client

	mu       sync.Mutex
	revision routing.Revision
	routes   map[string][]dualtone.Side
	home     map[string]dualtone.Side // of numbers without a route
	seen     []routeSeen
	delivery []delivery
}

// routeSeen is a number's first side as it became known to the SBC.
type routeSeen struct {
	Number string
	Side   dualtone.Side
	At     time.Time
}

// delivery is what became of one call at the SBC.
type delivery struct {
	Call string
	// Side took the call; empty if none did, and Refused says why.
	Side    dualtone.Side
	Refused string
}

func newSBC(router routing.Router, systems map[dualtone.Side]*simctl.Client, people []employee) *sbc {
	b := &sbc{router: router, systems: systems, routes: map[string][]dualtone.Side{}, home: map[string]dualtone.Side{}}
	for _, e := range people {
		b.home[e.Number] = dualtone.Old
		if e.Group == pilot {
			b.home[e.Number] = dualtone.New
		}
	}
	return b
}

// follow keeps the table up to date until the context ends.
func (b *sbc) follow(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := b.refresh(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (b *sbc) refresh(ctx context.Context) error {
	changed, err := b.router.Since(ctx, b.revision)
	if err != nil {
		return err
	}
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.revision = changed.Revision
	for _, r := range changed.Routes {
		number := string(r.Number)
		if _, ours := b.home[number]; !ours {
			continue
		}
		was := b.sides(number)[0]
		b.routes[number] = r.Sides
		if is := b.sides(number)[0]; is != was {
			b.seen = append(b.seen, routeSeen{Number: number, Side: is, At: now})
		}
	}
	return nil
}

// sides are those to try for a number, the first one first. The caller holds
// the lock.
func (b *sbc) sides(number string) []dualtone.Side {
	if sides := b.routes[number]; len(sides) > 0 {
		return sides
	}
	return []dualtone.Side{b.home[number]}
}

// deliver sends a call from outside to a number.
func (b *sbc) deliver(ctx context.Context, in sim.Incoming) error {
	b.mu.Lock()
	sides := b.sides(in.To)
	b.mu.Unlock()
	return b.try(ctx, in, sides)
}

// try offers the call to one side after the other until one takes it. A user
// who is busy is busy: the other side is for users who cannot be reached.
func (b *sbc) try(ctx context.Context, in sim.Incoming, sides []dualtone.Side) error {
	var refused string
	for i, side := range sides {
		in.PastForward = i > 0
		answer, err := b.systems[side].Arrive(ctx, in)
		if err != nil {
			return err
		}
		if target, ok := strings.CutPrefix(answer.Forward, reachPrefix); ok {
			// The old system handed the call back for the new one, and must not
			// get it again.
			onward := in
			onward.To = target
			return b.try(ctx, onward, []dualtone.Side{dualtone.New})
		}
		if answer.Accepted {
			b.note(delivery{Call: in.ID, Side: side})
			return nil
		}
		if refused = answer.Refused; refused == "busy" {
			break
		}
	}
	b.note(delivery{Call: in.ID, Refused: refused})
	return nil
}

func (b *sbc) note(d delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.delivery = append(b.delivery, d)
}
