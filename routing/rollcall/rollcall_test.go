package rollcall_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/rollcall"
)

// roll is a register in memory.
type roll struct {
	mu     sync.Mutex
	edges  map[string]routing.Edge
	looks  int
	told   chan routing.Revision
	broken error
}

func newRoll(edges ...routing.Edge) *roll {
	r := &roll{edges: map[string]routing.Edge{}, told: make(chan routing.Revision, 100)}
	for _, e := range edges {
		r.edges[e.Instance] = e
	}
	return r
}

func (r *roll) Announce(_ context.Context, e routing.Edge) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.edges[e.Instance] = e
	r.told <- e.Revision
	return r.broken
}

func (r *roll) Leave(_ context.Context, e routing.Edge) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.edges, e.Instance)
	return nil
}

func (r *roll) Edges(context.Context) ([]routing.Edge, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looks++
	var all []routing.Edge
	for _, e := range r.edges {
		all = append(all, e)
	}
	return all, r.broken
}

func (r *roll) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.looks
}

func at(name string, revision routing.Revision) routing.Edge {
	return routing.Edge{Name: name, Instance: name, Revision: revision, Since: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)}
}

func TestAnEdgeIsAnnouncedWhenItServesAnotherRevisionAndGoneWhenItStops(t *testing.T) {
	t.Parallel()
	r := newRoll()
	var serves atomic.Int64
	a := rollcall.NewAnnouncer(r, routing.Edge{Name: "sbc-1"}, func() routing.Revision { return routing.Revision(serves.Load()) }, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	a.Changed(0) // no table yet: SBCs get no answers from it, so it is not there
	for revision := range routing.Revision(3) {
		serves.Store(int64(revision + 1))
		a.Changed(revision + 1)
		for got := range r.told {
			if got == revision+1 {
				break
			}
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if left, _ := r.Edges(t.Context()); len(left) != 0 {
		t.Errorf("left behind: %+v", left)
	}
}

func TestAFlipIsConfirmedWhenTheLastLiveEdgeServesIt(t *testing.T) {
	t.Parallel()
	lost := at("sbc-3", 1)
	lost.Silent = routing.Lost
	r := newRoll(at("sbc-1", 7), at("sbc-2", 6), lost)
	c := rollcall.NewConfirmer(r, time.Minute)
	done := make(chan routing.Confirmation, 1)
	go func() {
		got, err := c.Confirm(t.Context(), 7)
		if err != nil {
			t.Error(err)
		}
		done <- got
	}()
	for r.count() < 2 {
		<-time.After(time.Millisecond)
	}
	if err := r.Announce(t.Context(), at("sbc-2", 9)); err != nil {
		t.Fatal(err)
	}
	if got := <-done; got.Confirmed != 2 || len(got.Lagging) != 0 || !strings.HasPrefix(got.String(), "revision 7 confirmed by 2 edges in ") {
		t.Errorf("%+v: %s", got, got)
	}
}

func TestAnEdgeThatLagsIsNamedAndTheNextFlipDoesNotWaitForIt(t *testing.T) {
	t.Parallel()
	r := newRoll(at("sbc-1", 7), at("sbc-2", 6))
	c := rollcall.NewConfirmer(r, 30*time.Millisecond)
	got, err := c.Confirm(t.Context(), 7)
	want := "edge sbc-2 lags at revision 6 since 2026-11-25T08:00:00Z"
	if err != nil || got.Confirmed != 1 || got.Took < 30*time.Millisecond || !strings.Contains(got.String(), want) {
		t.Errorf("%v %+v: %s", err, got, got)
	}
	if err := r.Announce(t.Context(), at("sbc-1", 8)); err != nil {
		t.Fatal(err)
	}
	<-time.After(20 * time.Millisecond)
	looks := r.count()
	if got, err = c.Confirm(t.Context(), 8); err != nil || len(got.Lagging) != 1 || r.count() != looks+1 {
		t.Errorf("%v %+v after %d looks", err, got, r.count()-looks)
	}
}

func TestWhereThereAreNoEdgesAFlipLooksOnceASecondForAllWhoFlip(t *testing.T) {
	t.Parallel()
	r := newRoll()
	c := rollcall.NewConfirmer(r, time.Minute)
	var all sync.WaitGroup
	for revision := range routing.Revision(50) {
		all.Go(func() {
			if got, err := c.Confirm(t.Context(), revision); err != nil || got.String() != "" {
				t.Errorf("%v %s", err, got)
			}
		})
	}
	all.Wait()
	if r.count() > 2 {
		t.Errorf("%d looks", r.count())
	}
	if _, err := rollcall.NewConfirmer(r, 0).Confirm(t.Context(), 1); err != nil || r.count() > 2 {
		t.Errorf("without a limit nobody looks: %v", err)
	}
}

func TestARollThatCannotBeReadIsAnErrorAndNoConfirmation(t *testing.T) {
	t.Parallel()
	r := newRoll(at("sbc-1", 7))
	r.broken = dualtone.ErrUnavailable
	if got, err := rollcall.NewConfirmer(r, time.Minute).Confirm(t.Context(), 7); !errors.Is(err, dualtone.ErrUnavailable) || got.Confirmed != 0 {
		t.Errorf("%v %+v", err, got)
	}
}
