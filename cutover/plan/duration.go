package plan

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time. In a plan it is written with the units s, m, h,
// d (24 hours) and w (7 days), as in 90s, 1h30m or 14d.
type Duration time.Duration

// The units that package time has not.
const (
	Day  = Duration(24 * time.Hour)
	Week = 7 * Day
)

const wantDuration = "write it as in 90s, 20m, 12h, 1h30m or 14d"

type durationUnit struct {
	letter byte
	length Duration
}

func durationUnits() []durationUnit {
	return []durationUnit{
		{'w', Week}, {'d', Day}, {'h', Duration(time.Hour)}, {'m', Duration(time.Minute)}, {'s', Duration(time.Second)},
	}
}

// ParseDuration reads a duration. Units go from large to small, each once.
func ParseDuration(text string) (Duration, error) {
	var sum Duration
	rest, units := text, durationUnits()
	for rest != "" {
		end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		switch {
		case end < 0 && sum == 0 && len(rest) == len(text):
			return 0, wrong(text, "has no unit", wantDuration)
		case end <= 0:
			return 0, wrong(text, "is not a duration", wantDuration)
		}
		n, err := strconv.ParseInt(rest[:end], 10, 32)
		if err != nil {
			return 0, wrong(text, "is too long", "write it in a larger unit")
		}
		unit := rest[end]
		for len(units) > 0 && units[0].letter != unit {
			units = units[1:]
		}
		if len(units) == 0 {
			return 0, wrong(text, "is not a duration", wantDuration)
		}
		if Duration(n) > math.MaxInt64/4/units[0].length {
			return 0, wrong(text, "is too long", "more than 70 years are not planned")
		}
		sum += Duration(n) * units[0].length
		units, rest = units[1:], rest[end+1:]
	}
	if text == "" {
		return 0, wrong(text, "is not a duration", wantDuration)
	}
	return sum, nil
}

// String writes the duration as a plan has it.
func (d Duration) String() string {
	if d <= 0 {
		return "0s"
	}
	rest := d
	var b strings.Builder
	for _, u := range durationUnits() {
		// Weeks are read, and told in days.
		if u.letter == 'w' || rest < u.length {
			continue
		}
		b.WriteString(strconv.FormatInt(int64(rest/u.length), 10) + string(u.letter))
		rest %= u.length
	}
	return b.String()
}

// Time is the duration as package time knows it.
func (d Duration) Time() time.Duration { return time.Duration(d) }

// MarshalText writes the duration as a plan has it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDuration(string(text))
	return err
}

// GateWindow is the time over which a gate measures: a duration, or "stage", the
// whole stage so far.
type GateWindow struct {
	Stage bool
	For   Duration
}

const (
	wholeStage = "stage"
	asSoak     = "soak"
)

// MarshalText writes the window as a plan has it.
func (w GateWindow) MarshalText() ([]byte, error) {
	if w.Stage {
		return []byte(wholeStage), nil
	}
	return w.For.MarshalText()
}

// UnmarshalText reads a window.
func (w *GateWindow) UnmarshalText(text []byte) (err error) {
	*w = GateWindow{Stage: string(text) == wholeStage}
	if !w.Stage {
		if w.For, err = ParseDuration(string(text)); err != nil {
			return wrong(text, "is not a window of measurement", "write a duration such as 60m, or stage")
		}
	}
	return nil
}

// AfterSwitch is how long a seat is paid twice after the switch: a duration, or
// "soak", as long as its stage soaks.
type AfterSwitch struct {
	Soak bool
	For  Duration
}

// MarshalText writes it as a plan has it.
func (a AfterSwitch) MarshalText() ([]byte, error) {
	if a.Soak {
		return []byte(asSoak), nil
	}
	return a.For.MarshalText()
}

// UnmarshalText reads it.
func (a *AfterSwitch) UnmarshalText(text []byte) (err error) {
	*a = AfterSwitch{Soak: string(text) == asSoak}
	if !a.Soak {
		if a.For, err = ParseDuration(string(text)); err != nil {
			return wrong(text, "is not a time after the switch", "write a duration such as 7d, or soak")
		}
	}
	return nil
}
