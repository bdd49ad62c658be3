package statement

import (
	"strconv"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
)

func (m *maker) forecast() (*document.Document, error) {
	o, err := m.engine.Outlook(m.request.Question)
	if err != nil {
		return nil, err
	}
	d := m.begin("What it will have cost", &o.Head)
	d.Figures = []document.Figure{
		figure(money("waste_at_completion", "Waste at completion", o.Currency), paid(o.Waste.AtCompletion)),
		figure(money("cash_at_completion", "Cash at completion", o.Currency), paid(o.Cash.AtCompletion)),
	}
	if o.Budget != nil {
		d.Figures = append(d.Figures, figure(money("budget", "Budget of waste", o.Currency), paid(*o.Budget)), figure(money("over", "Over budget", o.Currency), paid(*o.Over)))
	}
	if m.request.Curve {
		if err := m.addCurve(d); err != nil {
			return nil, err
		}
	}
	d.Charts = append(d.Charts, monthly("Waste by month", o.Lines, o.Currency))
	d.Tables = append(d.Tables, estimates(&o), months(&o))
	if len(o.Warnings) > 0 {
		d.Tables = append(d.Tables, warnings(o.Warnings))
	}
	d.Tables = append(d.Tables, groups(o.Lines, m.by(), o.Currency), lines("lines", "All lines", o.Lines, o.Currency))
	return d, nil
}

func estimates(o *cost.Outlook) document.Table {
	row := func(name string, e *cost.Estimate) []document.Cell {
		return []document.Cell{word(name), paid(e.Planned), paid(e.Actual), paid(e.Rest), paid(e.AtCompletion), paid(e.Variance)}
	}
	return document.Table{
		Name: "estimates", Title: "Estimate at completion",
		Columns: []document.Column{
			text("measure", "Measure"), money("planned", "Planned", o.Currency), money("actual", "Actual", o.Currency), money("forecast", "Forecast", o.Currency),
			money("at_completion", "At completion", o.Currency), money("variance", "Over plan", o.Currency),
		},
		Rows: document.Of(row("cash", &o.Cash), row("waste", &o.Waste)),
	}
}

func months(o *cost.Outlook) document.Table {
	t := document.Table{
		Name: "months", Title: "Month by month", SumRule: "sums of the months",
		Columns: []document.Column{
			text("month", "Month"),
			summed(money("planned_cash", "Planned cash", o.Currency)), summed(money("actual_cash", "Actual cash", o.Currency)), summed(money("forecast_cash", "Forecast cash", o.Currency)),
			summed(money("planned_waste", "Planned waste", o.Currency)), summed(money("actual_waste", "Actual waste", o.Currency)), summed(money("forecast_waste", "Forecast waste", o.Currency)),
		},
	}
	rows := make([][]document.Cell, len(o.Months))
	for i := range o.Months {
		m := &o.Months[i]
		rows[i] = []document.Cell{
			word(m.Month.String()), paid(m.PlannedCash), paid(m.ActualCash), paid(m.ForecastCash), paid(m.PlannedWaste), paid(m.ActualWaste), paid(m.ForecastWaste),
		}
	}
	t.Rows = document.Of(rows...)
	return t
}

func warnings(all []cost.Warning) document.Table {
	rows := make([][]document.Cell, len(all))
	for i, w := range all {
		rows[i] = []document.Cell{word(w.Kind), word(w.Contract), on(w.Day), word(w.Text)}
	}
	return document.Table{
		Name: "warnings", Title: "Warnings", Rows: document.Of(rows...),
		Columns: []document.Column{worded("kind", "Warning", warned()), text("contract", "Contract"), date("day", "Day"), text("text", "What it says")},
	}
}

// drawn is an amount for a picture.
func drawn(m finance.Money) float64 {
	v, _ := strconv.ParseFloat(m.Amount.Fixed(2), 64)
	return v
}
