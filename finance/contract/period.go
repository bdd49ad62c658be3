package contract

import (
	"regexp"
	"strconv"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/internal/placed"
)

// Period is a time of days or of months, as contracts have it. The zero value
// is no time at all.
type Period struct{ Days, Months int }

var periods = regexp.MustCompile(`^([1-9][0-9]{0,3})(d|w|mo|y)$`)

// UnmarshalText reads 90d, 6w, 3mo or 1y.
func (p *Period) UnmarshalText(text []byte) error {
	if string(text) == "none" {
		*p = Period{}
		return nil
	}
	m := periods.FindStringSubmatch(string(text))
	if m == nil {
		return &placed.ValueError{Text: string(text), Wrong: "is not a time that contracts have", Want: "write it as in 90d, 6w, 3mo or 1y"}
	}
	n, _ := strconv.Atoi(m[1])
	switch m[2] {
	case "d":
		*p = Period{Days: n}
	case "w":
		*p = Period{Days: 7 * n}
	case "mo":
		*p = Period{Months: n}
	default:
		*p = Period{Months: 12 * n}
	}
	return nil
}

// String is the period as UnmarshalText reads it.
func (p Period) String() string {
	switch {
	case p.Months > 0 && p.Months%12 == 0:
		return strconv.Itoa(p.Months/12) + "y"
	case p.Months > 0:
		return strconv.Itoa(p.Months) + "mo"
	case p.Days > 0:
		return strconv.Itoa(p.Days) + "d"
	default:
		return "none"
	}
}

// MarshalText writes the period as String does.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// After is the last day of a period that begins on the day behind another.
func (p Period) After(end finance.Day) finance.Day {
	if p.Months > 0 {
		return (end + 1).AddMonths(p.Months) - 1
	}
	return end + finance.Day(p.Days) //nolint:gosec // at most 9999 weeks
}

// Before is the day so long before another.
func (p Period) Before(d finance.Day) finance.Day {
	if p.Months > 0 {
		return (d + 1).AddMonths(-p.Months) - 1
	}
	return d - finance.Day(p.Days) //nolint:gosec // at most 9999 weeks
}
