package cost_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
)

// hairpinned is the worked example with calls that the old system sends on, three
// pence a minute.
func hairpinned() cost.Inputs {
	in := waves(0)
	in.Book.Contracts[0].Items = append(in.Book.Contracts[0].Items, contract.Item{
		ID: "leg", Kind: contract.Hairpin, Price: contract.Price{Amount: finance.MustExact("0.03"), Per: contract.PerMinute},
	})
	in.Facts.Minutes = []cost.Minutes{
		{System: "pbx", Day: day("2027-03-05"), CostCenter: "CC1", Seconds: 90},
		{System: "pbx", Day: day("2027-03-06"), CostCenter: "CC1", Seconds: 30},
		{System: "pbx", Day: day("2027-03-07"), CostCenter: "CC2", Seconds: 6000},
		{System: "cloud", Day: day("2027-03-07"), Seconds: 6000}, // no contract has a rate for it
	}
	return in
}

func TestHairpinMinutesCostTheirExtraLeg(t *testing.T) {
	t.Parallel()
	o := overlap(t, hairpinned(), cost.Question{Class: cost.Hairpinned})
	got := map[string]string{}
	for _, l := range o.Lines {
		got[l.CostCenter] = l.Quantity.String() + " " + string(l.Unit) + " " + l.Reported.Text()
	}
	if diff := cmp.Diff(map[string]string{"CC1": "2 minute 0.06", "CC2": "100 minute 3.00"}, got); diff != "" {
		t.Errorf("minutes (-want +got):\n%s", diff)
	}
	whole := overlap(t, hairpinned(), cost.Question{})
	if want := overlap(t, waves(0), cost.Question{}); whole.Waste.Sub(want.Waste).Text() != "3.06" || whole.Paid.Sub(want.Paid).Text() != "3.06" {
		t.Errorf("waste %s and paid %s, want 3.06 more than %s and %s", whole.Waste, whole.Paid, want.Waste, want.Paid)
	}
}

func TestMinutesToComeAreThoseOfTheLastFourWeeks(t *testing.T) {
	t.Parallel()
	in := ahead(hairpinned(), "2027-03-10")
	in.Facts.Minutes = []cost.Minutes{{System: "pbx", Day: day("2027-03-10"), Seconds: 28 * 600}, {System: "pbx", Day: day("2027-02-10"), Seconds: 9999}}
	o := overlap(t, in, cost.Question{Class: cost.Hairpinned, Phase: cost.Forecast})
	// Ten minutes a day from the 11th to the 15th; on the 16th the last wave is switched.
	if len(o.Lines) != 1 || o.Lines[0].Quantity.String() != "50" || o.Lines[0].Reported.Text() != "1.50" {
		t.Errorf("%+v", o.Lines)
	}
}

func TestNoticeIsDueOnTheLastWorkingDay(t *testing.T) {
	t.Parallel()
	// 90 days before 31 March 2027 is Thursday, 31 December 2026.
	for _, c := range []struct {
		days contract.WorkingDays
		want string
	}{
		{contract.WorkingDays{}, "2026-12-31"},
		{contract.WorkingDays{Holidays: []finance.Day{day("2026-12-31")}}, "2026-12-30"},
		{contract.WorkingDays{Holidays: []finance.Day{day("2026-12-31"), day("2026-12-30"), day("2026-12-29"), day("2026-12-28")}}, "2026-12-25"},
		{contract.WorkingDays{Weekend: []contract.Weekday{"thursday", "friday"}}, "2026-12-30"},
	} {
		in := ahead(waves(0), "2026-12-01")
		in.Book.Contracts[0].Notice.Given, in.Book.WorkingDays = 0, c.days
		n, err := engine(t, in).Notices(cost.Question{Contract: "pbx-seats"})
		if err != nil {
			t.Fatal(err)
		}
		if len(n.Notices) != 1 || n.Notices[0].Last.String() != c.want || n.Notices[0].DaysLeft != int(day(c.want)-day("2026-12-01")) {
			t.Errorf("%+v: %+v, want %s", c.days, n.Notices, c.want)
		}
	}
}

func TestANoticeSaysHowItStands(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		asOf, given string
		state       cost.NoticeState
		end, last   string
	}{
		{"2026-12-01", "", cost.NoticeOpen, "2027-03-31", "2026-12-31"},
		{"2026-12-31", "", cost.NoticeOpen, "2027-03-31", "2026-12-31"},
		{"2027-01-01", "", cost.NoticePassed, "2027-03-31", "2026-12-31"},
		{"2027-01-01", "2026-12-31", cost.NoticeGiven, "2027-03-31", "2026-12-31"},
		{"2027-01-01", "2027-01-01", cost.NoticePassed, "2027-03-31", "2026-12-31"}, // a day late
		{"2027-04-01", "", cost.NoticeOpen, "2028-03-31", "2027-12-31"},             // it went on for a year
	} {
		in := ahead(waves(0), c.asOf)
		in.Book.Contracts[0].Notice.Given = 0
		if c.given != "" {
			in.Book.Contracts[0].Notice.Given = day(c.given)
		}
		n, err := engine(t, in).Notices(cost.Question{System: "pbx"})
		if err != nil {
			t.Fatal(err)
		}
		got := n.Notices[0]
		if got.State != c.state || got.End.String() != c.end || got.Last.String() != c.last {
			t.Errorf("on %s, given %q: %s, ends %s, notice by %s; want %s, %s, %s", c.asOf, c.given, got.State, got.End, got.Last, c.state, c.end, c.last)
		}
		if got.Miss.Text() != "108000.00" { // a year of 300 seats at 30.00 a month
			t.Errorf("missing it costs %s", got.Miss)
		}
	}
}

