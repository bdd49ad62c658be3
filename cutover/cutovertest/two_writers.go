package cutovertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
)

// RunTwoWriters holds stores to what work that is done at least once asks of
// them. One worker takes a person through switches. Another one, which was given
// up, repeats any of its calls at any later time or in the same moment, and ends
// attempts with results that nobody waits for any more. At the end the person is
// in the newest state of their newest switch. The check may look at what they
// went through; nil for none.
func RunTwoWriters(t *testing.T, open Open, check func(rt *rapid.T, person dualtone.PersonID)) {
	t.Helper()
	b := &bench{open(t)}
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		h := drawHistory(rt, n)
		if err := b.People.Import(t.Context(), []dualtone.Person{h.person}, why()); err != nil {
			rt.Fatal(err)
		}
		if err := h.play(t.Context(), b.Switches); err != nil {
			rt.Fatal(err)
		}
		h.verify(t.Context(), rt, b)
		if check != nil {
			check(rt, h.person.ID)
		}
	})
}

// call is one call to a store: a switch to keep, or entries to record.
type call struct {
	keep    *cutover.Switch
	entries []cutover.Entry
}

func (c call) make(ctx context.Context, s cutover.Switches) error {
	if c.keep != nil {
		_, err := s.Keep(ctx, *c.keep)
		return err
	}
	return s.Record(ctx, c.entries...)
}

// late is a call of the worker that was given up, made once the other one has
// begun the call with that index.
type late struct {
	after int
	call  call
}

// history is what two workers do about one person.
type history struct {
	person dualtone.Person
	truth  []call
	late   []late
	ends   map[cutover.SwitchID]cutover.State
	newest cutover.Switch
	// strays says that attempts ended differently from those that counted.
	strays bool
	side   dualtone.Side
	stands cutover.SwitchID
	now    time.Duration
}

func drawHistory(t *rapid.T, n int) *history {
	h := &history{person: employee(n), ends: map[cutover.SwitchID]cutover.State{}, side: dualtone.Old}
	for i := range rapid.IntRange(1, 3).Draw(t, "switches") {
		h.drawSwitch(t, cutover.SwitchID(fmt.Sprintf("s%d-%d", n, i)))
	}
	for range rapid.IntRange(1, 8).Draw(t, "repeats") {
		after := rapid.IntRange(0, len(h.truth)-1).Draw(t, "after")
		again := rapid.IntRange(0, after).Draw(t, "again")
		h.late = append(h.late, late{after, h.truth[again]})
	}
	return h
}

func (h *history) drawSwitch(t *rapid.T, id cutover.SwitchID) {
	w := captured(id, h.person, rapid.SampledFrom([]dualtone.Side{dualtone.New, dualtone.Old}).Draw(t, "to"))
	h.now += time.Second
	w.Started = noon().Add(h.now)
	w.State = rapid.SampledFrom([]cutover.State{cutover.Captured, cutover.Captured, cutover.FailedClean}).Draw(t, "kept")
	h.truth = append(h.truth, call{keep: &w})
	state := w.State
	for !state.Final() {
		next := rapid.SampledFrom(outcomes(w.To, state)).Draw(t, "outcome")
		if stray := rapid.SampledFrom(outcomes(w.To, state)).Draw(t, "stray"); rapid.Bool().Draw(t, "given up") {
			h.addStray(t, w, state, stray)
			h.strays = h.strays || stray != next
		}
		var entries []cutover.Entry
		for range rapid.IntRange(0, 2).Draw(t, "writes") {
			e := h.entry(w, "")
			e.Kind = cutover.Intent
			entries = append(entries, e)
		}
		state, _ = cutover.After(w.To, state, next) // It is one of the state's outcomes.
		e := h.entry(w, state)
		e.Attempt = 2
		h.truth = append(h.truth, call{entries: append(entries, e)})
	}
	h.ended(w, state)
}

// addStray adds an attempt of the work in hand that ended before the one that
// counts, and whose call comes at any time from now on.
func (h *history) addStray(t *rapid.T, w cutover.Switch, state cutover.State, o cutover.Outcome) {
	reached, _ := cutover.After(w.To, state, o) // It is one of the state's outcomes.
	after := len(h.truth) + rapid.IntRange(0, 6).Draw(t, "delay")
	h.late = append(h.late, late{after, call{entries: []cutover.Entry{h.entry(w, reached)}}})
}

