package finance

import (
	"cmp"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/dualtone/dualtone/internal/placed"
)

// Exact is a number without any rounding: a fraction of whole numbers. It does
// not change; its zero value is 0.
type Exact struct {
	small ratio
	large *big.Rat // where the number does not fit in small
}

// Whole is a whole number.
func Whole[T ~int | ~int64 | ~int32](n T) Exact { return Fraction(int64(n), 1) }

// Fraction is a number over another one that is not 0.
func Fraction(over, under int64) Exact {
	if over == math.MinInt64 || under <= 0 {
		return ofRatio(big.NewRat(over, under))
	}
	return Exact{small: reduced(over, under)}
}

var decimals = regexp.MustCompile(`^-?[0-9]{1,18}(\.[0-9]{1,12})?$`)

// ParseExact reads a decimal number such as 42000.00; anything else is
// ErrInvalid.
func ParseExact(text string) (Exact, error) {
	if r, usual := parsed(text); usual {
		return Exact{small: r}, nil
	}
	if !decimals.MatchString(text) {
		return Exact{}, &placed.ValueError{Text: text, Wrong: "is not a number", Want: "write digits and a point, as in 42000.00"}
	}
	r, _ := new(big.Rat).SetString(text)
	return ofRatio(r), nil
}

// MustExact is ParseExact of a number that stands in the program.
func MustExact(text string) Exact {
	x, err := ParseExact(text)
	if err != nil {
		panic(err)
	}
	return x
}

// rat is the number as a fraction that nobody may change.
func (x Exact) rat() *big.Rat {
	if x.large == nil {
		return x.small.big()
	}
	return x.large
}

// Add is the sum.
func (x Exact) Add(o Exact) Exact {
	if x.large == nil && o.large == nil {
		if sum, whole := x.small.plus(o.small); whole {
			return Exact{small: sum}
		}
	}
	return ofRatio(new(big.Rat).Add(x.rat(), o.rat()))
}

// Sub is the difference.
func (x Exact) Sub(o Exact) Exact { return x.Add(o.Neg()) }

// Mul is the product.
func (x Exact) Mul(o Exact) Exact {
	if x.large == nil && o.large == nil {
		if product, whole := x.small.times(o.small); whole {
			return Exact{small: product}
		}
	}
	return ofRatio(new(big.Rat).Mul(x.rat(), o.rat()))
}

// Times is the number so many times.
func (x Exact) Times(n int) Exact { return x.Mul(Whole(n)) }

// Over is the quotient; the other number is not 0.
func (x Exact) Over(o Exact) Exact {
	if o.large == nil && !o.IsZero() {
		return x.Mul(Exact{small: o.small.inverse()})
	}
	return ofRatio(new(big.Rat).Quo(x.rat(), o.rat()))
}

// Neg is the number with the other sign.
func (x Exact) Neg() Exact {
	if x.large == nil {
		return Exact{small: ratio{-x.small.over, x.small.under}}
	}
	return ofRatio(new(big.Rat).Neg(x.large))
}

// Cmp is -1, 0 or 1 as the number is less than, equal to or more than another.
func (x Exact) Cmp(o Exact) int {
	if x.large == nil && o.large == nil {
		if c, whole := x.small.cmp(o.small); whole {
			return c
		}
	}
	return x.rat().Cmp(o.rat())
}

// Equal reports whether two numbers are the same.
func (x Exact) Equal(o Exact) bool { return x.Cmp(o) == 0 }

// Sign is -1, 0 or 1.
func (x Exact) Sign() int {
	if x.large == nil {
		return cmp.Compare(x.small.over, 0)
	}
	return x.large.Sign()
}

// IsZero reports whether the number is 0.
func (x Exact) IsZero() bool { return x.Sign() == 0 }

// Int is the number without what is behind the point, and whether there was
// nothing.
func (x Exact) Int() (n int, whole bool) {
	if x.large == nil {
		return int(x.small.over / x.small.bottom()), x.small.bottom() == 1
	}
	return int(new(big.Int).Quo(x.large.Num(), x.large.Denom()).Int64()), x.large.IsInt()
}

// AppendRatio writes the number as a fraction, without rounding.
func (x Exact) AppendRatio(to []byte) []byte {
	if x.large != nil {
		return append(to, x.large.RatString()...)
	}
	to = strconv.AppendInt(to, x.small.over, 10)
	if under := x.small.bottom(); under != 1 {
		to = strconv.AppendInt(append(to, '/'), under, 10)
	}
	return to
}

// ParseRatio reads what AppendRatio writes; anything else is ErrInvalid.
func ParseRatio(text string) (Exact, error) {
	over, under, fraction := strings.Cut(text, "/")
	if !fraction {
		under = "1"
	}
	a, err1 := strconv.ParseInt(over, 10, 64)
	b, err2 := strconv.ParseInt(under, 10, 64)
	if err1 == nil && err2 == nil && b > 0 {
		return Fraction(a, b), nil
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return Exact{}, &placed.ValueError{Text: text, Wrong: "is not a fraction", Want: "write two whole numbers and a line, as in 7500/31"}
	}
	return ofRatio(r), nil
}

// ofRatio is a fraction, which is not changed any more, as a number.
func ofRatio(r *big.Rat) Exact {
	if f, whole := small(r); whole {
		return Exact{small: f}
	}
	return Exact{large: r}
}

// longest is how many digits after the point a number is written with that has
// no end.
const longest = 12

// String writes the number as a decimal; one that has no end is rounded half up
// at the twelfth digit after the point.
func (x Exact) String() string {
	text := x.Fixed(longest)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// Fixed writes the number with so many digits after the point, rounded half up.
func (x Exact) Fixed(digits int) string {
	if unit := tens(digits); x.large == nil && unit > 0 {
		return x.small.fixed(digits, uint64(unit))
	}
	return x.rat().FloatString(digits)
}

// MarshalText writes the number as String does.
func (x Exact) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText reads a decimal number.
func (x *Exact) UnmarshalText(text []byte) (err error) {
	*x, err = ParseExact(string(text))
	return err
}
