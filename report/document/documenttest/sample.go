// Package documenttest has documents to print in tests: the golden example of
// overlap reporting, as a report would make one of it, and one with as many rows
// as wanted.
package documenttest

import (
	"fmt"
	"strconv"

	"github.com/dualtone/dualtone/report/document"
)

// Sample is a report with everything that a document can have.
func Sample() *document.Document {
	return &document.Document{
		Name:  "overlap",
		Title: "What is paid twice",
		Parameters: []document.Parameter{
			{Key: "as_of", Name: "As of", Value: "2027-03-31"},
			{Key: "known_at", Name: "Known at", Value: "2027-04-01T06:00:00Z"},
			{Key: "plan", Name: "Plan", Value: "spring"},
			{Key: "currency", Name: "Currency", Value: "EUR"},
		},
		Decision: "Have everybody off the old system by 2027-03-31, or its contract goes on for 9,000.00 EUR.",
		Figures: []document.Figure{
			{Column: document.Column{Key: "waste", Name: "Waste", Kind: document.Money, Currency: "EUR"}, Value: document.Cell{Text: "23733.87"}},
			{Column: document.Column{Key: "seat_days", Name: "Seat-days paid twice", Kind: document.Quantity}, Value: document.Cell{Text: "13500"}},
			{Column: document.Column{Key: "extra_cash", Name: "Extra cash of 10 days", Kind: document.Money, Currency: "EUR"}, Value: document.Cell{Text: "0.00"}},
		},
		Charts: []document.Chart{curve(), stack()},
		Tables: []document.Table{classes(), contracts()},
		Definitions: []document.Definition{
			{Name: "planned", Meaning: "A seat paid twice for as long as the plan wants it: training before the switch, soak after it."},
			{Name: "idle", Meaning: "A seat on the new system that is paid earlier than the plan wants."},
			{Name: "stranded", Meaning: "A seat on the old system that is paid after the soak."},
		},
		Notes: []string{"Ångström & Söhne's April invoice has not come yet."},
	}
}

func curve() document.Chart {
	c := document.Chart{
		Name: "curve", Title: "What each day of delay costs", Kind: document.Curve, X: "days later than planned", Y: "EUR more than without delay",
		Series: []document.Series{{Name: "cash", Steps: true}, {Name: "waste"}},
		Marks: []document.Mark{
			{X: 15, Label: "2027-03-31: the old contract must be gone on with, 9,000.00 EUR"},
			{X: 16, Label: "2027-04-01: notice of the trunks is missed, 1,200.00 EUR"},
		},
	}
	for n := range 31 {
		cash := 0.0
		if n >= 15 {
			cash = 9000
		}
		if n >= 16 {
			cash += 1200
		}
		c.Series[0].Points = append(c.Series[0].Points, document.Point{X: float64(n), Y: cash})
		c.Series[1].Points = append(c.Series[1].Points, document.Point{X: float64(n), Y: 435.5 * float64(n)})
	}
	return c
}

func stack() document.Chart {
	return document.Chart{
		Name: "months", Title: "Overlap by month", Kind: document.Stack, X: "month", Y: "EUR", Labels: []string{"2027-02", "2027-03"},
		Series: []document.Series{
			{Name: "planned", Points: []document.Point{{X: 0, Y: 1250}, {X: 1, Y: 6018.43}}},
			{Name: "idle", Points: []document.Point{{X: 0, Y: 9998}, {X: 1, Y: 1822.28}}},
			{Name: "stranded", Points: []document.Point{{X: 1, Y: 4645.16}}},
		},
	}
}

func classes() document.Table {
	return document.Table{
		Name: "classes", Title: "Classes of overlap", SumRule: "each class is rounded half-up to the cent, and the classes are added",
		Columns: []document.Column{
			{Key: "class", Name: "Class"},
			{Key: "seat_days", Name: "Seat-days", Kind: document.Quantity, Sum: true},
			{Key: "share", Name: "Share", Kind: document.Percent},
			{Key: "amount", Name: "Amount", Kind: document.Money, Currency: "EUR", Sum: true},
		},
		Rows: document.Of(
			document.Texts("planned", "4200", "0.3062", "7268.43"),
			document.Texts("idle", "4500", "0.4980", "11820.28"),
			document.Texts("stranded", "4800", "0.1957", "4645.16"),
		),
	}
}

// contracts are in several currencies, and one has a name that a spreadsheet
// would calculate.
func contracts() document.Table {
	row := func(name, end, seen, price, code, class, amount string) []document.Cell {
		cells := document.Texts(name, end, seen, price, class, amount)
		cells[3].Currency = code
		return cells
	}
	return document.Table{
		Name: "contracts", Title: "Contracts", SumBy: "class", SumRule: "each class is rounded, and the classes are added",
		Columns: []document.Column{
			{Key: "contract", Name: "Contract"},
			{Key: "end", Name: "Contract end", Kind: document.Date},
			{Key: "seen", Name: "Last seen", Kind: document.Time},
			{Key: "price", Name: "Price", Kind: document.Money},
			{Key: "class", Name: "Class"},
			{Key: "amount", Name: "Amount", Kind: document.Money, Currency: "EUR", Digits: 4, Sum: true},
		},
		Rows: document.Of(
			row("pbx licenses", "2027-03-31", "2027-03-30T22:00:00Z", "30.00", "EUR", "idle", "10.0049"),
			row(`=HYPERLINK("http://example.test")`, "2028-01-31", "2027-03-30T22:00:00Z", "9000", "JPY", "idle", "20.0002"),
			row("Żółć & Ω, Ltd", "2027-12-31", "", "75.00", "GBP", "planned*", "-0.0050"),
			row("без имени", "", "", "", "", "planned", "7.1250"),
		),
	}
}

// Days is a drill-down to so many user-days.
func Days(n int) *document.Document {
	return &document.Document{
		Name: "overlap", Title: "User-days", Parameters: Sample().Parameters,
		Tables: []document.Table{{
			Name: "days", Title: "User-days", SumBy: "class", SumRule: "each class is rounded, and the classes are added",
			Columns: []document.Column{
				{Key: "day", Name: "Day", Kind: document.Date},
				{Key: "user", Name: "User"},
				{Key: "stage", Name: "Stage"},
				{Key: "cost_center", Name: "Cost center"},
				{Key: "system", Name: "System"},
				{Key: "contract", Name: "Contract"},
				{Key: "class", Name: "Class"},
				{Key: "days", Name: "Days", Kind: document.Quantity, Sum: true},
				{Key: "rate", Name: "Rate", Kind: document.Money, Digits: 4},
				{Key: "amount", Name: "Amount", Kind: document.Money, Currency: "EUR", Digits: 4, Sum: true},
			},
			Rows: func(yield func([]document.Cell, error) bool) {
				classes := []string{"planned", "idle", "stranded"}
				row := make([]document.Cell, 10)
				for i := range n {
					row[0].Text = fmt.Sprintf("2027-%02d-%02d", 1+i/28%12, 1+i%28)
					row[1].Text = "E" + strconv.Itoa(100000+i/365)
					row[2].Text, row[3].Text = "wave-"+strconv.Itoa(1+i%3), "CC-"+strconv.Itoa(100+i%17)
					row[4].Text, row[5].Text, row[6].Text, row[7].Text = "connect", "cloud-seats", classes[i%3], "1"
					row[8] = document.Cell{Text: "2.6785714286", Currency: "EUR"}
					row[9].Text = "2.6785714286"
					if !yield(row, nil) {
						return
					}
				}
			},
		}},
	}
}
