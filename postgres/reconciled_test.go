package postgres

import (
	"errors"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/calllogtest/truth"
	"github.com/dualtone/dualtone/calllog/reconcile"
	"github.com/dualtone/dualtone/routing"
)

// A comparison is kept as it was made, is read page by page, and is stale once
// legs of its day come.
func TestAComparisonIsKeptUntilLegsCome(t *testing.T) {
	t.Parallel()
	calls := NewCalls(newPool(t))
	s := NewStitches(calls)
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	if _, err := s.Kept(t.Context(), reconcile.Query{Day: day}); !errors.Is(err, dualtone.ErrNotFound) {
		t.Fatalf("never compared: %v, want not found", err)
	}
	leg := calllog.Leg{
		LegID: calllog.LegID{System: truth.Old, Record: "a"}, Started: day.Add(10 * time.Hour), Answered: day.Add(10*time.Hour + time.Second),
		Ended: day.Add(10*time.Hour + time.Minute), Direction: calllog.Inbound, Disposition: calllog.Answered,
	}
	writeLegs(t, calls, []calllog.Leg{leg})
	joined, err := s.Joined(t.Context(), day, day.AddDate(0, 0, 1))
	if err != nil || len(joined) != 1 || joined[0].StitchedTo != calllog.CallIDOf(leg.LegID, leg.Started) {
		t.Fatalf("joined %+v, %v; want the leg as a call of its own", joined, err)
	}
	phone := []reconcile.Handled{{Trace: joined[0].Trace, Side: dualtone.Old, User: "005A", StitchedTo: joined[0].StitchedTo}}
	logged := []dualtone.LoggedCall{
		{ID: "00T1", Kind: dualtone.TaskCall, Key: "a", User: "005A", Way: "inbound", Started: leg.Answered, Duration: 59 * time.Second},
		{ID: "00T2", Kind: dualtone.TaskCall, Key: "x", User: "005B", Way: "inbound", Started: leg.Answered, Duration: time.Minute},
		{ID: "00T3", Kind: dualtone.TaskCall, User: "005B", Started: leg.Ended},
	}
	want := reconcile.Day(day, phone, logged)
	want.Made = stored(time.Now())
	for range 2 { // again replaces, it does not add
		if err := s.Keep(t.Context(), want); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Kept(t.Context(), reconcile.Query{Day: day.Add(5 * time.Hour)})
	if diff := gocmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("kept: %v\n%s", err, diff)
	}
	for _, q := range []struct {
		reconcile.Query

		want []string
	}{
		{reconcile.Query{User: "005B"}, []string{"00T2", "00T3"}},
		{reconcile.Query{OpenOnly: true}, []string{"00T2"}},
		{reconcile.Query{Verdict: reconcile.Both}, []string{"00T1"}},
		{reconcile.Query{Limit: 1, After: 1}, []string{"00T2"}},
	} {
		q.Day = day
		got, err := s.Kept(t.Context(), q.Query)
		var ids []string
		for _, i := range got.Items {
			ids = append(ids, i.CRM)
		}
		if diff := gocmp.Diff(q.want, ids); err != nil || diff != "" {
			t.Errorf("%+v: %v\n%s", q.Query, err, diff)
		}
	}
	later := leg
	later.Record, later.Started = "b", leg.Started.Add(time.Hour)
	writeLegs(t, calls, []calllog.Leg{later})
	if got, err := s.Kept(t.Context(), reconcile.Query{Day: day}); err != nil || !got.Stale {
		t.Errorf("after a leg came: stale %t, %v; want stale", got.Stale, err)
	}
	elsewhere := leg
	elsewhere.Record, elsewhere.Started = "c", leg.Started.AddDate(0, 0, 2)
	want.Made = stored(time.Now())
	if err := s.Keep(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	writeLegs(t, calls, []calllog.Leg{elsewhere})
	if got, err := s.Kept(t.Context(), reconcile.Query{Day: day}); err != nil || got.Stale {
		t.Errorf("after a leg of another day came: stale %t, %v; want fresh", got.Stale, err)
	}
}

// Decisions about calls from the carriers are attempts; those about calls that a
// phone system handed out are parts of one.
func TestDecisionsAreAttempts(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	s := NewStitches(NewCalls(pool))
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	read := func() (all []calllog.Attempt, err error) {
		for a, err := range s.Attempts(t.Context(), day, day.AddDate(0, 0, 1)) {
			if err != nil {
				return nil, err
			}
			all = append(all, a)
		}
		return all, nil
	}
	decisions := NewDecisions(pool)
	insert := func(at time.Duration, call string, result routing.Result, ingress routing.Ingress) {
		t.Helper()
		err := decisions.Store(t.Context(), []*routing.Record{{
			ID: routing.RecordID{call[0]}, SessionID: "session",
			Call:     routing.Call{ID: call, At: day.Add(at), Caller: "+13035550100", Called: "5550100001", Ingress: ingress},
			Decision: routing.Decision{Number: "+15550100001", Result: result, Reason: "why"},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	insert(time.Hour, "one", "routed", "carrier")
	insert(time.Hour, "two", "loop", "carrier")
	insert(time.Hour, "handed out", "routed", "old")
	insert(30*time.Hour, "tomorrow", "routed", "carrier")
	got, err := read()
	if err != nil || len(got) != 2 {
		t.Fatalf("attempts %+v, %v; want two", got, err)
	}
	byID := map[string]calllog.Attempt{got[0].ID: got[0], got[1].ID: got[1]}
	if one := byID["one"]; one.Refused != "" || one.Number != "+15550100001" || len(one.Keys) != 3 {
		t.Errorf("attempt %+v, want one that was let in, with its number and three keys", one)
	}
	if two := byID["two"]; two.Refused != "loop: why" {
		t.Errorf("attempt %+v, want one that was refused for a loop", two)
	}
}

// What somebody says of a difference holds for as long as the same differs, whoever
// compares the day again, and stands in the audit.
func TestWhatIsSaidOfADifferenceHoldsWhileItIsTheSame(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	ctx := audit.Because(t.Context(), audit.Cause{Actor: "lea", Role: "operations-lead"})
	s := NewStitches(NewCalls(pool))
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	compared := reconcile.Day(day, nil, []dualtone.LoggedCall{
		{ID: "00T2", Kind: dualtone.TaskCall, Key: "x", User: "005B", Way: "inbound", Started: day.Add(10 * time.Hour), Duration: time.Minute},
	})
	compared.Made = stored(time.Now())
	if len(compared.Items) != 1 || !compared.Items[0].Open() {
		t.Fatalf("compared: %+v, want one open difference", compared.Items)
	}
	keep := func() {
		t.Helper()
		if err := s.Keep(t.Context(), compared); err != nil {
			t.Fatal(err)
		}
	}
	open := func(want int) reconcile.Reconciled {
		t.Helper()
		got, err := s.Kept(t.Context(), reconcile.Query{Day: day, OpenOnly: true})
		n := got.Sides[""]
		if err != nil || len(got.Items) != want || n.Open != want || n.Explained != 1-want {
			t.Fatalf("%v: %+v %+v, want %d open", err, got.Items, n, want)
		}
		return got
	}
	word := reconcile.Word{Said: reconcile.Said{Actor: "lea", Reason: "a test call", At: stored(time.Now())}, Day: day, CRM: "00T2"}
	say := func(w reconcile.Word, want error) {
		t.Helper()
		if _, err := s.Say(ctx, w); !errors.Is(err, want) {
			t.Fatalf("%+v: %v, want %v", w, err, want)
		}
	}
	say(word, dualtone.ErrNotFound)
	keep()
	open(1)
	dry, mute, back := word, word, word
	dry.Dry, mute.Reason, back.Withdraw = true, " ", true
	say(mute, dualtone.ErrInvalid)
	say(back, dualtone.ErrConflict)
	say(dry, nil)
	open(1)
	say(word, nil)
	say(word, dualtone.ErrConflict)
	open(0)
	keep()
	open(0)
	all, err := s.Kept(t.Context(), reconcile.Query{Day: day})
	if err != nil || all.Items[0].Said == nil || all.Items[0].Said.Reason != "a test call" || all.Items[0].Said.Actor != "lea" {
		t.Errorf("explained: %v %+v", err, all.Items)
	}
	say(back, nil)
	open(1)
	say(word, nil)
	compared.Items[0].What = "something else"
	keep()
	open(1)
	var noted int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'call.decide'`).Scan(&noted); err != nil || noted != 3 {
		t.Errorf("%d entries in the audit, %v; want 3", noted, err)
	}
}
