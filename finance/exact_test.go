package finance_test

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"testing"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
)

// number draws a number and the same as a fraction without bounds: small ones, and
// ones whose sums and products do not fit in 64 bits.
func number(t *rapid.T, name string) (finance.Exact, *big.Rat) {
	most := rapid.SampledFrom([]int64{9, 1 << 20, 1 << 40, math.MaxInt64}).Draw(t, name+" up to")
	over, under := rapid.Int64Range(-most, most).Draw(t, name+" over"), rapid.Int64Range(1, most).Draw(t, name+" under")
	if rapid.IntRange(0, 9).Draw(t, name+" least") == 0 {
		over = math.MinInt64
	}
	return finance.Fraction(over, under), big.NewRat(over, under)
}

// ratio is a number as a fraction.
func ratio(x finance.Exact) *big.Rat {
	r, _ := new(big.Rat).SetString(string(x.AppendRatio(nil)))
	return r
}

func TestNumbersAreExactHoweverLargeTheyBecome(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, x := number(t, "a")
		b, y := number(t, "b")
		same := func(what string, got finance.Exact, want *big.Rat) {
			if ratio(got).Cmp(want) != 0 {
				t.Fatalf("%s: %s and %s give %s, want %s", what, x, y, ratio(got), want)
			}
			if got.Sign() != want.Sign() || got.IsZero() != (want.Sign() == 0) || got.Fixed(3) != want.FloatString(3) {
				t.Fatalf("%s: %s is %s with the sign %d", what, want, got.Fixed(3), got.Sign())
			}
			if n, whole := got.Int(); whole != want.IsInt() || want.Num().IsInt64() && int64(n) != new(big.Int).Quo(want.Num(), want.Denom()).Int64() {
				t.Fatalf("%s: %s is cut to %d, whole %t", what, want, n, whole)
			}
			if text := string(got.AppendRatio(nil)); text != want.RatString() {
				t.Fatalf("%s: %s is written as %s", what, want, text)
			}
			if back, err := finance.ParseRatio(want.RatString()); err != nil || !back.Equal(got) {
				t.Fatalf("%s: %s is read as %s: %v", what, want, back, err)
			}
		}
		same("sum", a.Add(b), new(big.Rat).Add(x, y))
		same("difference", a.Sub(b), new(big.Rat).Sub(x, y))
		same("product", a.Mul(b), new(big.Rat).Mul(x, y))
		same("negative", a.Neg(), new(big.Rat).Neg(x))
		if y.Sign() != 0 {
			same("quotient", a.Over(b), new(big.Rat).Quo(x, y))
			same("and back", a.Over(b).Mul(b), x)
		}
		if a.Cmp(b) != x.Cmp(y) || a.Equal(b) != (x.Cmp(y) == 0) {
			t.Fatalf("%s and %s compare as %d", x, y, a.Cmp(b))
		}
		digits := rapid.IntRange(0, 6).Draw(t, "digits")
		want, _ := new(big.Rat).SetString(x.FloatString(digits)) // which rounds halves away from 0
		same("rounded", a.Round(digits, finance.HalfUp), want)
		if off := a.Round(digits, finance.HalfEven).Sub(a.Round(digits, finance.HalfUp)); !off.IsZero() {
			twice := a.Mul(finance.Fraction(2, 1)).Mul(finance.Fraction(int64(math.Pow10(digits)), 1))
			if _, half := twice.Int(); !half {
				t.Fatalf("%s to %d digits: half even and half up differ by %s", x, digits, off)
			}
		}
	})
}

// TestNumbersAreWrittenAndReadAsTheyAre: with any number of digits, and those that are
// written mostly as those that are not.
func TestNumbersAreWrittenAndReadAsTheyAre(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, want := number(t, "number")
		digits := rapid.IntRange(0, 20).Draw(t, "digits")
		if got := x.Fixed(digits); got != want.FloatString(digits) {
			t.Fatalf("%s with %d digits is %s, want %s", want, digits, got, want.FloatString(digits))
		}
		text := rapid.StringMatching(`-?[0-9]{0,19}\.?[0-9]{0,13}`).Draw(t, "text")
		got, err := finance.ParseExact(text)
		if valid := regexp.MustCompile(`^-?[0-9]{1,18}(\.[0-9]{1,12})?$`).MatchString(text); valid != (err == nil) {
			t.Fatalf("%q is read as %s: %v", text, got, err)
		}
		if err != nil {
			return
		}
		if same, _ := new(big.Rat).SetString(text); ratio(got).Cmp(same) != 0 {
			t.Fatalf("%q is read as %s", text, ratio(got))
		}
	})
}

func TestWhatIsNoFractionIsNotRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "/", "1/", "/2", "1/0", "a/b", "1/2/3"} {
		if got, err := finance.ParseRatio(text); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%q is read as %s: %v", text, got, err)
		}
	}
}

func TestHalvesGoUpOrToTheEvenDigit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ number, up, even string }{
		{"0.125", "0.13", "0.12"},
		{"0.135", "0.14", "0.14"},
		{"-0.125", "-0.13", "-0.12"},
		{"-0.135", "-0.14", "-0.14"},
		{"0.1251", "0.13", "0.13"},
		{"-0.1249", "-0.12", "-0.12"},
		{"123456789012345678.125", "123456789012345678.13", "123456789012345678.12"},
	} {
		n := finance.MustExact(c.number)
		if up, even := n.Round(2, finance.HalfUp).Fixed(2), n.Round(2, finance.HalfEven).Fixed(2); up != c.up || even != c.even {
			t.Errorf("%s: %s and %s, want %s and %s", c.number, up, even, c.up, c.even)
		}
	}
}

func TestPartsAddUpToTheRoundedSum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var parts []finance.Exact
		var sum, given finance.Exact
		for range rapid.IntRange(1, 9).Draw(t, "parts") {
			n, _ := number(t, "part")
			parts, sum = append(parts, n), sum.Add(n)
		}
		unit := finance.Fraction(1, 100)
		for i, share := range finance.Apportion(parts, 2, finance.HalfUp) {
			if off := share.Sub(parts[i]); off.Cmp(unit) >= 0 || off.Neg().Cmp(unit) >= 0 {
				t.Fatalf("part %s became %s", parts[i], share)
			}
			given = given.Add(share)
		}
		if want := sum.Round(2, finance.HalfUp); !given.Equal(want) {
			t.Fatalf("the parts add up to %s, their rounded sum is %s", given, want)
		}
	})
}

func BenchmarkExactLine(b *testing.B) {
	rate, days, exchange := finance.Fraction(7500, 3100), finance.Whole(9300), finance.Fraction(8467, 10000)
	total := finance.Exact{}
	for b.Loop() {
		total = finance.Fraction(1, 7).Add(rate.Mul(days).Mul(exchange)).Round(2, finance.HalfUp)
	}
	if total.IsZero() {
		b.Error("nothing")
	}
}
