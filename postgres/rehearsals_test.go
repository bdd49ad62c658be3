package postgres

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/rehearsal"
)

func TestTheLatestRehearsalOfAPlanIsKept(t *testing.T) {
	t.Parallel()
	store := NewRehearsals(newPool(t))
	if _, err := store.Latest(t.Context(), "f00d"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("before any: %v", err)
	}
	first := rehearsal.Kept{
		Made: noon(), Actor: "ada",
		Model:  rehearsal.Model{Failed: 0.25, Grounds: []string{"made up"}},
		Report: rehearsal.Report{Plan: "spring", PlanHash: "f00d", Plays: 20, Unmet: []string{}},
	}
	second := first
	second.Made, second.Report.Plays = noon().Add(time.Hour), 50
	for _, k := range []rehearsal.Kept{second, first, first} {
		if err := store.Keep(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	got, err := store.Latest(t.Context(), "f00d")
	if diff := cmp.Diff(second, got); err != nil || diff != "" {
		t.Errorf("%v: -want +got\n%s", err, diff)
	}
}

func TestWhatPastSwitchesTookIsMeasured(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 4)
	store := NewRehearsals(pool)
	if m, err := store.Measured(t.Context(), noon().Add(-time.Hour)); err != nil || m.Tried != 0 || len(m.Steps.Move) != 0 {
		t.Errorf("of nobody: %+v, %v", m, err)
	}
	wrote := func(w cutover.Switch, f cutover.Facet, after time.Duration) cutover.Entry {
		e := reached(w, "", after)
		e.Kind, e.Facet = cutover.Wrote, f
		return e
	}
	for i, at := range []time.Duration{time.Second, 3 * time.Second, time.Minute} {
		w := keep(t, pool, planned(cutover.SwitchID(fmt.Sprintf("s%d", i)), agent(i+1)))
		record(t, pool, wrote(w, cutover.Routes, at/2), reached(w, cutover.Drained, at), wrote(w, cutover.Softphone, at), wrote(w, cutover.Routes, at+40*time.Millisecond),
			reached(w, cutover.Verifying, at+5*time.Second), reached(w, cutover.OnNew, at+6*time.Second))
	}
	w := keep(t, pool, planned("s4", agent(4)))
	record(t, pool, reached(w, cutover.Drained, 2*time.Second),
		reached(w, cutover.Compensating, 3*time.Second), reached(w, cutover.Restored, 10*time.Second))

	m, err := store.Measured(t.Context(), noon().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if m.Switches != 3 || m.Tried != 4 || m.Failed != 1 || m.Back != 1 {
		t.Errorf("%d on the new side, %d of %d failed, %d ways back; want 3, 1 of 4, 1", m.Switches, m.Failed, m.Tried, m.Back)
	}
	for name, c := range map[string]struct {
		got               rehearsal.Spread
		shortest, longest time.Duration
	}{
		"capture":   {m.Steps.Capture, time.Second, time.Second},
		"ready":     {m.Steps.Ready, time.Second, 3 * time.Second}, // the minute was a call
		"move":      {m.Steps.Move, 5 * time.Second, 5 * time.Second},
		"verify":    {m.Steps.Verify, time.Second, time.Second},
		"split":     {m.Steps.Split, 40 * time.Millisecond, 40 * time.Millisecond},
		"take back": {m.Steps.TakeBack, 7 * time.Second, 7 * time.Second},
	} {
		if c.got.At(0) != c.shortest || c.got.At(1) != c.longest {
			t.Errorf("%s: %s to %s, want %s to %s", name, c.got.At(0), c.got.At(1), c.shortest, c.longest)
		}
	}
	if m, err := store.Measured(t.Context(), noon().Add(time.Hour)); err != nil || m.Tried != 0 {
		t.Errorf("since later: %+v, %v", m, err)
	}
}

func TestAttemptsOfAPlanAreFoundWithWhenCRMAndRouteWereWritten(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 4)
	store := NewRehearsals(pool)
	wrote := func(w cutover.Switch, f cutover.Facet, action int, after time.Duration) cutover.Entry {
		e := reached(w, "", after)
		e.Kind, e.Facet, e.Action = cutover.Wrote, f, action
		return e
	}
	attempt := func(n int, cohort string, to dualtone.Side) cutover.Switch {
		w := planned(cutover.SwitchID(fmt.Sprintf("s%d", n)), agent(n))
		w.Cohort, w.To = cohort, to
		return keep(t, pool, w)
	}
	w := attempt(1, "spring/pilot", dualtone.New)
	record(t, pool, wrote(w, cutover.Routes, 2, time.Second), wrote(w, cutover.Softphone, 4, 2*time.Second), wrote(w, cutover.Routes, 5, 3*time.Second),
		wrote(w, cutover.Routes, -5, time.Minute), // taken back
		reached(w, cutover.Restored, 2*time.Minute))
	attempt(2, "spring/pilot", dualtone.Old)
	attempt(3, "spring-2/pilot", dualtone.New)
	attempt(4, "spring/wave-1", dualtone.New)
	found, err := store.Tried(t.Context(), "spring", noon().Add(-time.Hour))
	if err != nil || len(found) != 2 {
		t.Fatalf("%+v, %v; want the two attempts of the plan to the new side", found, err)
	}
	slices.SortFunc(found, func(a, b rehearsal.Tried) int { return strings.Compare(string(a.Stage), string(b.Stage)) })
	first := found[0]
	if first.Stage != "pilot" || first.State != cutover.Restored || first.Route.Sub(first.CRM) != time.Second || !found[1].CRM.IsZero() {
		t.Errorf("%+v; want a second between CRM and route, and nothing written of the other", found)
	}
	if later, err := store.Tried(t.Context(), "spring", noon().Add(time.Hour)); err != nil || len(later) != 0 {
		t.Errorf("since later: %+v, %v", later, err)
	}
}
