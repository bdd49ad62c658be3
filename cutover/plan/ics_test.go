package plan

import (
	"strings"
	"testing"
	"time"
)

func vcalendar(events ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n" + strings.ReplaceAll(strings.Join(events, ""), "\n", "\r\n") + "END:VCALENDAR\r\n"
}

func vevent(uid, lines string) string {
	return "BEGIN:VEVENT\nUID:" + uid + "\nDTSTAMP:20260101T000000Z\n" + lines + "END:VEVENT\n"
}

func TestEventsOfAnICalFileCloseTheirOwnTime(t *testing.T) {
	t.Parallel()
	london := zone("Europe/London")
	for name, c := range map[string]struct {
		text         string
		tz           Zone
		closed, open []string
	}{
		"a whole day, in the zone of who reads it": {
			text:   vcalendar(vevent("1", "DTSTART;VALUE=DATE:20270326\n")),
			closed: []string{"2027-03-26T00:00", "2027-03-26T23:59"}, open: []string{"2027-03-25T23:59", "2027-03-27T00:00"},
		},
		"days up to the one before DTEND": {
			text:   vcalendar(vevent("1", "DTSTART;VALUE=DATE:20271225\nDTEND;VALUE=DATE:20271227\nRRULE:FREQ=YEARLY\n")),
			closed: []string{"2027-12-25T00:00", "2027-12-26T23:59", "2031-12-26T12:00"}, open: []string{"2027-12-27T00:00", "2026-12-25T12:00"},
		},
		"a time in a zone of its own": {
			text:   vcalendar(vevent("1", "DTSTART;TZID=America/New_York:20270601T090000\nDURATION:PT1H30M\n")),
			closed: []string{"2027-06-01T14:00", "2027-06-01T15:29"}, open: []string{"2027-06-01T13:59", "2027-06-01T15:30"},
		},
		"a time in UTC": {
			text:   vcalendar(vevent("1", "DTSTART:20270601T090000Z\nDTEND:20270601T100000Z\n")),
			closed: []string{"2027-06-01T10:00"}, open: []string{"2027-06-01T09:59", "2027-06-01T11:00"},
		},
		"a rule keeps its hour when the clocks change": {
			text:   vcalendar(vevent("1", "DTSTART;TZID=Europe/London:20270301T180000\nDTEND;TZID=Europe/London:20270301T190000\nRRULE:FREQ=WEEKLY;BYDAY=MO\n")),
			closed: []string{"2027-03-22T18:00", "2027-03-29T18:00", "2027-11-01T18:59"}, open: []string{"2027-03-29T17:59", "2027-03-29T19:00", "2027-11-01T19:00"},
		},
		"but not on the days that it leaves out": {
			text:   vcalendar(vevent("1", "DTSTART;VALUE=DATE:20270503\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=1MO\nEXDATE;VALUE=DATE:20280501\n")),
			closed: []string{"2027-05-03T12:00", "2029-05-07T12:00"}, open: []string{"2028-05-01T12:00"},
		},
		"leaves out by the time in another zone": {
			text:   vcalendar(vevent("1", "DTSTART;TZID=Europe/London:20270607T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20270608T090000Z\n")),
			closed: []string{"2027-06-07T10:30", "2027-06-09T10:30"}, open: []string{"2027-06-08T10:30", "2027-06-10T10:30"},
		},
		"up to a moment in UTC": {
			text:   vcalendar(vevent("1", "DTSTART;TZID=Europe/London:20270601T003000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20270602T233000Z\n")),
			closed: []string{"2027-06-01T00:45", "2027-06-03T00:45"}, open: []string{"2027-06-04T00:45"},
		},
		"more days by RDATE": {
			text:   vcalendar(vevent("1", "DTSTART;VALUE=DATE:20270601\nRDATE;VALUE=DATE:20270610,20270612\n")),
			closed: []string{"2027-06-01T12:00", "2027-06-10T12:00", "2027-06-12T12:00"}, open: []string{"2027-06-11T12:00"},
		},
		"one of many that is moved": {
			text: vcalendar(
				vevent("1", "DTSTART;VALUE=DATE:20270601\nRRULE:FREQ=MONTHLY\n"),
				vevent("1", "RECURRENCE-ID;VALUE=DATE:20270701\nDTSTART;VALUE=DATE:20270702\n"),
			),
			closed: []string{"2027-06-01T12:00", "2027-07-02T12:00", "2027-08-01T12:00"}, open: []string{"2027-07-01T12:00"},
		},
		"not when it is called off": {
			text: vcalendar(vevent("1", "DTSTART;VALUE=DATE:20270601\nSTATUS:CANCELLED\n"), vevent("2", "DTSTART;VALUE=DATE:20270602\n")), //nolint:misspell // as RFC 5545 spells it
			open: []string{"2027-06-01T12:00"}, closed: []string{"2027-06-02T12:00"},
		},
	} {
		cal := calendarOf(t, always(), map[string]string{"x.ics": c.text}, Blackout{Name: "x", TZ: c.tz, ICS: "x.ics"})
		for want, times := range map[bool][]string{true: c.open, false: c.closed} {
			for _, text := range times {
				if got := cal.Open(local(text).In(london), london); got.Open != want {
					t.Errorf("%s: at %s: %+v", name, text, got)
				}
			}
		}
	}
}

func TestAWholeDayIsEachSitesOwn(t *testing.T) {
	t.Parallel()
	c := calendarOf(t, always(), map[string]string{"x.ics": vcalendar(vevent("1", "DTSTART;VALUE=DATE:20270326\n"))}, Blackout{Name: "x", TZ: SiteZone, ICS: "x.ics"})
	at := time.Date(2027, 3, 26, 2, 0, 0, 0, time.UTC)
	if c.Open(at, zone("Europe/London")).Open || !c.Open(at, zone("America/New_York")).Open {
		t.Error("the day is not the site's")
	}
}

func TestWhatIsWrongWithAnICalFileIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		line int
		want string
	}{
		"none":        {vcalendar(), 1, "no events"},
		"no start":    {vcalendar(vevent("1", "SUMMARY:x\n")), 4, "without DTSTART"},
		"no end":      {vcalendar(vevent("1", "DTSTART:20270601T090000Z\n")), 4, "without an end"},
		"backwards":   {vcalendar(vevent("1", "DTSTART:20270601T090000Z\nDTEND:20270601T080000Z\n")), 8, "ends before it begins"},
		"no day":      {vcalendar(vevent("1", "DTSTART;VALUE=DATE:20270631\n")), 7, `"20270631" is not a day`},
		"no time":     {vcalendar(vevent("1", "DTSTART:today\n")), 7, `"today" is not a time`},
		"no duration": {vcalendar(vevent("1", "DTSTART:20270601T090000Z\nDURATION:1h\n")), 8, "is not a duration"},
		"bad rule":    {vcalendar(vevent("1", "DTSTART;VALUE=DATE:20270601\nRRULE:FREQ=OFTEN\n")), 8, "cannot be read"},
		"bad date":    {vcalendar(vevent("1", "DTSTART;VALUE=DATE:20270601\nEXDATE:then\n")), 8, "is not a time"},
		"every day":   {vcalendar(vevent("1", "DTSTART;VALUE=DATE:20270601\nRRULE:FREQ=DAILY\n")), 8, "more than 20000"},
	} {
		_, faults := readICS(c.text)
		if len(faults) != 1 || faults[0].line != c.line || !strings.Contains(faults[0].problem, c.want) || faults[0].want == "" {
			t.Errorf("%s: %+v", name, faults)
		}
	}
}
