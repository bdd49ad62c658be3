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
		q := cost.Question{AsOf: day("2027-09-30")}
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
