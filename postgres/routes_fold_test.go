package postgres

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/routingtest"
)

var errAway = errors.New("whoever folds has ended")

// atOnce folds without rest.
func atOnce(context.Context, time.Duration) error { return nil }

// endsAfterOne lets a router fold one slice of each of its changes.
func endsAfterOne(r *Router) {
	rested := false
	r.rest = func(context.Context, time.Duration) error {
		if rested = !rested; rested {
			return nil
		}
		return errAway
	}
}

func looseRows(ctx context.Context, tb testing.TB, pool *pgxpool.Pool) (n int) {
	tb.Helper()
	if err := pool.QueryRow(ctx, "SELECT count(*) FROM route_loose").Scan(&n); err != nil {
		tb.Fatal(err)
	}
	return n
}

func TestTheTableIsTheSameHoweverMuchOfItIsFolded(t *testing.T) {
	t.Parallel()
	keys := []dualtone.Number{"+493010", "+493011", "+493012", "+493013", "+493014", "+493020..+493029", "default"}
	plans := rapid.SampledFrom([]string{"", "old", "new", "old,new", "split:30"})
	pool := newPool(t)
	many, few := NewRouter(pool), NewRouter(pool)
	many.few, many.halve = 0, 2
	endsAfterOne(many)
	model := &routingtest.Router{}
	most := 0
	rapid.Check(t, func(rt *rapid.T) {
		r := rapid.SampledFrom([]*Router{many, many, few}).Draw(rt, "router")
		have, err := r.Routes(t.Context(), keys)
		want, _ := model.Routes(t.Context(), keys)
		if diff := cmp.Diff(want, have, cmpopts.EquateEmpty()); err != nil || diff != "" {
			rt.Fatalf("routes: %v: -want +got\n%s", err, diff)
		}
		leading, err := r.Rules(t.Context())
		wanted, _ := model.Rules(t.Context())
		byKey := cmpopts.SortSlices(func(a, b routing.Route) bool { return a.Number < b.Number })
		if diff := cmp.Diff(wanted, leading, byKey, cmpopts.EquateEmpty()); err != nil || diff != "" {
			rt.Fatalf("ranges and default: %v: -want +got\n%s", err, diff)
		}
		var changes []routing.Change
		for i, key := range keys {
			if rapid.Bool().Draw(rt, "changes") {
				changes = append(changes, routing.Change{From: have[i], To: routePlan(key, plans.Draw(rt, "plan"))})
			}
		}
		made, err := r.Apply(t.Context(), changes, byHand)
		if err != nil {
			rt.Fatal(err)
		}
		if revision, err := model.Apply(t.Context(), changes, byHand); err != nil || revision != made {
			rt.Fatalf("revision %d, want %d: %v", made, revision, err)
		}
		if rapid.IntRange(0, 9).Draw(rt, "fold") == 0 {
			if _, err := few.foldOne(t.Context()); err != nil {
				rt.Fatal(err)
			}
		}
		whole, err := r.Since(t.Context(), 0)
		all, _ := model.Since(t.Context(), 0)
		if diff := cmp.Diff(all.Routes, whole.Routes, cmpopts.EquateEmpty()); err != nil || diff != "" {
			rt.Fatalf("table: %v: -want +got\n%s", err, diff)
		}
		most = max(most, looseRows(t.Context(), t, pool))
	})
	if most < 10 {
		t.Errorf("only %d rows were loose at once", most)
	}
}

// A change of one number that comes while 5,000 are folded, and one that finds
// its own number among them.
func TestAChangeDuringAFoldWaitsForOneSliceAtMost(t *testing.T) {
	t.Parallel()
	const numbers = 5 * chunk
	pool := newPool(t)
	r := NewRouter(pool)
	changes := make([]routing.Change, numbers)
	for i := range changes {
		changes[i] = routing.Change{To: routePlan(dualtone.Number(fmt.Sprintf("+4930%07d", i)), "old")}
	}
	other := NewRouter(pool)
	between := 0
	r.rest = func(ctx context.Context, _ time.Duration) error {
		before := looseRows(ctx, t, pool)
		key := dualtone.Number(fmt.Sprintf("+4930%07d", between*chunk*3/4+1))
		if _, err := other.Apply(ctx, []routing.Change{{From: routePlan(key, "old"), To: routePlan(key, "new")}}, byHand); err != nil {
			return err
		}
		if after := looseRows(ctx, t, pool); after != before {
			t.Errorf("%d rows were loose and %d are: the change of one number folded others", before, after)
		}
		between++
		return nil
	}
	if _, err := r.Apply(t.Context(), changes, byHand); err != nil {
		t.Fatal(err)
	}
	if loose := looseRows(t.Context(), t, pool); between != numbers/chunk+1 || loose != 0 {
		t.Errorf("%d changes came in between, %d rows are loose", between, loose)
	}
	s, err := r.Since(t.Context(), 0)
	moved := 0
	for _, route := range s.Routes {
		if route.Sides[0] == dualtone.New {
			moved++
		}
	}
	if err != nil || len(s.Routes) != numbers || moved != between || s.Revision != routing.Revision(1+between) {
		t.Errorf("revision %d with %d routes, %d of them moved: %v", s.Revision, len(s.Routes), moved, err)
	}
}

