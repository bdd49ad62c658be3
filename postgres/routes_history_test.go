package postgres

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/routing"
)

func routePlan(key dualtone.Number, text string, more ...func(*routing.Terms)) routing.Route {
	p, err := routing.ParsePlan(text)
	if err != nil {
		return routing.Route{Number: key}
	}
	terms := routing.Terms{How: p.How, Share: p.Share}
	for _, m := range more {
		m(&terms)
	}
	r := routing.Route{Number: key, Sides: p.Sides}
	if !terms.IsZero() {
		r.Terms = &terms
	}
	return r
}

func TestRulesOfEveryKindComeBackAsTheyWereApplied(t *testing.T) {
	t.Parallel()
	r := NewRouter(newPool(t))
	zone := time.FixedZone("", 3600)
	want := []routing.Route{
		routePlan("+493010", "both"),
		routePlan("+493011", "split:12.5,failover"),
		routePlan("+493012", "new", func(t *routing.Terms) {
			t.Hours, t.Otherwise, t.From = "Mo-Fr 08:00-18:00 Europe/Berlin", "old", time.Date(2026, 1, 1, 0, 0, 0, 1000, zone).UTC()
		}),
		routePlan("+493013", "old", func(t *routing.Terms) { t.Queue = "sales" }),
		routePlan("+493020..+493029", "new,old"),
		routePlan("default", "old"),
	}
	var changes []routing.Change
	for _, to := range want {
		changes = append(changes, routing.Change{To: to})
	}
	for range 2 {
		if revision, err := r.Apply(t.Context(), changes, reason); err != nil || revision != 1 {
			t.Fatalf("revision %d, %v", revision, err)
		}
	}
	got, err := r.Since(t.Context(), 0)
	if diff := cmp.Diff(want, got.Routes); err != nil || diff != "" {
		t.Errorf("%v: -want +got\n%s", err, diff)
	}
	if _, err := r.Apply(t.Context(), []routing.Change{{From: routePlan("+493010", "new,old"), To: routePlan("+493010", "new")}}, reason); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("the same sides in another way: %v", err)
	}
}

func TestAChangeThatTouchesAnEmergencyNumberIsRefused(t *testing.T) {
	t.Parallel()
	r := NewRouter(newPool(t), "DE")
	for _, key := range []dualtone.Number{"112", "9911", "110", "+49110", "100..199"} {
		if _, err := r.Apply(t.Context(), []routing.Change{{To: routePlan(key, "new")}}, reason); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s: %v", key, err)
		}
	}
	if _, err := r.Apply(t.Context(), []routing.Change{{To: routePlan("+493013", "both", func(t *routing.Terms) { t.Queue = "sales" })}}, reason); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("a queue that rings both: %v", err)
	}
	if all, err := r.Since(t.Context(), 0); err != nil || all.Revision != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestATermOfANewerProgramIsAnErrorAndNotHalfARule(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	r := NewRouter(pool)
	if _, err := r.Apply(t.Context(), []routing.Change{{To: routePlan("+493010", "new")}}, reason); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE routes SET rule = 'new {"only_on_holidays":true}'`); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Since(t.Context(), 0); !errors.Is(err, dualtone.ErrInvalid) {
		t.Error(err)
	}
}

// byHand changes the table outside of a workflow, so that it may be made again.
var byHand = routing.Provenance{Actor: "ada", Reason: "wave 1"}

func TestAnyRevisionCanBeComparedAndRolledBackTo(t *testing.T) {
	t.Parallel()
	for name, few := range map[string]int{"few changes": few, "many changes": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewRouter(newPool(t))
			r.few, r.rest = few, atOnce
			compareAndRollBack(t, r)
		})
	}
}

func compareAndRollBack(t *testing.T, r *Router) {
	t.Helper()
	states := [][]routing.Route{nil}
	keys := []dualtone.Number{"+493010", "+493011", "+493012", "+493020..+493029", "default"}
	plans := rapid.SampledFrom([]string{"", "old", "new", "old,new", "split:30"})
	active := func() []routing.Route {
		s, err := r.Since(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		return s.Routes
	}
	rapid.Check(t, func(rt *rapid.T) {
		var changes []routing.Change
		have, err := r.Routes(t.Context(), keys)
		if err != nil {
			rt.Fatal(err)
		}
		for i, key := range keys {
			changes = append(changes, routing.Change{From: have[i], To: routePlan(key, plans.Draw(rt, "plan"))})
		}
		revision, err := r.Apply(t.Context(), changes, byHand)
		if err != nil {
			rt.Fatal(err)
		}
		if int(revision) == len(states) {
			states = append(states, active())
		}
		a, b := rapid.IntRange(0, len(states)-1).Draw(rt, "a"), rapid.IntRange(0, len(states)-1).Draw(rt, "b")
		got, err := r.Changes(t.Context(), routing.Revision(a), routing.Revision(b))
		if diff := cmp.Diff(routing.Diff(states[a], states[b]), got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			rt.Fatalf("%d to %d: %v: -want +got\n%s", a, b, err, diff)
		}
		back, err := r.Back(t.Context(), routing.Revision(b))
		if err != nil {
			rt.Fatal(err)
		}
		made, err := r.Apply(t.Context(), back, byHand)
		if diff := cmp.Diff(states[b], active(), cmpopts.EquateEmpty()); err != nil || diff != "" {
			rt.Fatalf("back to %d: %v: -want +got\n%s", b, err, diff)
		}
		if int(made) == len(states) {
			states = append(states, active())
		}
	})
	history, err := r.History(t.Context(), RouteHistory{Limit: 3})
	if err != nil || len(history) != 3 || int(history[0].Revision) != len(states)-1 || history[0].Actor != "ada" || history[0].Changes == 0 {
		t.Errorf("%+v, %v", history, err)
	}
	one, err := r.History(t.Context(), RouteHistory{Number: "default", Before: history[0].Revision})
	if err != nil || len(one) == 0 || one[0].Change == nil || one[0].Change.To.Number != "default" {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := r.Changes(t.Context(), 0, 1_000_000); !errors.Is(err, dualtone.ErrNotFound) {
		t.Error(err)
	}
}

// BenchmarkFlipHundredThousand flips 100,000 numbers in one revision and reads
// the change as a follower does.
func BenchmarkFlipHundredThousand(b *testing.B) {
	r := NewRouter(newPool(b))
	const numbers = 100_000
	set := func(from, to string) {
		changes := make([]routing.Change, numbers)
		for i := range changes {
			key := dualtone.Number(fmt.Sprintf("+4930%07d", i))
			changes[i] = routing.Change{From: routePlan(key, from), To: routePlan(key, to)}
		}
		start := time.Now()
		revision, err := r.Apply(b.Context(), changes, byHand)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "apply-s")
		start = time.Now()
		if s, err := r.Since(b.Context(), revision-1); err != nil || len(s.Routes) != numbers {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "since-s")
	}
	set("", "old")
	for at := "old"; b.Loop(); {
		next := map[string]string{"old": "new", "new": "old"}[at]
		set(at, next)
		at = next
	}
}
