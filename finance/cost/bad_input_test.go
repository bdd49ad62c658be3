package cost_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
)

func TestEverythingThatIsWrongWithAFileOfInvoicesIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	known := []contract.Contract{{ID: "pbx-seats"}, {ID: "cloud-seats"}}
	const header = "invoice,contract,item,from,to,quantity,amount,currency\n"
	for text, want := range map[string][]string{
		header + "R-1,pbx-seat,seat,2027-03-01,2027-03-31,300,9000.00,GBP\n":  {`bills.csv:2:5: contract: "pbx-seat" is no contract that was imported; did you mean pbx-seats?`},
		header + "R-1,pbx-seats,seat,2027-03-01,2027-02-28,300,9000.00,GBP\n": {`bills.csv:2:31: to: "2027-02-28" is before the period begins, on 2027-03-01; write the last day of the period`},
		header + "R-1,pbx-seats,seat,1.3.2027,2027-03-31,300,9000.00,GBP\n":   {`bills.csv:2:20: from: "1.3.2027" is not a date; write it as in 2027-02-15`},
		header + "R-1,pbx-seats,seat,2027-03-01,2027-03-31,-300,9,GBP\n":      {`bills.csv:2:42: quantity: "-300" is less than none; write what was billed; a credit has a negative amount`},
		header + "R-1,pbx-seats,seat,2027-03-01,2027-03-31,3,9000,pounds\n": {
			`bills.csv:2:49: currency: "pounds" is not a currency; write the three letters of ISO 4217, as in GBP`,
		},
		header + "R-1,pbx-seats,seat,2027-03-01,2027-03-31,three,9.000.00,GBP\n": {
			`bills.csv:2:42: quantity: "three" is not a number; write digits and a point, as in 42000.00`,
			`bills.csv:2:48: amount: "9.000.00" is not a number; write digits and a point, as in 42000.00`,
		},
		header: {`bills.csv:1:1: no invoice in it; write a row a line of an invoice below the header`},
		"invoice,contract,item,from,to,quantity,total,currency\nR-1,pbx-seats,seat,2027-03-01,2027-03-31,3,9,GBP\n": {
			`bills.csv:1:1: no such column "total"; known are amount, contract, currency, from, invoice, item, quantity, to`, `bills.csv:1:1: the column "amount" is missing; add it to the first line`,
		},
	} {
		_, faults := cost.ReadInvoices("bills.csv", []byte(text), known)
		var got []string
		for _, f := range faults {
			line, _, _ := strings.Cut(f.String(), "\n")
			got = append(got, line)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s(-want +got):\n%s", text, diff)
		}
	}
	all, faults := cost.ReadInvoices("bills.csv", []byte(header+"R-1,pbx-seats,seat,2027-03-01,2027-03-31,300,9000.00,GBP\nR-1,cloud-seats,seat,2027-03-01,2027-03-31,1,9.00,EUR\n"), known)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if err := all.Check(); err == nil || !strings.Contains(err.Error(), "invoice R-1") || !strings.Contains(err.Error(), "another currency") {
		t.Errorf("an invoice in two currencies: %v", err)
	}
}

func TestADayWithoutARateIsToldWithItsContract(t *testing.T) {
	t.Parallel()
	in := waves(0)
	in.Book.Policy = finance.ChargeDate
	in.Book.Contracts[1].Currency = "EUR"
	in.Book.Quotes = []finance.Quote{{Day: day("2027-03-10"), From: "EUR", To: "GBP", Rate: finance.MustExact("0.8"), Source: "ECB"}}
	_, err := engine(t, in).Overlap(cost.Question{})
	if err == nil || !strings.Contains(err.Error(), "contract cloud-seats, item seat") || !strings.Contains(err.Error(), "EUR") || !strings.Contains(err.Error(), "2027-02-15") {
		t.Errorf("got %v", err)
	}
}
