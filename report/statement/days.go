package statement

import (
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
)

// days shows the user-days behind a total of overlap, and reconciles the two:
// the days are not rounded, the total is.
func (m *maker) days(o *cost.Overlap) (*document.Document, error) {
	runs := m.engine.UserRuns(m.request.Question)
	sum := finance.Money{Currency: o.Currency}
	n := 0
	for r, err := range runs {
		if err != nil {
			return nil, err
		}
		sum = sum.Add(r.Reported)
		n += r.Days.Days()
	}
	d := m.begin("The user-days of what is paid twice", &o.Head)
	exactly := func(key, name string, x finance.Exact) document.Figure {
		return figure(document.Column{Key: key, Name: name, Kind: document.Money, Currency: string(o.Currency), Digits: rateDigits}, document.Cell{Text: unrounded(x)})
	}
	d.Figures = []document.Figure{figure(quantity("days", "User-days"), count(n)), exactly("unrounded", "Not rounded", sum.Amount)}
	// What is reported is not told apart by person, and what is corrected not by day.
	if m.request.Question.User == "" {
		corrected := finance.Money{Currency: o.Currency}
		for i := range o.Lines {
			if l := &o.Lines[i]; l.Corrects != "" && l.Class.Overlap() {
				corrected = corrected.Add(l.Reported)
			}
		}
		d.Figures = append(d.Figures, figure(money("overlap", "As reported", o.Currency), paid(o.Overlap)))
		if !corrected.IsZero() {
			d.Figures = append(d.Figures, figure(money("corrected", "Of it, corrections of closed months", o.Currency), paid(corrected)))
		}
		d.Figures = append(d.Figures, exactly("rounding", "Rounding", o.Overlap.Sub(corrected).Sub(sum).Amount))
	}
	d.Tables = []document.Table{{
		Name: "days", Title: "User-days", SumBy: "class", SumRule: "days are not rounded; each class is rounded half up, and the classes are added",
		Columns: []document.Column{
			date("day", "Day"), text("user", "User"), text("stage", "Stage"), text("cost_center", "Cost center"), text("country", "Country"),
			text("class", "Class"), text("phase", "Actual or forecast"), text("system", "Redundant on"), text("serving", "Served by"), text("contract", "Contract"), text("item", "Item"),
			mixed("rate", "Daily rate", rateDigits), summed(document.Column{Key: "reported", Name: "Amount", Kind: document.Money, Currency: string(o.Currency), Digits: rateDigits}),
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
		},
	}}
	return d, nil
}

// eachDay yields the days of a run, which cost the same.
func eachDay(r cost.UserRun, yield func([]document.Cell, error) bool) bool {
	rate := document.Cell{Text: r.Rate.Amount.String(), Currency: string(r.Rate.Currency)}
	reported := document.Cell{Text: unrounded(r.Reported.Amount.Over(finance.Whole(r.Days.Days())))}
	for d := r.Days.From; d <= r.Days.To; d++ {
		if !yield([]document.Cell{
			on(d), word(r.User), word(r.Stage), word(r.CostCenter), word(r.Country),
			word(r.Class), word(r.Phase), word(r.System), word(r.Serving), word(r.Contract), word(r.Item), rate, reported,
		}, nil) {
			return false
		}
	}
	return true
}
