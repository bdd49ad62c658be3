package statement

import (
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
)

// days shows the user-days behind a total of overlap. Days are not rounded and the total
// is: what lies between them is a row of its own for each class, as are corrections,
// which are of no day, so that the rows add up to what is reported.
func (m *maker) days(o *cost.Overlap) (*document.Document, error) {
	b := behind{currency: o.Currency, sums: map[cost.Class]finance.Exact{}}
	runs := m.engine.UserRuns(m.request.Question)
	for r, err := range runs {
		if err != nil {
			return nil, err
		}
		b.add(&r)
	}
	b.settle(o, m.request.Question.User != "")
	d := m.begin("The user-days of what is paid twice", &o.Head)
	exactly := func(key, name string, x finance.Exact) document.Figure {
		return figure(document.Column{Key: key, Name: name, Kind: document.Money, Currency: string(o.Currency), Digits: rateDigits}, document.Cell{Text: unrounded(x)})
	}
	d.Figures = []document.Figure{
		figure(quantity("days", "User-days"), count(b.days)),
		figure(money("overlap", "What they cost, as reported", o.Currency), paid(b.reported)),
		exactly("unrounded", "Of it, days, not rounded", b.sum),
	}
	if !b.corrected.IsZero() {
		d.Figures = append(d.Figures, figure(money("corrected", "Of it, corrections of closed months", o.Currency), paid(b.corrected)))
	}
	d.Figures = append(d.Figures, exactly("rounding", "Of it, rounding", b.rounding))
	d.Tables = []document.Table{{
		Name: "days", Title: "User-days", SumBy: "class", SumRule: "sums of the rows: days are not rounded, and for each class a row says what its rounding adds",
		Columns: []document.Column{
			date("day", "Day"), text("user", "User"), text("stage", "Stage"), text("cost_center", "Cost center"), text("country", "Country"),
			text("class", "Class"), text("phase", "Actual or forecast"), text("system", "Redundant on"), text("serving", "Served by"), text("contract", "Contract"), text("item", "Item"),
			mixed("rate", "Daily rate", rateDigits), summed(document.Column{Key: "reported", Name: "Amount", Kind: document.Money, Currency: string(o.Currency), Digits: rateDigits}),
			text("note", "Note"),
		},
		Rows: func(yield func([]document.Cell, error) bool) {
			for r, err := range runs {
				if err != nil {
					yield(nil, err)
					return
				}
				if !eachDay(r, yield) {
					return
				}
			}
			for _, row := range b.rows {
				if !yield(row, nil) {
					return
				}
			}
		},
	}}
	return d, nil
}

// behind is what a total of overlap is made of.
type behind struct {
	currency finance.Currency
	days     int
	// sums are those of days by class, as they are written; sum is all of them.
	sums      map[cost.Class]finance.Exact
	sum       finance.Exact
	reported  finance.Money
	corrected finance.Money
	rounding  finance.Exact
	rows      [][]document.Cell // that are of no day
}

// add counts the days of a run.
func (b *behind) add(r *cost.UserRun) {
	n := r.Days.Days()
	amount := finance.MustExact(perDay(r)).Times(n)
	b.days += n
	b.sums[r.Class], b.sum = b.sums[r.Class].Add(amount), b.sum.Add(amount)
}

// settle makes rows of what is reported beside the days. What is reported is not told
// apart by person: of one person it is the sum of their days, rounded by class.
func (b *behind) settle(o *cost.Overlap, ofOne bool) {
	b.corrected.Currency, b.reported.Currency = b.currency, b.currency
	reported := map[cost.Class]finance.Money{}
	for i := range o.Lines {
		l := &o.Lines[i]
		if !l.Class.Overlap() || ofOne {
			continue
		}
		reported[l.Class] = reported[l.Class].Add(l.Reported)
		if l.Corrects != "" {
			b.corrected = b.corrected.Add(l.Reported)
			b.sums[l.Class] = b.sums[l.Class].Add(l.Reported.Amount)
			b.rows = append(b.rows, correctionRow(l))
		}
	}
	for _, class := range cost.Classes() {
		if !class.Overlap() {
			continue
		}
		total := reported[class].Amount
		if ofOne {
			total = finance.Money{Amount: b.sums[class], Currency: b.currency}.Round(finance.HalfUp).Amount
		}
		b.reported.Amount = b.reported.Amount.Add(total)
		if off := total.Sub(b.sums[class]); !off.IsZero() {
			b.rounding = b.rounding.Add(off)
			b.rows = append(b.rows, roundingRow(class, off))
		}
	}
}

func correctionRow(l *cost.Line) []document.Cell {
	rate := document.Cell{Text: l.Rate.Amount.String(), Currency: string(l.Rate.Currency)}
	return []document.Cell{
		{},
		{},
		word(l.Stage), word(l.CostCenter), word(l.Country),
		word(l.Class), word(l.Phase), word(l.System), word(l.Serving), word(l.Contract), word(l.Item), rate, paid(l.Reported), word("corrects " + l.Corrects),
	}
}

func roundingRow(c cost.Class, off finance.Exact) []document.Cell {
	row := make([]document.Cell, 14)
	row[5], row[12], row[13] = word(c), document.Cell{Text: unrounded(off)}, word("rounding")
	return row
}

// perDay writes what one day of a run costs.
func perDay(r *cost.UserRun) string {
	return unrounded(r.Reported.Amount.Over(finance.Whole(r.Days.Days())))
}

// eachDay yields the days of a run, which cost the same.
func eachDay(r cost.UserRun, yield func([]document.Cell, error) bool) bool {
	rate := document.Cell{Text: r.Rate.Amount.String(), Currency: string(r.Rate.Currency)}
	reported := document.Cell{Text: perDay(&r)}
	for d := r.Days.From; d <= r.Days.To; d++ {
		if !yield([]document.Cell{
			on(d), word(r.User), word(r.Stage), word(r.CostCenter), word(r.Country),
			word(r.Class), word(r.Phase), word(r.System), word(r.Serving), word(r.Contract), word(r.Item), rate, reported,
			{},
		}, nil) {
			return false
		}
	}
	return true
}
