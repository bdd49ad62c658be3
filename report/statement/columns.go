package statement

import (
	"strconv"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
)

func text(key, name string) document.Column { return document.Column{Key: key, Name: name} }

func date(key, name string) document.Column {
	return document.Column{Key: key, Name: name, Kind: document.Date}
}

func quantity(key, name string) document.Column {
	return document.Column{Key: key, Name: name, Kind: document.Quantity}
}

func money(key, name string, c finance.Currency) document.Column {
	return document.Column{Key: key, Name: name, Kind: document.Money, Currency: string(c)}
}

// rate is a ratio to as many digits as rates have.
func rate(key, name string) document.Column {
	return document.Column{Key: key, Name: name, Kind: document.Quantity, Digits: rateDigits}
}

// mixed is money whose cells say their own currency, to more digits than it has.
func mixed(key, name string, digits int) document.Column {
	return document.Column{Key: key, Name: name, Kind: document.Money, Digits: digits}
}

func summed(c document.Column) document.Column {
	c.Sum = true
	return c
}

func word[T ~string](s T) document.Cell { return document.Cell{Text: string(s)} }

func on(d finance.Day) document.Cell { return document.Cell{Text: d.String()} }

func count(n int) document.Cell { return document.Cell{Text: strconv.Itoa(n)} }

func exact(x finance.Exact) document.Cell { return document.Cell{Text: x.String()} }

// paid is an amount under a column of its currency.
func paid(m finance.Money) document.Cell { return document.Cell{Text: m.Text()} }

// own is an amount that says its currency.
func own(m finance.Money) document.Cell {
	return document.Cell{Text: m.Text(), Currency: string(m.Currency)}
}

// unrounded writes amounts of single days, so that a million of them add up.
func unrounded(x finance.Exact) string { return x.Fixed(unroundedDigits) }

const unroundedDigits = 12

// rateDigits is how many digits of a daily rate are shown.
const rateDigits = 6

func yes(b bool) document.Cell {
	if b {
		return document.Cell{Text: "yes"}
	}
	return document.Cell{}
}

func figure(c document.Column, v document.Cell) document.Figure {
	return document.Figure{Column: c, Value: v}
}

// share is a ratio of two amounts to four digits; none of nothing.
func share(of, whole finance.Money) document.Cell {
	if whole.IsZero() {
		return document.Cell{}
	}
	return document.Cell{Text: of.Amount.Over(whole.Amount).Fixed(4)}
}

// lines is the table with everything that a line has.
func lines(name, title string, all []cost.Line, in finance.Currency) document.Table {
	return document.Table{
		Name: name, Title: title, Detail: true, SumBy: "class", Apart: true,
		SumRule: "each class is rounded as a whole, and its lines so that they add up to it; classes are not added, since waste is a part of what is charged",
		Columns: []document.Column{
			text("class", "Class"), text("phase", "Actual or forecast"), text("month", "Month"), text("contract", "Contract"), text("item", "Item"), worded("kind", "Kind", kinds()),
			text("system", "System"), text("serving", "Served by"), text("stage", "Stage"), text("cost_center", "Cost center"), text("country", "Country"),
			date("first_day", "First day"), date("last_day", "Last day"), quantity("quantity", "Quantity"), text("unit", "Unit"),
			mixed("rate", "Rate of one unit", rateDigits), worded("proration", "Proration", prorations()), mixed("amount", "Amount", 0),
			rate("fx_rate", "Rate of exchange"), date("fx_date", "Date of the rate"), summed(money("reported", "Amount reported", in)),
			text("invoice", "Invoice"), text("accrual", "Accrual"), text("correction_of", "Corrects"),
			date("notice_day", "Last notice day"), date("contract_end", "Contract end"), text("supplier", "Supplier"), text("owner", "Owner"),
		},
		Rows: func(yield func([]document.Cell, error) bool) {
			for i := range all {
				if !yield(lineCells(&all[i]), nil) {
					return
				}
			}
		},
	}
}

func lineCells(l *cost.Line) []document.Cell {
	rate := own(l.Rate)
	rate.Text = l.Rate.Amount.String()
	return []document.Cell{
		word(l.Class), word(l.Phase), word(l.Month.String()), word(l.Contract), word(l.Item), word(l.Kind),
		word(l.System), word(l.Serving), word(l.Stage), word(l.CostCenter), word(l.Country),
		on(l.Days.From), on(l.Days.To), exact(l.Quantity), word(l.Unit),
		rate, word(l.Proration), own(l.Amount),
		exact(l.Conversion.Rate), on(l.Conversion.Day), paid(l.Reported),
		word(l.Invoice), yes(l.Accrual), word(l.Corrects),
		on(l.NoticeDay), on(l.End), word(l.Supplier), word(l.Owner),
	}
}
