package postgres

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// plan is how the database finds the answer, with the summaries or as it likes.
func (l *log) plan(t *testing.T, sql string, args ...any) (lines string) {
	t.Helper()
	err := l.bySummaries(t.Context(), func(tx pgx.Tx) error {
		found, err := tx.Query(t.Context(), "EXPLAIN "+sql, args...)
		if err != nil {
			return err
		}
		all, err := pgx.CollectRows(found, pgx.RowTo[string])
		lines = strings.Join(all, "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestALegIsFoundByItsRecordAloneWithoutReadingTheLog looks at every month's part of
// the log: in none of them may a leg be looked for through all pages or all keys.
func TestALegIsFoundByItsRecordAloneWithoutReadingTheLog(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	c := small(3000)
	c.Days = 100
	l.read(t, file("a"), c.Rows("pbx", 0, c.Calls)...)
	if _, err := l.pool.Exec(t.Context(), `VACUUM ANALYZE call_legs`); err != nil { // pages are summarized, and statistics there
		t.Fatal(err)
	}
	for _, n := range []int{0, c.Calls / 2, c.Calls - 1} {
		want := c.Leg(n)
		place, err := l.Find(t.Context(), want.LegID)
		if err != nil || !place.Started.Equal(want.Started) {
			t.Errorf("leg %d is at %s, %v; want %s", n, place.Started, err, want.Started)
		}
		versions, err := l.Versions(t.Context(), calllog.Place{LegID: want.LegID})
		if err != nil || len(versions) != 1 || !versions[0].Started.Equal(want.Started) {
			t.Errorf("leg %d without its start: %v, %v", n, versions, err)
		}
		legs, err := l.Legs(t.Context(), calllog.LegQuery{Call: want.Call})
		if err != nil || len(legs) != 1 || legs[0].Record != want.Record {
			t.Errorf("legs of call %s: %v, %v", want.Call, legs, err)
		}
	}
	for _, unknown := range []calllog.LegID{{System: "pbx", Record: "nobody's"}, {System: "nobody", Record: "1.1"}} {
		if _, err := l.Find(t.Context(), unknown); !errors.Is(err, dualtone.ErrNotFound) {
			t.Errorf("%v: %v", unknown, err)
		}
	}
	system, _ := l.words.known(systemWord, "pbx")
	if p := l.plan(t, startOfRecord(), system, "1.1"); strings.Count(p, "Bitmap Index Scan") < 4 ||
		strings.Contains(p, "Seq Scan") || strings.Contains(p, "pkey") {
		t.Errorf("a leg is looked for in another way than by the summaries:\n%s", p)
	}
}

func TestWhatIsReadAgainInAnotherZoneMoves(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	c := small(100)
	l.read(t, file("a"), c.Rows("pbx", 0, 100)...)
	again := func(by time.Duration) calllog.Written {
		rows := c.Rows("pbx", 0, 100)
		for i := range rows {
			leg := &rows[i].Legs[0]
			leg.Started, leg.Ended = leg.Started.Add(by), leg.Ended.Add(by)
			if !leg.Answered.IsZero() {
				leg.Answered = leg.Answered.Add(by)
			}
		}
		in := l.begin(t, file("a"))
		w, err := l.Write(t.Context(), in.ID, calllog.Batch{From: in.At, To: in.At, Rows: rows, Again: true})
		if err != nil {
			t.Fatal(err)
		}
		l.settle(t)
		return w
	}
	if w := again(0); w.Same != 100 || w.New+w.Changed != 0 {
		t.Errorf("the same again: %+v", w)
	}
	for _, by := range []time.Duration{5 * time.Hour, -14 * time.Hour, 0} {
		if w := again(by); w.Changed != 100 || w.New+w.Same != 0 {
			t.Errorf("%s later: %+v", by, w)
		}
		if n := l.count(t, "call_legs"); n != 100 {
			t.Errorf("%s later: the log holds %d legs; want 100", by, n)
		}
		if got := l.traffic(t, "UTC", time.Time{}).Total.Both.Legs; got != 100 {
			t.Errorf("%s later: reports hold %d legs; want 100", by, got)
		}
	}
	if versions, err := l.Versions(t.Context(), calllog.Place{LegID: c.Leg(50).LegID}); err != nil || len(versions) != 4 {
		t.Errorf("%d versions, %v; want each that there was", len(versions), err)
	}
}
