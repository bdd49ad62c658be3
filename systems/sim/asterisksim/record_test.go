package asterisksim_test

import (
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/systems/sim"
	"github.com/dualtone/dualtone/systems/sim/asterisksim"
)

// The columns of Master.csv that tests look at.
const (
	colDst, colContext, colDstChannel, colApp = 2, 3, 6, 7
	colAnswer, colDuration, colBillsec        = 10, 12, 13
	colDisposition, colUnique, colLinked      = 14, 16, 19
	columns                                   = 21
)

// rows are the records of a call, the columns that matter joined.
func (a *asterisk) rows(t *testing.T) []string {
	t.Helper()
	a.flush(t)
	var got []string
	for _, r := range readCSV(t, strings.Join(a.csv.lines(), "\n")) {
		channel, _, _ := strings.Cut(r[colDstChannel], "-0")
		got = append(got, strings.Join([]string{
			r[colApp], r[colDst], channel, r[colDuration], r[colBillsec], r[colDisposition],
		}, " "))
		if r[colLinked] != "1795365924.0" {
			t.Errorf("linkedid %q", r[colLinked])
		}
	}
	return got
}

func readCSV(t *testing.T, s string) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(s))
	r.FieldsPerRecord = columns
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%v in:\n%s", err, s)
	}
	return rows
}

// queueEvents are the queue_log lines without QUEUESTART, the time first as
// seconds since the start.
func (a *asterisk) queueEvents(t *testing.T) []string {
	t.Helper()
	a.flush(t)
	return a.log.lines()[1:]
}

