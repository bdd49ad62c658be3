package finance

import (
	"cmp"
	"math/big"
	"slices"
)

// Rounding says what becomes of a half.
type Rounding string

// The roundings.
const (
	// HalfUp rounds a half away from zero, as invoices do.
	HalfUp Rounding = "half_up"
	// HalfEven rounds a half to the even digit.
	HalfEven Rounding = "half_even"
)

// Round is the number with so many digits after the point.
func (x Exact) Round(digits int, how Rounding) Exact {
	if unit := tens(digits); x.large == nil && unit > 0 {
		if units, rest, whole := x.small.scaled(unit); whole {
			// Units are rounded down: of a negative number a half is nearer to 0 above.
			half := cmp.Compare(rest, x.small.bottom()-rest)
			if half > 0 || half == 0 && (how == HalfEven && units%2 != 0 || how != HalfEven && x.small.over > 0) {
				units++
			}
			return Fraction(units, unit)
		}
	}
	unit := manyTens(digits)
	scaled := new(big.Rat).Mul(x.rat(), new(big.Rat).SetInt(unit))
	whole, rest := new(big.Int).QuoRem(scaled.Num(), scaled.Denom(), new(big.Int))
	half := rest.Abs(rest).Lsh(rest, 1).Cmp(scaled.Denom())
	if half > 0 || half == 0 && (how != HalfEven || whole.Bit(0) == 1) {
		whole.Add(whole, big.NewInt(int64(scaled.Sign())))
	}
	return ofRatio(new(big.Rat).SetFrac(whole, unit))
}

// floor is the number rounded down to so many digits.
func (x Exact) floor(digits int) Exact {
	if unit := tens(digits); x.large == nil && unit > 0 {
		if units, _, whole := x.small.scaled(unit); whole {
			return Fraction(units, unit)
		}
	}
	unit := manyTens(digits)
	scaled := new(big.Rat).Mul(x.rat(), new(big.Rat).SetInt(unit))
	whole := new(big.Int).Div(scaled.Num(), scaled.Denom())
	return ofRatio(new(big.Rat).SetFrac(whole, unit))
}

// manyTens is a power of ten.
func manyTens(digits int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
}

// tens is a power of ten; 0 for one that is too large.
func tens(digits int) int64 {
	if digits > 18 {
		return 0
	}
	n := int64(1)
	for range digits {
		n *= 10
	}
	return n
}

// Apportion rounds parts so that they add up to the rounded sum of them all:
// each is rounded down, and what is missing goes, a unit of the last digit each,
// to those that lost most, the earlier of two that lost the same. So no grouping
// of the parts adds up to anything else.
func Apportion(parts []Exact, digits int, how Rounding) []Exact {
	var sum, given Exact
	shares, lost, order := make([]Exact, len(parts)), make([]Exact, len(parts)), make([]int, len(parts))
	for i, p := range parts {
		shares[i], order[i] = p.floor(digits), i
		lost[i] = p.Sub(shares[i])
		sum, given = sum.Add(p), given.Add(shares[i])
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(lost[b].Cmp(lost[a]), cmp.Compare(a, b)) })
	unit := ofRatio(new(big.Rat).SetFrac(big.NewInt(1), manyTens(digits)))
	missing := sum.Round(digits, how).Sub(given)
	for _, i := range order {
		if missing.Sign() <= 0 {
			break
		}
		shares[i], missing = shares[i].Add(unit), missing.Sub(unit)
	}
	return shares
}
