package postgres

import (
	"errors"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

func bad(line int64, text, reason string) calllog.Row {
	return calllog.Row{Line: line, Raw: []byte(text), Fault: &calllog.Fault{Column: "calldate", Value: text, Reason: reason}}
}

func TestABadRowWaitsInQuarantineAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	nameless := small(10).Leg(3)
	nameless.Record = ""
	rows := []calllog.Row{rowOf(1, small(10).Leg(1)), bad(2, "not a date\x00\xff", "no date"), rowOf(3, nameless), rowOf(4, small(10).Leg(2))}
	if w := l.read(t, file("a"), rows...); w.New != 2 || w.Quarantined != 2 || w.Rows != 4 {
		t.Errorf("%+v", w)
	}
	if w := l.read(t, file("b"), rows...); w.Quarantined != 0 {
		t.Errorf("the same rows again: %+v", w)
	}
	held, err := l.Quarantined(t.Context(), calllog.QuarantineQuery{System: "pbx"})
	if err != nil || len(held) != 2 {
		t.Fatalf("%v, %v", held, err)
	}
	if q := held[0]; q.Line != 2 || q.Source.Name != "a.csv" || q.Fault.Reason != "no date" || string(q.Raw) != "not a date\x00\xff" || q.State != calllog.Waiting {
		t.Errorf("%+v", q)
	}
	if q := held[1]; q.Fault.Column != "record" || q.Line != 3 {
		t.Errorf("a leg that cannot be kept: %+v", q)
	}
	found, err := l.Quarantined(t.Context(), calllog.QuarantineQuery{Text: "own", State: calllog.Waiting, Limit: 5})
	if err != nil || len(found) != 1 || found[0].ID != held[1].ID {
		t.Errorf("searched: %v, %v", found, err)
	}
}

func TestACorrectedRowIsReadOnceAndADismissedOneNotAtAll(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.read(t, file("a"), bad(1, "x", "no date"), bad(2, "y", "no date"))
	held, _ := l.Quarantined(t.Context(), calllog.QuarantineQuery{})
	first, second := held[0].ID, held[1].ID
	if err := l.Fix(t.Context(), calllog.Fix{ID: first, Raw: []byte("x2"), By: "ada", Why: "typo"}); err != nil {
		t.Fatal(err)
	}
	if q, err := l.Row(t.Context(), first); err != nil || string(q.Fixed) != "x2" || string(q.Raw) != "x" || q.State != calllog.Corrected || q.By != "ada" {
		t.Errorf("corrected: %+v, %v", q, err)
	}
	// Read again, it is still wrong, and then it is right.
	if w, err := l.Release(t.Context(), first, bad(1, "x2", "no agent"), "ada"); err != nil || w.Quarantined != 1 {
		t.Errorf("%+v, %v", w, err)
	}
	if q, _ := l.Row(t.Context(), first); q.Fault.Reason != "no agent" || q.State != calllog.Waiting {
		t.Errorf("still wrong: %+v", q)
	}
	if w, err := l.Release(t.Context(), first, rowOf(1, small(10).Leg(1)), "ada"); err != nil || w.New != 1 {
		t.Errorf("%+v, %v", w, err)
	}
	if _, err := l.Release(t.Context(), first, rowOf(1, small(10).Leg(1)), "ada"); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("twice: %v", err)
	}
	if err := l.Fix(t.Context(), calllog.Fix{ID: first, Raw: []byte("x3")}); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("a fix of what was read: %v", err)
	}
	if err := l.Fix(t.Context(), calllog.Fix{ID: second, Dismiss: true, By: "ada", Why: "a test call"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Release(t.Context(), second, rowOf(2, small(10).Leg(2)), "ada"); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("a dismissed row was read: %v", err)
	}
	if err := l.Fix(t.Context(), calllog.Fix{ID: 999, Raw: []byte("z")}); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	legs, _ := l.Legs(t.Context(), calllog.LegQuery{})
	if len(legs) != 1 || legs[0].Line != 1 {
		t.Errorf("%v", legs)
	}
	if l.settle(t); l.count(t, "call_batches WHERE known_at IS NOT NULL") != 1 {
		t.Error("a corrected row is not known")
	}
}

func TestARowThatCanBeReadAtLastWaitsNoMore(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.read(t, file("a"), bad(1, "row 1", "two hours before its own channel began"), bad(2, "y", "no date"), bad(3, "z", "no date"))
	held, _ := l.Quarantined(t.Context(), calllog.QuarantineQuery{})
	if err := l.Fix(t.Context(), calllog.Fix{ID: held[2].ID, Raw: []byte("z2"), By: "ada", Why: "typo"}); err != nil {
		t.Fatal(err)
	}
	in := l.begin(t, file("a"))
	w, err := l.Write(t.Context(), in.ID, calllog.Batch{From: in.At, Again: true, Rows: []calllog.Row{rowOf(1, small(10).Leg(1)), bad(2, "y", "no date")}})
	if err != nil || w.New != 1 || w.Quarantined != 0 {
		t.Fatalf("read again: %+v, %v", w, err)
	}
	for i, want := range []calllog.QuarantineState{calllog.Released, calllog.Waiting, calllog.Corrected} {
		if q, err := l.Row(t.Context(), held[i].ID); err != nil || q.State != want {
			t.Errorf("row %d is %s, %v; want %s", i+1, q.State, err, want)
		}
	}
}
