package cost_test

import (
	"testing"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

// dearer is the worked example ten days late, and with new seats at 80.00 from March
// on, which nobody knew when the plan was approved.
func dearer() cost.Inputs {
	in := waves(10)
	approved := in.Book
	in.Approved = &approved
	before, after := in.Book.Contracts[1], in.Book.Contracts[1]
	before.Valid.To, after.Valid.From = day("2027-02-28"), day("2027-03-01")
	after.Items = append(after.Items[:0:0], after.Items...)
	after.Items[0].Price.Amount = finance.MustExact("80.00")
	in.Book.Contracts = append(in.Book.Contracts[:1:1], before, after)
	return in
}

func TestALatePlanAtAnotherPriceIsTakenApart(t *testing.T) {
	t.Parallel()
	v, err := engine(t, dearer()).Variance(cost.Question{})
	if err != nil {
		t.Fatal(err)
	}
	type parts struct{ planned, actual, price, volume, timing string }
	got := map[string]parts{}
	for _, l := range v.Lines {
		if l.System == "cloud" {
			got[string(l.Class)+" "+l.Month.String()] = parts{l.Planned.Text(), l.Actual.Text(), l.Price.Text(), l.Volume.Text(), l.Timing.Text()}
		}
	}
	for line, want := range map[string]parts{
		"charge 2027-02":  {"1607.14", "11250.00", "0.00", "11250.00", "-1607.14"},
		"charge 2027-03":  {"20322.58", "24000.00", "1500.00", "7983.87", "-5806.45"},
		"charge 2027-04":  {"750.00", "800.00", "50.00", "0.00", "0.00"},
		"planned 2027-02": {"1607.15", "0.00", "0.00", "0.00", "-1607.15"}, // no cent of volume where no quantity changed
		"planned 2027-03": {"3629.02", "5419.36", "338.71", "0.00", "1451.63"},
		"idle 2027-02":    {"0.00", "11250.00", "0.00", "11250.00", "0.00"},
		"idle 2027-03":    {"0.00", "8516.13", "532.26", "7983.87", "0.00"}, // the plan had no idle seats, and a price for them
	} {
		if got[line] != want {
			t.Errorf("%s: planned, actual, price, volume and timing are %v, want %v", line, got[line], want)
		}
	}
}

func TestARateOfNothingIsThePlans(t *testing.T) {
	t.Parallel()
	v, err := engine(t, dearer()).Variance(cost.Question{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range v.Lines {
		if l.ActualQuantity.IsZero() && !l.ActualRate.Equal(l.PlannedRate) {
			t.Errorf("%s %s: nothing was paid at %s, and the plan has %s", l.Class, l.Month, l.ActualRate, l.PlannedRate)
		}
	}
}
