package finance_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
)

// quotes draws rates of some days, none on others, in any order.
func quotes(t *rapid.T, first finance.Day) []finance.Quote {
	var all []finance.Quote
	for n := range finance.Day(80) {
		if rapid.IntRange(0, 5).Draw(t, "published") == 0 {
			all = append(all, finance.Quote{
				Day: first + n, From: "EUR", To: "GBP", Rate: finance.Fraction(rapid.Int64Range(1, 2_000_000).Draw(t, "rate"), 1_000_000), Source: "ECB",
			})
		}
	}
	all = append(all, finance.Quote{Day: first, From: "USD", To: "GBP", Rate: finance.Whole(9), Source: "ECB"})
	return rapid.Permutation(all).Draw(t, "order")
}

// known are the quotes of EUR up to a day, by their days.
func known(all []finance.Quote, last finance.Day) []finance.Quote {
	all = slices.DeleteFunc(slices.Clone(all), func(q finance.Quote) bool { return q.From != "EUR" || q.Day > last })
	slices.SortFunc(all, func(a, b finance.Quote) int { return int(a.Day - b.Day) })
	return all
}

func TestARateIsThatOfItsPolicy(t *testing.T) {
	t.Parallel()
	first := finance.Date(2027, 1, 20)
	rapid.Check(t, func(t *rapid.T) {
		all := quotes(t, first)
		policy := rapid.SampledFrom([]finance.Policy{finance.ChargeDate, finance.MonthAverage, finance.Closing}).Draw(t, "policy")
		rates, err := finance.NewRates(policy, all)
		if err != nil {
			t.Fatal(err)
		}
		day := first + finance.Day(rapid.Int32Range(-25, 130).Draw(t, "day"))
		last := day
		if policy != finance.ChargeDate {
			last = day.Month().Last()
		}
		got, err := rates.For("EUR", "GBP", day)
		upTo := known(all, last)
		if len(upTo) == 0 {
			if missing, ok := errors.AsType[*finance.NoRateError](err); !ok || missing.Day != day || missing.From != "EUR" || !errors.Is(err, dualtone.ErrInvalid) {
				t.Fatalf("without a rate up to %s: %+v, %v", last, got, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		latest := upTo[len(upTo)-1]
		want := latest.Rate
		if policy == finance.MonthAverage {
			// The mean of the month, or of the last month that has any.
			of := slices.DeleteFunc(slices.Clone(upTo), func(q finance.Quote) bool { return q.Day.Month() != latest.Day.Month() })
			want = finance.Exact{}
			for _, q := range of {
				want = want.Add(q.Rate)
			}
			want = want.Over(finance.Whole(len(of)))
		}
		if !got.Rate.Equal(want) || got.Day != latest.Day || got.Policy != policy || got.Source != "ECB" {
			t.Fatalf("%s on %s: %+v, want %s of %s", policy, day, got, want, latest.Day)
		}
		if carried := latest.Day.Month() < day.Month(); got.Carried != carried {
			t.Fatalf("of %s for %s: carried %t", latest.Day, day, got.Carried)
		}
		if same, err := rates.For("GBP", "GBP", day); err != nil || !same.Rate.Equal(finance.Whole(1)) || same.Day != 0 {
			t.Fatalf("of a currency to itself: %+v, %v", same, err)
		}
	})
}

func TestRatesThatContradictEachOtherAreRefused(t *testing.T) {
	t.Parallel()
	day := finance.Date(2027, 3, 1)
	quote := func(rate string) finance.Quote {
		return finance.Quote{Day: day, From: "EUR", To: "GBP", Rate: finance.MustExact(rate)}
	}
	for name, all := range map[string][]finance.Quote{
		"two for one day": {quote("0.8"), quote("0.9")}, "none": {quote("0")}, "less than none": {quote("-0.8")},
	} {
		if _, err := finance.NewRates(finance.ChargeDate, all); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := finance.NewRates(finance.ChargeDate, []finance.Quote{quote("0.8"), quote("0.80")}); err != nil {
		t.Errorf("the same twice: %v", err)
	}
}
