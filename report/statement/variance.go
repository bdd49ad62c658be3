package statement

import (
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
)

func (m *maker) variance() (*document.Document, error) {
	v, err := m.engine.Variance(m.request.Question)
	if err != nil {
		return nil, err
	}
	d := m.begin("What was planned and what it became", &v.Head)
	t := &v.Total
	d.Figures = []document.Figure{
		figure(money("planned", "Planned", v.Currency), paid(t.Planned)),
		figure(money("actual", "Became", v.Currency), paid(t.Actual)),
		figure(money("variance", "Over plan", v.Currency), paid(t.Actual.Sub(t.Planned))),
		figure(money("price", "Of it price", v.Currency), paid(t.Price)),
		figure(money("volume", "Of it volume", v.Currency), paid(t.Volume)),
		figure(money("timing", "Of it timing", v.Currency), paid(t.Timing)),
	}
	d.Tables = []document.Table{varied(&v)}
	return d, nil
}

func varied(v *cost.Variance) document.Table {
	rate := func(key, name string) document.Column {
		return document.Column{Key: key, Name: name, Kind: document.Money, Currency: string(v.Currency), Digits: rateDigits}
	}
	rows := make([][]document.Cell, len(v.Lines))
	for i := range v.Lines {
		l := &v.Lines[i]
		rows[i] = []document.Cell{
			word(l.Class), word(l.Month.String()), word(l.Contract), word(l.Item), word(l.Kind), word(l.System), word(l.Unit),
			exact(l.PlannedQuantity), exact(l.MovedQuantity), exact(l.ActualQuantity), exact(l.PlannedRate), exact(l.ActualRate),
			paid(l.Planned), paid(l.Actual), paid(l.Price), paid(l.Volume), paid(l.Timing),
		}
	}
	return document.Table{
		Name: "variance", Title: "Variance by price, volume and timing", Rows: document.Of(rows...),
		SumRule: "sums of the rows; price, volume and timing add up to actual less planned",
		Columns: []document.Column{
			text("class", "Class"), text("month", "Month"), text("contract", "Contract"), text("item", "Item"), text("kind", "Kind"), text("system", "System"), text("unit", "Unit"),
			quantity("planned_quantity", "Planned quantity"), quantity("moved_quantity", "With the days of the switches"), quantity("actual_quantity", "Actual quantity"),
			rate("planned_rate", "Planned rate"), rate("actual_rate", "Actual rate"),
			summed(money("planned", "Planned", v.Currency)), summed(money("actual", "Actual", v.Currency)),
			summed(money("price", "Price", v.Currency)), summed(money("volume", "Volume", v.Currency)), summed(money("timing", "Timing", v.Currency)),
		},
	}
}