// A change of many numbers that was checked before another change of one of them
// is checked once more, and one of other numbers does not disturb it.
func TestAChangeOfManyNumbersIsCheckedAgainstWhatChangedWhileItWasChecked(t *testing.T) {
	t.Parallel()
	want := []wanted{{number: "+493010"}, {number: "+493012"}}
	for number, in := range map[string]bool{"+493010": true, "+493011": false, "+493012": true, "+493013": false} {
		if wants(want, number) != in {
			t.Errorf("%s: want %t", number, in)
		}
	}
	r := NewRouter(newPool(t))
	many := NewRouter(r.pool)
	many.few, many.halve, many.rest = 0, 2, atOnce
	const rounds, keys = 30, 6
	number := func(i int) dualtone.Number { return dualtone.Number(fmt.Sprintf("+49301%d", i)) }
	ended := make(chan error, 1)
	go func() {
		var failed error
		for range rounds {
			var changes []routing.Change
			numbers := []dualtone.Number{number(0), number(2), number(4)}
			have, err := many.Routes(t.Context(), numbers)
			failed = errors.Join(failed, err)
			for i, from := range have {
				to := routePlan(numbers[i], "old")
				if len(from.Sides) > 0 && from.Sides[0] == dualtone.Old {
					to = routePlan(numbers[i], "new")
				}
				changes = append(changes, routing.Change{From: from, To: to})
			}
			if _, err := many.Apply(t.Context(), changes, byHand); err != nil && !errors.Is(err, dualtone.ErrConflict) {
				failed = errors.Join(failed, err)
			}
		}
		ended <- failed
	}()
	for i := range rounds {
		n := number(i % keys)
		have, err := r.Routes(t.Context(), []dualtone.Number{n})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Apply(t.Context(), []routing.Change{{From: have[0], To: routePlan(n, "old,new")}}, byHand); err != nil && !errors.Is(err, dualtone.ErrConflict) {
			t.Fatal(err)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	// Each change in the history began where the one before it had ended.
	for i := range keys {
		history, err := r.History(t.Context(), RouteHistory{Number: number(i)})
		if err != nil {
			t.Fatal(err)
		}
		for k := 1; k < len(history); k++ {
			if diff := cmp.Diff(history[k].Change.To.Sides, history[k-1].Change.From.Sides, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s at revision %d: -before +from\n%s", number(i), history[k-1].Revision, diff)
			}
		}
	}
}

// The program that made a large change is killed before it is folded. What it
// changed is in effect, is compared, and is folded by those who come later.
func TestAnAbandonedFoldIsFinishedByThoseWhoChangeTheTableLater(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	killed, r := NewRouter(pool), NewRouter(pool)
	killed.few = 0
	endsAfterOne(killed)
	keys := []dualtone.Number{"+493010", "+493011", "+493012"}
	plans := []string{"new", "old", "old,new"}
	var changes []routing.Change
	for i, key := range keys {
		changes = append(changes, routing.Change{To: routePlan(key, plans[i])})
	}
	if _, err := killed.Apply(t.Context(), changes, byHand); err != nil {
		t.Fatal(err)
	}
	flip := func(n int, from, to string) error {
		_, err := r.Apply(t.Context(), []routing.Change{{From: routePlan(keys[n], from), To: routePlan(keys[n], to)}}, byHand)
		return err
	}
	isLoose := func(want int) {
		t.Helper()
		if loose := looseRows(t.Context(), t, pool); loose != want {
			t.Errorf("%d rows are loose, want %d", loose, want)
		}
	}
	isLoose(2)
	if err := flip(1, "", "new"); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("a change of what was true before: %v", err)
	}
	if err := flip(1, "old", "new"); err != nil {
		t.Error(err)
	}
	isLoose(2) // somebody may still be folding them
	for _, sql := range []string{
		"ALTER TABLE route_revisions DISABLE TRIGGER USER",
		"UPDATE route_revisions SET at = at - interval '1 hour'",
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for i, at := range []string{"new", "old"} {
		if err := flip(1, at, map[string]string{"old": "new", "new": "old"}[at]); err != nil {
			t.Error(err)
		}
		isLoose(1 - i)
	}
	got, err := r.Routes(t.Context(), keys)
	want := []routing.Route{routePlan(keys[0], "new"), routePlan(keys[1], "new"), routePlan(keys[2], "old,new")}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v: -want +got\n%s", err, diff)
	}
}
