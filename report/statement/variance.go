package statement

import (
	"slices"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
)

func (m *maker) variance() (*document.Document, error) {
	v, err := m.engine.Variance(m.request.Question)
	if err != nil {
		return nil, err
	}
	d := m.begin("What was planned and what it became", &v.Head)
	// Waste is a part of cash, so the two are never added.
	for _, measure := range []struct {
		name, title string
		has         func(cost.Class) bool
	}{
		{"cash", "Cash", func(c cost.Class) bool { return c == cost.Charged }},
		{"waste", "Waste", cost.Class.Waste},
	} {
		lines := slices.DeleteFunc(slices.Clone(v.Lines), func(l cost.VarianceLine) bool { return !measure.has(l.Class) })
		planned, actual := finance.Money{Currency: v.Currency}, finance.Money{Currency: v.Currency}
		for i := range lines {
			planned, actual = planned.Add(lines[i].Planned), actual.Add(lines[i].Actual)
		}
		d.Figures = append(d.Figures,
			figure(money(measure.name+"_planned", measure.title+" planned", v.Currency), paid(planned)),
			figure(money(measure.name+"_actual", measure.title+", actual and forecast", v.Currency), paid(actual)),
			figure(money(measure.name+"_variance", measure.title+" over plan", v.Currency), paid(actual.Sub(planned))))
		d.Tables = append(d.Tables, varied(measure.name, measure.title+" by volume, timing, price and rate of exchange", lines, v.Currency))
	}
	return d, nil
}

func varied(name, title string, all []cost.VarianceLine, in finance.Currency) document.Table {
	rate := func(key, name string) document.Column {
		return document.Column{Key: key, Name: name, Kind: document.Money, Currency: string(in), Digits: rateDigits}
	}
	rows := make([][]document.Cell, len(all))
	for i := range all {
		l := &all[i]
		rows[i] = []document.Cell{
			word(l.Class), word(l.Month.String()), word(l.Contract), word(l.Item), word(l.Kind), word(l.System), word(l.Unit),
			exact(l.PlannedQuantity), exact(l.MovedQuantity), exact(l.ActualQuantity), exact(l.PlannedRate), exact(l.ActualRate),
			paid(l.Planned), paid(l.Actual), paid(l.Volume), paid(l.Timing), paid(l.Price), paid(l.Exchange), paid(l.Rounding), word(l.Corrects),
		}
	}
	return document.Table{
		Name: name, Title: title, Rows: document.Of(rows...),
		SumRule: "sums of the rows; volume, timing, price, rate of exchange and rounding add up to actual less planned",
		Columns: []document.Column{
			text("class", "Class"), text("month", "Month"), text("contract", "Contract"), text("item", "Item"), worded("kind", "Kind", kinds()), text("system", "System"), text("unit", "Unit"),
			quantity("planned_quantity", "Planned quantity"), quantity("moved_quantity", "Planned quantity, switches moved"), quantity("actual_quantity", "Actual and forecast quantity"),
			rate("planned_rate", "Planned rate of one unit"), rate("actual_rate", "Actual rate of one unit"),
			summed(money("planned", "Planned", in)), summed(money("actual", "Actual and forecast", in)),
			summed(money("volume", "Volume", in)), summed(money("timing", "Timing", in)), summed(money("price", "Price", in)),
			summed(money("exchange", "Rate of exchange", in)), summed(money("rounding", "Rounding", in)),
			text("correction_of", "Corrects"),
		},
	}
}
