package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/calllogtest"
)

// log is a call log under test, with the steps that tests are made of.
type log struct {
	*Calls

	rollups *Rollups
	pool    *pgxpool.Pool
}

func newLog(t *testing.T) *log {
	t.Helper()
	pool := newPool(t)
	return &log{Calls: NewCalls(pool), rollups: NewRollups(pool), pool: pool}
}

func file(name string) calllog.Source {
	return calllog.Source{System: "pbx", Kind: calllog.File, Key: name, Name: name + ".csv", Format: "generic"}
}

func (l *log) begin(t *testing.T, s calllog.Source) calllog.Ingest {
	t.Helper()
	in, err := l.Begin(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// read reads rows as the whole of a source, and settles.
func (l *log) read(t *testing.T, s calllog.Source, rows ...calllog.Row) calllog.Written {
	t.Helper()
	in := l.begin(t, s)
	to := in.At
	to.Line += int64(len(rows))
	w, err := l.Write(t.Context(), in.ID, calllog.Batch{From: in.At, To: to, Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	l.settle(t)
	return w
}

func (l *log) settle(t *testing.T) time.Time {
	t.Helper()
	known, err := l.rollups.Settle(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func (l *log) versions(t *testing.T, leg calllog.Leg) []calllog.Kept {
	t.Helper()
	all, err := l.Versions(t.Context(), leg.Place())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// counts are what the log holds.
func (l *log) count(t *testing.T, table string) (n int) {
	t.Helper()
	if err := l.pool.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func rowOf(line int64, legs ...calllog.Leg) calllog.Row {
	return calllog.Row{Line: line, Raw: fmt.Appendf(nil, "row %d", line), Legs: legs}
}

// small is a company of a few hundred calls.
func small(calls int) calllogtest.Company {
	return calllogtest.Company{
		Systems: []string{"pbx"}, Queues: 3, Agents: 5, Sites: 2,
		From: time.Date(2026, 10, 20, 8, 0, 0, 0, time.UTC), Days: 10, Calls: calls, Seed: 7,
	}
}

func TestALegComesBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	want := small(10).Leg(3)
	want.Call, want.Channels = "c1", []string{"SIP/a-1", "SIP/b \"2\""}
	want.Keys = []calllog.Key{{Kind: calllog.SIPCallID, Value: "a:b@c"}, {Kind: calllog.UCID, Value: "42"}}
	want.Dialed = calllog.Party{Raw: "00441234", Number: "+441234", Name: "Zoë"}
	want.DivertedFrom, want.DivertReason = calllog.Party{Raw: "8000", Number: "+4930", Name: "Sales"}, "cfnr"
	want.Caller.Name, want.Called.Name = "J\u00fcrgen", "Sales"
	want.TrunkOut, want.Recording, want.TransferTo = "trunk-2", "rec/1.wav", "8002"
	l.read(t, file("a"), rowOf(7, want))
	got, err := l.Leg(t.Context(), want.Place())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Leg); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Version != 1 || got.Line != 7 || got.Known.IsZero() || got.Ingest != l.begin(t, file("a")).ID {
		t.Errorf("kept as %d from line %d of %s, known %s", got.Version, got.Line, got.Ingest, got.Known)
	}
	raw, err := l.Raw(t.Context(), got)
	if err != nil || string(raw) != "row 7" {
		t.Errorf("as received: %q, %v", raw, err)
	}
}

func TestTheSameRowsAgainChangeNothing(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	rows := small(300).Rows("pbx", 0, 300)
	if w := l.read(t, file("a"), rows...); w.New != 300 {
		t.Fatalf("first: %+v", w)
	}
	before := l.traffic(t, "UTC", time.Time{})
	for _, name := range []string{"a", "b"} { // the source goes on, and another holds the same
		if w := l.read(t, file(name), rows...); w.Same != 300 || w.New+w.Changed != 0 {
			t.Errorf("again from %s: %+v", name, w)
		}
	}
	if w := l.read(t, file("c"), rows[100:200]...); w.Same != 100 {
		t.Errorf("a part: %+v", w)
	}
	if n := l.count(t, "call_legs"); n != 300 {
		t.Errorf("%d legs", n)
	}
	if n := l.count(t, "call_batches"); n != 1 {
		t.Errorf("%d writes are remembered, want the one that did something", n)
	}
	if diff := cmp.Diff(before, l.traffic(t, "UTC", time.Time{})); diff != "" {
		t.Errorf("report changed:\n%s", diff)
	}
}

func TestANewerVersionReplacesAndTheOlderIsRemembered(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	leg := small(10).Leg(1)
	corrected := leg
	corrected.Talk += time.Minute
	l.read(t, file("a"), rowOf(1, leg))
	if w := l.read(t, file("b"), rowOf(1, corrected)); w.Changed != 1 {
		t.Errorf("correction: %+v", w)
	}
	versions := l.versions(t, leg)
	if len(versions) != 2 || versions[0].Talk != leg.Talk || versions[1].Talk != corrected.Talk || versions[1].Version != 2 {
		t.Fatalf("versions: %+v", versions)
	}
	if versions[0].Until.IsZero() || !versions[0].Until.Equal(versions[1].Known) {
		t.Errorf("the first counted until %s, the second is known since %s", versions[0].Until, versions[1].Known)
	}
	if w := l.read(t, file("c"), rowOf(1, leg)); w.Changed != 0 {
		t.Errorf("an old file read again took the correction back: %+v", w)
	}
	if now := l.versions(t, leg); len(now) != 2 || now[1].Talk != corrected.Talk {
		t.Errorf("after an old file: %+v", now)
	}
}

func TestACorrectionIsTakenBackByWhatStandsLaterInItsSource(t *testing.T) {
	t.Parallel()
	for _, moves := range []bool{false, true} {
		l := newLog(t)
		leg := small(10).Leg(1)
		corrected := leg
		corrected.Talk += time.Minute
		source, other := file("a"), file("b")
		source.Moves, other.Moves = moves, moves
		read := func(s calllog.Source, talk time.Duration, versions int, rows ...calllog.Row) {
			t.Helper()
			l.read(t, s, rows...)
			all := l.versions(t, leg)
			if now := all[len(all)-1]; len(all) != versions || now.Talk != talk || now.Version != versions {
				t.Errorf("moves %t: %d versions, the last %d with %s; want %d with %s", moves, len(all), now.Version, now.Talk, versions, talk)
			}
		}
		read(source, corrected.Talk, 2, rowOf(1, leg), rowOf(2, corrected))
		read(source, leg.Talk, 3, rowOf(3, leg))
		read(source, leg.Talk, 3, rowOf(1, leg), rowOf(2, corrected), rowOf(3, leg)) // from its beginning
		read(other, leg.Talk, 3, rowOf(9, corrected))                                // a copy, who knows of when
		read(source, corrected.Talk, 4, rowOf(4, corrected))
		in := l.begin(t, source)
		if _, err := l.Write(t.Context(), in.ID, calllog.Batch{From: in.At, To: in.At, Again: true, Rows: []calllog.Row{rowOf(4, leg)}}); err != nil {
			t.Fatal(err)
		}
		read(source, leg.Talk, 5, rowOf(2, corrected)) // line 4 is as settings read it again
		if got := l.traffic(t, "UTC", time.Time{}).Total.Both; got.Legs != 1 || *got.Talk != leg.Talk.Seconds() {
			t.Errorf("moves %t: the report holds %d legs of %v s", moves, got.Legs, *got.Talk)
		}
	}
}

func TestWhatAConnectorHandsOverLateTakesNothingBack(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	leg := small(10).Leg(1)
	corrected := leg
	corrected.Talk += time.Minute
	records := calllog.Source{System: "pbx", Kind: calllog.Records, Key: "records", Name: "records of pbx", Format: "generic"}
	l.read(t, records, rowOf(1, leg))
	l.read(t, records, rowOf(1, corrected))
	l.read(t, records, rowOf(2, leg)) // as one worker remembers it
	if all := l.versions(t, leg); len(all) != 2 || all[1].Talk != corrected.Talk {
		t.Errorf("%+v", all)
	}
}

func TestABatchMayHoldSeveralVersionsOfALeg(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	first := small(10).Leg(1)
	second, third := first, first
	second.Talk, third.Talk = time.Minute, 2*time.Minute
	w := l.read(t, file("a"), rowOf(1, first), rowOf(2, second), rowOf(3, third), rowOf(4, small(10).Leg(2)))
	if w.New != 2 || w.Changed != 2 {
		t.Errorf("%+v", w)
	}
	if versions := l.versions(t, first); len(versions) != 3 || versions[2].Talk != third.Talk || versions[2].Line != 3 {
		t.Errorf("%+v", versions)
	}
	if got := l.traffic(t, "UTC", time.Time{}).Total.Both.Legs; got != 2 {
		t.Errorf("%d legs in the report", got)
	}
}

func TestOnlyOneOfTwoReadersOfASourceGoesOn(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	in := l.begin(t, file("a"))
	rows := small(50).Rows("pbx", 0, 50)
	to := calllog.Position{Line: 50, Offset: 5000, Sum: "abc"}
	if _, err := l.Write(t.Context(), in.ID, calllog.Batch{From: in.At, To: to, Rows: rows}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Write(t.Context(), in.ID, calllog.Batch{From: in.At, To: to, Rows: rows}); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("a second reader: %v", err)
	}
	again := l.begin(t, file("a"))
	if again.At != to || again.Total.New != 50 || again.Total.Rows != 50 {
		t.Errorf("begun again: %+v", again)
	}
	if _, err := l.Write(t.Context(), "nobody", calllog.Batch{}); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("an ingest that was never begun: %v", err)
	}
}

func TestManyWritersOfTheSameRowsKeepEachOnce(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	rows := small(400).Rows("pbx", 0, 400)
	var wg sync.WaitGroup
	for i := range 4 {
		other := NewCalls(l.pool) // as another process
		wg.Go(func() {
			in, err := other.Begin(t.Context(), file(fmt.Sprint("f", i)))
			if err != nil {
				t.Error(err)
				return
			}
			for from := 0; from < 400; from += 100 {
				at, to := calllog.Position{Line: int64(from)}, calllog.Position{Line: int64(from + 100)}
				if _, err := other.Write(t.Context(), in.ID, calllog.Batch{From: at, To: to, Rows: rows[from : from+100]}); err != nil {
					t.Error(err)
				}
				if _, err := NewRollups(l.pool).Settle(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := l.count(t, "call_legs"); n != 400 {
		t.Errorf("%d legs", n)
	}
	if n := l.count(t, "call_legs_history"); n != 0 {
		t.Errorf("%d superseded", n)
	}
	if got := l.traffic(t, "UTC", time.Time{}).Total.Both.Legs; got != 400 {
		t.Errorf("%d legs in the report", got)
	}
}

func TestWritersOfDifferentVersionsLeaveOneThatCountsAndAllOthersInThePast(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	leg := small(10).Leg(1)
	var wg sync.WaitGroup
	for i := range 6 {
		mine := leg
		mine.Talk = time.Duration(i+1) * time.Minute
		in := l.begin(t, file(fmt.Sprint("v", i)))
		wg.Go(func() {
			if _, err := l.Write(t.Context(), in.ID, calllog.Batch{To: calllog.Position{Line: 1}, Rows: []calllog.Row{rowOf(1, mine)}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	l.settle(t)
	versions := l.versions(t, leg)
	seen := map[time.Duration]bool{}
	for _, v := range versions {
		seen[v.Talk] = true
	}
	if len(versions) != 6 || len(seen) != 6 {
		t.Errorf("%d versions, %d of them different, want 6", len(versions), len(seen))
	}
	line := l.traffic(t, "UTC", time.Time{}).Total.Both
	if line.Legs != 1 || *line.Talk != versions[5].Talk.Seconds() {
		t.Errorf("the report holds %d legs of %v s, want one of %s", line.Legs, *line.Talk, versions[5].Talk)
	}
}

func TestAWriteThatIsCutShortLeavesNothing(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	rows := small(3000).Rows("pbx", 0, 3000)
	in := l.begin(t, file("a"))
	to := calllog.Position{Line: 3000}
	for after := time.Millisecond; ; after *= 2 {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		_, err := l.Write(ctx, in.ID, calllog.Batch{From: in.At, To: to, Rows: rows})
		cancel()
		now := l.begin(t, file("a"))
		if n := l.count(t, "call_legs"); now.At == (calllog.Position{}) && n != 0 || now.At == to && n != 3000 {
			t.Fatalf("cut short after %s: at %+v with %d legs", after, now.At, n)
		}
		if err == nil {
			break
		}
		if now.At == to {
			break // committed, and only the answer was lost
		}
	}
	if n := l.count(t, "call_legs"); n != 3000 {
		t.Errorf("%d legs", n)
	}
}

func TestRecordsOfAnyYearFindTheirPlace(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	var rows []calllog.Row
	for i, year := range []int{1999, 2011, 2026, 2031} {
		leg := small(10).Leg(i)
		leg.Started = time.Date(year, 12, 31, 23, 59, 59, 0, time.UTC)
		rows = append(rows, rowOf(int64(i), leg))
	}
	if w := l.read(t, file("a"), rows...); w.New != 4 {
		t.Errorf("%+v", w)
	}
	legs, err := l.Legs(t.Context(), calllog.LegQuery{From: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), Oldest: true})
	if err != nil || len(legs) != 4 || legs[0].Started.Year() != 1999 {
		t.Errorf("%v, %v", legs, err)
	}
}

func TestTheNextMonthIsMadeAhead(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	live := small(10).Leg(1)
	live.Started, live.Answered, live.Ended = time.Now(), time.Time{}, time.Time{}
	l.read(t, file("a"), rowOf(1, live))
	next := partition{"call_legs", monthOf(live.Started) + 1}
	var made bool
	if err := l.pool.QueryRow(t.Context(), `SELECT to_regclass($1::text) IS NOT NULL`, next.name()).Scan(&made); err != nil || !made {
		t.Errorf("%s is made: %t, %v", next.name(), made, err)
	}
}

func TestACorrectedStartMovesTheLeg(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	leg, other := small(10).Leg(1), small(10).Leg(2)
	l.read(t, file("before"), rowOf(1, leg)) // read before anybody knew that starts change
	source := file("a")
	source.Moves = true
	moved := leg
	moved.Started, moved.Answered, moved.Ended = leg.Started.AddDate(0, -1, 0), leg.Answered.AddDate(0, -1, 0), leg.Ended.AddDate(0, -1, 0)
	if w := l.read(t, source, rowOf(1, moved), rowOf(2, other)); w.Changed != 1 || w.New != 1 {
		t.Errorf("%+v", w)
	}
	if n := l.count(t, "call_legs"); n != 2 {
		t.Errorf("%d legs", n)
	}
	versions := l.versions(t, moved)
	if len(versions) != 2 || !versions[0].Started.Equal(leg.Started) || versions[1].Version != 2 {
		t.Errorf("%+v", versions)
	}
	if w := l.read(t, source, rowOf(1, leg)); w.Changed+w.New != 0 {
		t.Errorf("an old version again: %+v", w)
	}
	if w := l.read(t, source, rowOf(1, moved)); w.Same != 1 {
		t.Errorf("the same again: %+v", w)
	}
	if got := l.traffic(t, "UTC", time.Time{}); got.Total.Both.Legs != 1 { // the moved one is before the report
		t.Errorf("%d legs in the report", got.Total.Both.Legs)
	}
}

func TestLegsAreFoundByWhatTheySayAndPagedThrough(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	c := small(200)
	l.read(t, file("a"), c.Rows("pbx", 0, 200)...)
	sample := c.Leg(17)
	for name, test := range map[string]struct {
		query calllog.LegQuery
		fits  func(calllog.Leg) bool
	}{
		"everything":         {calllog.LegQuery{}, func(calllog.Leg) bool { return true }},
		"a queue":            {calllog.LegQuery{Queue: sample.Queue}, func(g calllog.Leg) bool { return g.Queue == sample.Queue }},
		"an agent":           {calllog.LegQuery{Agent: "1002"}, func(g calllog.Leg) bool { return g.Agent == "1002" }},
		"a number":           {calllog.LegQuery{Number: sample.Caller.Number}, func(g calllog.Leg) bool { return g.Caller.Number == sample.Caller.Number }},
		"everybody's number": {calllog.LegQuery{Number: sample.Called.Number}, func(calllog.Leg) bool { return true }},
		"a number of a queue": {calllog.LegQuery{Number: sample.Called.Number, Queue: sample.Queue}, func(g calllog.Leg) bool {
			return g.Queue == sample.Queue
		}},
		"an end": {calllog.LegQuery{Disposition: calllog.AbandonedQueue}, func(g calllog.Leg) bool { return g.Disposition == calllog.AbandonedQueue }},
		"a time": {calllog.LegQuery{From: sample.Started, To: sample.Started.Add(time.Hour)}, func(g calllog.Leg) bool {
			return !g.Started.Before(sample.Started) && g.Started.Before(sample.Started.Add(time.Hour))
		}},
		"a stranger": {calllog.LegQuery{Queue: "nobody's"}, func(calllog.Leg) bool { return false }},
	} {
		want := map[string]bool{}
		for i := range 200 {
			if leg := c.Leg(i); test.fits(leg) {
				want[leg.Record] = true
			}
		}
		got := map[string]bool{}
		q := test.query
		q.Limit = 7
		for {
			page, err := l.Legs(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range page {
				got[k.Record] = true
			}
			if len(page) < q.Limit {
				break
			}
			q.After = page[len(page)-1].Place()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, err := l.Legs(t.Context(), calllog.LegQuery{Number: "030 1234"}); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("a number that is none: %v", err)
	}
}
