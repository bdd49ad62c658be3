package statement_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

const january, february, march, april = "2027-01", "2027-02", "2027-03", "2027-04"

// nineSeats has nine old seats of 30.00 a month, and invoices for them.
func nineSeats(invoices ...cost.InvoiceLine) *books {
	in := waves(10, "2027-04-10")
	in.Facts.Users = slices.Concat(in.Facts.Users[:3], in.Facts.Users[150:153], in.Facts.Users[297:])
	in.Facts.Invoices = invoices
	return &books{known: []cost.Inputs{in}}
}

// know has other invoices become known an hour later.
func (b *books) know(invoices ...cost.InvoiceLine) {
	in := b.known[len(b.known)-1]
	in.KnownAt, in.Facts.Invoices = in.KnownAt.Add(time.Hour), invoices
	b.known = append(b.known, in)
}

// seats is what an invoice bills for the old seats on some days.
func seats(invoice, from, to, amount string) cost.InvoiceLine {
	return cost.InvoiceLine{
		Invoice: invoice, Contract: "pbx-seats", Item: "seat", Period: finance.Span{From: day(from), To: day(to)},
		Quantity: finance.Whole(9), Amount: finance.Money{Amount: finance.MustExact(amount), Currency: "GBP"},
	}
}

// R-3 bills February, of which R-1 bills the second half as well. When that is closed, R-1
// bills the first half too, and what was charged of it on R-3 is charged on R-1. R-3 bills
// it all the same, until it is withdrawn when March is closed as well: that corrects
// February, in April, and changes nothing in March.
func TestAnInvoiceIsWithdrawnAfterItsChargesWentToAnother(t *testing.T) {
	t.Parallel()
	b, want := withdrawn(t)
	b.bills(t, want)
}

// A month that was closed before the program kept by how much invoices bill otherwise has
// it of its charges and invoices.
func TestAMonthThatWasClosedBeforeAdjustmentsWereKept(t *testing.T) {
	t.Parallel()
	b, want := withdrawn(t)
	for i := range b.closed {
		c := &b.closed[i]
		var posted map[string]json.RawMessage
		if err := json.Unmarshal(b.posted[c.Month], &posted); err != nil {
			t.Fatal(err)
		}
		delete(posted, "adjusted")
		text, err := json.Marshal(posted)
		if err != nil {
			t.Fatal(err)
		}
		b.posted[c.Month], c.Digest = text, fmt.Sprintf("%x", sha256.Sum256(text))
	}
	b.bills(t, want)
}

func withdrawn(t *testing.T) (b *books, want map[string]string) {
	t.Helper()
	r3, r1 := seats("R-3", "2027-02-01", "2027-02-28", "300.00"), seats("R-1", "2027-02-01", "2027-03-14", "400.00")
	b = nineSeats(r3, seats("R-1", "2027-02-15", "2027-03-14", "260.00"))
	b.close(t, day("2027-02-01").Month())
	b.know(r3, r1)
	b.close(t, day("2027-03-01").Month())
	b.know(r1)
	return b, map[string]string{
		"R-3 " + february: "300.00", // 135.00 of it for the days before the 15th, 165.00 billed otherwise
		"R-1 " + february: "135.00", // from the 15th on
		"R-1 " + march:    "265.00", // what is left of 400.00
		"R-3 " + april:    "-300.00",
	}
}

// R-1 bills nine days of January, which are 78.39, and February, when that is closed and
// January is not. Then it bills February alone: nothing of it is of January any more, which
// stays open, and what was closed for February stays.
func TestAnInvoiceBillsNoMoreOfAMonthBeforeAllClosedOnes(t *testing.T) {
	t.Parallel()
	b := nineSeats(seats("R-1", "2027-01-23", "2027-02-28", "350.00"))
	b.bills(t, map[string]string{"R-1 " + january: "78.39", "R-1 " + february: "271.61"})
	b.close(t, day("2027-02-01").Month())
	b.know(seats("R-1", "2027-02-01", "2027-02-28", "280.00"))
	b.bills(t, map[string]string{"R-1 " + february: "271.61", "R-1 " + march: "8.39"})
}

// bills holds what the rows of each invoice add up to by the months in which they stand, in
// a file of all days and in files of months.
func (b *books) bills(t *testing.T, want map[string]string) {
	t.Helper()
	q := cost.Question{AsOf: day("2027-04-10")}
	if diff := cmp.Diff(want, invoiced(t, b.charged(t, q))); diff != "" {
		t.Errorf("by invoice and month (-want +got):\n%s", diff)
	}
	months := map[string]string{}
	for month := day("2027-01-01").Month(); month <= day("2027-04-01").Month(); month++ {
		q.Span = month.Span()
		maps.Copy(months, invoiced(t, b.charged(t, q)))
	}
	if diff := cmp.Diff(want, months); diff != "" {
		t.Errorf("by files of months (-want +got):\n%s", diff)
	}
}

// invoiced is what the rows of each invoice in a file add up to by months.
func invoiced(t *testing.T, file []byte) map[string]string {
	t.Helper()
	all := map[string]string{}
	for stands, billed := range billedBy(t, file, "InvoiceId", "BillingPeriodStart") {
		if strings.HasPrefix(stands, "R-") {
			all[strings.TrimSuffix(stands, "-01T00:00:00Z")] = billed.Fixed(2)
		}
	}
	return all
}
