package format

import (
	"fmt"
	"strings"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

// clock reads the local times of a zone. An hour that comes twice in autumn is
// told apart by what else is known; one that never came in spring is a fault.
type clock struct {
	zone  *time.Location
	known map[int64]offsets // by quarter of an hour, at which zones change
}

// offsets are how far ahead of UTC a zone was before and after a change that may
// lie within a day; the same where none does.
type offsets struct{ before, after int64 }

func newClock(zone *time.Location) clock {
	if zone == nil {
		zone = time.UTC
	}
	return clock{zone: zone, known: map[int64]offsets{}}
}

const (
	quarter = 15 * 60
	day     = 24 * 60 * 60
	// mostQuarters is how many a clock remembers: half a year of them.
	mostQuarters = 1 << 14
)

// local is a local time in seconds since 1970, read as if it were UTC.
type local struct {
	seconds int64
	nanos   int64
}

// parseLocal reads 2006-01-02 15:04:05, also with T between, and with a fraction.
func parseLocal(text string) (local, bool) {
	if len(text) < len(time.DateTime) || text[4] != '-' || text[7] != '-' || text[10] != ' ' && text[10] != 'T' || text[13] != ':' || text[16] != ':' {
		return local{}, false
	}
	year, ok1 := digits(text[0:4])
	month, ok2 := digits(text[5:7])
	date, ok3 := digits(text[8:10])
	hour, ok4 := digits(text[11:13])
	minute, ok5 := digits(text[14:16])
	second, ok6 := digits(text[17:19])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || hour > 23 || minute > 59 || second > 59 {
		return local{}, false
	}
	days, ok := daysSince1970(year, month, date)
	if !ok {
		return local{}, false
	}
	l := local{seconds: days*day + hour*3600 + minute*60 + second}
	if len(text) == len(time.DateTime) {
		return l, true
	}
	l.nanos, ok = fraction(text[19:])
	return l, ok
}

// fraction reads .123 as nanoseconds.
func fraction(text string) (int64, bool) {
	if len(text) < 2 || len(text) > 10 || text[0] != '.' {
		return 0, false
	}
	n, ok := digits(text[1:])
	for range 10 - len(text) {
		n *= 10
	}
	return n, ok
}

// digits reads a number without a sign.
func digits(text string) (int64, bool) {
	var n int64
	for i := range len(text) {
		d := text[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	return n, text != "" && len(text) < 19
}

// daysSince1970 counts days of the Gregorian calendar by counting years from March.
func daysSince1970(year, month, date int64) (int64, bool) {
	if month < 1 || month > 12 || date < 1 || date > daysIn(year, month) {
		return 0, false
	}
	y, m := year, month-3
	if m < 0 {
		y, m = y-1, m+12
	}
	const before1970 = 719468 // days from the first of March of the year 0
	return 365*y + y/4 - y/100 + y/400 + (153*m+2)/5 + date - 1 - before1970, true
}

func daysIn(year, month int64) int64 {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	default:
		return 31
	}
}

// when turns a local time into the instant nearest to another that is known to
// be close, the earlier one where none is. It reports false for a time that the
// zone's clocks never showed.
func (c *clock) when(l local, near time.Time) (time.Time, bool) {
	o := c.offsets(l.seconds)
	early, late := l.seconds-max(o.before, o.after), l.seconds-min(o.before, o.after)
	if early == late {
		return time.Unix(early, l.nanos).UTC(), true
	}
	earlyIs, lateIs := c.shows(early, l.seconds), c.shows(late, l.seconds)
	switch {
	case earlyIs && lateIs:
		if !near.IsZero() && abs(near.Unix()-late) < abs(near.Unix()-early) {
			early = late
		}
	case lateIs:
		early = late
	case !earlyIs:
		return time.Time{}, false
	}
	return time.Unix(early, l.nanos).UTC(), true
}

// Zones are a quarter of an hour apart or more, and clocks are set by less while
// calls begin; no two zones are further apart than a day and two hours.
const (
	zoneStep  = quarter * time.Second
	zoneLeast = zoneStep - time.Minute
	zoneMost  = 26 * time.Hour
)

// tooEarly says that a row is from before its own channel, whose name holds when it
// began, in UTC: so its time was written in another zone.
func (c *clock) tooEarly(column, text string, at, began time.Time) *calllog.Fault {
	early := began.Sub(at)
	if began.IsZero() || early < zoneLeast || early > zoneMost {
		return nil
	}
	return fault(column, text, fmt.Sprintf("%s before its own channel began: is %s the right zone? If not, read it with the right one and --again", hours(early), c.zone))
}

// hours writes a span to the minute.
func hours(d time.Duration) string {
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}

// shows reports whether the zone's clocks show a local time at an instant.
func (c *clock) shows(instant, seconds int64) bool {
	_, offset := time.Unix(instant, 0).In(c.zone).Zone()
	return instant+int64(offset) == seconds
}

func (c *clock) offsets(seconds int64) offsets {
	key := seconds / quarter
	if o, ok := c.known[key]; ok {
		return o
	}
	_, before := time.Unix(seconds-day, 0).In(c.zone).Zone()
	_, after := time.Unix(seconds+day, 0).In(c.zone).Zone()
	o := offsets{int64(before), int64(after)}
	if len(c.known) >= mostQuarters {
		clear(c.known)
	}
	c.known[key] = o
	return o
}

func abs(n int64) int64 { return max(n, -n) }
