package cost_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
)

// TestANewItemIsUnneededUpToTheDayBeforeTheFirstTraining: support of 28.00 a month,
// which is 1.00 a day in February, is paid from the 15th on. The first are switched on 2
// March after 7 days of training, from 23 February on: the 15th to the 22nd are 8 days.
func TestANewItemIsUnneededUpToTheDayBeforeTheFirstTraining(t *testing.T) {
	t.Parallel()
	in := waves(0)
	in.Book.Contracts[1].Items = append(slices.Clone(in.Book.Contracts[1].Items), contract.Item{
		ID: "support", Kind: contract.Support, Price: contract.Price{Amount: finance.MustExact("28.00"), Per: contract.PerMonth},
	})
	if got := classes(overlap(t, in, cost.Question{}))[cost.Unneeded]; got != "8.00" {
		t.Errorf("%s of support buys nothing, want 8.00", got)
	}
}

func TestAForecastOfJustTheBudgetIsNoWarning(t *testing.T) {
	t.Parallel()
	for budget, warned := range map[string]bool{"23733.87": false, "23733.86": true} {
		in := waves(0)
		none := finance.Exact{}
		in.Plan.WarnOver, in.Plan.Budget = &none, &finance.Money{Amount: finance.MustExact(budget), Currency: "GBP"}
		o, err := engine(t, in).Outlook(cost.Question{})
		if err != nil {
			t.Fatal(err)
		}
		if (len(o.Warnings) > 0) != warned {
			t.Errorf("waste of %s against a budget of %s: %v", o.Waste.AtCompletion, budget, o.Warnings)
		}
	}
}

func TestWhoIsOverdueIsSwitchedTomorrowAtTheEarliest(t *testing.T) {
	t.Parallel()
	expected := func(on string) cost.Inputs {
		in := ahead(waves(0), "2027-03-01") // before the first switch
		in.AsOf = day("2027-03-05")
		for i := range in.Facts.Users {
			in.Facts.Users[i].Expected = max(in.Facts.Users[i].Expected, day(on))
		}
		return in
	}
	overdue, tomorrow := overlap(t, expected("2027-03-02"), cost.Question{}), overlap(t, expected("2027-03-06"), cost.Question{})
	if diff := cmp.Diff(tomorrow.Lines, overdue.Lines); diff != "" {
		t.Errorf("-tomorrow +overdue:\n%s", diff)
	}
}
