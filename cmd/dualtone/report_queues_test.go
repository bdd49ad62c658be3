package main

import (
	"strings"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/report"
)

func TestAQueueThatTakesThePlaceOfSeveralIsARowOfItsOwn(t *testing.T) {
	t.Parallel()
	m := config.Migration{Queues: map[string]string{"north": "q-1", "south": "q-1", "billing": "q-2"}}
	q := report.Query{Sides: map[string]dualtone.Side{"pbx": dualtone.Old, "cloud": dualtone.New}}
	notes := sameQueue(&q, &m)
	for _, x := range [][3]string{{"cloud", "q-1", "q-1"}, {"cloud", "q-2", "billing"}, {"pbx", "q-2", "q-2"}, {"pbx", "north", "north"}} {
		if got := q.Rename(x[0], x[1]); got != x[2] {
			t.Errorf("%s of %s is in the row %s, want %s", x[1], x[0], got, x[2])
		}
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "q-1 of the new system takes the place of north, south") {
		t.Errorf("%q", notes)
	}
	for only, want := range map[string][]string{"q-2": {"billing", "q-2"}, "billing": {"billing", "q-2"}, "q-1": {"q-1"}, "south": {"south"}, "other": {"other"}} {
		q := report.Query{Only: only, Sides: q.Sides}
		if notes := sameQueue(&q, &m); q.Only != want[0] || strings.Join(q.Also, " ") != strings.Join(want[1:], " ") || notes != nil {
			t.Errorf("only %s: %s and %q, %q", only, q.Only, q.Also, notes)
		}
	}
	if names := systemNames(&m); names["q-1"] != "north, south" {
		t.Errorf("q-1 is called %q", names["q-1"])
	}
}
