package plan

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func FuzzRead(f *testing.F) {
	seeds, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(seeds, smallPlan, examplePlan) {
		text, err := os.ReadFile(name) //nolint:gosec // a test's own file
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := Read(Source{Name: "plan.yaml", Text: text, Open: beside("testdata/bad"), Now: day("2027-02-10")})
		for _, fault := range r.Faults {
			if fault.Line < 1 || fault.Column < 1 || fault.Problem == "" || fault.File == "" {
				t.Errorf("a fault without a place: %+v", fault)
			}
		}
		if r.Faults.Errors() > 0 {
			return
		}
		// What holds together holds together on another machine.
		raw, err := json.Marshal(r.Document)
		if err != nil {
			t.Fatal(err)
		}
		var back Document
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Fatalf("%v\n%s", err, raw)
		}
		if back.Hash() != r.Document.Hash() {
			t.Errorf("the hash is another one after JSON:\n%s", raw)
		}
		if _, err := back.Resolve(nil); err != nil {
			t.Error(err)
		}
	})
}

func FuzzReadICS(f *testing.F) {
	for _, text := range []string{
		vcalendar(vevent("1", "DTSTART;VALUE=DATE:20271225\nDTEND;VALUE=DATE:20271227\nRRULE:FREQ=YEARLY\n")),
		vcalendar(vevent("1", "DTSTART;TZID=Europe/London:20270607T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20270608T090000Z\n")),
		vcalendar(vevent("1", "RECURRENCE-ID:20270701T000000Z\nDTSTART:20270702T000000Z\nDTEND:20270703T000000Z\n")),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found, faults := readICS(text)
		if len(found) > mostEvents {
			t.Errorf("%d events", len(found))
		}
		for _, e := range found {
			if !e.to.After(e.from) && len(faults) == 0 {
				t.Errorf("an event from %s to %s", e.from, e.to)
			}
		}
	})
}
