package routingtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// table is the routing table in the simplest words.
type table struct {
	revision routing.Revision
	sides    map[dualtone.Number]string
	touched  map[dualtone.Number]routing.Revision
}

func (m *table) apply(changes []routing.Change) bool {
	made := maps.Clone(m.sides)
	for _, c := range changes {
		switch have := m.sides[c.To.Number]; have {
		case joined(c.To.Sides):
		case joined(c.From.Sides):
			made[c.To.Number] = joined(c.To.Sides)
		default:
			return false
		}
	}
	if !maps.Equal(made, m.sides) {
		m.revision++
		for n := range made {
			if made[n] != m.sides[n] {
				m.touched[n] = m.revision
			}
		}
		m.sides = made
	}
	return true
}

// drawChanges are changes of a few numbers, of which about half expect what is
// there.
func (m *table) drawChanges(t *rapid.T) []routing.Change {
	sides := rapid.SampledFrom([][]dualtone.Side{nil, {dualtone.Old}, {dualtone.New}, {dualtone.Old, dualtone.New}, {dualtone.New, dualtone.Old}})
	var changes []routing.Change
	for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(1, 5), 1, 3, rapid.ID[int]).Draw(t, "numbers") {
		c := routing.Change{From: route(n, sides.Draw(t, "from")...), To: route(n, sides.Draw(t, "to")...)}
		if have := m.sides[c.To.Number]; rapid.Bool().Draw(t, "right") {
			c.From.Sides = nil
			for _, s := range strings.FieldsFunc(have, func(r rune) bool { return r == ',' }) {
				c.From.Sides = append(c.From.Sides, dualtone.Side(s))
			}
		}
		changes = append(changes, c)
	}
	return changes
}

// since is the model's answer.
func (m *table) since(after routing.Revision) map[dualtone.Number]string {
	want := map[dualtone.Number]string{}
	for n, s := range m.sides {
		if m.touched[n] > after && (after > 0 || s != "") {
			want[n] = s
		}
	}
	return want
}

func likeAMap(t *testing.T, r routing.Router) {
	m := &table{sides: map[dualtone.Number]string{}, touched: map[dualtone.Number]routing.Revision{}}
	rapid.Check(t, func(rt *rapid.T) {
		changes := m.drawChanges(rt)
		after := routing.Revision(rapid.Int64Range(0, int64(m.revision)).Draw(rt, "after"))
		ok := m.apply(changes)
		got, err := r.Apply(t.Context(), changes, by())
		if ok && (err != nil || got != m.revision) || !ok && !errors.Is(err, dualtone.ErrConflict) {
			rt.Fatalf("revision %d, model %d (%v): %v", got, m.revision, ok, err)
		}
		since, err := r.Since(t.Context(), after)
		if err != nil {
			rt.Fatal(err)
		}
		have := map[dualtone.Number]string{}
		for _, route := range since.Routes {
			have[route.Number] = joined(route.Sides)
		}
		if diff := cmp.Diff(m.since(after), have, cmpopts.EquateEmpty()); diff != "" || since.Revision != m.revision {
			rt.Fatalf("since %d at %d: -want +got\n%s", after, since.Revision, diff)
		}
	})
}

func manyWriters(t *testing.T, r routing.Router) {
	const writers, flips = 50, 8
	ctx, stop := context.WithCancel(t.Context())
	defer stop()

	follower, followed := map[dualtone.Number]string{}, make(chan error, 1)
	done := make(chan routing.Revision, 1)
	go func() { followed <- follow(ctx, r, follower, done) }()

	var wg sync.WaitGroup
	var mu sync.Mutex
	var revisions []routing.Revision
	for w := range writers {
		wg.Go(func() {
			from := routing.Route{}
			for i := range flips {
				to := route(w, []dualtone.Side{dualtone.Old, dualtone.New}[i%2])
				revision, err := r.Apply(ctx, []routing.Change{{From: from, To: to}}, by())
				if err != nil {
					t.Error(err)
					return
				}
				from = to
				mu.Lock()
				revisions = append(revisions, revision)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	done <- writers * flips
	if err := <-followed; err != nil {
		t.Fatal(err)
	}
	slices.Sort(revisions)
	for i, revision := range revisions {
		if revision != routing.Revision(i+1) {
			t.Fatalf("revision %d stands at place %d", revision, i+1)
		}
	}
	all, err := r.Since(t.Context(), 0)
	if err != nil || all.Revision != writers*flips {
		t.Fatalf("revision %d, %v", all.Revision, err)
	}
	truth := map[dualtone.Number]string{}
	for _, route := range all.Routes {
		truth[route.Number] = joined(route.Sides)
	}
	if diff := cmp.Diff(truth, follower); diff != "" {
		t.Errorf("the follower's table: -want +got\n%s", diff)
	}
}

// follow keeps a copy of the table by Since alone, until it has reached the
// last revision.
func follow(ctx context.Context, r routing.Router, copied map[dualtone.Number]string, done <-chan routing.Revision) error {
	var at, last routing.Revision = 0, -1
	for at != last {
		select {
		case last = <-done:
		default:
		}
		next, err := r.Since(ctx, at)
		if err != nil {
			return err
		}
		if next.Revision < at {
			return fmt.Errorf("revision %d after %d", next.Revision, at)
		}
		for _, route := range next.Routes {
			copied[route.Number] = joined(route.Sides)
		}
		at = next.Revision
	}
	return nil
}
