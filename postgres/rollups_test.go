package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/report"
)

// traffic is the report by day and queue of the small company.
func (l *log) traffic(t *testing.T, zone string, known time.Time) report.Traffic {
	t.Helper()
	return l.make(t, report.Query{Interval: report.Day, Facet: report.ByQueue, KnownAt: known}, zone)
}

func (l *log) make(t interface {
	Helper()
	Fatal(args ...any)
}, q report.Query, zone string,
) report.Traffic {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	q.From, q.To = report.Date{Year: 2026, Month: 10, Day: 15}, report.Date{Year: 2026, Month: 11, Day: 5}
	q.Zone, q.Service, q.Short = loc, 20*time.Second, 5*time.Second
	q.Sides = map[string]dualtone.Side{"pbx": dualtone.Old, "cloud": dualtone.New}
	made, err := report.Make(context.Background(), l.rollups, q)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// zones have days of 23, 24, 24.5 and 25 hours in these weeks, offsets of half
// and quarter hours, and days that begin on either side of UTC's.
func zones() []string {
	return []string{
		"UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu",
		"Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Chatham", "Africa/Cairo", "America/Asuncion",
	}
}

// slow counts offered, answered and answered in time, abandoned and short ones,
// leg by leg, in the way that a person would.
func slow(legs []calllog.Leg, zone *time.Location) map[string][6]int64 {
	rows := map[string][6]int64{}
	for _, l := range legs {
		key := l.Started.In(zone).Format(time.DateOnly) + " " + string(l.Queue)
		row := rows[key]
		waited := l.Wait + l.Ring
		row[0]++
		switch l.Disposition {
		case calllog.Answered:
			row[1]++
			if waited <= 20*time.Second {
				row[2]++
			}
			row[5] += (l.Talk + l.Hold + l.WrapUp).Milliseconds()
		case calllog.AbandonedQueue:
			if waited <= 5*time.Second {
				row[4]++
			} else {
				row[3]++
			}
		default:
		}
		rows[key] = row
	}
	return rows
}

func TestTheReportIsWhatADirectCountOverTheLegsSaysInAnyZone(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	c := small(800)
	c.Systems = []string{"pbx", "cloud"}
	held := map[string]calllog.Leg{}
	var rows []calllog.Row
	for i := range c.Calls {
		leg := c.Leg(i)
		leg.System = "pbx"
		// All around the clock, and around the changes of clocks.
		leg.Started = leg.Started.Add(time.Duration(i*7919%86400) * time.Second)
		held[leg.Record] = leg
		rows = append(rows, rowOf(int64(i), leg))
	}
	l.read(t, file("a"), rows[:500]...)
	l.read(t, file("b"), rows[500:]...)
	var fixes []calllog.Row
	for i := range 60 { // corrected, with another queue and another end
		leg := rows[i*9].Legs[0]
		leg.Queue, leg.Talk, leg.Ring = "queue-09", leg.Talk+time.Second, leg.Ring+11*time.Second
		held[leg.Record] = leg
		fixes = append(fixes, rowOf(int64(i), leg))
	}
	l.read(t, file("c"), fixes...)
	legs := make([]calllog.Leg, 0, len(held))
	for _, leg := range held {
		legs = append(legs, leg)
	}
	for _, zone := range zones() {
		loc, _ := time.LoadLocation(zone)
		got := map[string][6]int64{}
		for _, r := range l.traffic(t, zone, time.Time{}).Rows {
			b := r.Both
			row := [6]int64{b.Offered, b.Answered, 0, b.Abandoned, b.Short, 0}
			if b.Service != nil {
				row[2] = int64(*b.Service*float64(b.Offered-b.Short) + 0.5)
			}
			if b.AHT != nil {
				row[5] = int64(*b.AHT*float64(b.Answered)*1000+500) / 1000 * 1000
			}
			got[r.Start.Format(time.DateOnly)+" "+r.Key] = row
		}
		want := slow(legs, loc)
		for k, row := range want { // averages are rounded
			if near := row[5] - got[k][5]; near > -1500 && near < 1500 {
				row[5] = got[k][5]
				want[k] = row
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-direct +report):\n%s", zone, diff)
		}
	}
}

func TestSumsOverAnyGroupingAreTheTotal(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	c := small(600)
	c.Systems = []string{"pbx", "cloud"}
	for _, system := range c.Systems {
		var rows []calllog.Row
		for i := range c.Calls {
			if leg := c.Leg(i); leg.System == system {
				rows = append(rows, rowOf(int64(i), leg))
			}
		}
		s := file("a")
		s.System = system
		l.read(t, s, rows...)
	}
	total := l.make(t, report.Query{}, "UTC").Total
	if total.Both.Legs != 600 || total.Old.Legs+total.New.Legs != 600 || total.Old.Legs == 0 || total.New.Legs == 0 {
		t.Fatalf("total %+v", total)
	}
	rapid.Check(t, func(rt *rapid.T) {
		q := report.Query{
			Interval: rapid.SampledFrom([]report.Interval{report.Whole, report.Day, report.HalfHour}).Draw(rt, "interval"),
			Facet:    rapid.SampledFrom([]report.Facet{0, report.ByQueue, report.BySite, report.ByAgent}).Draw(rt, "facet"),
		}
		zone := rapid.SampledFrom(zones()).Draw(rt, "zone")
		made := l.make(rt, q, zone)
		if diff := cmp.Diff(total, made.Total); diff != "" {
			rt.Errorf("total in %s by %s and %s (-want +got):\n%s", zone, q.Interval, q.Facet, diff)
		}
		var offered, answered, legs, old int64
		for _, r := range made.Rows {
			offered, answered, legs, old = offered+r.Both.Offered, answered+r.Both.Answered, legs+r.Both.Legs, old+r.Old.Legs
		}
		if offered != total.Both.Offered || answered != total.Both.Answered || legs != total.Both.Legs || old != total.Old.Legs {
			rt.Errorf("rows in %s by %s and %s sum up to %d offered, %d answered, %d legs, %d of the old side",
				zone, q.Interval, q.Facet, offered, answered, legs, old)
		}
	})
}

func TestWhatWasKnownStaysWhatWasKnown(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	c := small(300)
	type seen struct {
		known time.Time
		zone  string
		text  string
	}
	var all []seen
	look := func() {
		for _, zone := range []string{"UTC", "Australia/Lord_Howe"} {
			made := l.traffic(t, zone, time.Time{})
			text, err := json.Marshal(made)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, seen{made.KnownAt, zone, string(text)})
		}
	}
	for i := range 10 {
		rows := c.Rows("pbx", i*30, 30)
		if i > 3 { // a correction of what a report has told
			leg := c.Leg(i)
			leg.Talk, leg.Queue = time.Duration(i)*time.Minute, "queue-00"
			rows = append(rows, rowOf(99, leg))
		}
		l.read(t, file(strconv.Itoa(i)), rows...)
		look()
		if i%4 == 1 {
			period := report.Closing{Name: fmt.Sprint("c", i), From: report.Date{Year: 2026, Month: 10, Day: 1}, To: report.Date{Year: 2026, Month: 10, Day: 31}, Zone: "UTC", Actor: "ada"}
			if _, err := l.rollups.Close(t.Context(), period); err != nil {
				t.Fatal(err)
			}
			look()
		}
	}
	texts := map[string]bool{}
	for _, s := range all {
		text, err := json.Marshal(l.traffic(t, s.zone, s.known))
		if err != nil {
			t.Fatal(err)
		}
		if string(text) != s.text {
			t.Errorf("known at %s:\n then %s\n now  %s", s.known, s.text, text)
		}
		texts[s.text] = true
	}
	if len(texts) != 20 {
		t.Errorf("%d different reports were told, want 20", len(texts))
	}
	before := l.traffic(t, "UTC", all[0].known.Add(-time.Second))
	if before.Total.Both.Legs != 0 {
		t.Errorf("before anything was known: %d legs", before.Total.Both.Legs)
	}
}

