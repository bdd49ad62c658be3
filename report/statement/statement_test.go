package statement_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
	"github.com/dualtone/dualtone/report/focus"
	"github.com/dualtone/dualtone/report/statement"
)

var update = flag.Bool("update", false, "write the golden files anew")

func day(text string) finance.Day {
	d, err := finance.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

func price(amount string, per contract.Per) contract.Price {
	return contract.Price{Amount: finance.MustExact(amount), Per: per}
}

// waves is the worked example: 300 seats in three waves, an old seat 30.00 and a
// new one 75.00 a month, the new ones paid from 15 February and the old ones to
// the end of March, seen so many days late and as of a day.
func waves(late finance.Day, asOf string) cost.Inputs {
	in := cost.Inputs{
		Plan: cost.Plan{Name: "spring", Old: "pbx", New: "cloud", Before: 7, After: map[string]int{"": 7}},
		Book: cost.Book{Name: "contracts", Currency: "GBP", Contracts: []contract.Contract{
			{
				ID: "pbx-seats", System: "pbx", Supplier: "Old Telecom", Account: "4711", Currency: "GBP", Term: contract.Term{From: day("2024-04-01"), To: day("2027-03-31")},
				Renewal: contract.Period{Months: 12}, Notice: contract.Notice{Period: contract.Period{Days: 90}, Given: day("2026-12-01")},
				Items: []contract.Item{{ID: "seat", Kind: contract.License, Price: price("30.00", contract.PerMonth)}},
			},
			{
				ID: "cloud-seats", System: "cloud", Supplier: "Cloud Phones", Currency: "GBP", Term: contract.Term{From: day("2027-02-15"), To: day("2030-02-14")},
				Items: []contract.Item{{ID: "seat", Kind: contract.License, Price: price("75.00", contract.PerMonth)}},
			},
		}},
		AsOf: day(asOf), KnownAt: time.Date(2027, 4, 1, 6, 0, 0, 0, time.UTC),
	}
	for wave, at := range []string{"2027-03-02", "2027-03-09", "2027-03-16"} {
		for n := range 100 {
			u := cost.User{
				ID: dualtone.PersonID(fmt.Sprintf("E%d%02d", wave+1, n)), Stage: fmt.Sprintf("wave-%d", wave+1), CostCenter: fmt.Sprintf("CC%d", n%3), Country: "GB",
				Seats:   []cost.Seat{{System: "pbx", From: day("2024-04-01")}, {System: "cloud", From: day("2027-02-15")}},
				Planned: day(at),
			}
			if switched := day(at) + late; switched <= in.AsOf {
				u.Switches = []cost.Switch{{Day: switched, To: dualtone.New}}
			} else {
				u.Expected = switched
			}
			in.Facts.Users = append(in.Facts.Users, u)
		}
	}
	return in
}

func engine(t *testing.T, in cost.Inputs) *cost.Engine {
	t.Helper()
	e, err := cost.New(in)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func made(t *testing.T, in cost.Inputs, r statement.Request) *document.Document {
	t.Helper()
	d, err := statement.Make(engine(t, in), r)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestReportsReadAsFinanceHasSeenThem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   cost.Inputs
		r    statement.Request
	}{
		{"overlap", waves(0, "2027-03-31"), statement.Request{Report: statement.Overlap}},
		{"overlap-late", waves(10, "2027-03-31"), statement.Request{Report: statement.Overlap, By: []cost.Facet{cost.ByStage, cost.ByCostCenter}}},
		{"forecast", waves(0, "2027-03-05"), statement.Request{Report: statement.Forecast}},
		{"delay", waves(0, "2027-02-20"), statement.Request{Report: statement.Delay, Delay: 31}},
		{"variance", waves(10, "2027-03-31"), statement.Request{Report: statement.Variance}},
		{"invoice-check", billed(), statement.Request{Report: statement.InvoiceCheck}},
		{"notices", waves(0, "2027-02-20"), statement.Request{Report: statement.Notices}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := made(t, c.in, c.r).WriteTerminal(&out, document.Page{Limit: 40}, func(string, int) string { return "--after" }); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", c.name+".txt")
			if *update {
				if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path) //nolint:gosec // A file of this test.
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// billed has an invoice that agrees, and one with 10 seats too many.
func billed() cost.Inputs {
	in := waves(0, "2027-03-31")
	march := finance.Span{From: day("2027-03-01"), To: day("2027-03-31")}
	line := func(invoice, contractID, seats, amount string) cost.InvoiceLine {
		return cost.InvoiceLine{
			Invoice: invoice, Contract: contract.ID(contractID), Item: "seat", Period: march,
			Quantity: finance.MustExact(seats), Amount: finance.Money{Amount: finance.MustExact(amount), Currency: "GBP"},
		}
	}
	in.Facts.Invoices = []cost.InvoiceLine{line("R-100", "pbx-seats", "300", "9000.00"), line("C-7", "cloud-seats", "310", "23250.00")}
	in.Facts.Figures = []cost.Figure{{System: "cloud", Span: march, Used: 302, Total: 310}}
	return in
}

func TestUserDaysAddUpToWhatIsReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		q    cost.Question
		want string
	}{
		{cost.Question{}, "28088.71"},
		{cost.Question{Class: cost.Idle}, ""},
		{cost.Question{Stage: "wave-2"}, ""},
		{cost.Question{CostCenter: "CC1", Class: cost.Stranded}, ""},
		{cost.Question{User: "E100"}, "83.47"},
	} {
		d := made(t, waves(10, "2027-03-31"), statement.Request{Report: statement.Overlap, Question: c.q, Days: true})
		table := &d.Tables[0]
		sums, rows, of := document.NewSums(table), finance.Exact{}, table.Column("reported")
		for row, err := range table.Rows {
			if err != nil {
				t.Fatal(err)
			}
			if err := sums.Add(row); err != nil {
				t.Fatal(err)
			}
			rows = rows.Add(finance.MustExact(row[of].Text))
		}
		totals := sums.Totals()
		got := totals[len(totals)-1].Cells[of].Text
		if !rows.Equal(finance.MustExact(got)) {
			t.Errorf("%+v: the rows add up to %s, and their total is %s", c.q, rows, got)
		}
		for _, f := range d.Figures {
			if f.Key == "overlap" && f.Value.Text != got {
				t.Errorf("%+v: the days add up to %s, reported is %s", c.q, got, f.Value.Text)
			}
		}
		if c.want != "" && got != c.want {
			t.Errorf("%+v: the days add up to %s, want %s", c.q, got, c.want)
		}
	}
}

func TestChargesInFocusAddUpToWhatIsPaidAndKeepEveryRule(t *testing.T) {
	t.Parallel()
	in := waves(0, "2027-03-31")
	in.Book.Contracts[1].Items = append(in.Book.Contracts[1].Items,
		contract.Item{ID: "trunk", Kind: contract.Trunk, Quantity: 2, Price: price("100.00", contract.PerMonth)},
		contract.Item{ID: "minutes", Kind: contract.Hairpin, Commitment: 1000, Price: price("0.012", contract.PerMinute)})
	in.Book.Contracts[0].Items[0].Commitment = 280
	in.Facts.Minutes = []cost.Minutes{{System: "cloud", Day: day("2027-03-10"), CostCenter: "CC1", Seconds: 12345}}
	files, err := statement.Focus(engine(t, in), statement.Request{Report: statement.Overlap})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		var out bytes.Buffer
		if err := f.Write(&out); err != nil {
			t.Fatal(err)
		}
		set := map[string]*focus.Dataset{"cost_and_usage.csv": focus.CostAndUsage(nil), "contract_commitment.csv": focus.ContractCommitment()}[f.Name]
		if set == nil {
			continue
		}
		if n := strings.Count(out.String(), "\n"); n < 3 {
			t.Errorf("%s has %d lines", f.Name, n)
		}
		found, err := set.Check(&out)
		if err != nil {
			t.Fatal(err)
		}
		for _, broken := range found {
			t.Errorf("%s: %s", f.Name, broken)
		}
	}
}

func TestWhatCannotBeAskedIsRefused(t *testing.T) {
	t.Parallel()
	in := waves(0, "2027-03-31")
	for name, r := range map[string]statement.Request{
		"an unknown report":       {Report: "overlaps"},
		"user-days of a forecast": {Report: statement.Forecast, Days: true},
		"notices by cost center":  {Report: statement.Notices, By: []cost.Facet{cost.ByCostCenter}},
		"a delay of a thousand":   {Report: statement.Delay, Delay: 1000},
	} {
		if _, err := statement.Make(engine(t, in), r); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := statement.Focus(engine(t, in), statement.Request{Report: statement.Delay}); !errors.Is(err, dualtone.ErrInvalid) {
		t.Errorf("a curve in FOCUS: %v", err)
	}
}
