package main

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/routing/probe"
)

// lateLegs are a call log that holds nothing at the first look.
type lateLegs struct {
	looks int
	kept  []calllog.Kept
}

func (l *lateLegs) Legs(_ context.Context, q calllog.LegQuery) ([]calllog.Kept, error) {
	if l.looks++; l.looks <= 2 {
		return nil, nil
	}
	var found []calllog.Kept
	for _, k := range l.kept {
		if k.Called.Number == q.Number && !k.Started.Before(q.From) && k.Started.Before(q.To) {
			found = append(found, k)
		}
	}
	return found, nil
}

func TestAProbeThatTheSBCHidesIsFoundInTheRecordsOfThePlatforms(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	leg := func(system string, caller, called dualtone.Number, after time.Duration) calllog.Kept {
		var k calllog.Kept
		k.System, k.Caller.Number, k.Called.Number, k.Started = system, caller, called, began.Add(after)
		return k
	}
	const prober = dualtone.Number("+15557770000")
	log := &lateLegs{kept: []calllog.Kept{
		leg("cloud", prober, "+493010", time.Second),
		leg("pbx", "+4420555", "+493010", 2*time.Second), // somebody else
		leg("pbx", prober, "+493010", -time.Hour),        // another day's probe
		leg("pbx", prober, "+493011", time.Second),
		leg("bridge", prober, "+493012", time.Second), // a system that is no side
	}}
	toNew := routing.Decision{Result: routing.Routed, Order: routing.Serial, Targets: []routing.Target{{Side: dualtone.New}}}
	hidden := probe.Arrival{Status: 180, Took: time.Second}
	said := probe.Arrival{Side: dualtone.New, Status: 180, Took: time.Second}
	items := []verifiedNumber{
		{Number: "+493010", Arrival: hidden, decision: toNew, began: began, Verdict: probe.Unknown},
		{Number: "+493011", Arrival: said, decision: toNew, began: began, Verdict: probe.Right},
		{Number: "+493012", Arrival: hidden, decision: toNew, began: began, Verdict: probe.Unknown},
	}
	p := &platformRecords{
		legs: log, from: string(prober), within: 2 * time.Second,
		sides: map[string]dualtone.Side{"pbx": dualtone.Old, "cloud": dualtone.New},
	}
	if err := p.compare(t.Context(), items, (&app{err: io.Discard, now: time.Now}).meter("verify")); err != nil {
		t.Fatal(err)
	}
	for i, want := range []probe.Verdict{probe.Right, probe.Wrong, probe.Unknown} {
		if items[i].Verdict != want {
			t.Errorf("%+v, want %s", items[i], want)
		}
	}
	if problem := items[1].Problem; problem != "the SBC's answer says new, the records say old" {
		t.Error(problem)
	}
}
