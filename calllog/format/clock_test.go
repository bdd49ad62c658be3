package format_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/calllog/format"
)

// row is a CDR that began at an epoch and says so in local time too.
func cdrRow(epoch int64, start, answer, end string, duration int) string {
	return fmt.Sprintf(`"","12125550111","1001","in","","PJSIP/carrier-1","PJSIP/1001-2","Dial","PJSIP/1001","%s","%s","%s",%d,%d,"ANSWERED","DOCUMENTATION","%d.1","","","%d.1",1`,
		start, answer, end, duration, duration, epoch, epoch)
}

// TestTheHourThatComesTwiceIsToldApartByTheChannelsName reads both halves of the
// autumn hour in zones that change by an hour and by half of one.
func TestTheHourThatComesTwiceIsToldApartByTheChannelsName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, began, start, answer, end, wantStart, wantEnd string
		duration                                            int
	}{
		{"Europe/London", "2026-10-25 00:30:00", "2026-10-25 01:30:00", "2026-10-25 01:30:05", "2026-10-25 01:40:00", "2026-10-25 00:30:00", "2026-10-25 00:40:00", 600},
		{"Europe/London", "2026-10-25 01:30:00", "2026-10-25 01:30:00", "2026-10-25 01:30:05", "2026-10-25 01:40:00", "2026-10-25 01:30:00", "2026-10-25 01:40:00", 600},
		{"Europe/London", "2026-10-25 00:59:00", "2026-10-25 01:59:00", "2026-10-25 01:59:05", "2026-10-25 01:10:00", "2026-10-25 00:59:00", "2026-10-25 01:10:00", 660},
		{"Europe/London", "2026-10-25 00:10:00", "2026-10-25 01:10:00", "2026-10-25 01:10:05", "2026-10-25 01:40:00", "2026-10-25 00:10:00", "2026-10-25 01:40:00", 5400},
		{"America/New_York", "2026-11-01 06:30:00", "2026-11-01 01:30:00", "2026-11-01 01:30:01", "2026-11-01 01:31:00", "2026-11-01 06:30:00", "2026-11-01 06:31:00", 60},
		{"Australia/Lord_Howe", "2026-04-04 14:45:00", "2026-04-05 01:45:00", "2026-04-05 01:45:05", "2026-04-05 01:46:00", "2026-04-04 14:45:00", "2026-04-04 14:46:00", 60},
		{"Australia/Lord_Howe", "2026-04-04 15:15:00", "2026-04-05 01:45:00", "2026-04-05 01:45:05", "2026-04-05 01:46:00", "2026-04-04 15:15:00", "2026-04-04 15:16:00", 60},
		{"Asia/Kathmandu", "2026-11-22 10:00:00", "2026-11-22 15:45:00", "2026-11-22 15:45:01", "2026-11-22 15:46:00", "2026-11-22 10:00:00", "2026-11-22 10:01:00", 60},
	} {
		o := format.Options{System: "pbx", Zone: zone(t, c.zone)}
		l := legs(t, read(t, "asterisk", []byte(cdrRow(utc(c.began).Unix(), c.start, c.answer, c.end, c.duration)+"\n"), o))[0]
		if !l.Started.Equal(utc(c.wantStart)) || !l.Ended.Equal(utc(c.wantEnd)) || l.Zone != c.zone {
			t.Errorf("%s %s to %s: %s to %s", c.zone, c.start, c.end, l.Started, l.Ended)
		}
	}
}

func TestATimeThatTheClocksSkippedIsAFault(t *testing.T) {
	t.Parallel()
	o := format.Options{System: "pbx", Zone: zone(t, "Europe/London")}
	rows := read(t, "asterisk", []byte(cdrRow(0, "2026-03-29 01:30:00", "", "2026-03-29 02:30:00", 0)+"\n"), o)
	if f := rows[0].Fault; f == nil || f.Column != "start" || !strings.Contains(f.Reason, "Europe/London never showed this time") {
		t.Errorf("%+v", f)
	}
}

