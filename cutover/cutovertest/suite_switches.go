package cutovertest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// RunSwitches holds switches, and the people whom they move, to their port.
func RunSwitches(t *testing.T, open Open) {
	t.Helper()
	runPromises(t, open, []promise{
		{"an unknown switch is not found", unknownSwitch},
		{"the first to keep a switch is the one who did", keepOnce},
		{"many captures of one switch all get the same", keepAtOnce},
		{"a kept switch moves the person and is journaled", keepMoves},
		{"a switch of nobody, or with the id of somebody else's, is refused", keepRefused},
		{"a person is switched once in a pass", oncePerPass},
		{"a reached state moves the switch and the person", recordMoves},
		{"on_new puts a person on the new side, restored on the old, nothing else does", sides},
		{"the states in one call are reached one after the other", recordInOrder},
		{"a state of a switch that was never kept records nothing", recordUnkept},
		{"a repeated entry is left out and moves nothing", recordAgain},
		{"an overtaken state is journaled and moves nothing", overtaken},
		{"what went another way later counts", otherWay},
		{"a clock that is behind holds no switch back", slowClock},
		{"an older switch moves itself and not the person", olderSwitch},
		{"the latest switch is the one that stands", latest},
		{"a move that was broken off or not taken back whole stands", unfinished},
		{"a switch that found nothing to do hides none that stands", nothingToDo},
	})
}

func unknownSwitch(t *testing.T, b *bench) {
	_, err := b.Switches.Switch(t.Context(), "none")
	refused(t, "unknown switch", err, dualtone.ErrNotFound, "none")
	_, err = b.Switches.Latest(t.Context(), "nobody")
	refused(t, "latest of nobody", err, dualtone.ErrNotFound, "nobody")
}

func keepOnce(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	w := captured("s1", employee(1), dualtone.New)
	same(t, "as kept", w, b.keep(t, w))
	other := w
	other.Before, other.Actions, other.State, other.Actor = nil, nil, cutover.OnNew, "bob"
	same(t, "a retried capture", w, b.keep(t, other))
	got, err := b.Switches.Switch(t.Context(), "s1")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "as read", w, got)
	b.where(t, "p001", "old captured s1")
	if n := len(b.journal(t, cutover.JournalQuery{})); n != 1 {
		t.Errorf("%d entries after a retried capture, want 1", n)
	}
	bare := cutover.Switch{ID: "s2", Person: "p001", To: dualtone.New, State: cutover.FailedClean, Detail: "no account", Started: noon(), Ended: noon()}
	same(t, "without image and plan", bare, b.keep(t, bare))
}

func oncePerPass(t *testing.T, b *bench) {
	b.hire(t, employee(1), employee(2))
	first := captured("s1", employee(1), dualtone.New)
	first.Pass = "p1"
	b.keep(t, first)
	same(t, "a retried capture", first, b.keep(t, first))
	again := captured("s2", employee(1), dualtone.New)
	again.Pass = "p1"
	_, err := b.Switches.Keep(t.Context(), again)
	refused(t, "a second switch in one pass", err, dualtone.ErrConflict, "p001")
	if _, err := b.Switches.Switch(t.Context(), "s2"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("the refused switch is read as %v", err)
	}
	b.where(t, "p001", "old captured s1")
	again.Pass = "p2"
	b.keep(t, again)
	other := captured("s3", employee(2), dualtone.New)
	other.Pass = "p1"
	b.keep(t, other)
}

