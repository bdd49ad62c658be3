package format_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/format"
)

// ipOffice reads a box that writes date and time apart and durations as clocks.
func ipOffice() *format.Mapping {
	return &format.Mapping{
		Separator: ";", Time: "2006/01/02 15:04:05", Durations: "h:m:s",
		Columns: map[string]string{
			"record": "{Id}/{Part}", "call": "Id", "started": "{Date} {Time}", "duration": "Total", "ring": "Ring", "talk": "Talk",
			"caller": "From", "caller_name": "Name", "called": "To", "direction": "Way", "disposition": "End", "agent": "To", "queue": "Group", "mos": "Score", "lost": "Lost",
		},
		Keys:         map[string]string{"ucid": "UCID"},
		Dispositions: map[string]string{"OK": "answered", "": "abandoned_ringing"},
		Directions:   map[string]string{"I": "inbound", "O": "outbound"},
	}
}

const ipOfficeHead = "Date;Time;Id;Part;From;Name;To;Way;End;Group;Total;Ring;Talk;UCID;Score;Lost\n"

func inBerlin(tb testing.TB) format.Options {
	tb.Helper()
	return format.Options{System: "ipo", Country: "DE", Zone: zone(tb, "Europe/Berlin"), Mapping: ipOffice()}
}

func TestAMappingReadsAFileOfAnotherSystem(t *testing.T) {
	t.Parallel()
	got := legs(t, read(t, "csv", []byte(ipOfficeHead+
		`2026/11/22;16:46:28;100001;0;030 1234567;"Smith; Ann";201;I;OK;Sales;00:01:10;00:07;01:03;u-1;4.25;3`+"\n"+
		"2026/11/22;16:46:30;100002;0;;;202;I;;;5;5;;;;\n"), inBerlin(t)))
	same(t, "the legs", []calllog.Leg{
		{
			LegID: calllog.LegID{System: "ipo", Record: "100001/0"}, Call: "100001", Zone: "Europe/Berlin",
			Started: utc("2026-11-22 15:46:28"), Ended: utc("2026-11-22 15:47:38"),
			Caller: calllog.Party{Raw: "030 1234567", Number: "+49301234567", Name: "Smith; Ann"}, Called: calllog.Party{Raw: "201"},
			Direction: calllog.Inbound, Agent: "201", Queue: "Sales", Disposition: calllog.Answered, Cause: "OK",
			Ring: 7 * time.Second, Talk: 63 * time.Second, Quality: calllog.Quality{MOS: 425, Lost: 3},
			Keys: []calllog.Key{{Kind: calllog.UCID, Value: "u-1"}},
		},
		{
			LegID: calllog.LegID{System: "ipo", Record: "100002/0"}, Call: "100002", Zone: "Europe/Berlin",
			Started: utc("2026-11-22 15:46:30"), Ended: utc("2026-11-22 15:46:35"), Called: calllog.Party{Raw: "202"},
			Direction: calllog.Inbound, Agent: "202", Disposition: calllog.AbandonedRinging, Ring: 5 * time.Second,
		},
	}, got)
}

func TestARowThatTheMappingDoesNotFitIsAFault(t *testing.T) {
	t.Parallel()
	const good = "2026/11/22;16:46:28;1;0;030 1234567;;201;I;OK;;5;5;;;;"
	for bad, want := range map[string]calllog.Fault{
		strings.Replace(good, "16:46:28", "16h46", 1):        {Column: "Date, Time", Value: "2026/11/22 16h46", Reason: "no time such as 2006/01/02 15:04:05"},
		strings.Replace(good, "2026/11/22;16:46:28", ";", 1): {Column: "Date, Time", Reason: "empty"},
		strings.Replace(good, ";I;", ";X;", 1):               {Column: "Way", Value: "X", Reason: "an unknown word; the mapping's directions do not have it"},
		strings.Replace(good, ";OK;", ";??;", 1):             {Column: "End", Value: "??", Reason: "an unknown word for how a call ended; the mapping's dispositions do not have it"},
		strings.Replace(good, ";5;5;", ";5;1:2:3:4;", 1):     {Column: "Ring", Value: "1:2:3:4", Reason: "no duration as the mapping describes it"},
		strings.TrimSuffix(good, ";") + "9;-1":               {Column: "Lost", Value: "-1", Reason: "no count"},
		strings.TrimSuffix(good, ";;") + ";NaN;":             {Column: "Score", Value: "NaN", Reason: "no score from 0 to 5"},
		good + ";":                                           {Reason: "17 columns; want 16"},
	} {
		rows := read(t, "csv", []byte(ipOfficeHead+bad+"\n"+good+"\n"), inBerlin(t))
		if len(rows) != 3 || rows[1].Fault == nil || rows[2].Fault != nil {
			t.Errorf("%s: %+v", bad, rows)
			continue
		}
		same(t, bad, want, *rows[1].Fault)
	}
}

func TestEveryMistakeOfAMappingIsNamed(t *testing.T) {
	t.Parallel()
	m := format.Mapping{
		Separator: "::", Skip: -1, Time: "15:04", Durations: "weeks", Header: []string{"a"},
		Columns:      map[string]string{"start": "a", "started": "{a", "direction": "b", "caller": "a"},
		Keys:         map[string]string{"cookie": "a"},
		Dispositions: map[string]string{"OK": "fine"}, Directions: map[string]string{"I": "in"},
	}
	got := map[string]bool{}
	m.Check(func(key, problem, _ string) { got[key+": "+problem] = true })
	want := map[string]bool{
		`separator: "::" is no separator`: true, `skip: less than nothing`: true, `time: "15:04" is no layout of a date and a time to the second`: true,
		`durations: "weeks" is unknown`: true, `columns.start: no field of a leg`: true, `columns.started: "{a": write columns as {Date}`: true,
		`columns: no ended or duration`: true, `columns: no disposition`: true, `columns.direction: no column "b"`: true,
		`keys.cookie: no kind of key`: true, `dispositions.OK: "fine" is no disposition`: true, `directions.I: "in" is no direction`: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the mistakes (-want +got):\n%s", diff)
	}
	if _, err := named(t, "csv").Read(strings.NewReader(""), format.Options{Mapping: &m}); err == nil {
		t.Error("such a mapping is accepted")
	}
}

func TestAColumnThatTheFileDoesNotHaveEndsTheReading(t *testing.T) {
	t.Parallel()
	r, err := named(t, "csv").Read(strings.NewReader("Date;Time\n"), inBerlin(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, err = range r.Rows() {
	}
	if err == nil || !strings.Contains(err.Error(), "no column End, From") {
		t.Errorf("%v", err)
	}
}
