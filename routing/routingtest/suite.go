package routingtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

// Open makes an empty router for a test of its own.
type Open func(t *testing.T) routing.Router

// RunRouter holds a router to its port.
func RunRouter(t *testing.T, open Open) {
	t.Helper()
	for _, p := range []struct {
		name string
		keep func(t *testing.T, r routing.Router)
	}{
		{"a route is set, flipped and removed by compare and set", compareAndSet},
		{"a route that is neither is a conflict and nothing is made", conflicts},
		{"a late retry does not undo what was taken back", lateRetry},
		{"two workers leave the routes where the newest run put them", twoWorkers},
		{"the table behaves like a simple map", likeAMap},
		{"ranges and the default are told apart from the numbers", rules},
		{"many writers make gapless revisions and a follower misses none", manyWriters},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p.keep(t, open(t))
		})
	}
}

func rules(t *testing.T, r routing.Router) {
	number := route(1, dualtone.New)
	some := routing.Route{Number: "+493010..+493019", Sides: []dualtone.Side{dualtone.New}}
	others := routing.Route{Number: routing.Default, Sides: []dualtone.Side{dualtone.Old}, Terms: &routing.Terms{Until: time.Unix(2e9, 0).UTC()}}
	told := func(want ...routing.Route) {
		t.Helper()
		got, err := r.Rules(t.Context())
		slices.SortFunc(got, func(a, b routing.Route) int { return strings.Compare(string(a.Number), string(b.Number)) })
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("rules: %v: -want +got\n%s", err, diff)
		}
	}
	told()
	apply := func(changes ...routing.Change) {
		t.Helper()
		if _, err := r.Apply(t.Context(), changes, by()); err != nil {
			t.Fatal(err)
		}
	}
	apply(routing.Change{From: routing.Route{Number: number.Number}, To: number},
		routing.Change{From: routing.Route{Number: some.Number}, To: some}, routing.Change{From: routing.Route{Number: others.Number}, To: others})
	told(some, others)
	apply(routing.Change{From: some, To: routing.Route{Number: some.Number}})
	told(others)
}

// by says that somebody changes the table by hand.
func by() routing.Provenance { return routing.Provenance{Actor: "ada", Reason: "wave 1"} }

// in says that a run of a workflow changes the table.
func in(run string) routing.Provenance {
	return routing.Provenance{Actor: "ada", Reason: "wave 1", Workflow: "user/p1", Run: run}
}

func route(number int, sides ...dualtone.Side) routing.Route {
	return routing.Route{Number: dualtone.Number(fmt.Sprintf("+4930%d", number)), Person: dualtone.PersonID(fmt.Sprint("p", number)), Sides: sides}
}

func joined(sides []dualtone.Side) string {
	all := make([]string, len(sides))
	for i, s := range sides {
		all[i] = string(s)
	}
	return strings.Join(all, ",")
}

func compareAndSet(t *testing.T, r routing.Router) {
	apply := func(want routing.Revision, changes ...routing.Change) {
		t.Helper()
		if got, err := r.Apply(t.Context(), changes, by()); err != nil || got != want {
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

func conflicts(t *testing.T, r routing.Router) {
	if _, err := r.Apply(t.Context(), []routing.Change{set2()}, by()); err != nil {
		t.Fatal(err)
	}
	_, err := r.Apply(t.Context(), []routing.Change{
		{To: route(1, dualtone.New)},
		{From: route(2, dualtone.New), To: route(2, dualtone.New, dualtone.Old)},
	}, by())
	if !errors.Is(err, dualtone.ErrConflict) || !strings.Contains(err.Error(), "+49302") {
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
		if _, err := r.Apply(t.Context(), c, by()); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func lateRetry(t *testing.T, r routing.Router) {
	there := []routing.Change{{From: route(1, dualtone.Old), To: route(1, dualtone.New)}}
	back := []routing.Change{{From: route(1, dualtone.New), To: route(1, dualtone.Old)}}
	apply := func(changes []routing.Change, why routing.Provenance, want routing.Revision) {
		t.Helper()
		if got, err := r.Apply(t.Context(), changes, why); err != nil || got != want {
			t.Errorf("revision %d, want %d: %v", got, want, err)
		}
	}
	apply([]routing.Change{{To: route(1, dualtone.Old)}}, by(), 1)
	apply(there, in("move"), 2)
	apply(there, in("move"), 2)
	apply(back, in("return"), 3)
	if _, err := r.Apply(t.Context(), there, in("move")); !errors.Is(err, dualtone.ErrConflict) || !strings.Contains(err.Error(), "+49301") {
		t.Errorf("a late retry of the move: %v", err)
	}
	apply(back, in("return"), 3)
	apply(there, in("second move"), 4)
	if _, err := r.Apply(t.Context(), back, in("return")); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("a late retry of the return: %v", err)
	}
	apply(back, by(), 5)
	apply(there, by(), 6)
	apply(back, by(), 7)
}

// twoWorkers moves a number there and back in one run after another, while a
// worker that was given up repeats any call that was begun.
func twoWorkers(t *testing.T, r routing.Router) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		runs := rapid.IntRange(1, 6).Draw(rt, "runs")
		repeats := rapid.SliceOfN(rapid.IntRange(0, runs-1), 1, 6).Draw(rt, "repeats")
		delays := rapid.SliceOfN(rapid.IntRange(0, runs-1), len(repeats), len(repeats)).Draw(rt, "delays")
		begun := make([]chan struct{}, runs)
		for i := range begun {
			begun[i] = make(chan struct{})
		}
		call := func(i int) error {
			sides := [][]dualtone.Side{{dualtone.New}, {dualtone.Old}}
			c := routing.Change{From: route(n, sides[(i+1)%2]...), To: route(n, sides[i%2]...)}
			if i == 0 {
				c.From = routing.Route{}
			}
			_, err := r.Apply(t.Context(), []routing.Change{c}, in(fmt.Sprint(n, "-", i)))
			return err
		}
		var wg sync.WaitGroup
		for i, again := range repeats {
			wg.Go(func() {
				<-begun[max(delays[i], again)]
				if err := call(again); err != nil && !errors.Is(err, dualtone.ErrConflict) {
					t.Error(err)
				}
			})
		}
		var failed error
		for i := range runs {
			close(begun[i])
			failed = errors.Join(failed, call(i))
		}
		wg.Wait()
		got, err := r.Routes(t.Context(), []dualtone.Number{route(n).Number})
		want := []dualtone.Side{dualtone.New, dualtone.Old}[(runs-1)%2]
		if err != nil || failed != nil || joined(got[0].Sides) != string(want) {
			rt.Fatalf("after %d runs the number goes to %v, want %s: %v, %v", runs, got[0].Sides, want, err, failed)
		}
	})
}
