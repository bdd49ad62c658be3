package plan

import (
	"regexp"
	"strconv"
	"strings"
)

// Percent is a share in millionths of the whole, so that no share is rounded.
type Percent int64

// OnePercent is one hundredth of the whole.
const OnePercent Percent = 10_000

const micro = 1_000_000

// fixed reads a number with up to so many digits behind the point, as that many
// powers of ten.
func fixed(text string, digits int) (int64, bool) {
	if !regexp.MustCompile(`^[0-9]{1,9}(\.[0-9]+)?$`).MatchString(text) {
		return 0, false
	}
	whole, part, _ := strings.Cut(text, ".")
	if len(part) > digits {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", digits-len(part)), 10, 64)
	return n, err == nil
}

// unfixed is the shortest text that fixed reads as the number.
func unfixed(n int64, digits int) string {
	text := strconv.FormatInt(n, 10)
	if len(text) <= digits {
		text = strings.Repeat("0", digits+1-len(text)) + text
	}
	cut := len(text) - digits
	return strings.TrimSuffix(strings.TrimRight(text[:cut]+"."+text[cut:], "0"), ".")
}

// ParsePercent reads a share such as 25% or 0.1%.
func ParsePercent(text string) (Percent, error) {
	number, ok := strings.CutSuffix(text, "%")
	if !ok {
		return 0, wrong(text, "is not a percentage", "write it with its sign, as in 25% or 0.1%")
	}
	n, ok := fixed(number, 4)
	if !ok {
		return 0, wrong(text, "is not a percentage", "write it as in 25% or 0.1%, with up to 4 digits behind the point")
	}
	return Percent(n), nil
}

// Of is that share of a number of people, rounded down.
func (p Percent) Of(n int) int { return int(int64(n) * int64(p) / micro) }

// String writes the share as a plan has it.
func (p Percent) String() string { return unfixed(int64(p), 4) + "%" }

// MarshalText writes the share as a plan has it.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a share.
func (p *Percent) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePercent(string(text))
	return err
}

// Change is a change of a metric: in percent of its value, or in percentage points.
type Change struct {
	Amount Percent
	Points bool
}

// MarshalText writes the change as a plan has it.
func (c Change) MarshalText() ([]byte, error) {
	if c.Points {
		return []byte(unfixed(int64(c.Amount), 4) + "pp"), nil
	}
	return c.Amount.MarshalText()
}

// UnmarshalText reads a change such as 3% or 2pp.
func (c *Change) UnmarshalText(text []byte) (err error) {
	const want = "write a part of the value as in 3%, or percentage points as in 2pp"
	number, points := strings.CutSuffix(string(text), "pp")
	*c = Change{Points: points}
	if points {
		number += "%"
	}
	if c.Amount, err = ParsePercent(number); err != nil {
		return wrong(text, "is not a change", want)
	}
	return nil
}

// Unit is the unit of a value.
type Unit string

// The units.
const (
	InNumbers Unit = "number"
	InPercent Unit = "percent"
	InTime    Unit = "duration"
)

// Level is the value of a metric, in millionths of its unit: 99%, 6m or 3.6.
type Level struct {
	// Micro is in millionths: of one, of the whole, or of a second.
	Micro int64
	Unit  Unit
}

// String writes the level as a plan has it.
func (l Level) String() string {
	switch l.Unit {
	case InPercent:
		return Percent(l.Micro).String()
	case InTime:
		return Duration(l.Micro * 1000).String()
	default:
		return unfixed(l.Micro, 6)
	}
}

// MarshalText writes the level as a plan has it.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a level.
func (l *Level) UnmarshalText(text []byte) error {
	if p, err := ParsePercent(string(text)); err == nil {
		*l = Level{Micro: int64(p), Unit: InPercent}
		return nil
	}
	if d, err := ParseDuration(string(text)); err == nil {
		*l = Level{Micro: int64(d) / 1000, Unit: InTime}
		return nil
	}
	n, ok := fixed(string(text), 6)
	if !ok {
		return wrong(text, "is not the value of a metric", "write it as in 99%, 3.6 or 6m")
	}
	*l = Level{Micro: n, Unit: InNumbers}
	return nil
}

// Limit is how many people a stage takes at most: a number, or a share of those
// who are selected.
type Limit struct {
	Count int
	Share Percent
}

// Of is the limit for a number of selected people. A share is rounded down, but
// not to nobody.
func (l Limit) Of(selected int) int {
	if l.Share == 0 {
		return min(l.Count, selected)
	}
	return min(max(l.Share.Of(selected), 1), selected)
}

// String writes the limit as a plan has it.
func (l Limit) String() string {
	if l.Share != 0 {
		return l.Share.String()
	}
	return strconv.Itoa(l.Count)
}

// MarshalText writes the limit as a plan has it.
func (l Limit) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads a limit such as 12 or 25%.
func (l *Limit) UnmarshalText(text []byte) error {
	const want = "write a number of people as in 12, or a share as in 25%"
	if strings.HasSuffix(string(text), "%") {
		p, err := ParsePercent(string(text))
		if err != nil || p == 0 || p > 100*OnePercent {
			return wrong(text, "is not a limit", want)
		}
		*l = Limit{Share: p}
		return nil
	}
	n, err := strconv.ParseUint(string(text), 10, 31)
	if err != nil || n == 0 {
		return wrong(text, "is not a limit", want)
	}
	*l = Limit{Count: int(n)}
	return nil
}
