package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"github.com/dualtone/dualtone"
)

// Values are the values of an attribute. A plan may have one alone for a list of
// one.
type Values []string

// MarshalJSON writes a requirement as a plan has it: a name, or a name with its time.
func (r Requirement) MarshalJSON() ([]byte, error) {
	if r.For == 0 {
		return json.Marshal(r.Name)
	}
	return json.Marshal(map[Requires]Duration{r.Name: r.For})
}

// UnmarshalJSON reads a requirement.
func (r *Requirement) UnmarshalJSON(text []byte) error {
	*r = Requirement{}
	if err := json.Unmarshal(text, &r.Name); err == nil {
		return nil
	}
	var timed map[Requires]Duration
	if err := json.Unmarshal(text, &timed); err != nil {
		return err
	}
	if len(timed) != 1 {
		return fmt.Errorf("a requirement with %d names: %w", len(timed), dualtone.ErrInvalid)
	}
	for r.Name, r.For = range timed {
	}
	return nil
}

// NumberRange is a block of telephone numbers, first and last included.
type NumberRange struct {
	First, Last dualtone.Number
}

var errRange = errors.New("not a range")

const mostNumbers = 100_000

// UnmarshalText reads a range such as "+44 20 7946 0000-0299", or one number.
func (r *NumberRange) UnmarshalText(text []byte) error {
	var err error
	if *r, err = parseRange(string(text)); err != nil {
		return wrong(text, "is not a range of numbers",
			`write the first number with its country code and how the last one ends, as in "+44 20 7946 0000-0299"`)
	}
	return nil
}

func parseRange(text string) (NumberRange, error) {
	compact := strings.NewReplacer(" ", "", ".", "", "(", "", ")", "").Replace(text)
	from, end, many := strings.Cut(compact, "-")
	if !regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`).MatchString(from) {
		return NumberRange{}, errRange
	}
	to := from
	if many {
		if !regexp.MustCompile(`^[0-9]+$`).MatchString(end) || len(end) >= len(from) {
			return NumberRange{}, errRange
		}
		to = from[:len(from)-len(end)] + end
	}
	r := NumberRange{First: dualtone.Number(from), Last: dualtone.Number(to)}
	if n := r.Count(); n < 1 || n > mostNumbers {
		return NumberRange{}, errRange
	}
	return r, nil
}

// Count is how many numbers there are.
func (r NumberRange) Count() int {
	from, to := r.ends()
	return to - from + 1
}

func (r NumberRange) ends() (from, to int) {
	if len(r.First) < 2 || len(r.Last) < 2 {
		return 0, -1
	}
	from, _ = strconv.Atoi(string(r.First[1:]))
	to, _ = strconv.Atoi(string(r.Last[1:]))
	return from, to
}

// All goes through the numbers in order.
func (r NumberRange) All() iter.Seq[dualtone.Number] {
	return func(yield func(dualtone.Number) bool) {
		from, to := r.ends()
		for n := from; n <= to; n++ {
			if !yield(dualtone.Number("+" + strconv.Itoa(n))) {
				return
			}
		}
	}
}

// String writes the range with both ends.
func (r NumberRange) String() string {
	if r.First == r.Last {
		return string(r.First)
	}
	same := 0
	for same < len(r.First)-1 && r.First[same] == r.Last[same] {
		same++
	}
	return string(r.First) + "-" + string(r.Last[same:])
}

// MarshalText writes the range with both ends.
func (r NumberRange) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
