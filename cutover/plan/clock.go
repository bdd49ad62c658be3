package plan

import (
	"fmt"
	"strings"
	"time"
)

// Zone is a zone of the IANA database, or SiteZone.
type Zone string

// SiteZone stands for the zone of each user's site.
const SiteZone Zone = "user.site"

const wantZone = "write a zone of the IANA database, as in Europe/London"

// UnmarshalText reads a zone and checks that it is known.
func (z *Zone) UnmarshalText(text []byte) error {
	*z = Zone(text)
	if *z == SiteZone {
		return nil
	}
	_, err := z.location()
	return err
}

func (z Zone) location() (*time.Location, error) {
	if z == "" || z == "Local" || strings.ToUpper(string(z)) == string(z) && z != "UTC" {
		return nil, wrong(string(z), "is not a time zone", wantZone)
	}
	at, err := time.LoadLocation(string(z))
	if err != nil {
		return nil, wrong(string(z), "is not a time zone", wantZone)
	}
	return at, nil
}

// Clock is a time of the day in minutes from midnight, up to 24:00.
type Clock int

// UnmarshalText reads a time such as 20:00.
func (c *Clock) UnmarshalText(text []byte) error {
	var h, m int
	if len(text) == 5 && text[2] == ':' && digits(text[:2]) && digits(text[3:]) {
		h, m = int(text[0]-'0')*10+int(text[1]-'0'), int(text[3]-'0')*10+int(text[4]-'0')
	} else {
		h = 99
	}
	if h > 24 || m > 59 || h == 24 && m > 0 {
		return wrong(text, "is not a time of the day", `write hours and minutes in quotes, as in "20:00"`)
	}
	*c = Clock(h*60 + m)
	return nil
}

func digits(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) > 0
}

// String writes the time as a plan has it.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// MarshalText writes the time as a plan has it.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Weekday is a day of the week by its first three letters.
type Weekday string

// The days of the week.
const (
	Mon Weekday = "mon"
	Tue Weekday = "tue"
	Wed Weekday = "wed"
	Thu Weekday = "thu"
	Fri Weekday = "fri"
	Sat Weekday = "sat"
	Sun Weekday = "sun"
)

// Words lists those that are known.
func (Weekday) Words() []string { return texts(Mon, Tue, Wed, Thu, Fri, Sat, Sun) }

// weekdayOf is the plan's word for a day.
func weekdayOf(d time.Weekday) Weekday { return Weekday(strings.ToLower(d.String()[:3])) }

// Date is a day, without a zone.
type Date struct{ Local }

// UnmarshalText reads a day such as 2027-01-11.
func (d *Date) UnmarshalText(text []byte) error {
	at, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return wrong(text, "is not a day", "write it as in 2027-01-11")
	}
	d.wall = at
	return nil
}

// String writes the day as a plan has it.
func (d Date) String() string { return d.wall.Format(time.DateOnly) }

// MarshalText writes the day as a plan has it.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Local is a moment on the clock on a wall, without a zone: what it is in UTC
// depends on where the wall stands.
type Local struct {
	// wall is the time as if it were in UTC.
	wall time.Time
}

const localLayout = "2006-01-02T15:04"

// UnmarshalText reads a moment such as 2027-03-25T00:00, or a day, which is its
// midnight.
func (l *Local) UnmarshalText(text []byte) error {
	for _, layout := range []string{localLayout, "2006-01-02T15:04:05", time.DateOnly} {
		if at, err := time.Parse(layout, string(text)); err == nil {
			l.wall = at
			return nil
		}
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if _, err := time.Parse(layout, string(text)); err == nil {
			return wrong(text, "names an offset", "write the local time alone, and the zone as tz")
		}
	}
	return wrong(text, "is not a moment", `write it as in "2027-03-25T00:00"`)
}

// IsZero reports whether there is no moment.
func (l Local) IsZero() bool { return l.wall.IsZero() }

// Equal reports whether two clocks show the same.
func (l Local) Equal(o Local) bool { return l.wall.Equal(o.wall) }

// In is the moment in a zone. A time that the clocks skip is the one they skip
// to, of one that they show twice it is the first.
func (l Local) In(zone *time.Location) time.Time { return first(l.wall, zone) }

// String writes the moment as a plan has it.
func (l Local) String() string {
	if l.wall.Second() != 0 {
		return l.wall.Format("2006-01-02T15:04:05")
	}
	return l.wall.Format(localLayout)
}

// MarshalText writes the moment as a plan has it.
func (l Local) MarshalText() ([]byte, error) { return []byte(l.String()), nil }