// TestAWrongZoneIsSaid reads what a box in New York wrote as if it stood further east,
// further west, and where it is. A channel's name holds in UTC when it began: a row from
// before is faulty, and rows that are all later by hours are doubted.
func TestAWrongZoneIsSaid(t *testing.T) {
	t.Parallel()
	began := utc("2026-11-22 16:46:28")
	cdr := cdrRow(began.Unix(), "2026-11-22 11:46:29", "2026-11-22 11:46:33", "2026-11-22 11:47:29", 60) + "\n"
	queue := fmt.Sprintf(`{"time":"2026-11-22 11:46:33","callid":"%d.1","queuename":"support","agent":"1001","event":"ABANDON","data1":"1","data2":"1","data3":"4"}`+"\n", began.Unix())
	cel := fmt.Sprintf(`"HANGUP","2026-11-22 11:47:29","","","","","","1001","in","PJSIP/carrier-1","","","3","","%d.1","%d.1","","","",""`+"\n", began.Unix(), began.Unix())
	for _, c := range []struct {
		zone, format, text, column, doubts string
		early                              string
	}{
		{zone: "America/New_York", format: "asterisk", text: cdr},
		{zone: "America/New_York", format: "asterisk", text: queue},
		{zone: "America/New_York", format: "asterisk-cel", text: cel},
		{zone: "UTC", format: "asterisk", text: cdr, column: "start", early: "5h0m before its own channel began: is UTC the right zone? If not, read it with the right one and --again"},
		{zone: "Asia/Kathmandu", format: "asterisk", text: queue, column: "time", early: "10h45m before its own channel"},
		{zone: "UTC", format: "asterisk-cel", text: cel, column: "eventtime", early: "4h59m before its own channel"},
		{zone: "America/Los_Angeles", format: "asterisk", text: cdr, doubts: "3h0m later: is America/Los_Angeles the right zone?"},
	} {
		f, err := format.Named(c.format)
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Read(strings.NewReader(c.text), format.Options{System: "pbx", Zone: zone(t, c.zone)})
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range r.Rows() {
			switch f := row.Fault; {
			case err != nil:
				t.Error(err)
			case c.early == "" && f != nil:
				t.Errorf("%s in %s: %+v", c.format, c.zone, *f)
			case c.early != "" && (f == nil || f.Column != c.column || !strings.Contains(f.Reason, c.early)):
				t.Errorf("%s in %s: %+v; want %s", c.format, c.zone, f, c.early)
			}
		}
		if got := r.Doubts(); !strings.Contains(got, c.doubts) || c.doubts == "" && got != "" {
			t.Errorf("%s in %s is doubted for %q; want %q", c.format, c.zone, got, c.doubts)
		}
	}
}

// TestRowsInOrderTellTheHourThatComesTwiceApart reads a mapped file across the
// change, a row each ten minutes.
func TestRowsInOrderTellTheHourThatComesTwiceApart(t *testing.T) {
	t.Parallel()
	o := inBerlin(t)
	var text strings.Builder
	text.WriteString(ipOfficeHead)
	began := utc("2026-10-24 23:30:00")
	for i := range 30 {
		at := began.Add(time.Duration(i) * 10 * time.Minute).In(o.Zone)
		fmt.Fprintf(&text, "%s;%d;0;;;201;I;OK;;5;5;;;;\n", at.Format("2006/01/02;15:04:05"), i)
	}
	for i, l := range legs(t, read(t, "csv", []byte(text.String()), o)) {
		if want := began.Add(time.Duration(i) * 10 * time.Minute); !l.Started.Equal(want) {
			t.Errorf("row %d: %s; want %s", i, l.Started, want)
		}
	}
}

// TestLocalTimesAgreeWithTheStandardLibrary compares a year of hours in zones of
// all kinds.
func TestLocalTimesAgreeWithTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo"} {
		o := format.Options{System: "pbx", Zone: zone(t, name)}
		var text strings.Builder
		var want []time.Time
		for at := utc("2023-12-31 00:07:09"); at.Year() < 2025; at = at.Add(37 * time.Minute) {
			local := at.In(o.Zone).Format(time.DateTime)
			text.WriteString(cdrRow(at.Unix(), local, local, local, 0) + "\n")
			want = append(want, at)
		}
		got := legs(t, read(t, "asterisk", []byte(text.String()), o))
		for i := range want {
			if !got[i].Started.Equal(want[i]) {
				t.Fatalf("%s: %s; want %s", name, got[i].Started, want[i])
			}
		}
	}
}
