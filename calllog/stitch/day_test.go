package stitch_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/calllogtest/truth"
)

func leg(system, record, from, to string, keys ...calllog.Key) calllog.Trace {
	return calllog.Trace{
		LegID: calllog.LegID{System: system, Record: record}, Call: record,
		Started: at(from), Ended: at(to), Direction: calllog.Inbound,
		Caller: calllog.Party{Number: "+13035550100"}, Called: calllog.Party{Number: "+15550100001"}, Keys: keys,
	}
}

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", "2026-03-"+text)
	if err != nil {
		panic(err)
	}
	return t
}

func decision(value string) calllog.Key { return calllog.Key{Kind: calllog.DecisionKey, Value: value} }

func TestALateLegJoinsItsCall(t *testing.T) {
	t.Parallel()
	log := newMemory()
	log.write(leg(truth.New, "b", "02 10:00:02", "02 10:05:00", decision("7f01")), leg(truth.New, "c", "02 10:04:00", "02 10:06:00", decision("7f01")))
	stitched(t, log)
	was := log.sorted()[0]
	log.write(leg(truth.Old, "a", "02 10:00:00", "02 10:05:00", decision("7f01")))
	stitched(t, log)
	calls := log.sorted()
	if len(calls) != 1 || len(calls[0].Members) != 3 || !calls[0].Crossed {
		t.Fatalf("calls %+v, want one of three legs on both systems", calls)
	}
	if first := calls[0].Members[0]; first.Leg.Record != "a" || calls[0].ID == was.ID {
		t.Errorf("the call begins with %v as %s, want leg a and another name than %s", first.Leg, calls[0].ID, was.ID)
	}
	if len(log.changes) != 2 || log.changes[0].From != was.ID || !strings.Contains(log.changes[0].Why, "7f01") {
		t.Errorf("changes %+v, want one for each leg that was in %s, with the key", log.changes, was.ID)
	}
}

func TestALateLegSplitsWhatAKeyJoined(t *testing.T) {
	t.Parallel()
	log := newMemory()
	uui := calllog.Key{Kind: calllog.UserToUser, Value: "04aabbccdd"}
	log.write(leg(truth.Old, "a", "02 10:00:00", "02 10:05:00", uui), leg(truth.New, "b", "02 10:20:00", "02 10:25:00", uui))
	stitched(t, log)
	if len(log.calls) != 1 {
		t.Fatalf("%d calls, want the key to join", len(log.calls))
	}
	stranger := leg(truth.New, "c", "02 10:30:00", "02 10:31:00", uui)
	stranger.Caller.Number = "+13035550999"
	stranger.Called.Number = "+15550100002"
	log.write(stranger)
	stitched(t, log)
	if len(log.calls) != 0 {
		t.Fatalf("calls %+v, want none: the key is held by different customers", log.sorted())
	}
	if len(log.changes) != 2 || !strings.Contains(log.changes[0].Why, "different customers") {
		t.Errorf("changes %+v, want the reason for each leg", log.changes)
	}
}

// Hours before midnight two legs began a call which a third joined in the
// morning. The third is corrected and leaves: the two are still a call, though
// nothing of it is in the day that changed.
func TestWhatIsLeftOfACallBeforeMidnightStays(t *testing.T) {
	t.Parallel()
	log := newMemory()
	log.write(
		leg(truth.Old, "a", "02 22:00:00", "03 03:50:00", decision("7f01")),
		leg(truth.New, "b", "02 22:00:05", "03 03:50:00", decision("7f01")),
		leg(truth.New, "c", "03 04:00:00", "03 04:10:00", decision("7f01")),
	)
	stitched(t, log)
	if calls := log.sorted(); len(calls) != 1 || len(calls[0].Members) != 3 {
		t.Fatalf("calls %+v, want one of three legs", calls)
	}
	log.write(leg(truth.New, "c", "03 04:00:00", "03 04:10:00"))
	stitched(t, log)
	calls := log.sorted()
	if len(calls) != 1 || len(calls[0].Members) != 2 {
		t.Fatalf("calls %+v, want one of the two legs that are left", calls)
	}
	if len(log.changes) != 1 || log.changes[0].Leg.Record != "c" {
		t.Errorf("changes %+v, want one for the leg that left", log.changes)
	}
}

