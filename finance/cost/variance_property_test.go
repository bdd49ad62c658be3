package cost_test

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

// repriced is a book with other prices.
func repriced(t *rapid.T, book cost.Book) cost.Book {
	book.Contracts = slices.Clone(book.Contracts)
	for i := range book.Contracts {
		c := &book.Contracts[i]
		c.Items = slices.Clone(c.Items)
		for j := range c.Items {
			c.Items[j].Price.Amount = finance.Fraction(rapid.Int64Range(1, 99_999).Draw(t, "approved price"), 100)
		}
	}
	return book
}

// requoted is a book with other rates of exchange, and none of the last ones.
func requoted(t *rapid.T, book cost.Book) cost.Book {
	book.Quotes = slices.Clone(book.Quotes[:rapid.IntRange(1, len(book.Quotes)).Draw(t, "rates known")])
	for i := range min(len(book.Quotes), 9) {
		book.Quotes[i].Rate = finance.Fraction(rapid.Int64Range(700, 950).Draw(t, "approved rate"), 1000)
	}
	return book
}

// daily has rates of exchange of every other day as well.
func daily(in *cost.Inputs) {
	base := day("2027-01-01")
	for n := range finance.Day(60) {
		if d := base + n*2; !slices.ContainsFunc(in.Book.Quotes, func(q finance.Quote) bool { return q.Day == d }) {
			in.Book.Quotes = append(in.Book.Quotes, finance.Quote{Day: d, From: "EUR", To: "GBP", Rate: finance.Fraction(700+int64(n)*37%250, 1000), Source: "ECB"})
		}
	}
}

// addsUp wants the parts to be the difference to the cent, and no more than cents of it to
// be rounding.
func addsUp(t *rapid.T, l *cost.VarianceLine) {
	parts := l.Volume.Add(l.Timing).Add(l.Price).Add(l.Exchange).Add(l.Rounding)
	if want := l.Actual.Sub(l.Planned); !parts.Equal(want) {
		t.Fatalf("%s %s %s of %q: the parts are %s, the difference is %s", l.Class, l.Month, l.Item, l.Corrects, parts, want)
	}
	if most := finance.MustExact("0.50"); l.Rounding.Amount.Cmp(most) > 0 || l.Rounding.Amount.Neg().Cmp(most) > 0 {
		t.Fatalf("%s %s %s of %q: %s are said to be rounding", l.Class, l.Month, l.Item, l.Corrects, l.Rounding)
	}
}

func varied(t *rapid.T, in cost.Inputs) []cost.VarianceLine {
	e, err := cost.New(in)
	return varianceOf(t, e, err, cost.Question{})
}

// variedSince is what a history with closed months makes of a plan.
func variedSince(t interface {
	rapid.TB
	Context() context.Context
}, h *history, q cost.Question,
) []cost.VarianceLine {
	e, err := cost.Load(t.Context(), h, h, q)
	return varianceOf(t, e, err, q)
}

func varianceOf(t rapid.TB, e *cost.Engine, err error, q cost.Question) []cost.VarianceLine {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	v, err := e.Variance(q)
	if err != nil {
		t.Fatal(err)
	}
	return v.Lines
}

// TestAPartIsNothingWhereItsCauseDidNotChange: whatever else did, and whatever days
// cost by 30/360 and at the rate of the day.
func TestAPartIsNothingWhereItsCauseDidNotChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := worlds(t)
		daily(&in)
		approved := in.Book
		prices, rates := rapid.Bool().Draw(t, "other prices"), rapid.Bool().Draw(t, "other rates")
		if prices {
			approved = repriced(t, approved)
		}
		if rates {
			approved = requoted(t, approved)
		}
		in.Approved = &approved
		for _, l := range varied(t, in) {
			addsUp(t, &l)
			switch {
			case !prices && !l.Price.IsZero():
				t.Fatalf("%s %s %s: no price changed, and %s are", l.Class, l.Month, l.Item, l.Price)
			case !rates && !l.Exchange.IsZero():
				t.Fatalf("%s %s %s: no rate of exchange changed, and %s are", l.Class, l.Month, l.Item, l.Exchange)
			case l.ActualQuantity.Equal(l.MovedQuantity) && !l.Volume.IsZero():
				t.Fatalf("%s %s %s: %s units as in the plan with its switches moved, and %s of volume", l.Class, l.Month, l.Item, l.ActualQuantity, l.Volume)
			case l.ActualQuantity.IsZero() && (!l.Price.IsZero() || !l.Exchange.IsZero()):
				t.Fatalf("%s %s %s: nothing was paid, and %s of price and %s of exchange", l.Class, l.Month, l.Item, l.Price, l.Exchange)
			}
		}
	})
}

// TestWhatWentAsPlannedHasNoVolumeAndNoTiming: a plan of which nothing has begun, and
// nothing is late.
func TestWhatWentAsPlannedHasNoVolumeAndNoTiming(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := worlds(t)
		daily(&in)
		in.AsOf = day("2026-12-15")
		in.Facts.Minutes, in.Plan.PlannedRelease = nil, in.Plan.Release
		for i := range in.Facts.Users {
			u := &in.Facts.Users[i]
			u.Seats, u.Switches, u.Expected = []cost.Seat{{System: "pbx", From: day("2026-12-01")}}, nil, u.Planned
		}
		approved := requoted(t, repriced(t, in.Book))
		in.Approved = &approved
		for _, l := range varied(t, in) {
			if !l.Volume.IsZero() || !l.Timing.IsZero() || !l.ActualQuantity.Equal(l.PlannedQuantity) {
				t.Fatalf("%s %s %s: %s units of %s planned, %s of volume, %s of timing", l.Class, l.Month, l.Item, l.ActualQuantity, l.PlannedQuantity, l.Volume, l.Timing)
			}
		}
	})
}

// TestCorrectionsOfClosedMonthsHaveAPriceWhereOneChanged: what becomes known of people
// and minutes is a quantity, in whichever month it stands.
func TestCorrectionsOfClosedMonthsHaveAPriceWhereOneChanged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := worlds(t)
		approved := in.Book
		in.Approved = &approved
		h, _ := closingOf(t, in, func(t *rapid.T, in cost.Inputs) cost.Inputs {
			in = learned(t, in)
			in.Book = approved
			return in
		}, func(*history, finance.Month) {})
		q := cost.Question{AsOf: day("2027-06-15")}
		lines := variedSince(t, h, q)
		for i := range lines {
			l := &lines[i]
			addsUp(t, l)
			if !l.Price.IsZero() || !l.Exchange.IsZero() {
				t.Fatalf("%s %s of %s: nothing but quantities changed, and %s of price and %s of exchange", l.Class, l.Month, l.Corrects, l.Price, l.Exchange)
			}
		}
	})
}