func keepAtOnce(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	var wg sync.WaitGroup
	held := make([]cutover.Switch, 20)
	for i := range held {
		wg.Go(func() {
			w := captured("s1", employee(1), dualtone.New)
			w.Actor = fmt.Sprint("worker ", i)
			var err error
			if held[i], err = b.Switches.Keep(t.Context(), w); err != nil {
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

func keepMoves(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	w := captured("s1", employee(1), dualtone.New)
	w.Detail = "as planned"
	b.keep(t, w)
	want := cutover.PersonState{
		Person: employee(1), Side: dualtone.Old, State: cutover.Captured, Switch: "s1", Detail: "as planned", Since: noon(),
	}
	same(t, "the person", want, b.person(t, "p001"))
	entries := b.journal(t, cutover.JournalQuery{})
	if len(entries) != 1 {
		t.Fatalf("%d entries, want 1", len(entries))
	}
	entry := cutover.Entry{
		Serial: entries[0].Serial, Switch: "s1", Person: "p001", Kind: cutover.Reached, State: cutover.Captured, Text: "as planned",
		Provenance: w.Provenance, At: noon(),
	}
	same(t, "the entry", entry, entries[0])
}

func keepRefused(t *testing.T, b *bench) {
	b.hire(t, employees(2)...)
	b.keep(t, captured("s1", employee(1), dualtone.New))
	_, err := b.Switches.Keep(t.Context(), captured("s1", employee(2), dualtone.New))
	refused(t, "somebody else's id", err, dualtone.ErrConflict, "p001", "p002")
	_, err = b.Switches.Keep(t.Context(), captured("s2", employee(9), dualtone.New))
	refused(t, "nobody", err, dualtone.ErrNotFound, "p009")
	b.where(t, "p002", "old  ")
	if n := len(b.journal(t, cutover.JournalQuery{})); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
}

func recordMoves(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	w := b.keep(t, captured("s1", employee(1), dualtone.New))
	b.record(t)
	b.record(t, reached(w, cutover.Verifying, time.Second))
	want := w
	want.State, want.Detail = cutover.Verifying, "to verifying"
	got, err := b.Switches.Switch(t.Context(), "s1")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "on its way", want, got)
	note := reached(w, "", time.Second)
	note.Kind, note.State = cutover.Note, cutover.Restored
	b.record(t, note, reached(w, cutover.OnNew, 2*time.Second))
	want.State, want.Detail, want.Ended = cutover.OnNew, "to on_new", noon().Add(2*time.Second)
	if got, err = b.Switches.Switch(t.Context(), "s1"); err != nil {
		t.Fatal(err)
	}
	same(t, "at its end", want, got)
	person := cutover.PersonState{
		Person: employee(1), Side: dualtone.New, State: cutover.OnNew, Switch: "s1", Detail: "to on_new", Since: noon().Add(2 * time.Second),
	}
	same(t, "the person", person, b.person(t, "p001"))
}

func sides(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	n := 0
	end := func(to dualtone.Side, state cutover.State, want dualtone.Side) {
		t.Helper()
		n++
		id := cutover.SwitchID(fmt.Sprint("s", n))
		w := captured(id, employee(1), to)
		w.Started = noon().Add(time.Duration(n) * time.Minute)
		b.keep(t, w)
		b.record(t, reached(w, state, time.Duration(n)*time.Minute+time.Second))
		b.where(t, "p001", fmt.Sprintf("%s %s %s", want, state, id))
	}
	others := func(side dualtone.Side) {
		for _, to := range []dualtone.Side{dualtone.Old, dualtone.New} {
			for _, s := range []cutover.State{
				cutover.RestoreDrift, cutover.Deferred, cutover.FailedClean, cutover.Drained, cutover.Verifying, cutover.Unknown, cutover.Skipped,
			} {
				end(to, s, side)
			}
		}
	}
	others(dualtone.Old)
	end(dualtone.New, cutover.Restored, dualtone.Old)
	end(dualtone.New, cutover.OnNew, dualtone.New)
	others(dualtone.New)
	end(dualtone.Old, cutover.Restored, dualtone.Old)
}

func recordInOrder(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	w := b.keep(t, captured("s1", employee(1), dualtone.New))
	b.record(t, reached(w, cutover.Drained, 1*time.Second), reached(w, cutover.OnNew, 2*time.Second))
	back := b.keep(t, captured("s2", employee(1), dualtone.Old))
	again := b.keep(t, captured("s3", employee(1), dualtone.New))
	b.record(t, reached(back, cutover.Verifying, 3*time.Second), reached(again, cutover.OnNew, 4*time.Second), reached(again, cutover.RestoreDrift, 5*time.Second))
	b.where(t, "p001", "new restore_drift s3")
	var got []cutover.State
	for _, e := range b.journal(t, cutover.JournalQuery{Person: "p001"}) {
		got = append(got, e.State)
	}
	want := []cutover.State{
		cutover.Captured, cutover.Drained, cutover.OnNew, cutover.Captured, cutover.Captured, cutover.Verifying, cutover.OnNew, cutover.RestoreDrift,
	}
	same(t, "the journal", want, got)
}

func recordUnkept(t *testing.T, b *bench) {
	b.hire(t, employees(2)...)
	w := b.keep(t, captured("s1", employee(1), dualtone.New))
	ghost, borrowed := w, w
	ghost.ID, borrowed.Person = "ghost", "p002"
	err := b.Switches.Record(t.Context(), reached(w, cutover.Drained, 0), reached(ghost, cutover.Drained, 0))
	refused(t, "never kept", err, dualtone.ErrNotFound, "ghost")
	err = b.Switches.Record(t.Context(), reached(w, cutover.Drained, 0), reached(borrowed, cutover.Drained, 0))
	refused(t, "kept for somebody else", err, dualtone.ErrNotFound, "p002")
	b.where(t, "p001", "old captured s1")
	if n := len(b.journal(t, cutover.JournalQuery{})); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
	note := reached(ghost, "", 0)
	note.Kind = cutover.Note
	b.record(t, note)
}

func recordAgain(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	w := b.keep(t, captured("s1", employee(1), dualtone.New))
	wrote := reached(w, "", time.Second)
	wrote.Kind, wrote.Action = cutover.Wrote, 1
	call := []cutover.Entry{wrote, reached(w, cutover.Verifying, time.Second)}
	b.record(t, call...)
	b.record(t, reached(w, cutover.OnNew, 2*time.Second))
	b.record(t, call...)
	b.record(t, call[1])
	b.where(t, "p001", "new on_new s1")
	second := wrote
	second.Attempt = 2
	b.record(t, second)
	if n := len(b.journal(t, cutover.JournalQuery{})); n != 5 {
		t.Errorf("%d entries, want 5: each once, and a second attempt", n)
	}
}

func overtaken(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	w := b.keep(t, captured("s1", employee(1), dualtone.New))
	b.record(t, reached(w, cutover.Drained, 2*time.Second))
	b.record(t, reached(w, cutover.Verifying, 3*time.Second))
	hung := reached(w, cutover.Drained, time.Second)
	b.record(t, hung)
	b.where(t, "p001", "old verifying s1")
	// An attempt that was given up long ago may still end.
	hung.At = noon().Add(time.Hour)
	b.record(t, hung)
	b.where(t, "p001", "old verifying s1")
	b.record(t, reached(w, cutover.OnNew, 4*time.Second))
	b.where(t, "p001", "new on_new s1")
	got, err := b.Switches.Switch(t.Context(), "s1")
	if err != nil || !got.Ended.Equal(noon().Add(4*time.Second)) {
		t.Errorf("ended %s: %v", got.Ended, err)
	}
	if n := len(b.journal(t, cutover.JournalQuery{})); n != 6 {
		t.Errorf("%d entries, want 6: the overtaken ones too", n)
	}
}

func otherWay(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	w := b.keep(t, captured("s1", employee(1), dualtone.New))
	b.record(t, reached(w, cutover.Verifying, time.Second))
	b.record(t, reached(w, cutover.Compensating, 3*time.Second))
	b.record(t, reached(w, cutover.OnNew, 2*time.Second))
	b.where(t, "p001", "old compensating s1")
	b.record(t, reached(w, cutover.Restored, 4*time.Second))
	b.where(t, "p001", "old restored s1")
	b.record(t, reached(w, cutover.RestoreDrift, 5*time.Second))
	b.where(t, "p001", "old restore_drift s1")
}

func slowClock(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	w := b.keep(t, captured("s1", employee(1), dualtone.New))
	b.record(t, reached(w, cutover.Verifying, time.Minute))
	b.record(t, reached(w, cutover.OnNew, -time.Minute))
	b.where(t, "p001", "new on_new s1")
}

func olderSwitch(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	first := b.keep(t, captured("s1", employee(1), dualtone.New))
	b.keep(t, captured("s2", employee(1), dualtone.Old))
	b.record(t, reached(first, cutover.OnNew, time.Second))
	b.where(t, "p001", "old captured s2")
	got, err := b.Switches.Switch(t.Context(), "s1")
	if err != nil || got.State != cutover.OnNew {
		t.Errorf("the older switch is %s: %v", got.State, err)
	}
	b.keep(t, first)
	b.where(t, "p001", "old captured s2")
}

// standing checks which switch of p001 stands; empty for none.
func (b *bench) standing(t *testing.T, want cutover.SwitchID) {
	t.Helper()
	got, err := b.Switches.Latest(t.Context(), "p001")
	if want == "" {
		refused(t, "latest", err, dualtone.ErrNotFound, "p001")
		return
	}
	if err != nil || got.ID != want {
		t.Errorf("latest is %q, want %q: %v", got.ID, want, err)
	}
}

func latest(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	n := time.Duration(0)
	move := func(id cutover.SwitchID, to dualtone.Side, end cutover.State) {
		t.Helper()
		n += time.Minute
		w := captured(id, employee(1), to)
		w.Started = noon().Add(n)
		b.keep(t, w)
		b.record(t, reached(w, end, n+time.Second))
	}
	b.standing(t, "")
	move("s0", dualtone.New, cutover.Restored)
	b.standing(t, "")
	move("s1", dualtone.New, cutover.OnNew)
	b.standing(t, "s1")
	move("s2", dualtone.Old, cutover.Deferred)
	b.standing(t, "s1")
	move("s3", dualtone.Old, cutover.RestoreDrift)
	b.standing(t, "s1")
	move("s4", dualtone.Old, cutover.Restored)
	b.standing(t, "")
	move("s5", dualtone.New, cutover.OnNew)
	move("s6", dualtone.New, cutover.Restored)
	b.standing(t, "s5")
}

// unfinished moves stand as long as anything that they wrote may.
func unfinished(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	n := time.Duration(0)
	begin := func(id cutover.SwitchID, to dualtone.Side) cutover.Switch {
		t.Helper()
		n += time.Minute
		w := captured(id, employee(1), to)
		w.Started = noon().Add(n)
		return b.keep(t, w)
	}
	end := func(w cutover.Switch, state cutover.State) {
		t.Helper()
		b.record(t, reached(w, state, n+time.Second))
	}
	for i, whole := range []cutover.State{cutover.Deferred, cutover.Restored} {
		w := begin(cutover.SwitchID(fmt.Sprint("whole", i)), dualtone.New)
		b.standing(t, w.ID)
		end(w, whole)
		b.standing(t, "")
	}
	broken := begin("s1", dualtone.New)
	end(broken, cutover.Verifying)
	b.standing(t, "s1")
	end(begin("s2", dualtone.Old), cutover.RestoreDrift)
	b.standing(t, "s1")
	end(begin("s3", dualtone.Old), cutover.Restored)
	b.standing(t, "")
	end(begin("s4", dualtone.New), cutover.RestoreDrift)
	b.standing(t, "s4")
	end(b.keep(t, cutover.Switch{ID: "s5", Person: "p001", To: dualtone.New, State: cutover.FailedClean, Started: noon().Add(n)}), cutover.FailedClean)
	b.standing(t, "s4")
	end(begin("s6", dualtone.New), cutover.Deferred)
	b.standing(t, "")
	end(begin("s7", dualtone.New), cutover.Unknown)
	b.standing(t, "s7")
}

func nothingToDo(t *testing.T, b *bench) {
	b.hire(t, employee(1))
	end := func(id cutover.SwitchID, to dualtone.Side, state cutover.State) {
		t.Helper()
		w := cutover.Switch{ID: id, Person: "p001", To: to, State: state, Detail: "nothing to do", Started: noon()}
		b.keep(t, w)
		b.record(t, reached(w, state, time.Second))
	}
	end("s0", dualtone.New, cutover.OnNew)
	b.standing(t, "s0")
	first := b.keep(t, captured("s1", employee(1), dualtone.New))
	b.record(t, reached(first, cutover.OnNew, time.Second))
	end("s2", dualtone.New, cutover.OnNew)
	end("s3", dualtone.Old, cutover.FailedClean)
	b.standing(t, "s1")
	b.where(t, "p001", "new failed_clean s3")
	end("s4", dualtone.Old, cutover.Restored)
	b.standing(t, "")
}
