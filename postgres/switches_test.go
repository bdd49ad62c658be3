package postgres

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
)

func noon() time.Time { return time.Date(2026, 11, 9, 12, 0, 0, 123456000, time.UTC) }

// planned is a whole switch, as a capture makes it.
func planned(id cutover.SwitchID, p dualtone.Person) cutover.Switch {
	before := cutover.Image{
		cutover.Softphone: {Softphone: &dualtone.Softphone{CallCenter: "old-cc", PermissionSets: []string{"CTI"}}},
		cutover.Routes:    {Routes: []routing.Route{{Number: p.Numbers[0], Person: p.ID, Sides: []dualtone.Side{dualtone.Old}}}},
		cutover.OldSeat:   {Seat: &dualtone.Seat{Enabled: true}},
		cutover.OldForward: {
			Forward: &dualtone.Forward{Detail: map[string]string{"CFU": ""}},
		},
		cutover.OldOffering: {Offering: &dualtone.Offering{Memberships: []dualtone.Membership{{Queue: "sales", Penalty: 2, Device: "PJSIP/1001"}}}},
		cutover.NewSeat:     {Seat: &dualtone.Seat{Enabled: false}},
		cutover.NewOffering: {Offering: &dualtone.Offering{}},
	}
	actions := []cutover.Action{
		{Step: cutover.Prepare, Facet: cutover.NewSeat, From: before[cutover.NewSeat], To: cutover.Value{Seat: &dualtone.Seat{Enabled: true, Licenses: []string{"agent"}}}},
		{Step: cutover.SwitchCRM, Facet: cutover.Softphone, From: before[cutover.Softphone], To: cutover.Value{Softphone: &dualtone.Softphone{CallCenter: "new-cc", PermissionSets: []string{"CTI", "SCV"}}}},
	}
	return cutover.Switch{
		ID: id, Person: p.ID, To: dualtone.New, Cohort: "wave-1", State: cutover.Captured, Started: noon(), Before: before, Actions: actions,
		Provenance: routing.Provenance{Actor: "ada", Reason: "wave 1", Workflow: "switch-" + string(p.ID), Run: "0192f0c8-7f1e-7c3a-9d53-2f6b6a1f0a10"},
	}
}

func keep(tb testing.TB, pool *pgxpool.Pool, w cutover.Switch) cutover.Switch {
	tb.Helper()
	if w.Started.IsZero() {
		w.Started = noon()
	}
	held, err := NewSwitches(pool).Keep(tb.Context(), w)
	if err != nil {
		tb.Fatal(err)
	}
	return held
}

func reached(w cutover.Switch, state cutover.State, after time.Duration) cutover.Entry {
	return cutover.Entry{
		Switch: w.ID, Person: w.Person, Kind: cutover.Reached, State: state, Text: "to " + string(state), Attempt: 1,
		Provenance: w.Provenance, At: noon().Add(after),
	}
}

func record(tb testing.TB, pool *pgxpool.Pool, entries ...cutover.Entry) {
	tb.Helper()
	if err := NewSwitches(pool).Record(tb.Context(), entries...); err != nil {
		tb.Fatal(err)
	}
}

func peopled(tb testing.TB, n int) *pgxpool.Pool {
	tb.Helper()
	pool := newPool(tb)
	if err := NewPeople(pool).Import(tb.Context(), agents(n), why()); err != nil {
		tb.Fatal(err)
	}
	return pool
}

func TestASwitchIsKeptWholeAndARetriedCaptureGetsWhatIsHeld(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 2)
	w := planned("s1", agent(1))
	if diff := cmp.Diff(w, keep(t, pool, w)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	other := w
	other.Before, other.State, other.Actor = nil, cutover.OnNew, "bob"
	if diff := cmp.Diff(w, keep(t, pool, other)); diff != "" {
		t.Errorf("a retried capture: -want +got\n%s", diff)
	}
	other.Person = "p002"
	if _, err := NewSwitches(pool).Keep(t.Context(), other); !errors.Is(err, dualtone.ErrConflict) || !strings.Contains(err.Error(), "p001") {
		t.Errorf("the id of somebody else's switch: %v", err)
	}
	other.ID, other.Person = "s9", "ghost"
	if _, err := NewSwitches(pool).Keep(t.Context(), other); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("a switch of nobody: %v", err)
	}
	if _, err := NewSwitches(pool).Switch(t.Context(), "none"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("an unknown switch: %v", err)
	}
}

