package cost_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
)

// TestEveryLineIsConvertedByTheRateThatStandsOnIt: the rate is the policy's for every
// day of the line, and what is reported is the quantity at its price and that rate, to
// less than a cent.
func TestEveryLineIsConvertedByTheRateThatStandsOnIt(t *testing.T) {
	t.Parallel()
	cent := finance.MustExact("0.01")
	rapid.Check(t, func(t *rapid.T) {
		in := worlds(t)
		rates, err := finance.NewRates(in.Book.Policy, in.Book.Quotes)
		if err != nil {
			t.Fatal(err)
		}
		_, o := asked(t, in)
		for _, l := range o.Lines {
			for d := l.Days.From; d <= l.Days.To; d++ {
				want, err := rates.For(l.Amount.Currency, "GBP", d)
				if err != nil {
					t.Fatal(err)
				}
				if !l.Conversion.Rate.Equal(want.Rate) {
					t.Fatalf("%s of %s to %s by %s; on %s the rate is %s", l.Class, l.Amount, l.Reported, l.Conversion.Rate, d, want.Rate)
				}
			}
			if l.Reported.Currency != "GBP" || l.Rate.Currency != l.Amount.Currency {
				t.Fatalf("%s at %s is reported as %s", l.Amount, l.Rate, l.Reported)
			}
			exact := l.Quantity.Mul(l.Rate.Amount)
			for _, off := range []finance.Exact{l.Amount.Amount.Sub(exact), l.Reported.Amount.Sub(exact.Mul(l.Conversion.Rate))} {
				if off.Cmp(cent) >= 0 || off.Neg().Cmp(cent) >= 0 {
					t.Fatalf("%s units at %s, by %s, became %s and %s", l.Quantity, l.Rate, l.Conversion.Rate, l.Amount, l.Reported)
				}
			}
		}
	})
}

// pool is what is rounded as a whole: a class, of a contract where its own currency
// is rounded, and of a month as well where it is a charge.
type pool struct {
	class    cost.Class
	contract contract.ID
	month    finance.Month
	own      bool
}

// TestEachClassIsRoundedOnceAndHalfUp: the lines of a class add up to the class, which
// is its unrounded sum, rounded; charges are rounded as invoices are.
func TestEachClassIsRoundedOnceAndHalfUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		_, o := asked(t, worlds(t))
		got, exact := map[pool]finance.Exact{}, map[pool]finance.Exact{}
		for _, l := range o.Lines {
			for _, p := range []pool{{class: l.Class}, {class: l.Class, contract: l.Contract, own: true}} {
				if l.Class == cost.Charged {
					p.contract, p.month = l.Contract, l.Month
				}
				amount, unrounded := l.Reported.Amount, l.Quantity.Mul(l.Rate.Amount).Mul(l.Conversion.Rate)
				if p.own {
					amount, unrounded = l.Amount.Amount, l.Quantity.Mul(l.Rate.Amount)
				}
				got[p], exact[p] = got[p].Add(amount), exact[p].Add(unrounded)
			}
			for _, amount := range []finance.Money{l.Amount, l.Reported} {
				if !amount.Round(finance.HalfUp).Equal(amount) {
					t.Fatalf("%s has more digits than its currency", amount)
				}
			}
		}
		for p, sum := range exact {
			if want := sum.Round(2, finance.HalfUp); !got[p].Equal(want) {
				t.Fatalf("%+v is %s, its unrounded sum %s", p, got[p], sum)
			}
		}
	})
}
