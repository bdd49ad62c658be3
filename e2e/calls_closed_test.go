package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAClosedMonthIsTheSameToTheByte closes a month, has corrections and late records
// come and a caller erased, and asks for the month as it was known then.
func TestAClosedMonthIsTheSameToTheByte(t *testing.T) {
	t.Parallel()
	c := newCallLog(t, &machine, "")
	// importing writes records to a file and reads it.
	importing := func(name string, records []string) {
		file := filepath.Join(c.dir, name)
		must(t, os.WriteFile(file, []byte(strings.Join(records, "\n")+"\n"), 0o600))
		c.good(t, "calls", "import", "--system", "pbx", file)
	}
	const inTime, late, corrected = 500, 20, 7
	var records []string
	for i := range inTime {
		records = append(records, callRecord(i))
	}
	importing("october.csv", records)
	var closed struct {
		KnownAt time.Time `json:"known_at"`
	}
	c.ask(t, &closed, "report", "close", "2026-10", "--zone", "America/New_York", "--reason", "the month is over")
	if closed.KnownAt.IsZero() {
		t.Fatal("the closing does not say when its figures were known")
	}
	report := func(more ...string) string {
		return c.good(t, append([]string{"report", "traffic", "--from", "2026-10-01", "--to", "2026-10-31", "--by", "day,agent", "--zone", "America/New_York"}, more...)...).out
	}
	known := closed.KnownAt.Format(time.RFC3339Nano)
	forms := [][]string{nil, {"--csv"}, {"--output", "json"}}
	var before []string
	for _, form := range forms {
		before = append(before, report(append(form, "--known-at", known)...))
	}

	var changes []string
	for i := range inTime + late {
		switch {
		case i >= inTime:
			changes = append(changes, callRecord(i))
		case i%5 == 1 && i < 5*corrected:
			changes = append(changes, strings.Replace(callRecord(i), `"ANSWERED"`, `"BUSY"`, 1))
		}
	}
	importing("late.csv", changes)
	if a := c.good(t, "calls", "list", "--limit", "5", "--oldest"); strings.Contains(a.out, "12122000000") || !strings.Contains(a.out, "1000") {
		t.Errorf("%v\nwant calls, and no whole number of a caller", a)
	}
	c.good(t, "calls", "erase", "--number", "+12122000000", "--reason", "asked for by letter")
	if n := c.number(t, `SELECT count(*) FROM call_legs WHERE caller LIKE '%12122000000%' OR caller_number = 12122000000`); n != 0 {
		t.Errorf("%d legs still hold the number of somebody who was erased", n)
	}

	for i, form := range forms {
		if now := report(append(form, "--known-at", known)...); now != before[i] {
			t.Errorf("as it was known at %s, %v:\n%s\nand before:\n%s", known, form, now, before[i])
		}
	}
	var now struct {
		Total       struct{ Both struct{ Legs int64 } }
		Corrections struct{ Legs []struct{ Was, Now string } }
	}
	c.ask(t, &now, "report", "traffic", "--from", "2026-10-01", "--to", "2026-10-31", "--zone", "America/New_York", "--corrections", "100")
	came, otherwise := 0, 0
	for _, l := range now.Corrections.Legs {
		switch {
		case l.Was == "" && l.Now != "":
			came++
		case l.Was == "answered" && l.Now == "busy":
			otherwise++
		}
	}
	if now.Total.Both.Legs != inTime+late || came != late || otherwise != corrected {
		t.Errorf("%d legs now, %d that came late and %d that were corrected; want %d, %d and %d", now.Total.Both.Legs, came, otherwise, inTime+late, late, corrected)
	}
	if now := report(); now == before[0] || !strings.Contains(now, "2026-10") {
		t.Errorf("the report as it is known now says nothing new:\n%s", now)
	}
}
