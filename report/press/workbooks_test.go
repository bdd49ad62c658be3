package press_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document/documenttest"
	"github.com/dualtone/dualtone/report/press"
	"github.com/dualtone/dualtone/report/statement"
)

func day(text string) finance.Day {
	d, err := finance.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

// company has everything that a report can have: two currencies, commitments, fixed
// items, minutes, invoices that agree and others, and people in three waves of whom one
// is still to come.
func company() cost.Inputs {
	item := func(id string, kind contract.ItemKind, amount string, per contract.Per) contract.Item {
		return contract.Item{ID: contract.ItemID(id), Kind: kind, Price: contract.Price{Amount: finance.MustExact(amount), Per: per}}
	}
	old := contract.Contract{
		ID: "pbx-seats", System: "pbx", Supplier: "Old Telecom, Ltd", Owner: "kim", Currency: "GBP", Term: contract.Term{From: day("2024-04-01"), To: day("2027-03-31")},
		Renewal: contract.Period{Months: 12}, Notice: contract.Notice{Period: contract.Period{Days: 30}},
		Items: []contract.Item{
			item("seat", contract.License, "30.00", contract.PerMonth), item("support", contract.Support, "12000.00", contract.PerYear),
			item("trunk", contract.Trunk, "410.00", contract.PerMonth), item("leg", contract.Hairpin, "0.0085", contract.PerMinute),
		},
	}
	old.Items[0].Commitment, old.Items[2].Quantity = 70, 4
	next := contract.Contract{
		ID: "cloud-seats", System: "cloud", Supplier: "=Cloud Phones", Currency: "EUR", Proration: contract.Thirty, Term: contract.Term{From: day("2027-02-15"), To: day("2030-02-14")},
		Items: []contract.Item{item("seat", contract.License, "75.00", contract.PerMonth)},
	}
	budget, share, near := finance.Money{Amount: finance.MustExact("1000.00"), Currency: "GBP"}, finance.MustExact("0.1"), 60
	in := cost.Inputs{
		Plan: cost.Plan{
			Name: "spring", Old: "pbx", New: "cloud", Before: 7, After: map[string]int{"": 7}, Release: day("2027-03-30"), PlannedRelease: day("2027-03-20"),
			Budget: &budget, WarnOver: &share, WarnNotice: &near,
		},
		Book: cost.Book{
			Name: "book", Currency: "GBP", Policy: finance.MonthAverage, Contracts: []contract.Contract{old, next},
			Quotes: []finance.Quote{{Day: day("2027-02-01"), From: "EUR", To: "GBP", Rate: finance.MustExact("0.8512"), Source: "ECB"}, {Day: day("2027-03-01"), From: "EUR", To: "GBP", Rate: finance.MustExact("0.8467"), Source: "ECB"}},
		},
		AsOf: day("2027-02-28"), KnownAt: time.Date(2027, 3, 1, 6, 0, 0, 0, time.UTC),
	}
	for wave, at := range []string{"2027-02-20", "2027-02-26", "2027-03-09"} {
		for n := range 20 {
			u := cost.User{
				ID: dualtone.PersonID(fmt.Sprintf("E%d%02d", wave+1, n)), Stage: fmt.Sprintf("wave-%d", wave+1), CostCenter: fmt.Sprintf("CC%d", n%3), Country: "GB",
				Seats: []cost.Seat{{System: "pbx", From: day("2024-04-01")}, {System: "cloud", From: day("2027-02-15")}}, Planned: day(at),
			}
			if switched := day(at) + 1; switched <= in.AsOf {
				u.Switches = []cost.Switch{{Day: switched, To: dualtone.New}}
			} else {
				u.Expected = switched
			}
			in.Facts.Users = append(in.Facts.Users, u)
		}
	}
	in.Facts.Minutes = []cost.Minutes{{System: "pbx", Day: day("2027-02-22"), CostCenter: "CC1", Seconds: 123_456}}
	in.Facts.Figures = []cost.Figure{{System: "cloud", Span: finance.Span{From: day("2027-02-20"), To: day("2027-02-28")}, Used: 62, Total: 80}}
	for _, l := range []struct{ invoice, contract, item, amount, currency string }{
		{"R-100", "pbx-seats", "seat", "2100.00", "GBP"}, {"R-100", "pbx-seats", "trunk", "1640.00", "GBP"}, {"C-7", "cloud-seats", "seat", "2250.00", "EUR"},
	} {
		in.Facts.Invoices = append(in.Facts.Invoices, cost.InvoiceLine{
			Invoice: l.invoice, Contract: contract.ID(l.contract), Item: contract.ItemID(l.item), Period: finance.Span{From: day("2027-02-01"), To: day("2027-02-28")},
			Quantity: finance.Whole(70), Amount: finance.Money{Amount: finance.MustExact(l.amount), Currency: finance.Currency(l.currency)},
		})
	}
	return in
}

// TestEveryWorkbookRecalculatesToTheSame: all six reports and the drill-down.
func TestEveryWorkbookRecalculatesToTheSame(t *testing.T) {
	t.Parallel()
	e, err := cost.New(company())
	if err != nil {
		t.Fatal(err)
	}
	requests := map[string]statement.Request{
		"overlap":       {Report: statement.Overlap},
		"groups":        {Report: statement.Overlap, By: []cost.Facet{cost.ByStage, cost.ByCostCenter, cost.ByInvoice}},
		"drill-down":    {Report: statement.Overlap, Days: true, Question: cost.Question{Stage: "wave-2"}},
		"forecast":      {Report: statement.Forecast},
		"delay":         {Report: statement.Delay, Delay: 40},
		"variance":      {Report: statement.Variance},
		"invoice-check": {Report: statement.InvoiceCheck},
		"notices":       {Report: statement.Notices},
	}
	books := map[string][]byte{}
	for name, r := range requests {
		files, err := press.Print(e, press.Job{Request: r, Format: press.XLSX})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var out bytes.Buffer
		if err := files[0].Write(&out); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		books[name] = out.Bytes()
	}
	without := map[string]bool{"delay": true, "notices": true} // what is added up of them says nothing
	for name, sheets := range documenttest.Recalculated(t, books) {
		d, err := statement.Make(e, requests[name])
		if err != nil {
			t.Fatal(err)
		}
		if n := sheets.Agree(t, d); (n == 0) != without[name] {
			t.Errorf("%s: %d totals were compared", name, n)
		}
	}
}
