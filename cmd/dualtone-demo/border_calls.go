package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/realsbc"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/routing"
)

// sipCalls is what became of the calls through the real SBC.
type sipCalls struct {
	Total int `json:"total"`
	OnOld int `json:"on_old"`
	OnNew int `json:"on_new"`
	// Second were answered by the side that the table names after the first one, which
	// could not be reached in time.
	Second int `json:"by_the_second_side"`
	// Elsewhere were answered by a side that the table of their revision did not name.
	Elsewhere int `json:"elsewhere"`
	// Outdated were decided by an earlier revision than one that the edge had confirmed
	// before the call was sent.
	Outdated int `json:"outdated"`
	// Flipped is how many revisions of the table the edge confirmed, and LongestMS the
	// longest that one took, from its commit.
	Flipped    int     `json:"revisions_confirmed"`
	LongestMS  float64 `json:"longest_until_confirmed_ms"`
	Failed     int     `json:"failed"`
	Cut        int     `json:"cut"`
	ByFallback int     `json:"by_fallback"`
}

// made is a change of one number's route: since a revision it names these sides, the
// first one first; none when the route was taken away.
type made struct {
	revision routing.Revision
	sides    []dualtone.Side
}

// sidesAt are those that the table of a revision names, from the changes in their order.
func sidesAt(changes []made, home dualtone.Side, at routing.Revision) []dualtone.Side {
	sides := []dualtone.Side{home}
	for _, m := range changes {
		if m.revision > at {
			break
		}
		if sides = m.sides; len(sides) == 0 {
			sides = []dualtone.Side{home}
		}
	}
	return sides
}

// count judges one call by the table of the revision that decided it. That revision may
// be no earlier than what the edge had confirmed when the call was sent: then a switch
// counts as done.
func (n *sipCalls) count(c *realsbc.Call, changes []made, home dualtone.Side, confirmed routing.Revision) {
	if c.Lost() || c.Refused > 0 {
		n.Failed++
		return
	}
	if c.Cut() {
		n.Cut++
	}
	side := dualtone.Side(c.Platform)
	if side == dualtone.New {
		n.OnNew++
	} else {
		n.OnOld++
	}
	if c.Source == "fallback" {
		n.ByFallback++
		return
	}
	revision, err := strconv.ParseInt(c.Revision, 10, 64)
	place := slices.Index(sidesAt(changes, home, routing.Revision(revision)), side)
	switch {
	case err != nil || place < 0:
		n.Elsewhere++
	case routing.Revision(revision) < confirmed:
		n.Outdated++
	case place > 0:
		n.Second++
	}
}

// heldTo is what calls are held to: the table as it was at each revision, and what the
// edge has confirmed, as it was seen at each moment.
type heldTo struct {
	table *postgres.Router
	edges *postgres.Edges

	mu   sync.Mutex
	seen []confirmed
}

// confirmed is when the edge was first seen to serve a revision.
type confirmed struct {
	at       time.Time
	revision routing.Revision
}

// watch notes what the edge confirms until the context ends.
func (h *heldTo) watch(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		edges, err := h.edges.Edges(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		h.note(time.Now(), edges)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (h *heldTo) note(now time.Time, edges []routing.Edge) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range edges {
		if e.Revision > h.until(now) {
			h.seen = append(h.seen, confirmed{now, e.Revision})
		}
	}
}

// until is what was confirmed before a moment. The caller holds the lock.
func (h *heldTo) until(at time.Time) routing.Revision {
	for _, c := range slices.Backward(h.seen) {
		if !c.at.After(at) {
			return c.revision
		}
	}
	return 0
}

// at is what was confirmed before a moment.
func (h *heldTo) at(moment time.Time) routing.Revision {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.until(moment)
}

// await waits until the edge has confirmed the table as it is now.
func (h *heldTo) await(ctx context.Context) error {
	active, err := h.table.Active(ctx)
	if err != nil {
		return err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for h.at(time.Now()) < active {
		select {
		case <-ctx.Done():
			return errors.Join(errors.New("the edge does not confirm the table"), ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

// longest is how many revisions were confirmed, and the longest that one of them took.
func (h *heldTo) longest(ctx context.Context) (n int, longest time.Duration, err error) {
	revisions, err := h.table.History(ctx, postgres.RouteHistory{})
	if err != nil {
		return 0, 0, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	first := h.seen[0].revision // what was there before the edge was
	for _, r := range revisions {
		i := slices.IndexFunc(h.seen, func(c confirmed) bool { return c.revision >= r.Revision })
		if r.Revision > first && i >= 0 {
			n++
			longest = max(longest, h.seen[i].at.Sub(r.At))
		}
	}
	return n, longest, nil
}

// changes are those of a number's route, in their order.
func (h *heldTo) changes(ctx context.Context, number string) ([]made, error) {
	revisions, err := h.table.History(ctx, postgres.RouteHistory{Number: dualtone.Number(number)})
	var all []made
	for _, r := range slices.Backward(revisions) {
		all = append(all, made{r.Revision, r.Change.To.Sides})
	}
	return all, err
}

// finish waits until no call is up, and counts what became of all of them.
func (b *border) finish(ctx context.Context, home map[string]dualtone.Side) (n sipCalls, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	calls, err := b.calling.Wait(ctx)
	if err != nil {
		return n, err
	}
	if err := b.held.await(ctx); err != nil {
		return n, err
	}
	changes := map[string][]made{}
	for number := range home {
		if changes[number], err = b.held.changes(ctx, number); err != nil {
			return n, err
		}
	}
	n.Total = len(calls)
	for i := range calls {
		c := &calls[i]
		n.count(c, changes[c.Number], home[c.Number], b.held.at(c.Sent))
	}
	flipped, longest, err := b.held.longest(ctx)
	n.Flipped, n.LongestMS = flipped, float64(longest.Microseconds())/1000
	return n, err
}