func TestManyCapturesOfOneSwitchAllGetTheSame(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 1)
	var wg sync.WaitGroup
	held := make([]cutover.Switch, 20)
	for i := range held {
		wg.Go(func() {
			w := planned("s1", agent(1))
			w.Actor = fmt.Sprint("worker ", i)
			var err error
			if held[i], err = NewSwitches(pool).Keep(t.Context(), w); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, h := range held {
		if h.Actor != held[0].Actor || h.Actor == "" {
			t.Fatalf("held by %q and by %q", held[0].Actor, h.Actor)
		}
	}
}

func TestAReachedStateMovesSwitchAndPersonWithTheJournal(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 1)
	s := NewSwitches(pool)
	w := keep(t, pool, planned("s1", agent(1)))
	wrote := cutover.Entry{
		Switch: w.ID, Person: w.Person, Kind: cutover.Wrote, Action: -2, Step: cutover.SwitchCRM, Facet: cutover.Softphone,
		From: &w.Actions[1].From, To: &w.Actions[1].To, Now: &w.Actions[1].To, Text: "bad \xff and \x00", Attempt: 3, Provenance: w.Provenance, At: noon(),
	}
	entries := []cutover.Entry{wrote, reached(w, cutover.Verifying, time.Second), reached(w, cutover.OnNew, 2*time.Second)}
	record(t, pool, entries...)
	got, err := s.Switch(t.Context(), w.ID)
	if err != nil || got.State != cutover.OnNew || got.Detail != "to on_new" || !got.Ended.Equal(noon().Add(2*time.Second)) {
		t.Errorf("switch %+v, %v", got, err)
	}
	p, err := NewPeople(pool).Person(t.Context(), w.Person)
	if err != nil || p.Side != dualtone.New || p.State != cutover.OnNew || p.Switch != w.ID || !p.Since.Equal(noon().Add(2*time.Second)) {
		t.Errorf("person %+v, %v", p, err)
	}
	entries[0].Text = "bad \uFFFD and \uFFFD"
	kept := reached(w, cutover.Captured, 0)
	kept.Text, kept.Attempt = "", 0
	entries = append([]cutover.Entry{kept}, entries...)
	journal, err := s.Journal(t.Context(), cutover.JournalQuery{Switch: w.ID})
	for i := range journal {
		if i > 0 && journal[i].Serial <= journal[i-1].Serial {
			t.Errorf("serials %d, %d", journal[i-1].Serial, journal[i].Serial)
		}
		if i < len(entries) {
			entries[i].Serial = journal[i].Serial
		}
	}
	if diff := cmp.Diff(entries, journal); err != nil || diff != "" {
		t.Errorf("%v: -want +got\n%s", err, diff)
	}
}

func TestAStateOfASwitchThatWasNeverKeptWritesNothing(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 2)
	w := keep(t, pool, planned("s1", agent(1)))
	ghost := w
	ghost.ID = "ghost"
	err := NewSwitches(pool).Record(t.Context(), reached(w, cutover.Drained, 0), reached(ghost, cutover.Drained, 0))
	if !errors.Is(err, dualtone.ErrNotFound) || !strings.Contains(err.Error(), "ghost") {
		t.Errorf("got %v", err)
	}
	got, err := NewSwitches(pool).Switch(t.Context(), w.ID)
	journal, _ := NewSwitches(pool).Journal(t.Context(), cutover.JournalQuery{})
	if err != nil || got.State != cutover.Captured || len(journal) != 1 {
		t.Errorf("state %s, %d entries, %v", got.State, len(journal), err)
	}
}

func TestTheLatestSwitchIsTheOneThatStands(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 1)
	s := NewSwitches(pool)
	latest := func(want cutover.SwitchID) {
		t.Helper()
		got, err := s.Latest(t.Context(), "p001")
		if want == "" && errors.Is(err, dualtone.ErrNotFound) {
			return
		}
		if err != nil || got.ID != want {
			t.Errorf("latest is %q, want %q: %v", got.ID, want, err)
		}
	}
	move := func(id cutover.SwitchID, to dualtone.Side) cutover.Switch {
		w := planned(id, agent(1))
		w.To = to
		return keep(t, pool, w)
	}
	latest("")
	failed := move("s0", dualtone.New)
	record(t, pool, reached(failed, cutover.Restored, time.Second))
	latest("")
	first := move("s1", dualtone.New)
	latest("")
	record(t, pool, reached(first, cutover.OnNew, time.Second))
	latest("s1")

	nothing := planned("s2", agent(1))
	nothing.Actions = nil
	keep(t, pool, nothing)
	record(t, pool, reached(nothing, cutover.OnNew, 2*time.Second))
	latest("s1")

	deferred := move("s3", dualtone.Old)
	record(t, pool, reached(deferred, cutover.Deferred, 3*time.Second))
	latest("s1")
	back := move("s4", dualtone.Old)
	record(t, pool, reached(back, cutover.RestoreDrift, 4*time.Second))
	latest("s1")
	back = move("s5", dualtone.Old)
	record(t, pool, reached(back, cutover.Restored, 4*time.Second))
	latest("")
	p, err := NewPeople(pool).Person(t.Context(), "p001")
	if err != nil || p.Side != dualtone.Old || p.State != cutover.Restored {
		t.Errorf("person %+v, %v", p, err)
	}

	record(t, pool, reached(first, cutover.OnNew, time.Second))
	record(t, pool, reached(first, cutover.OnNew, 5*time.Second))
	latest("")
	p, err = NewPeople(pool).Person(t.Context(), "p001")
	if err != nil || p.Side != dualtone.Old || p.Switch != "s5" {
		t.Errorf("after a late entry of an older switch: %+v, %v", p, err)
	}
}