func TestAQueueCallLeavesARecordForEachChannelThatDialed(t *testing.T) {
	t.Parallel()
	a, _ := company(t)
	a.world.Arrive(sim.Incoming{ID: "c", From: "12125550111", To: "5001", Ring: 1500 * time.Millisecond, Talk: 2700 * time.Millisecond})
	a.clock.Advance(time.Minute)
	want := []string{
		"Dial 1001 PJSIP/1001 4 2 ANSWERED",
		"Queue 5001 Local/1001@from-queue 4 4 ANSWERED",
	}
	if diff := cmp.Diff(want, a.rows(t)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	want = []string{
		"1795365924|1795365924.0|support|NONE|ENTERQUEUE||12125550111|1",
		"1795365925|1795365924.0|support|Agent 1001|CONNECT|1|1795365924.1|1",
		"1795365928|1795365924.0|support|Agent 1001|COMPLETECALLER|1|2|1",
	}
	if diff := cmp.Diff(want, a.queueEvents(t)); diff != "" {
		t.Errorf("queue_log (-want +got):\n%s", diff)
	}
}

func TestAnAbandonedQueueCallCountsAsAnsweredInItsRecord(t *testing.T) {
	t.Parallel()
	a, _ := company(t)
	a.world.Arrive(sim.Incoming{ID: "c", From: "12125550111", To: "5001", Patience: 8 * time.Second})
	a.clock.Advance(time.Minute)
	want := []string{
		"Dial 1001 PJSIP/1001 8 0 NO ANSWER",
		"Queue 5001 Local/1001@from-queue 8 8 ANSWERED",
	}
	if diff := cmp.Diff(want, a.rows(t)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	want = []string{
		"1795365924|1795365924.0|support|NONE|ENTERQUEUE||12125550111|1",
		"1795365932|1795365924.0|support|Agent 1001|RINGCANCELED|8000",
		"1795365932|1795365924.0|support|NONE|ABANDON|1|1|8",
	}
	if diff := cmp.Diff(want, a.queueEvents(t)); diff != "" {
		t.Errorf("queue_log (-want +got):\n%s", diff)
	}
}

func TestATransferredCallLeavesTwoRecordsOfOneChannel(t *testing.T) {
	t.Parallel()
	a, _ := company(t)
	a.world.Arrive(sim.Incoming{ID: "c", From: "12125550111", To: "1001"})
	a.clock.Advance(2 * time.Second)
	must(t, a.world.Pickup("c"))
	a.clock.Advance(3 * time.Second)
	must(t, a.world.Transfer("c", "1002"))
	a.clock.Advance(4 * time.Second)
	must(t, a.world.Pickup("c"))
	a.clock.Advance(5 * time.Second)
	must(t, a.world.HangUp("c"))
	want := []string{"Dial 1001 PJSIP/1001 5 3 ANSWERED", "Dial 1002 PJSIP/1002 9 5 ANSWERED"}
	if diff := cmp.Diff(want, a.rows(t)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	rows := readCSV(t, strings.Join(a.csv.lines(), "\n"))
	if first, second := rows[0], rows[1]; first[colUnique] != second[colUnique] || first[columns-1] == second[columns-1] {
		t.Errorf("keys %s/%s and %s/%s", first[colUnique], first[columns-1], second[colUnique], second[columns-1])
	}
}

// TestAForwardedCallLeavesTheRecordsOfBothItsHalves holds the records of a forwarded
// call against the ones that a real Asterisk wrote of one.
func TestAForwardedCallLeavesTheRecordsOfBothItsHalves(t *testing.T) {
	t.Parallel()
	a, c := company(t)
	must(t, a.world.ChangePerson("1001", func(p *sim.Person) { p.Forward = "881001" }))
	if got := a.world.Arrive(sim.Incoming{ID: "c", From: "12125550111", To: "1001", Ring: time.Second}); got.Forward != "881001" {
		t.Fatalf("answer %+v", got)
	}
	a.clock.Advance(2 * time.Second)
	if field(named(c.ask("Action: PJSIPShowEndpoint", "Endpoint: 1001"), "EndpointDetail")[0], "DeviceState") != "Not in use" {
		t.Error("the phone of somebody who forwards is in use")
	}
	if got := len(named(c.ask("Action: CoreShowChannels"), "CoreShowChannel")); got != 4 {
		t.Errorf("%d channels; want the caller's, two halves and the trunk's", got)
	}
	must(t, a.world.Pickup("c"))
	a.clock.Advance(3 * time.Second)
	must(t, a.world.HangUp("c"))
	want := []string{
		"Dial 881001 PJSIP/trunk 5 3 ANSWERED",
		"Dial 1001 Local/881001@from-internal 5 3 ANSWERED",
	}
	if diff := cmp.Diff(want, a.rows(t)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if got := len(named(c.ask("Action: CoreShowChannels"), "CoreShowChannel")); got != 0 || len(a.world.InProgress()) != 0 {
		t.Errorf("%d channels of a call that is over", got)
	}
}

func TestAForwardedCallThatNobodyTookIsUnanswered(t *testing.T) {
	t.Parallel()
	a, _ := company(t)
	must(t, a.world.ChangePerson("1001", func(p *sim.Person) { p.Forward = "881001" }))
	a.world.Arrive(sim.Incoming{ID: "c", From: "12125550111", To: "1001"})
	a.clock.Advance(2 * time.Second)
	must(t, a.world.HangUp("c"))
	want := []string{
		"Dial 881001 PJSIP/trunk 2 0 NO ANSWER",
		"Dial 1001 Local/881001@from-internal 2 0 NO ANSWER",
	}
	if diff := cmp.Diff(want, a.rows(t)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestAQueueCallHandedOnIsLoggedAsATransfer(t *testing.T) {
	t.Parallel()
	a, _ := company(t)
	a.world.Arrive(sim.Incoming{ID: "c", From: "12125550111", To: "5001"})
	must(t, a.world.Pickup("c"))
	a.clock.Advance(3 * time.Second)
	must(t, a.world.Transfer("c", "1002"), a.world.HangUp("c"))
	events := a.queueEvents(t)
	want := "1795365927|1795365924.0|support|Agent 1001|BLINDTRANSFER|1002|from-internal|0|3|1"
	if got := events[len(events)-1]; got != want {
		t.Errorf("queue_log ends with %q, want %q", got, want)
	}
}

func TestAnUnansweredCallHasNoAnswerTime(t *testing.T) {
	t.Parallel()
	a, _ := company(t)
	a.world.Arrive(sim.Incoming{ID: "c", From: "12125550111", To: "1001"})
	must(t, a.world.HangUp("c"))
	a.flush(t)
	got := a.csv.lines()[0]
	if want := `"2026-11-22 16:45:24",,"2026-11-22 16:45:24",0,0,"NO ANSWER","DOCUMENTATION",`; !strings.Contains(got, want) {
		t.Errorf("record %s\nlacks %s", got, want)
	}
}

// TestLinesLookLikeThoseOfTheRealOne holds the shape of each line against lines
// that a real Asterisk wrote.
func TestLinesLookLikeThoseOfTheRealOne(t *testing.T) {
	t.Parallel()
	a, c := company(t)
	add := []string{"Action: QueueAdd", "Queue: support", "Interface: PJSIP/1003", "MemberName: Agent 1003"}
	c.ask(append(add, "Paused: 0")...)
	c.ask("Action: QueuePause", "Interface: PJSIP/1003", "Paused: 1", "Reason: cutover")
	c.ask("Action: QueueRemove", "Queue: support", "Interface: PJSIP/1003")
	a.world.Arrive(sim.Incoming{ID: "1", From: "12125550111", To: "5001", Ring: time.Second, Talk: 2 * time.Second})
	a.clock.Advance(time.Second)
	must(t, a.world.ChangePerson("1001", func(p *sim.Person) { p.SignedIn = false }))
	a.flush(t)
	shape := func(s string) string {
		s = regexp.MustCompile(`[0-9]+`).ReplaceAllString(s, "9")
		return regexp.MustCompile(`(Ann|Bob) Agent|Agent 9`).ReplaceAllString(s, "NAME")
	}
	genuine := map[string]bool{}
	for s := range strings.Lines(read(t, "testdata/queue_log")) {
		genuine[shape(strings.TrimSpace(s))] = true
	}
	for _, s := range a.log.lines() {
		if !genuine[shape(s)] {
			t.Errorf("queue_log: no real line looks like %q", s)
		}
	}
	// What is quoted and what is bare must agree, column by column.
	quotes := func(s string) string { return regexp.MustCompile(`"([^"]|"")*"`).ReplaceAllString(s, `"`) }
	first, _, _ := strings.Cut(read(t, "testdata/Master.csv"), "\n")
	for _, s := range a.csv.lines() {
		bare := regexp.MustCompile(`[0-9]+`)
		if want, got := bare.ReplaceAllString(quotes(first), "9"), bare.ReplaceAllString(quotes(s), "9"); want != got {
			t.Errorf("Master.csv: %s\nwant the shape %s", got, want)
		}
	}
	readCSV(t, read(t, "testdata/Master.csv"))
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name) //nolint:gosec // names of this test
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRecordsGoToTheFolderAndTheStore(t *testing.T) {
	t.Parallel()
	folder, zone := t.TempDir(), time.FixedZone("EST", -5*3600)
	stored := make(chan asterisksim.CDR, 10)
	a, _ := company(t, func(o *asterisksim.Options) {
		o.Records = asterisksim.Records{Folder: folder, Zone: zone, Store: func(_ context.Context, c asterisksim.CDR) error {
			stored <- c
			return nil
		}}
	})
	a.world.Arrive(sim.Incoming{ID: "c", From: "12125550111", To: "1001", Ring: time.Second, Talk: time.Second})
	a.clock.Advance(time.Minute)
	a.flush(t)
	rows := readCSV(t, read(t, filepath.Join(folder, "cdr-csv", "Master.csv")))
	if len(rows) != 1 || rows[0][colAnswer] != "2026-11-22 11:45:25" {
		t.Errorf("rows %q", rows)
	}
	if got := read(t, filepath.Join(folder, "queue_log")); got != "1795365924|NONE|NONE|NONE|QUEUESTART|\n" {
		t.Errorf("queue_log %q", got)
	}
	if got := <-stored; got.Dst != "1001" || got.BillSec != 1 || got.LinkedID != "1795365924.0" {
		t.Errorf("stored %+v", got)
	}
}

func TestARecordThatCannotBeStoredIsTold(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	clock := sim.NewManualTime(time.Unix(1795365924, 0))
	world := sim.New(clock)
	asterisksim.Populate(world, asterisksim.Company{People: 1})
	s, err := asterisksim.Start(world, asterisksim.Options{
		Username: "u", Secret: "s",
		Records: asterisksim.Records{Store: func(context.Context, asterisksim.CDR) error { return full }},
	})
	must(t, err)
	world.Arrive(sim.Incoming{ID: "c", To: "1001"})
	must(t, world.HangUp("c"))
	if err := s.Flush(t.Context()); !errors.Is(err, full) {
		t.Errorf("flush: %v", err)
	}
	if err := s.Close(); !errors.Is(err, full) {
		t.Errorf("close: %v", err)
	}
}

func TestCallsInProgressAtTheStartAreKnown(t *testing.T) {
	t.Parallel()
	world := sim.New(sim.NewManualTime(time.Unix(1795365924, 0)))
	asterisksim.Populate(world, asterisksim.Company{People: 3, Queues: []string{"support"}})
	for _, id := range []string{"held", "wraps", "rings", "waits"} {
		world.Arrive(sim.Incoming{ID: id, To: "support", Wrap: time.Minute})
	}
	must(t, world.Pickup("held"), world.Hold("held"), world.Pickup("wraps"), world.HangUp("wraps"))
	s, err := asterisksim.Start(world, asterisksim.Options{Username: "dualtone", Secret: "s3cret"})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	c := login(t, &asterisk{Server: s}, "off")
	var got []string
	for _, m := range c.members() {
		got = append(got, field(m, "Status")+" "+field(m, "Wrapuptime"))
	}
	if diff := cmp.Diff([]string{"8 0", "1 60", "6 0"}, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	must(t, world.HangUp("held"), world.HangUp("wraps"), world.HangUp("rings"))
	if got := len(named(c.ask("Action: CoreShowChannels"), "CoreShowChannel")); got != 4 {
		t.Errorf("%d channels for the one call that rings", got)
	}
}
