package cost_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
)

type billed struct {
	invoice  string
	contract contract.ID
	currency finance.Currency
}

// TestTheTotalByInvoiceEqualsTheInvoice: whatever was closed meanwhile, and whatever of
// an invoice became known before and after.
func TestTheTotalByInvoiceEqualsTheInvoice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h, _ := closing(t, func(*history, finance.Month) {})
		q := cost.Question{AsOf: day("2027-06-15")}
		e, err := cost.Load(t.Context(), h, h, q)
		if err != nil {
			t.Fatal(err)
		}
		check, err := e.InvoiceCheck(q)
		if err != nil {
			t.Fatal(err)
		}
		known, _ := h.Inputs(t.Context(), q)
		want := map[billed]finance.Exact{}
		for _, l := range known.Facts.Invoices {
			key := billed{l.Invoice, l.Contract, l.Amount.Currency}
			want[key] = want[key].Add(l.Amount.Amount)
		}
		got := map[billed]finance.Exact{}
		for _, total := range check.Invoices {
			got[billed{total.Invoice, total.Contract, total.Billed.Currency}] = total.Billed.Amount
			if !total.Billed.Sub(total.Expected).Equal(total.Difference) {
				t.Fatalf("%s: %s billed, %s expected, and a difference of %s", total.Invoice, total.Billed, total.Expected, total.Difference)
			}
		}
		for key, amount := range want {
			if !got[key].Equal(amount) {
				t.Fatalf("%v adds up to %s, the invoice to %s", key, got[key], amount)
			}
			delete(got, key)
		}
		for key, amount := range got { // It was, and is no more.
			if !amount.IsZero() {
				t.Fatalf("%v, which is no invoice any more, adds up to %s", key, amount)
			}
		}
	})
}

// TestADayThatIsBilledIsOnItsInvoice: a charge is on the invoice that bills all its days
// in its currency, and on none when none does.
func TestADayThatIsBilledIsOnItsInvoice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := worlds(t)
		invoiced(t, &in)
		_, o := asked(t, in)
		invoices := slices.Clone(in.Facts.Invoices)
		for i := range in.Facts.Invoices { // The same days, of a contract that there is not.
			in.Facts.Invoices[i].Contract = "none"
		}
		if _, none := asked(t, in); !o.Paid.Equal(none.Paid) || !o.Waste.Equal(none.Waste) || o.SeatDays != none.SeatDays {
			t.Fatalf("with invoices %s, %s and %d days; without them %s, %s and %d", o.Paid, o.Waste, o.SeatDays, none.Paid, none.Waste, none.SeatDays)
		}
		for _, l := range o.Lines {
			on := map[finance.Day]bool{} // a line may be of several lines of an invoice
			for _, b := range invoices {
				if b.Contract != l.Contract || b.Item != l.Item || b.Amount.Currency != l.Amount.Currency || l.Phase == cost.Forecast {
					continue
				}
				both := b.Period.And(l.Days)
				if l.Invoice == "" && !both.Empty() && l.Days.Days() == both.Days() {
					t.Fatalf("%s of %s %s on %s is on no invoice, and %s bills %s", l.Class, l.Contract, l.Item, l.Days, b.Invoice, b.Period)
				}
				for d := both.From; b.Invoice == l.Invoice && d <= both.To; d++ {
					on[d] = true
				}
			}
			if l.Invoice != "" && len(on) != l.Days.Days() {
				t.Fatalf("%s of %s %s on %s is on %s, which does not bill it", l.Class, l.Contract, l.Item, l.Days, l.Invoice)
			}
		}
	})
}

// TestNothingIsLeftOfWhatWasChargedBeforeItsInvoiceCame: when all that an item is charged
// for a closed month is on invoices, closed months, their corrections and what came onto
// other invoices add up to nothing on no invoice, to the cent.
func TestNothingIsLeftOfWhatWasChargedBeforeItsInvoiceCame(t *testing.T) {
	t.Parallel()
	type charge struct {
		contract contract.ID
		item     contract.ItemID
		month    string
		currency finance.Currency
	}
	rapid.Check(t, func(t *rapid.T) {
		h, first := closing(t, func(*history, finance.Month) {})
		billAll(t, h, first)
		q := cost.Question{AsOf: day("2027-06-15")}
		e, err := cost.Load(t.Context(), h, h, q)
		if err != nil {
			t.Fatal(err)
		}
		o, err := e.Overlap(q)
		if err != nil {
			t.Fatal(err)
		}
		check, err := e.InvoiceCheck(q)
		if err != nil {
			t.Fatal(err)
		}
		left := map[charge]finance.Exact{}
		add := func(c charge, amount finance.Exact) { left[c] = left[c].Add(amount) }
		for _, l := range o.Lines {
			about := l.Month.String()
			if l.Corrects != "" {
				about = l.Corrects
			}
			if l.Class == cost.Charged && l.Invoice == "" {
				add(charge{l.Contract, l.Item, about, l.Amount.Currency}, l.Amount.Amount)
			}
		}
		for _, r := range check.Rebilled {
			if r.Invoice == "" {
				add(charge{r.Contract, r.Item, r.Corrects, r.Amount.Currency}, r.Amount.Amount)
			}
		}
		for c, amount := range left {
			if c.item == "seat" && (c.month == first.String() || c.month == (first+1).String()) && !amount.IsZero() {
				t.Fatalf("of %v %s is left on no invoice", c, amount)
			}
		}
	})
}

// billAll has an invoice bill the seats of all contracts in two closed months.
func billAll(t *rapid.T, h *history, first finance.Month) {
	in := learned(t, h.known[len(h.known)-1])
	in.Facts.Invoices = nil
	for _, c := range in.Book.Contracts {
		for n := range finance.Month(2) {
			in.Facts.Invoices = append(in.Facts.Invoices, cost.InvoiceLine{
				Invoice: "ALL-" + (first + n).String(), Contract: c.ID, Item: "seat", Period: (first + n).Span(), Quantity: finance.Whole(1),
				Amount: finance.Money{Amount: finance.Fraction(rapid.Int64Range(1, 99_999).Draw(t, "billed in all"), 100), Currency: c.Currency},
			})
		}
	}
	h.known = append(h.known, in)
}
