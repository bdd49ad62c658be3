package finance

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// ratio is a reduced fraction of whole numbers of 64 bits, which nearly all amounts,
// rates and quantities are. The zero value is 0.
type ratio struct{ over, under int64 }

// bottom is what is under the fraction's line.
func (r ratio) bottom() int64 { return max(r.under, 1) }

// big is the fraction as one that may become larger.
func (r ratio) big() *big.Rat { return big.NewRat(r.over, r.bottom()) }

// reduced is a fraction with nothing that both its numbers can be divided by; what is
// under the line is more than 0.
func reduced(over, under int64) ratio {
	if g := common(magnitude(over), uint64(under)); g > 1 { //nolint:gosec // more than 0
		over, under = over/int64(g), under/int64(g) //nolint:gosec // no more than either
	}
	return ratio{over, under}
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-n) // The least number of all is no part of a ratio.
	}
	return uint64(n)
}

// common is the greatest common divisor.
func common(a, b uint64) uint64 {
	if a == 0 || b == 0 {
		return a | b
	}
	twos := bits.TrailingZeros64(a | b)
	a >>= bits.TrailingZeros64(a)
	for b != 0 {
		b >>= bits.TrailingZeros64(b)
		a, b = min(a, b), max(a, b)-min(a, b)
	}
	return a << twos
}

// times multiplies; it is not whole when the product does not fit.
func times(a, b int64) (product int64, whole bool) {
	high, low := bits.Mul64(magnitude(a), magnitude(b))
	if high != 0 || low > math.MaxInt64 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(low), true
	}
	return int64(low), true
}

func (r ratio) plus(o ratio) (sum ratio, whole bool) {
	a, b := r.bottom(), o.bottom()
	g := int64(common(uint64(a), uint64(b))) //nolint:gosec // no more than either
	left, ok1 := times(r.over, b/g)
	right, ok2 := times(o.over, a/g)
	under, ok3 := times(a/g, b)
	over := left + right
	if !ok1 || !ok2 || !ok3 || over == math.MinInt64 || (left > 0) == (right > 0) && (over > 0) != (left > 0) {
		return ratio{}, false
	}
	return reduced(over, under), true
}

func (r ratio) times(o ratio) (product ratio, whole bool) {
	// What can be divided is divided first, so that less becomes too large.
	a, b := reduced(r.over, o.bottom()), reduced(o.over, r.bottom())
	over, ok1 := times(a.over, b.over)
	under, ok2 := times(a.under, b.under)
	return ratio{over, under}, ok1 && ok2
}

// inverse is 1 over the fraction, which is not 0.
func (r ratio) inverse() ratio {
	if r.over < 0 {
		return ratio{-r.bottom(), -r.over}
	}
	return ratio{r.bottom(), r.over}
}

func (r ratio) cmp(o ratio) (c int, whole bool) {
	left, ok1 := times(r.over, o.bottom())
	right, ok2 := times(o.over, r.bottom())
	switch {
	case !ok1 || !ok2:
		return 0, false
	case left < right:
		return -1, true
	case left > right:
		return 1, true
	default:
		return 0, true
	}
}

// scaled is the fraction times a power of ten, cut into whole units and what is left
// over the line; units are rounded down.
func (r ratio) scaled(unit int64) (units, rest int64, whole bool) {
	over, ok := times(r.over, unit)
	if !ok {
		return 0, 0, false
	}
	units, rest = over/r.bottom(), over%r.bottom()
	if rest < 0 {
		units, rest = units-1, rest+r.bottom()
	}
	return units, rest, true
}

// small is a number as a fraction of 64 bits; not whole where it needs more.
func small(r *big.Rat) (f ratio, whole bool) {
	if !r.Num().IsInt64() || !r.Denom().IsInt64() || r.Num().Int64() == math.MinInt64 {
		return ratio{}, false
	}
	return ratio{r.Num().Int64(), r.Denom().Int64()}, true
}

// fixed writes the fraction with so many digits after the point, which unit is ten to
// the power of, rounded half up.
func (r ratio) fixed(digits int, unit uint64) string {
	under := uint64(r.bottom()) //nolint:gosec // more than 0
	whole, rest := magnitude(r.over)/under, magnitude(r.over)%under
	high, low := bits.Mul64(rest, unit)
	part, left := bits.Div64(high, low, under)
	if left >= under-left {
		part++
	}
	if part == unit {
		whole, part = whole+1, 0
	}
	text := make([]byte, 0, 40)
	if r.over < 0 {
		text = append(text, '-')
	}
	text = strconv.AppendUint(text, whole, 10)
	if digits == 0 {
		return string(text)
	}
	point := len(text)
	text = strconv.AppendUint(text, unit+part, 10) // A 1, and the digits with what is 0 in front of them.
	text[point] = '.'
	return string(text)
}

// parsed reads a decimal number as they are written mostly; not usual is one of more than
// 18 digits, and what is no number.
func parsed(text string) (r ratio, usual bool) {
	digits, negative := strings.CutPrefix(text, "-")
	before, after, point := strings.Cut(digits, ".")
	if before == "" || point && after == "" || len(before)+len(after) > 18 || len(after) > longest {
		return ratio{}, false
	}
	var over int64
	for _, part := range []string{before, after} {
		for i := range len(part) {
			if part[i] < '0' || part[i] > '9' {
				return ratio{}, false
			}
			over = over*10 + int64(part[i]-'0')
		}
	}
	if negative {
		over = -over
	}
	return reduced(over, tens(len(after))), true
}
