package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/calllogtest/truth"
	"github.com/dualtone/dualtone/calllog/stitch"
	"github.com/dualtone/dualtone/report"
)

// writeLegs puts legs into the log, each system's in an ingest of its own.
func writeLegs(tb testing.TB, calls *Calls, legs []calllog.Leg) {
	tb.Helper()
	for system, own := range bySystem(legs) {
		ingest, err := calls.Begin(tb.Context(), calllog.Source{System: system, Kind: calllog.Stream, Key: "made up", Name: "made up"})
		if err != nil {
			tb.Fatal(err)
		}
		batch := calllog.Batch{From: ingest.At, To: ingest.At}
		batch.To.Line += int64(len(own))
		for i := range own {
			batch.Rows = append(batch.Rows, calllog.Row{Line: batch.From.Line + int64(i) + 1, Legs: own[i : i+1]})
		}
		if _, err := calls.Write(tb.Context(), ingest.ID, batch); err != nil {
			tb.Fatal(err)
		}
	}
}

func bySystem(legs []calllog.Leg) map[string][]calllog.Leg {
	all := map[string][]calllog.Leg{}
	for _, l := range legs {
		all[l.System] = append(all[l.System], l)
	}
	return all
}

func restitch(tb testing.TB, s Stitches) stitch.Done {
	tb.Helper()
	done, err := stitch.Run(tb.Context(), s, time.Time{}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return done
}

func allCalls(tb testing.TB, s Stitches) []calllog.Call {
	tb.Helper()
	found, err := s.readCalls(tb.Context(), s.pool, "true")
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

// The database gives what the pure decision gives, in whatever batches the legs
// come, with corrections among them.
func TestTheDatabaseStitchesAsDecided(t *testing.T) {
	t.Parallel()
	calls := NewCalls(newPool(t))
	s := NewStitches(calls)
	world := truth.Usual(21, 3000)
	world.Days = 2
	legs, _ := truth.Make(world)
	for i := range legs {
		legs[i].Started, legs[i].Answered, legs[i].Ended = stored(legs[i].Started), stored(legs[i].Answered), stored(legs[i].Ended)
		if legs[i].Answered.Year() < 2000 {
			legs[i].Answered = time.Time{}
		}
	}
	chance := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // chance that can be repeated
	first := slices.Clone(legs)
	for i := range first {
		if chance.IntN(10) == 0 {
			first[i].Caller, first[i].Keys = calllog.Party{}, nil
		}
	}
	queue := append(first, legs...)
	for len(queue) > 0 {
		n := min(len(queue), 1+chance.IntN(2500))
		writeLegs(t, calls, queue[:n])
		queue = queue[n:]
		restitch(t, s)
	}

	all := make([]calllog.Trace, len(legs))
	for i := range legs {
		all[i] = legs[i].Trace()
	}
	want := stitch.All(all, nil)
	slices.SortFunc(want.Calls, func(a, b calllog.Call) int { return cmp.Compare(a.ID, b.ID) })
	if diff := gocmp.Diff(want.Calls, allCalls(t, s)); diff != "" {
		t.Errorf("calls (- decided, + kept):\n%s", diff)
	}
	open, err := s.Ambiguous(t.Context(), calllog.AmbiguousQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want.Ambiguous, open, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("ambiguous (- decided, + kept):\n%s", diff)
	}
	clocks, err := s.Clocks(t.Context(), world.From, world.From.AddDate(0, 0, 3))
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want.Clocks, clocks, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("clocks (- decided, + kept):\n%s", diff)
	}
	if again := restitch(t, s); again != (stitch.Done{}) {
		t.Errorf("with nothing new a run did %+v", again)
	}
}

// Two processes stitch the same days while a third writes.
func TestManyStitchAtOnce(t *testing.T) {
	t.Parallel()
	pool := newPool(t)
	legs, _ := truth.Make(truth.Usual(22, 1500))
	chance := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // chance that can be repeated
	chance.Shuffle(len(legs), func(i, j int) { legs[i], legs[j] = legs[j], legs[i] })
	errs := make(chan error)
	written := make(chan struct{})
	for range 2 {
		go func() {
			s := NewStitches(NewCalls(pool))
			for {
				_, err := stitch.Run(t.Context(), s, time.Time{}, nil)
				select {
				case <-written:
					errs <- err
					return
				default:
				}
				if err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	writer := NewCalls(pool)
	for part := range slices.Chunk(legs, 150) {
		writeLegs(t, writer, part)
	}
	close(written)
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	s := NewStitches(writer)
	restitch(t, s)
	all := make([]calllog.Trace, len(legs))
	for i := range legs {
		all[i] = legs[i].Trace()
	}
	want := stitch.All(all, nil).Calls
	if got := allCalls(t, s); len(got) != len(want) || len(got) == 0 {
		t.Errorf("%d calls, want %d", len(got), len(want))
	}
}

func TestPeopleDecideAndTakeItBack(t *testing.T) {
	t.Parallel()
	calls := NewCalls(newPool(t))
	s := NewStitches(calls)
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	leg := func(system, record string, start time.Duration) calllog.Leg {
		return calllog.Leg{
			LegID: calllog.LegID{System: system, Record: record}, Call: record, Started: at.Add(start), Ended: at.Add(5 * time.Minute),
			Direction: calllog.Inbound, Disposition: calllog.Answered,
			Caller: calllog.Party{Number: "+13035550100"}, Called: calllog.Party{Number: "+15550100001"},
		}
	}
	writeLegs(t, calls, []calllog.Leg{leg(truth.Old, "a1", 0), leg(truth.Old, "a2", 0), leg(truth.New, "b", time.Second), leg(truth.New, "late", 9*time.Hour)})
	restitch(t, s)
	b := calllog.LegID{System: truth.New, Record: "b"}
	ruling := calllog.Ruling{Leg: b, To: calllog.LegID{System: truth.Old, Record: "a2"}, Actor: "kim", Reason: "heard it"}

	for what, wrong := range map[string]struct {
		change func(*calllog.Ruling)
		want   error
	}{
		"an unknown leg":     {func(r *calllog.Ruling) { r.Leg.Record = "none" }, dualtone.ErrNotFound},
		"an unknown parent":  {func(r *calllog.Ruling) { r.To.Record = "none" }, dualtone.ErrNotFound},
		"itself":             {func(r *calllog.Ruling) { r.To = r.Leg }, dualtone.ErrInvalid},
		"hours apart":        {func(r *calllog.Ruling) { r.To = calllog.LegID{System: truth.New, Record: "late"} }, dualtone.ErrInvalid},
		"nobody's word":      {func(r *calllog.Ruling) { r.Actor = "" }, dualtone.ErrInvalid},
		"for no good reason": {func(r *calllog.Ruling) { r.Reason = "" }, dualtone.ErrInvalid},
	} {
		r := ruling
		wrong.change(&r)
		if err := s.Rule(t.Context(), r); !errors.Is(err, wrong.want) {
			t.Errorf("%s: %v, want %v", what, err, wrong.want)
		}
	}
	if err := s.Rule(t.Context(), ruling); err != nil {
		t.Fatal(err)
	}
	if err := s.Rule(t.Context(), ruling); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("ruled twice: %v, want %v", err, dualtone.ErrConflict)
	}
	restitch(t, s)
	call, err := s.CallOf(t.Context(), calllog.Place{Started: at.Add(time.Second), LegID: b})
	if err != nil || len(call.Members) != 2 || call.Members[1].Join.Method != calllog.ByPerson {
		t.Fatalf("call %+v, %v; want two legs by a person's word", call, err)
	}

	if err := s.Withdraw(t.Context(), b, "lee", "it was another"); err != nil {
		t.Fatal(err)
	}
	if err := s.Withdraw(t.Context(), b, "lee", "it was another"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("withdrawn twice: %v, want %v", err, dualtone.ErrNotFound)
	}
	restitch(t, s)
	if open, err := s.Ambiguous(t.Context(), calllog.AmbiguousQuery{Limit: 10}); err != nil || len(open) != 1 || open[0].Leg != b {
		t.Errorf("open %+v, %v; want leg b again", open, err)
	}
	ruled, err := s.Rulings(t.Context(), 10)
	if err != nil || len(ruled) != 1 || ruled[0].WithdrawnBy != "lee" || ruled[0].Withdrawn.IsZero() || ruled[0].Actor != "kim" {
		t.Errorf("rulings %+v, %v; want the one, taken back", ruled, err)
	}
	moves, err := s.Moves(t.Context(), call.ID)
	if err != nil || len(moves) != 2 {
		t.Errorf("moves %+v, %v; want one for each leg that left", moves, err)
	}
}

// A call keeps answering to the names that it had.
func TestACallIsFoundByItsFormerName(t *testing.T) {
	t.Parallel()
	calls := NewCalls(newPool(t))
	s := NewStitches(calls)
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	leg := func(system, record string, start time.Duration) calllog.Leg {
		return calllog.Leg{
			LegID: calllog.LegID{System: system, Record: record}, Started: at.Add(start), Ended: at.Add(5 * time.Minute),
			Direction: calllog.Inbound, Disposition: calllog.Answered,
			Keys: []calllog.Key{{Kind: calllog.DecisionKey, Value: "7f01"}},
		}
	}
	var names []calllog.CallID
	legs := []calllog.Leg{leg(truth.New, "c", 2*time.Second), leg(truth.New, "d", 3*time.Second), leg(truth.Old, "b", time.Second), leg(truth.Old, "a", 0)}
	for n := range legs {
		writeLegs(t, calls, legs[n:n+1])
		restitch(t, s)
		if n > 0 {
			names = append(names, allCalls(t, s)[0].ID)
		}
	}
	for i, name := range names {
		got, err := s.Call(t.Context(), name)
		if err != nil || len(got.Members) != 4 || got.ID != names[len(names)-1] {
			t.Errorf("by its name number %d: %+v, %v; want the call of four legs", i, got, err)
		}
	}
	if names[0] == names[len(names)-1] {
		t.Error(fmt.Sprint("the call never got another name: ", names))
	}
	if _, err := s.Call(t.Context(), "nosuchcall"); !errors.Is(err, dualtone.ErrNotFound) {
		t.Errorf("unknown call: %v, want %v", err, dualtone.ErrNotFound)
	}
}

// A call that the old system forwarded to the new one is one for whoever rang,
// whenever its legs come and however they are corrected.
func TestACallThatCrossedCountsOnceInBoth(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	s := NewStitches(l.Calls)
	key := []calllog.Key{{Kind: calllog.DecisionKey, Value: "7f01"}}
	old, fresh := small(10).Leg(1), small(10).Leg(1)
	old.Record, old.Keys, old.Disposition, old.Agent = "a", key, calllog.NoAnswer, ""
	old.Answered, old.Talk, old.Hold, old.WrapUp, old.Wait, old.Ring = time.Time{}, 0, 0, 0, 0, 10*time.Second
	old.Ended = old.Started.Add(10 * time.Second)
	fresh.System, fresh.Record, fresh.Keys, fresh.Disposition, fresh.Agent = "cloud", "b", key, calllog.Answered, "1002"
	fresh.Started, fresh.Wait, fresh.Ring = old.Ended, 0, 5*time.Second
	fresh.Answered, fresh.Talk = fresh.Started.Add(5*time.Second), time.Minute
	fresh.Ended = fresh.Answered.Add(time.Minute)
	check := func(what string, offered, answered int64, asa float64) {
		t.Helper()
		restitch(t, s)
		q := report.Query{Facet: report.ByQueue}
		total := l.make(t, q, "UTC").Total
		both := total.Both
		if both.Offered != offered || both.Answered != answered || both.ASA == nil || *both.ASA != asa {
			t.Errorf("%s: offered %d, answered %d, ASA %s in both; want %d, %d, %v",
				what, both.Offered, both.Answered, report.Cell(both.ASA), offered, answered, asa)
		}
		if sides := total.Old.Offered + total.New.Offered; sides != 2 && what != "the first leg alone" {
			t.Errorf("%s: the sides were offered %d legs; want both", what, sides)
		}
	}
	writeLegs(t, l.Calls, []calllog.Leg{fresh})
	l.settle(t)
	check("the first leg alone", 1, 1, 5)
	writeLegs(t, l.Calls, []calllog.Leg{old})
	apart := l.settle(t)
	check("both legs", 1, 1, 15)
	check("decided again", 1, 1, 15)
	fresh.Ring = 7 * time.Second
	writeLegs(t, l.Calls, []calllog.Leg{fresh})
	l.settle(t)
	check("with a corrected leg", 1, 1, 17)
	if got := l.make(t, report.Query{KnownAt: apart}, "UTC").Total.Both.Offered; got != 2 {
		t.Errorf("offered %d as it was known before the legs were one call; want 2", got)
	}
	if err := s.Rule(t.Context(), calllog.Ruling{Leg: old.LegID, Started: old.Started, Actor: "kim", Reason: "another customer", At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	check("parted by a person", 2, 1, 7)
}
