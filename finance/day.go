package finance

import (
	"fmt"
	"time"

	"github.com/dualtone/dualtone/internal/placed"
)

// Day is a day of the calendar, counted from 1970-01-01. The zero value stands
// for no day.
type Day int32

const dayZero = 1 << 20 // no date that a contract can have is day 0

// Date is the day with a date.
func Date(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()/86400) + dayZero //nolint:gosec // days of contracts
}

// DayOf is the day on which a time falls where its zone is.
func DayOf(t time.Time) Day { return Date(t.Date()) }

// ParseDay reads 2027-02-15; anything else is ErrInvalid.
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1900 {
		return 0, &placed.ValueError{Text: text, Wrong: "is not a date", Want: "write it as in 2027-02-15"}
	}
	return DayOf(t), nil
}

// Time is midnight of the day in UTC.
func (d Day) Time() time.Time { return time.Unix(int64(d-dayZero)*86400, 0).UTC() }

// Weekday is the day of the week.
func (d Day) Weekday() time.Weekday { return d.Time().Weekday() }

// Month is the month that the day is in.
func (d Day) Month() Month { return MonthOf(d.Time()) }

// AddMonths is the same date so many months later, or the last day of a month
// that does not have it.
func (d Day) AddMonths(n int) Day {
	t := d.Time()
	m := MonthOf(t).Add(n)
	return min(m.First()+Day(t.Day()-1), m.Last()) //nolint:gosec // at most 31
}

// String is the day as 2027-02-15; empty for no day.
func (d Day) String() string {
	if d == 0 {
		return ""
	}
	return d.Time().Format(time.DateOnly)
}

// MarshalText writes the day as String does.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Day) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*d = 0
		return nil
	}
	*d, err = ParseDay(string(text))
	return err
}

// Month is a month of the calendar, counted from the year 0. The zero value
// stands for no month.
type Month int32

// MonthOf is the month in which a time falls where its zone is.
func MonthOf(t time.Time) Month { return Month(t.Year()*12 + int(t.Month()) - 1) } //nolint:gosec // months of a contract

// ParseMonth reads 2027-02; anything else is ErrInvalid.
func ParseMonth(text string) (Month, error) {
	t, err := time.Parse("2006-01", text)
	if err != nil {
		return 0, &placed.ValueError{Text: text, Wrong: "is not a month", Want: "write it as in 2027-02"}
	}
	return MonthOf(t), nil
}

// Add is the month so many months later.
func (m Month) Add(n int) Month { return m + Month(n) } //nolint:gosec // months of a contract

// First is the first day of the month.
func (m Month) First() Day { return Date(int(m)/12, time.Month(int(m)%12+1), 1) }

// Last is the last day of the month.
func (m Month) Last() Day { return m.Add(1).First() - 1 }

// Days is how many days the month has.
func (m Month) Days() int { return int(m.Last()-m.First()) + 1 }

// Span is all days of the month.
func (m Month) Span() Span { return Span{m.First(), m.Last()} }

// String is the month as 2027-02; empty for no month.
func (m Month) String() string {
	if m == 0 {
		return ""
	}
	return fmt.Sprintf("%04d-%02d", int(m)/12, int(m)%12+1)
}

// MarshalText writes the month as String does.
func (m Month) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (m *Month) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*m = 0
		return nil
	}
	*m, err = ParseMonth(string(text))
	return err
}

// Span is days in a row, the first and the last included. One whose last day is
// before its first is empty.
type Span struct {
	From Day `json:"from,omitzero"`
	To   Day `json:"to,omitzero"`
}

// Days is how many days there are.
func (s Span) Days() int { return max(int(s.To-s.From)+1, 0) }

// Has reports whether a day is among them.
func (s Span) Has(d Day) bool { return s.From <= d && d <= s.To }

// And is the days that two spans share.
func (s Span) And(o Span) Span { return Span{max(s.From, o.From), min(s.To, o.To)} }

// Empty reports whether there is no day.
func (s Span) Empty() bool { return s.To < s.From }

// String is the first and the last day.
func (s Span) String() string { return s.From.String() + " to " + s.To.String() }