func (h *history) entry(w cutover.Switch, state cutover.State) cutover.Entry {
	h.now += time.Second
	return reached(w, state, h.now)
}

func (h *history) ended(w cutover.Switch, state cutover.State) {
	h.ends[w.ID], h.newest = state, w
	if w.To == dualtone.New && w.State == cutover.Captured && h.side == dualtone.Old {
		h.stands = w.ID
	}
	if state.Clean() && h.stands == w.ID {
		h.stands = ""
	}
	switch state {
	case cutover.OnNew:
		h.side, h.stands = dualtone.New, w.ID
	case cutover.Restored:
		h.side = dualtone.Old
		if w.To == dualtone.Old {
			h.stands = ""
		}
	default:
	}
}

// outcomes are those that an activity tells of a state's work. That it failed
// is what the workflow concludes when no attempt is left.
func outcomes(to dualtone.Side, s cutover.State) []cutover.Outcome {
	var all []cutover.Outcome
	for _, o := range []cutover.Outcome{cutover.Done, cutover.NotFree, cutover.Differs} {
		if _, err := cutover.After(to, s, o); err == nil {
			all = append(all, o)
		}
	}
	return all
}

// play lets both workers go.
func (h *history) play(ctx context.Context, s cutover.Switches) error {
	begun := make([]chan struct{}, len(h.truth))
	for i := range begun {
		begun[i] = make(chan struct{})
	}
	var wg sync.WaitGroup
	errs := make([]error, len(h.late)+1)
	for i, l := range h.late {
		wg.Go(func() {
			<-begun[min(l.after, len(begun)-1)]
			errs[i] = l.call.make(ctx, s)
		})
	}
	for i, c := range h.truth {
		close(begun[i])
		errs[len(h.late)] = errors.Join(errs[len(h.late)], c.make(ctx, s))
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (h *history) verify(ctx context.Context, t *rapid.T, b *bench) {
	p, err := b.People.Person(ctx, h.person.ID)
	if err != nil || p.Switch != h.newest.ID || p.State != h.ends[h.newest.ID] {
		t.Fatalf("the person is %s by switch %s, want %s by %s: %v", p.State, p.Switch, h.ends[h.newest.ID], h.newest.ID, err)
	}
	for id, want := range h.ends {
		w, err := b.Switches.Switch(ctx, id)
		if err != nil || w.State != want || w.Ended.IsZero() && w.State != cutover.FailedClean {
			t.Fatalf("switch %s is %s, ended %s, want %s: %v", id, w.State, w.Ended, want, err)
		}
	}
	if !h.strays {
		w, err := b.Switches.Latest(ctx, h.person.ID)
		if p.Side != h.side || w.ID != h.stands || (err == nil) != (h.stands != "") {
			t.Fatalf("on the %s side with switch %q standing, want %s and %q: %v", p.Side, w.ID, h.side, h.stands, err)
		}
	}
	h.verifyJournal(ctx, t, b)
}

// verifyJournal finds every entry of every call, once.
func (h *history) verifyJournal(ctx context.Context, t *rapid.T, b *bench) {
	type line struct {
		id    cutover.SwitchID
		at    time.Time
		state cutover.State
	}
	want := map[line]bool{}
	calls := h.truth
	for _, l := range h.late {
		calls = append(calls, l.call)
	}
	for _, c := range calls {
		if c.keep != nil {
			want[line{c.keep.ID, c.keep.Started, c.keep.State}] = true
		}
		for _, e := range c.entries {
			want[line{e.Switch, e.At, e.State}] = true
		}
	}
	entries, err := b.Switches.Journal(ctx, cutover.JournalQuery{Person: h.person.ID})
	if err != nil || len(entries) != len(want) {
		t.Fatalf("%d entries, want %d: %v", len(entries), len(want), err)
	}
	for _, e := range entries {
		if !want[line{e.Switch, e.At, e.State}] {
			t.Fatalf("an entry that nobody recorded: %+v", e)
		}
	}
}
