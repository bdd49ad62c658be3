package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
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
	placed   map[string]*calllog.Attempt
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
	b := &sbc{router: router, systems: systems, routes: map[string][]dualtone.Side{}, home: map[string]dualtone.Side{}, placed: map[string]*calllog.Attempt{}}
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
	b.arrived(in)
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
			if err := b.try(ctx, onward, []dualtone.Side{dualtone.New}); err != nil {
				return err
			}
			return b.carry(ctx, in.ID)
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

// carry passes what becomes of a forwarded call on to the old system, which stays in
// it as a PBX does that dials the new number itself: that it was answered, and that
// it is over or was never taken.
func (b *sbc) carry(ctx context.Context, id string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	answered := false
	for {
		call, err := b.systems[dualtone.New].Call(ctx, id)
		if err != nil && !errors.Is(err, sim.ErrNoCall) {
			return err
		}
		if !answered && !call.Answered.IsZero() {
			answered = true
			if err := b.systems[dualtone.Old].Pickup(ctx, id); err != nil {
				return err
			}
		}
		if err != nil || !call.Over.IsZero() {
			return b.systems[dualtone.Old].HangUp(ctx, id)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (b *sbc) note(d delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.delivery = append(b.delivery, d)
	b.placed[d.Call].Refused = d.Refused
}

// arrived notes a call the first time that it is offered to a system.
func (b *sbc) arrived(in sim.Incoming) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.placed[in.ID] == nil {
		b.placed[in.ID] = &calllog.Attempt{ID: in.ID, At: time.Now().UTC(), Caller: in.From, Called: in.To}
	}
}

// attempts are the calls that were offered.
func (b *sbc) attempts() []calllog.Attempt {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]calllog.Attempt, 0, len(b.placed))
	for _, a := range b.placed {
		all = append(all, *a)
	}
	return all
}
