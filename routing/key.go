package routing

import (
	"errors"
	"strings"

	"github.com/dualtone/dualtone"
)

// Default is the key of the rule for every number that no other rule decides.
const Default dualtone.Number = "default"

// between separates the ends of a range's key.
const between = ".."

type keyKind uint8

const (
	exact keyKind = iota
	rangeOf
	byDefault
)

// Key is what a route is for: one number in E.164, one extension or code as
// dialed, a range "+4930123400..+4930123499" of numbers or extensions of the
// same length with both ends in it, or the default.
type Key struct {
	kind     keyKind
	from, to digits
	text     dualtone.Number
}

var (
	errKey   = errors.New("want a number in E.164, an extension, a range A..B or default")
	errRange = errors.New("want a range A..B whose ends are equally long and in order")
)

// ParseKey reads a key.
func ParseKey(n dualtone.Number) (Key, error) {
	if n == Default {
		return Key{kind: byDefault, text: n}, nil
	}
	first, last, ok := strings.Cut(string(n), between)
	if !ok {
		from, err := parseExact(string(n))
		return Key{kind: exact, from: from, to: from, text: n}, err
	}
	from, to := packDigits(first), packDigits(last)
	if from == 0 || to == 0 || len(first) != len(last) || from.isE164() != to.isE164() || to <= from {
		return Key{}, errRange
	}
	return Key{kind: rangeOf, from: from, to: to, text: n}, nil
}

// Leads reports whether a key is that of a range or the default, which lead the numbers
// that have no route of their own.
func Leads(key dualtone.Number) bool {
	return key == Default || strings.Contains(string(key), between)
}

// parseExact gives 0 for a code with signs, such as *98.
func parseExact(text string) (digits, error) {
	if text == "" || len(text) > 32 {
		return 0, errKey
	}
	rest := strings.TrimPrefix(text, "+")
	for _, c := range []byte(rest) {
		switch {
		case c >= '0' && c <= '9':
		case len(rest) == len(text) && (c == '*' || c == '#' || c == '-' || c == '_' || c == '.' ||
			c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'):
		default:
			return 0, errKey
		}
	}
	d := packDigits(text)
	if len(rest) != len(text) && (d == 0 || len(rest) < 5) {
		return 0, errKey
	}
	return d, nil
}

// digits are a number in eight bytes: an E.164 number, which has at most 15
// digits and never begins with zero, as it is; bare digits with their count and
// a mark above them. Zero is no number. Within one kind and length they are in
// the order of the numbers.
type digits uint64

const (
	bareMark   digits = 1 << 63
	countShift        = 56
	maxDigits         = 15
)

func (d digits) isE164() bool { return d&bareMark == 0 }

// packDigits packs +digits or bare digits; zero for everything else.
func packDigits(text string) digits {
	bare := text
	if text != "" && text[0] == '+' {
		bare = text[1:]
	}
	if bare == "" || len(bare) > maxDigits {
		return 0
	}
	var d digits
	for i := range len(bare) {
		c := bare[i] - '0'
		if c > 9 {
			return 0
		}
		d = d*10 + digits(c)
	}
	if len(bare) == len(text) {
		return d | bareMark | digits(len(bare))<<countShift
	}
	if bare[0] == '0' {
		return 0
	}
	return d
}

// String is the number as it is written in the table.
func (d digits) String() string {
	value, count := d, 0
	if !d.isE164() {
		count = int(d >> countShift & 0x7f)
		value = d & (1<<countShift - 1)
	}
	var buf [20]byte
	i := len(buf)
	for ; value > 0 || count > len(buf)-i; value /= 10 {
		i--
		buf[i] = byte('0' + value%10)
	}
	if d.isE164() {
		i--
		buf[i] = '+'
	}
	return string(buf[i:])
}
