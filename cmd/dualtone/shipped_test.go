package main

import (
	"io"
	"testing"
	"time"
)

// Whoever copies both examples finds nothing wrong with one beside the other: each
// gate of the plan has a source among the systems of the settings.
func TestTheShippedExamplesHoldTogether(t *testing.T) {
	t.Parallel()
	a := newApp(nil, io.Discard, io.Discard)
	a.now = func() time.Time { return time.Date(2027, 2, 10, 9, 0, 0, 0, time.UTC) }
	a.flags.config = "../../config/dualtone.example.yaml"
	if _, err := a.settings(); err != nil {
		t.Fatal(err)
	}
	read, err := a.readPlan("../../docs/plans/example.yaml")
	must(t, err)
	for _, f := range read.Faults {
		t.Errorf("%s\n%s", f, f.Excerpt)
	}
}