func TestTheJournalRefusesChangeAndDeletion(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 1)
	record(t, pool, reached(keep(t, pool, planned("s1", agent(1))), cutover.Drained, 0))
	for _, sql := range []string{
		"UPDATE journal SET text = 'nothing happened'", "DELETE FROM journal", "TRUNCATE journal",
		"DELETE FROM people_changes", "UPDATE route_changes SET number = ''",
	} {
		if _, err := pool.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "append only") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestAJournalIsSelectedByPersonKindTimeAndSerial(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 2)
	for i, n := range []int{1, 2} {
		w := keep(t, pool, planned(cutover.SwitchID(fmt.Sprint("s", n)), agent(n)))
		note := reached(w, "", time.Duration(i)*time.Hour)
		note.Kind = cutover.Note
		record(t, pool, note, reached(w, cutover.Drained, time.Duration(i)*time.Hour))
	}
	all, err := NewSwitches(pool).Journal(t.Context(), cutover.JournalQuery{})
	if err != nil || len(all) != 6 {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	for name, c := range map[string]struct {
		q    cutover.JournalQuery
		want int
	}{
		"person": {cutover.JournalQuery{Person: "p001"}, 3},
		"switch": {cutover.JournalQuery{Switch: "s2", Kind: cutover.Note}, 1},
		"since":  {cutover.JournalQuery{Since: noon().Add(time.Hour)}, 2},
		"after":  {cutover.JournalQuery{After: all[0].Serial}, 5},
		"limit":  {cutover.JournalQuery{Limit: 1}, 1},
	} {
		if got, err := NewSwitches(pool).Journal(t.Context(), c.q); err != nil || len(got) != c.want {
			t.Errorf("%s: %d entries, want %d: %v", name, len(got), c.want, err)
		}
	}
}

// Whatever is repeated, in whatever order retries come, the journal holds each
// entry once and the switch is where its last new entry put it.
func TestRepeatedCallsChangeNothing(t *testing.T) {
	t.Parallel()
	pool := peopled(t, 1)
	s := NewSwitches(pool)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		w := planned(cutover.SwitchID(fmt.Sprint("r", n)), agent(1))
		if _, err := s.Keep(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		states := []cutover.State{cutover.Drained, cutover.Verifying, cutover.OnNew, cutover.Compensating, cutover.Restored}
		kinds := []cutover.EntryKind{cutover.Intent, cutover.Wrote, cutover.Reached, cutover.Note}
		var calls [][]cutover.Entry
		want, total := cutover.Captured, 0
		for range rapid.IntRange(1, 6).Draw(t, "calls") {
			if len(calls) > 0 && rapid.Bool().Draw(t, "repeat") {
				again := rapid.SampledFrom(calls).Draw(t, "again")
				if err := s.Record(t.Context(), again...); err != nil {
					t.Fatal(err)
				}
				if _, err := s.Keep(t.Context(), w); err != nil {
					t.Fatal(err)
				}
				continue
			}
			var call []cutover.Entry
			for range rapid.IntRange(1, 3).Draw(t, "entries") {
				e := reached(w, "", time.Duration(total)*time.Millisecond)
				if e.Kind = rapid.SampledFrom(kinds).Draw(t, "kind"); e.Kind == cutover.Reached {
					e.State = rapid.SampledFrom(states).Draw(t, "state")
					want = e.State
				}
				total++
				call = append(call, e)
			}
			calls = append(calls, call)
			if err := s.Record(t.Context(), call...); err != nil {
				t.Fatal(err)
			}
		}
		journal, err := s.Journal(t.Context(), cutover.JournalQuery{Switch: w.ID})
		if err != nil || len(journal) != total+1 {
			t.Fatalf("%d entries, want %d and the first: %v", len(journal), total, err)
		}
		got, err := s.Switch(t.Context(), w.ID)
		if err != nil || got.State != want || (got.Ended.IsZero() == want.Final()) {
			t.Fatalf("state %s ended %s, want %s: %v", got.State, got.Ended, want, err)
		}
		if diff := cmp.Diff(w.Before, got.Before); diff != "" {
			t.Fatal(diff)
		}
	})
}
