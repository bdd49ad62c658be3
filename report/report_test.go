package report

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

func TestFiguresComeBackFromTheirPackedForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var f, got Figures
		for i := range f {
			f[i] = rapid.Int64Range(-1<<40, 1<<40).Draw(t, "v") * int64(rapid.IntRange(0, 1).Draw(t, "there"))
		}
		packed := f.Pack(nil)
		rest, err := got.AddPacked(append(packed, "rest"...))
		if err != nil || string(rest) != "rest" || got != f {
			t.Errorf("got %v, rest %q, %v", got, rest, err)
		}
		if rest, err := SkipPacked(append(packed, "rest"...)); err != nil || string(rest) != "rest" {
			t.Errorf("skipped to %q, %v", rest, err)
		}
		var q Quarters
		if err := q.AddPacked(append([]byte{7}, packed...)); err != nil || q[7] == nil || *q[7] != f {
			t.Errorf("a day: %v", err)
		}
	})
}

func FuzzPackedFiguresAreReadOrRefused(f *testing.F) {
	var some Figures
	some[Legs], some[AnswerWait] = 1, 1<<33
	f.Add(some.Pack(nil))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		var a, again Figures
		rest, err := a.AddPacked(b)
		if err != nil {
			return
		}
		if _, err := again.AddPacked(a.Pack(nil)); err != nil || a != again {
			t.Errorf("%v comes back as %v, %v (rest %d)", a, again, err, len(rest))
		}
		var q Quarters
		_ = q.AddPacked(b)
	})
}

func leg(d calllog.Disposition, change func(*calllog.Leg)) *calllog.Leg {
	start := time.Date(2026, 11, 9, 12, 0, 0, 0, time.UTC)
	l := &calllog.Leg{Started: start, Direction: calllog.Inbound, Queue: "sales", Disposition: d}
	if change != nil {
		change(l)
	}
	return l
}

func TestEveryOfferedLegIsInExactlyOneBucket(t *testing.T) {
	t.Parallel()
	for _, d := range []calllog.Disposition{
		calllog.Answered, calllog.AbandonedQueue, calllog.AbandonedRinging, calllog.ShortAbandon, calllog.Busy, calllog.NoAnswer,
		calllog.Rejected, calllog.Failed, calllog.Voicemail, calllog.Deflected, calllog.TransferredOut, calllog.AnsweredElsewhere,
	} {
		f := Of(leg(d, nil))
		var sum int64
		for m := Answered; m <= Voicemail; m++ {
			sum += f[m]
		}
		offered := d != calllog.Deflected && d != calllog.AnsweredElsewhere
		if sum != f[Offered] || offered != (f[Offered] == 1) || f[Legs] != 1 {
			t.Errorf("%s: offered %d, buckets %d", d, f[Offered], sum)
		}
		var bins int64
		for i := answeredIn; i < measures; i++ {
			bins += f[i]
		}
		if bins != f[Answered]+f[Abandoned] {
			t.Errorf("%s: %d in bins", d, bins)
		}
	}
	out := Of(leg(calllog.Answered, func(l *calllog.Leg) { l.Direction, l.Queue = calllog.Outbound, "" }))
	if out[Outbound] != 1 || out[Connected] != 1 || out[Offered] != 0 {
		t.Errorf("outbound: %v", out)
	}
}

func TestWaitsAndTalkAreAsTheSourceSaysOrElseFromItsTimes(t *testing.T) {
	t.Parallel()
	told := Of(leg(calllog.Answered, func(l *calllog.Leg) {
		l.Wait, l.Ring, l.Talk, l.Hold, l.WrapUp = 12*time.Second, 3*time.Second, time.Minute, 10*time.Second, 5*time.Second
		l.Answered, l.Ended = l.Started.Add(99*time.Second), l.Started.Add(999*time.Second)
	}))
	if told[AnswerWait] != 15_000 || told[Talk] != 60_000 || told.AnsweredWithin(15*time.Second) != 1 || told.AnsweredWithin(10*time.Second) != 0 {
		t.Errorf("told: %v", told)
	}
	read := Of(leg(calllog.Answered, func(l *calllog.Leg) {
		l.Hold, l.Answered, l.Ended = 10*time.Second, l.Started.Add(20*time.Second), l.Started.Add(80*time.Second)
	}))
	if read[AnswerWait] != 20_000 || read[Talk] != 50_000 || read.AnsweredWithin(20*time.Second) != 1 {
		t.Errorf("from its times: %v", read)
	}
	short := Of(leg(calllog.ShortAbandon, func(l *calllog.Leg) { l.Ended = l.Started.Add(9 * time.Second) }))
	if short.AbandonedWithin(5*time.Second) != 1 || short[AbandonWait] != 9000 {
		t.Errorf("short as its system says: %v", short)
	}
}

