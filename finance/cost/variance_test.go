package cost_test

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
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
	got := map[string]parts{}
	for i := range v.Lines {
		if l := &v.Lines[i]; l.System == "cloud" {
			got[string(l.Class)+" "+l.Month.String()] = partsOf(l)
		}
	}
	for line, want := range map[string]parts{
		"charge 2027-02": {planned: "1607.14", actual: "11250.00", volume: "11250.00", timing: "-1607.14"},
		"charge 2027-03": {planned: "20322.58", actual: "24000.00", volume: "7983.87", timing: "-5806.45", price: "1500.00"},
		"charge 2027-04": {planned: "750.00", actual: "800.00", price: "50.00"},
		// The class is rounded as a whole, so that its months lose and win a cent or two.
		"planned 2027-02": {planned: "1607.15", timing: "-1607.14", rounding: "-0.01"},
		"planned 2027-03": {planned: "3629.02", actual: "5419.36", timing: "1451.61", price: "338.71", rounding: "0.02"},
		"idle 2027-02":    {actual: "11250.00", volume: "11250.00"},
		"idle 2027-03":    {actual: "8516.13", volume: "7983.87", price: "532.26"}, // the plan had no idle seats, and a price for them
	} {
		if got[line] != want {
			t.Errorf("%s is %+v, want %+v", line, got[line], want)
		}
	}
}

// parts are the amounts of a line; what is nothing is empty.
type parts struct{ planned, actual, volume, timing, price, exchange, rounding string }

func partsOf(l *cost.VarianceLine) parts {
	text := func(m finance.Money) string {
		if m.IsZero() {
			return ""
		}
		return m.Text()
	}
	return parts{text(l.Planned), text(l.Actual), text(l.Volume), text(l.Timing), text(l.Price), text(l.Exchange), text(l.Rounding)}
}

// eurosBy30 is one person with a seat in euros of 30.00 a month by 30/360, which is 1.00
// a day and nothing on a 31st, converted by the rate of the day.
//
// The plan: switched on 20 March with 5 days of training, so that the seat is paid from
// the 15th, at 0.80 for a euro. What became of it: switched on the 22nd, the seat held
// from the 16th; from the 21st a euro is 0.90, and from the 26th a seat 33.00.
func eurosBy30() cost.Inputs {
	march := contract.Term{From: day("2027-03-01"), To: day("2027-03-31")}
	seat := contract.Item{ID: "seat", Kind: contract.License, Price: contract.Price{Amount: finance.MustExact("30.00"), Per: contract.PerMonth}}
	agreed := contract.Contract{
		ID: "cloud-seats", System: "cloud", Currency: "EUR", Term: march, Proration: contract.Thirty, Items: []contract.Item{seat},
	}
	quote := func(on, rate string) finance.Quote {
		return finance.Quote{Day: day(on), From: "EUR", To: "GBP", Rate: finance.MustExact(rate), Source: "ECB"}
	}
	approved := cost.Book{
		Name: "book", Currency: "GBP", Policy: finance.ChargeDate, Quotes: []finance.Quote{quote("2027-03-01", "0.80")},
		Contracts: []contract.Contract{agreed},
	}
	now := approved
	now.Quotes = append(approved.Quotes[:1:1], quote("2027-03-21", "0.90"))
	before, after := agreed, agreed
	before.Valid.To, after.Valid.From = day("2027-03-25"), day("2027-03-26")
	seat.Price.Amount = finance.MustExact("33.00")
	after.Items = []contract.Item{seat}
	now.Contracts = []contract.Contract{before, after}
	return cost.Inputs{
		Plan: cost.Plan{Name: "spring", Old: "pbx", New: "cloud", Before: 5, After: map[string]int{"": 0}},
		Book: now, Approved: &approved, AsOf: march.To,
		Facts: cost.Facts{Users: []cost.User{{
			ID: "E1", Seats: []cost.Seat{{System: "cloud", From: day("2027-03-16")}},
			Switches: []cost.Switch{{Day: day("2027-03-22"), To: dualtone.New}}, Planned: day("2027-03-20"),
		}}},
	}
}

