package postgres

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

var reason = routing.Provenance{Actor: "ada", Reason: "wave 1", Workflow: "w", Run: "r"}

func route(number int, sides ...dualtone.Side) routing.Route {
	return routing.Route{Number: dualtone.Number(fmt.Sprintf("+4930%d", number)), Person: dualtone.PersonID(fmt.Sprint("p", number)), Sides: sides}
}

func TestARouteIsSetFlippedAndRemovedByCompareAndSet(t *testing.T) {
	t.Parallel()
	r := NewRouter(newPool(t))
	apply := func(want routing.Revision, changes ...routing.Change) {
		t.Helper()
		if got, err := r.Apply(t.Context(), changes, reason); err != nil || got != want {
			t.Errorf("revision %d, want %d: %v", got, want, err)
		}
	}
	set := routing.Change{To: route(1, dualtone.Old)}
	flip := routing.Change{From: route(1, dualtone.Old), To: route(1, dualtone.New, dualtone.Old)}
	remove := routing.Change{From: route(1, dualtone.New, dualtone.Old)}
	apply(0)
	apply(1, set, routing.Change{To: route(2, dualtone.Old)})
	apply(1, set)
	apply(2, flip, set2())
	apply(2, flip)
	got, err := r.Routes(t.Context(), []dualtone.Number{"+49302", "nobody", "+49301"})
	want := []routing.Route{route(2, dualtone.Old), {Number: "nobody"}, route(1, dualtone.New, dualtone.Old)}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v: -want +got\n%s", err, diff)
	}
	apply(3, remove)
	apply(3, remove)
	since, err := r.Since(t.Context(), 2)
	if diff := cmp.Diff([]routing.Route{{Number: "+49301", Person: "p1"}}, since.Routes); err != nil || diff != "" || since.Revision != 3 || since.At.IsZero() {
		t.Errorf("%+v, %v: -want +got\n%s", since, err, diff)
	}
	for _, after := range []routing.Revision{0, 99} {
		all, err := r.Since(t.Context(), after)
		if diff := cmp.Diff([]routing.Route{route(2, dualtone.Old)}, all.Routes); err != nil || diff != "" || all.Revision != 3 {
			t.Errorf("since %d: %+v, %v: -want +got\n%s", after, all, err, diff)
		}
	}
}

// set2 is already made.
func set2() routing.Change { return routing.Change{To: route(2, dualtone.Old)} }

func TestAChangeOfARouteThatIsNeitherIsAConflictAndNothingIsMade(t *testing.T) {
	t.Parallel()
	r := NewRouter(newPool(t))
	if _, err := r.Apply(t.Context(), []routing.Change{set2()}, reason); err != nil {
		t.Fatal(err)
	}
	_, err := r.Apply(t.Context(), []routing.Change{
		{To: route(1, dualtone.New)},
		{From: route(2, dualtone.New), To: route(2, dualtone.New, dualtone.Old)},
	}, reason)
	if !errors.Is(err, dualtone.ErrConflict) || !strings.Contains(err.Error(), "+49302 goes to {old}") {
		t.Error(err)
	}
	all, err := r.Since(t.Context(), 0)
	if err != nil || all.Revision != 1 || len(all.Routes) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
	for name, c := range map[string][]routing.Change{
		"twice":     {set2(), set2()},
		"no number": {{}},
		"two":       {{From: route(1, dualtone.Old), To: route(2, dualtone.Old)}},
		"sideways":  {{To: route(1, "left")}},
		"doubled":   {{To: route(1, dualtone.New, dualtone.New)}},
	} {
		if _, err := r.Apply(t.Context(), c, reason); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

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

func TestTheTableBehavesLikeASimpleMap(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	r := NewRouter(pool)
	sides := rapid.SampledFrom([][]dualtone.Side{nil, {dualtone.Old}, {dualtone.New}, {dualtone.Old, dualtone.New}, {dualtone.New, dualtone.Old}})
	m := &table{sides: map[dualtone.Number]string{}, touched: map[dualtone.Number]routing.Revision{}}
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfNDistinct(rapid.IntRange(1, 5), 1, 3, rapid.ID[int]).Draw(t, "numbers")
		var changes []routing.Change
		for _, n := range numbers {
			c := routing.Change{From: route(n, sides.Draw(t, "from")...), To: route(n, sides.Draw(t, "to")...)}
			if have := m.sides[c.To.Number]; rapid.Bool().Draw(t, "right") {
				c.From.Sides = nil
				for _, s := range strings.FieldsFunc(have, func(r rune) bool { return r == ',' }) {
					c.From.Sides = append(c.From.Sides, dualtone.Side(s))
				}
			}
			changes = append(changes, c)
		}
		after := routing.Revision(rapid.Int64Range(0, int64(m.revision)).Draw(t, "after"))
		ok := m.apply(changes)
		got, err := r.Apply(t.Context(), changes, reason)
		if ok && (err != nil || got != m.revision) || !ok && !errors.Is(err, dualtone.ErrConflict) {
			t.Fatalf("revision %d, model %d (%v): %v", got, m.revision, ok, err)
		}
		since, err := r.Since(t.Context(), after)
		if err != nil {
			t.Fatal(err)
		}
		want := map[dualtone.Number]string{}
		for n, s := range m.sides {
			if m.touched[n] > after && (after > 0 || s != "") {
				want[n] = s
			}
		}
		have := map[dualtone.Number]string{}
		for _, route := range since.Routes {
			have[route.Number] = joined(route.Sides)
		}
		if diff := cmp.Diff(want, have, cmpopts.EquateEmpty()); diff != "" || since.Revision != m.revision {
			t.Fatalf("since %d at %d: -want +got\n%s", after, since.Revision, diff)
		}
	})
	var history int
	if err := pool.QueryRow(t.Context(), "SELECT count(DISTINCT revision) FROM route_changes").Scan(&history); err != nil || history != int(m.revision) {
		t.Errorf("%d revisions in the history, want %d: %v", history, m.revision, err)
	}
}

func TestFiftyWritersMakeGaplessRevisionsAndAFollowerMissesNone(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	r := NewRouter(pool)
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
				revision, err := r.Apply(ctx, []routing.Change{{From: from, To: to}}, reason)
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
func follow(ctx context.Context, r *Router, copied map[dualtone.Number]string, done <-chan routing.Revision) error {
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

func TestAWatcherIsToldOfEveryRevision(t *testing.T) {
	t.Parallel()
	r := NewRouter(newPool(t))
	ctx, stop := context.WithCancel(t.Context())
	told, ended := make(chan routing.Revision, 10), make(chan error, 1)
	go func() { ended <- r.Watch(ctx, func(v routing.Revision) { told <- v }) }()
	for want := range routing.Revision(3) {
		if got := <-told; got != want {
			t.Errorf("told %d, want %d", got, want)
		}
		if _, err := r.Apply(ctx, []routing.Change{{To: route(int(want), dualtone.Old)}}, reason); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