// Two callers behind one company's number, forwarded at the same moment: nobody
// can tell which is which, so somebody is asked.
func TestWhatFitsTwoCallsStaysOpenUntilAPersonSays(t *testing.T) {
	t.Parallel()
	log := newMemory()
	log.write(
		leg(truth.Old, "a1", "02 10:00:00", "02 10:05:00"), leg(truth.Old, "a2", "02 10:00:00", "02 10:05:00"),
		leg(truth.New, "b", "02 10:00:01", "02 10:05:00"),
	)
	stitched(t, log)
	open := log.ambiguous()
	if len(log.calls) != 0 || len(open) != 1 || open[0].Leg.Record != "b" || len(open[0].Candidates) != 2 {
		t.Fatalf("calls %+v, open %+v; want leg b open with two candidates", log.calls, open)
	}

	log.rule(calllog.Ruling{Leg: open[0].Leg, Started: open[0].Started, To: calllog.LegID{System: truth.Old, Record: "a2"}, Actor: "kim", Reason: "heard the recording"})
	stitched(t, log)
	calls := log.sorted()
	if len(calls) != 1 || len(log.open) != 0 || calls[0].Members[1].Join.Method != calllog.ByPerson {
		t.Fatalf("calls %+v, open %+v; want one call by a person's word and nothing open", calls, log.open)
	}
	if why := calls[0].Members[1].Join.Why; why != "kim: heard the recording" {
		t.Errorf("why %q, want who said so and the reason", why)
	}

	log.rulings = nil
	log.mark(open[0].Started)
	stitched(t, log)
	if len(log.calls) != 0 || len(log.open) != 1 {
		t.Errorf("after the ruling was taken back: calls %+v, open %+v; want it as before", log.calls, log.open)
	}
}

func TestAPersonTakesALegOutOfACall(t *testing.T) {
	t.Parallel()
	log := newMemory()
	log.write(leg(truth.Old, "a", "02 10:00:00", "02 10:05:00", decision("7f01")), leg(truth.New, "b", "02 10:00:01", "02 10:05:00", decision("7f01")))
	stitched(t, log)
	if len(log.calls) != 1 {
		t.Fatalf("%d calls, want one", len(log.calls))
	}
	log.rule(calllog.Ruling{Leg: calllog.LegID{System: truth.New, Record: "b"}, Started: at("02 10:00:01"), Actor: "kim", Reason: "another caller"})
	stitched(t, log)
	if len(log.calls) != 0 {
		t.Errorf("calls %+v, want none", log.sorted())
	}
}

// Nothing is written where nothing changed.
func TestADayThatIsStitchedAgainWritesNothing(t *testing.T) {
	t.Parallel()
	legs, _ := truth.Make(truth.Usual(3, 2000))
	log := newMemory()
	log.write(traces(legs)...)
	stitched(t, log)
	if len(log.calls) < 300 {
		t.Fatalf("%d calls of several legs: too few to tell", len(log.calls))
	}
	put, moved := log.put, len(log.changes)
	log.mark(legs[0].Started)
	log.mark(legs[len(legs)/2].Started)
	stitched(t, log)
	if log.put != put || len(log.changes) != moved {
		t.Errorf("%d calls written and %d legs moved", log.put-put, len(log.changes)-moved)
	}
}

func stitched(t *testing.T, log *memory) {
	t.Helper()
	if err := log.run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The old system's clock is 80 seconds fast, which only the keys of one day tell.
func TestADayWithoutKeysGoesByTheClocksAround(t *testing.T) {
	t.Parallel()
	var told []calllog.Trace
	for n := range 6 {
		minute, key := 10*n, decision(fmt.Sprintf("7f0%d", n))
		told = append(told,
			leg(truth.Old, fmt.Sprint("a", n), fmt.Sprintf("02 10:%02d:20", minute+1), fmt.Sprintf("02 10:%02d:20", minute+6), key),
			leg(truth.New, fmt.Sprint("b", n), fmt.Sprintf("02 10:%02d:05", minute), fmt.Sprintf("02 10:%02d:00", minute+5), key))
	}
	silent := []calllog.Trace{
		leg(truth.Old, "x", "03 12:01:20", "03 12:06:20"),
		leg(truth.New, "y", "03 12:00:05", "03 12:05:00"),
	}
	for name, order := range map[string][][]calllog.Trace{
		"the day with keys first": {told, silent}, "the day with keys late": {silent, told},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := newMemory()
			for _, legs := range order {
				log.write(legs...)
				stitched(t, log)
			}
			calls := log.sorted()
			if len(calls) != 7 || len(calls[6].Members) != 2 || calls[6].Members[0].Leg.Record != "x" && calls[6].Members[1].Leg.Record != "x" {
				t.Errorf("%d calls, the last %+v; want x and y to be one", len(calls), calls[len(calls)-1])
			}
		})
	}
}
