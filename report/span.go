package report

import (
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
)

// Date is a day of the calendar, in no zone yet.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads 2026-11-09; anything else is ErrInvalid.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("date %q: want one such as 2026-11-09: %w", s, dualtone.ErrInvalid)
	}
	return DateOf(t), nil
}

// DateOf is the day on which a time falls where its zone is.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// Next is the day so many days later.
func (d Date) Next(days int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+days, 0, 0, 0, 0, time.UTC))
}

// Before reports whether the day comes before another.
func (d Date) Before(o Date) bool { return d.String() < o.String() }

// String is the day as 2026-11-09.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// MarshalText writes the day as String does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}

// Start is the first moment of the day in a zone. It is not always midnight:
// where clocks are put forward at midnight, the day begins at one.
func (d Date) Start(zone *time.Location) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
	if DateOf(t).Before(d) { // there is no midnight, and this is before the gap
		_, end := t.ZoneBounds()
		return end.In(zone)
	}
	return t
}

// quarter is what every day and half hour on earth begins at a multiple of.
const quarter = 15 * time.Minute

// boundaries are the starts of the intervals of a query and the end of the last.
func (q *Query) boundaries() ([]time.Time, error) {
	var all []time.Time
	for d := q.From; !q.To.Before(d); d = d.Next(1) {
		start, end := d.Start(q.Zone), d.Next(1).Start(q.Zone)
		for t := start; t.Before(end); t = t.Add(30 * time.Minute) {
			if !t.Equal(t.Truncate(quarter)) {
				return nil, fmt.Errorf("zone %s: on %s a day began at %s UTC, and sums are kept by the quarter hour: %w",
					q.Zone, d, t.UTC().Format(time.TimeOnly), dualtone.ErrInvalid)
			}
			all = append(all, t)
			if q.Interval != HalfHour {
				break
			}
		}
	}
	return append(all, q.To.Next(1).Start(q.Zone)), nil
}