func TestEachPartIsOfItsOwnCause(t *testing.T) {
	t.Parallel()
	charged := func(in cost.Inputs) parts {
		v, err := engine(t, in).Variance(cost.Question{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range v.Lines {
			if v.Lines[i].Class == cost.Charged {
				return partsOf(&v.Lines[i])
			}
		}
		t.Fatal("nothing is charged")
		return parts{}
	}
	all := eurosBy30()
	sameRate := eurosBy30()
	sameRate.Book.Quotes = sameRate.Approved.Quotes
	samePrice := eurosBy30()
	samePrice.Book.Contracts = samePrice.Approved.Contracts
	moved := eurosBy30()
	moved.Book = *moved.Approved
	moved.Facts.Users[0].Seats[0].From = day("2027-03-17")
	foreseen := eurosBy30()
	foreseen.Approved.Contracts, foreseen.Book.Quotes = foreseen.Book.Contracts, foreseen.Approved.Quotes
	otherDays := moved
	otherDays.Facts.Users = []cost.User{moved.Facts.Users[0]}
	otherDays.Facts.Users[0].Seats = []cost.Seat{{System: "cloud", From: day("2027-03-16"), To: day("2027-03-30")}}
	for name, c := range map[string]struct {
		in   cost.Inputs
		want parts
	}{
		// Planned: the 15th to the 30th, 16 days of 1.00 at 0.80, and the 31st for nothing: 12.80.
		// Timing: by the plan with the switch two days later the seat is paid from the 17th, 14 days of 1.00 at 0.80, which are 11.20: -1.60.
		// Volume: one day more than that, the 16th: 1.00 at 0.80 are 0.80.
		// Price: five days, the 26th to the 30th, at 1.10 in place of 1.00: 0.50 at 0.80 are 0.40.
		// Rate of exchange: the 21st to the 30th, 5 days of 1.00 and 5 of 1.10, which are 10.50, at 0.90 in place of 0.80: 1.05.
		// Actual: the 16th to the 20th 5 * 1.00 * 0.80 = 4.00, the 21st to the 25th 5 * 1.00 * 0.90 = 4.50, the 26th to the 30th 5 * 1.10 * 0.90 = 4.95: 13.45.
		// 12.80 - 1.60 + 0.80 + 0.40 + 1.05 = 13.45.
		"all of them": {all, parts{planned: "12.80", actual: "13.45", volume: "0.80", timing: "-1.60", price: "0.40", exchange: "1.05"}},
		// 15 days of 1.00 and 5 times 0.10, at 0.80: 12.40.
		"the rate of exchange as planned": {sameRate, parts{planned: "12.80", actual: "12.40", volume: "0.80", timing: "-1.60", price: "0.40"}},
		// 5 days of 1.00 at 0.80 and 10 at 0.90: 13.00.
		"the price as planned": {samePrice, parts{planned: "12.80", actual: "13.00", volume: "0.80", timing: "-1.60", exchange: "1.00"}},
		// 14 days that cost something in place of 16, and in both the 31st, so that the mean of a day differs: 12.80 / 17 and 11.20 / 15.
		// Planned: the 15th to the 25th, 11 days of 1.00, and the 26th to the 30th, 5 of 1.10, at 0.80: 13.20. Actual: the same without the 15th: 12.40.
		"a price that was agreed already": {foreseen, parts{planned: "13.20", actual: "12.40", volume: "0.80", timing: "-1.60"}},
		// 15 days as in the plan with its switch moved, the 16th to the 30th in place of the 17th to the 31st, which costs nothing: 15 * 0.80 = 12.00.
		"as many days, and others":          {otherDays, parts{planned: "12.80", actual: "12.00", timing: "-0.80"}},
		"nothing but the day of the switch": {moved, parts{planned: "12.80", actual: "11.20", timing: "-1.60"}},
	} {
		if got := charged(c.in); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestACorrectionIsAtTheRateOfItsMonth(t *testing.T) {
	t.Parallel()
	h := &history{known: []cost.Inputs{waves(0)}}
	h.close(t, "2027-02")
	h.learn(func(in *cost.Inputs) { in.Facts.Users[0].Seats[1].From = day("2027-02-20") })
	q := cost.Question{AsOf: day("2027-03-31")}
	n := 0
	for _, l := range variedSince(t, h, q) {
		if l.Corrects == "" {
			continue
		}
		n++
		if !l.Price.IsZero() || l.Volume.Text() != "-13.39" {
			t.Errorf("%s: five seat-days fewer at February's price are %s of price and %s of volume", l.Class, l.Price, l.Volume)
		}
	}
	if n != 2 {
		t.Errorf("%d corrections, want 2", n)
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

func TestThePlanIsToldInTheCurrencyOfReports(t *testing.T) {
	t.Parallel()
	in := eurosBy30()
	in.Approved.Currency = "EUR" // The book became one in pounds after the plan was approved.
	v, err := engine(t, in).Variance(cost.Question{})
	if err != nil {
		t.Fatal(err)
	}
	if l := &v.Lines[0]; l.Planned.String() != "12.80 GBP" {
		t.Errorf("planned are %s, want 12.80 GBP", l.Planned)
	}
}

func TestARateThatWasNotKnownWhenThePlanWasApprovedIsTheOneThatIs(t *testing.T) {
	t.Parallel()
	in := eurosBy30()
	in.Approved.Quotes = nil
	v, err := engine(t, in).Variance(cost.Question{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range v.Lines {
		if l := &v.Lines[i]; !l.Exchange.IsZero() {
			t.Errorf("%s: %s of a rate of exchange that nothing was planned with", l.Class, l.Exchange)
		}
	}
}

func TestAMonthThatWasClosedBeforeItsBasisWasKeptIsTakenApart(t *testing.T) {
	t.Parallel()
	h := &history{known: []cost.Inputs{dearer()}}
	h.close(t, "2027-02")
	h.close(t, "2027-03")
	q := cost.Question{AsOf: day("2027-03-31"), Span: finance.Span{From: day("2027-02-01"), To: day("2027-03-31")}}
	want := variedSince(t, h, q)
	basis := regexp.MustCompile(`,"exact_basis":\{[^}]*\}`)
	for i, c := range h.done {
		posted := basis.ReplaceAll(h.posted[closingKey(c)], nil)
		if len(posted) == len(h.posted[closingKey(c)]) {
			t.Fatal("nothing of a basis was kept")
		}
		sum := sha256.Sum256(posted)
		h.posted[closingKey(c)], h.done[i].Digest = posted, hex.EncodeToString(sum[:])
	}
	if diff := cmp.Diff(want, variedSince(t, h, q)); diff != "" {
		t.Errorf("without what was kept (-want +got):\n%s", diff)
	}
}

// TestOnlyAVarianceIsMeasuredAgainstThePlan: the prices of the plan are looked up line by
// line for nothing else.
func TestOnlyAVarianceIsMeasuredAgainstThePlan(t *testing.T) {
	t.Parallel()
	in := waves(0)
	approved := in.Book
	in.Approved = &approved
	e, err := cost.New(in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.Outlook(cost.Question{})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Lines) == 0 {
		t.Fatal("a forecast without lines")
	}
	for _, l := range out.Lines {
		if l.Basis != nil {
			t.Fatalf("%s of %s in a forecast is measured against the plan", l.Item, l.Month)
		}
	}
}