// A contract whose notice day has passed goes on, whoever is served by then.
func TestWhatAMissedNoticeCostsIsForecast(t *testing.T) {
	t.Parallel()
	for asOf, want := range map[string]string{
		"2026-12-31": "23733.87",  // it is the last day for it
		"2027-01-01": "131733.87", // and a year of 300 seats at 30.00 a month
		"2027-03-31": "131733.87",
	} {
		in := ahead(waves(0), asOf)
		in.Book.Contracts[0].Notice.Given = 0
		if o := overlap(t, in, cost.Question{}); o.Waste.Text() != want {
			t.Errorf("on %s the waste is %s, want %s", asOf, o.Waste, want)
		}
	}
}

func TestThePlanIsWarnedOfItsBudgetAndOfNoticeDays(t *testing.T) {
	t.Parallel()
	warned := func(budget, over string, near int) []string {
		in := ahead(waves(0), "2026-12-01")
		in.Book.Contracts[0].Notice.Given = 0
		share := finance.MustExact(over)
		in.Plan.Budget, in.Plan.WarnOver, in.Plan.WarnNotice = &finance.Money{Amount: finance.MustExact(budget), Currency: "GBP"}, &share, &near
		in.Plan.Release = day("2026-12-15") // notice is going to be given in time
		o, err := engine(t, in).Outlook(cost.Question{})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, w := range o.Warnings {
			all = append(all, w.Kind+" "+w.Day.String())
		}
		return all
	}
	late, due := cost.OverBudget+" ", cost.NoticeNear+" 2026-12-31"
	for _, c := range []struct {
		budget, over string
		near         int
		want         []string
	}{
		{"20000.00", "0", 29, nil},
		{"17000.00", "0", 30, []string{late, due}},
		{"17000.00", "0.2", 30, []string{due}},
		{"20000.00", "0", 30, []string{due}},
	} {
		if got := warned(c.budget, c.over, c.near); !slices.Equal(got, c.want) {
			t.Errorf("%+v: warned of %q", c, got)
		}
	}
}

func TestInvoicesAreHeldAgainstContractsAndPlatforms(t *testing.T) {
	t.Parallel()
	in := waves(0)
	line := func(invoice, item, from, to, quantity, amount string, in finance.Currency) cost.InvoiceLine {
		return cost.InvoiceLine{
			Invoice: invoice, Contract: "pbx-seats", Item: contract.ItemID(item), Period: finance.Span{From: day(from), To: day(to)},
			Quantity: finance.MustExact(quantity), Amount: finance.Money{Amount: finance.MustExact(amount), Currency: in},
		}
	}
	in.Facts.Invoices = []cost.InvoiceLine{
		line("R1", "seat", "2027-03-01", "2027-03-31", "300", "9000.00", "GBP"),
		line("R2", "seat", "2027-03-01", "2027-03-31", "300", "9000.00", "GBP"),
		line("R3", "seat", "2027-02-01", "2027-02-14", "310", "4650.00", "GBP"),
		line("R4", "seat", "2027-02-15", "2027-02-28", "290", "4350.00", "GBP"),
		line("R5", "trunk", "2027-02-15", "2027-02-28", "1", "7.00", "GBP"),
		line("R6", "seat", "2027-01-01", "2027-01-31", "300", "9000.00", "EUR"),
	}
	in.Facts.Figures = []cost.Figure{
		{System: "pbx", Span: finance.Span{From: day("2027-02-01"), To: day("2027-02-20")}, Used: 305, Total: 400},
		{System: "pbx", Span: finance.Span{From: day("2027-02-21"), To: day("2027-03-02")}, Used: 300, Total: 400},
	}
	c, err := engine(t, in).InvoiceCheck(cost.Question{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range c.Lines {
		got = append(got, f.Invoice+" "+string(f.Finding)+" "+f.Difference.String())
	}
	want := []string{
		"R1 agrees 0.00 GBP", "R2 billed_twice 0.00 GBP", "R3 over_billed 150.00 GBP", "R4 under_billed -150.00 GBP", "R5 unknown_item 7.00 GBP",
		"R6 other_currency 9000.00 EUR",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	seats := []cost.SeatDifference{{System: "pbx", Days: finance.Span{From: day("2027-02-01"), To: day("2027-02-20")}, Shown: 305, Known: 300}}
	if diff := cmp.Diff(seats, c.Seats); diff != "" {
		t.Errorf("seats (-want +got):\n%s", diff)
	}
	billed := finance.Money{Currency: "GBP"}
	for _, total := range c.Invoices {
		if total.Billed.Currency == "GBP" {
			billed = billed.Add(total.Billed)
		}
	}
	if billed.Text() != "27007.00" {
		t.Errorf("the invoices add up to %s", billed)
	}
	for _, a := range c.Accruals {
		if a.Contract != "cloud-seats" || !a.Accrual {
			t.Errorf("without an invoice: %+v", a)
		}
	}
	if len(c.Accruals) != 2 { // of the new system, February and March
		t.Errorf("%d charges without an invoice", len(c.Accruals))
	}
}