func TestDaysBeginWhereTheyDo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		zone, day, start string
		hours            float64
	}{
		{"Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", 25},
		{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", 23},
		{"Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z", 23.5},
		{"Asia/Kathmandu", "2026-10-04", "2026-10-03T18:15:00Z", 24},
		{"Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00Z", 23},      // there is no midnight
		{"America/Asuncion", "2024-10-06", "2024-10-06T04:00:00Z", 23}, // nor here
		{"Africa/Cairo", "2026-10-29", "2026-10-28T21:00:00Z", 25},     // and here are two
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0},      // this day never was
	} {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		d, err := ParseDate(test.day)
		if err != nil {
			t.Fatal(err)
		}
		start, end := d.Start(zone), d.Next(1).Start(zone)
		if got := start.UTC().Format(time.RFC3339); got != test.start || end.Sub(start).Hours() != test.hours {
			t.Errorf("%s in %s: from %s for %v h, want %s for %v h", test.day, test.zone, got, end.Sub(start).Hours(), test.start, test.hours)
		}
	}
}

// fixed answers anything with the same sums.
type fixed []Sum

func (f fixed) Sums(context.Context, Ask) (Answer, error) { return Answer{Sums: f}, nil }

func monday() Query {
	d := Date{2026, time.November, 9}
	return Query{From: d, To: d, Zone: time.UTC, Facet: ByQueue, Service: 20 * time.Second, Sides: map[string]dualtone.Side{"pbx": dualtone.Old}}
}

func TestAQueryThatCannotBeAnsweredSaysWhy(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Query){
		"time zone":     func(q *Query) { q.Zone = nil },
		"after to":      func(q *Query) { q.From = q.To.Next(1) },
		"service level": func(q *Query) { q.Service = 17 * time.Second },
		"short":         func(q *Query) { q.Short = time.Second },
		"of what":       func(q *Query) { q.Facet, q.Only = 0, "sales" },
	} {
		q := monday()
		change(&q)
		if _, err := Make(t.Context(), fixed{}, q); !errors.Is(err, dualtone.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestOneQueueIsSelectedByAllItsNames(t *testing.T) {
	t.Parallel()
	f := Of(leg(calllog.Answered, nil))
	q := monday()
	q.Sides["cloud"] = dualtone.New
	q.Only, q.Also = "sales", []string{"q-7"}
	q.Rename = func(system, key string) string {
		if system == "cloud" && key == "q-7" {
			return "sales"
		}
		return key
	}
	sums := asked{sums: fixed{
		{System: "pbx", Key: "sales", Figures: &f},
		{System: "cloud", Key: "q-7", Figures: &f},
		{System: "pbx", Key: "q-7", Figures: &f}, // another queue, which happens to be called so
	}}
	made, err := Make(t.Context(), &sums, q)
	if err != nil {
		t.Fatal(err)
	}
	if len(made.Rows) != 1 || made.Rows[0].Key != "sales" || made.Total.Old.Offered != 1 || made.Total.New.Offered != 1 {
		t.Errorf("%+v", made)
	}
	if diff := cmp.Diff([]string{"sales", "q-7"}, sums.ask.Keys); diff != "" {
		t.Error(diff)
	}
}

// asked are sums that remember what was asked.
type asked struct {
	sums fixed
	ask  Ask
}

func (a *asked) Sums(ctx context.Context, ask Ask) (Answer, error) {
	a.ask = ask
	return a.sums.Sums(ctx, ask)
}

func TestSystemsOfNoSideAreInBothAndNamed(t *testing.T) {
	t.Parallel()
	f := Of(leg(calllog.Answered, nil))
	made, err := Make(t.Context(), fixed{{System: "pbx", Key: "sales", Figures: &f}, {System: "smdr", Key: "sales", Figures: &f}}, monday())
	if err != nil {
		t.Fatal(err)
	}
	if r := made.Rows[0]; r.Old.Offered != 1 || r.New.Offered != 0 || r.Both.Offered != 2 {
		t.Errorf("%+v", r)
	}
	if len(made.Notes) != 1 || !strings.Contains(made.Notes[0], "smdr") {
		t.Errorf("%v", made.Notes)
	}
}

func TestACSVHoldsNoFormula(t *testing.T) {
	t.Parallel()
	f := Of(leg(calllog.Answered, nil))
	var sums []Sum
	for _, key := range []string{"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "sales, \"north\""} {
		sums = append(sums, Sum{System: "pbx", Key: key, Figures: &f})
	}
	made, err := Make(t.Context(), fixed(sums), monday())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := made.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(lines) != 1+3*7 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for _, l := range lines[1:] {
		if l[1] != "" && strings.ContainsAny(l[1][:1], "=+-@\t") {
			t.Errorf("%q is a formula", l[1])
		}
	}
	if diff := cmp.Diff([]string{"start", "key", "side", "offered"}, lines[0][:4]); diff != "" {
		t.Error(diff)
	}
}