func TestAClosedMonthNamesWhatCameLater(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	c := small(100)
	l.read(t, file("a"), c.Rows("pbx", 0, 90)...)
	october := report.Closing{Name: "2026-10", From: report.Date{Year: 2026, Month: 10, Day: 1}, To: report.Date{Year: 2026, Month: 10, Day: 31}, Zone: "UTC", Actor: "ada", Reason: "books"}
	closed, err := l.rollups.Close(t.Context(), october)
	if err != nil {
		t.Fatal(err)
	}
	printed, _ := json.Marshal(l.traffic(t, "UTC", time.Time{}))
	corrected := c.Leg(5)
	corrected.Disposition, corrected.Cause = calllog.Voicemail, "vm"
	l.read(t, file("late"), rowOf(12, corrected), rowOf(13, c.Leg(95)))
	l.read(t, file("november"), rowOf(1, func() calllog.Leg {
		leg := c.Leg(96)
		leg.Started = leg.Started.AddDate(0, 1, 0)
		return leg
	}()))
	again, _ := json.Marshal(l.traffic(t, "UTC", closed.KnownAt))
	if string(again) != string(printed) {
		t.Errorf("closed month:\n then %s\n now  %s", printed, again)
	}
	now := l.traffic(t, "UTC", time.Time{})
	if err := report.AddCorrections(t.Context(), l.rollups, &now, time.UTC, 10); err != nil {
		t.Fatal(err)
	}
	if now.Corrections == nil || now.Corrections.Closing.Name != "2026-10" {
		t.Fatalf("corrections: %+v", now.Corrections)
	}
	legs := now.Corrections.Legs
	if len(legs) != 2 || legs[0].Record != corrected.Record || legs[0].Was != c.Leg(5).Disposition || legs[0].Now != calllog.Voicemail ||
		legs[0].Line != 12 || legs[1].Record != c.Leg(95).Record || !legs[1].Late() {
		t.Errorf("named: %+v", legs)
	}
	old := l.traffic(t, "UTC", closed.KnownAt)
	if err := report.AddCorrections(t.Context(), l.rollups, &old, time.UTC, 10); err != nil || old.Corrections != nil {
		t.Errorf("the closed report names corrections: %+v, %v", old.Corrections, err)
	}
	if held, err := l.rollups.Close(t.Context(), october); err != nil || !held.KnownAt.Equal(closed.KnownAt) {
		t.Errorf("closed twice: %+v, %v", held, err)
	}
	october.Zone = "Asia/Kolkata"
	if _, err := l.rollups.Close(t.Context(), october); err == nil {
		t.Error("another period under the same name was taken")
	}
	if all, err := l.rollups.Closings(t.Context()); err != nil || len(all) != 1 || !slices.Equal([]string{all[0].Name}, []string{"2026-10"}) {
		t.Errorf("closings: %v, %v", all, err)
	}
}

func TestSeveralQueuesAreSelectedAtOnce(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	c := small(300)
	var rows []calllog.Row
	for i := range c.Calls {
		leg := c.Leg(i)
		leg.System = "pbx"
		rows = append(rows, rowOf(int64(i), leg))
	}
	l.read(t, file("a"), rows...)
	all := l.make(t, report.Query{Facet: report.ByQueue}, "Europe/Berlin").Rows
	var want int64
	for _, r := range all[:2] {
		want += r.Both.Legs
	}
	if len(all) < 3 || want == 0 {
		t.Fatalf("%d queues, %d legs", len(all), want)
	}
	for _, interval := range []report.Interval{report.Whole, report.Day, report.HalfHour} {
		got := l.make(t, report.Query{Facet: report.ByQueue, Interval: interval, Only: all[0].Key, Also: []string{all[1].Key, "never-met"}, Rename: func(string, string) string { return all[0].Key }}, "Europe/Berlin")
		if got.Total.Both.Legs != want {
			t.Errorf("by %q: %d legs of two queues, want %d", interval, got.Total.Both.Legs, want)
		}
	}
}
