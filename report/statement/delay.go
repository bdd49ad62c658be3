package statement

import (
	"fmt"
	"slices"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
)

func (m *maker) delay() (*document.Document, error) {
	y, err := m.engine.Delay(m.request.Question, m.request.Delay)
	if err != nil {
		return nil, err
	}
	d := m.begin("What each day of delay costs", &y.Head)
	d.Decision = decision(&y)
	d.Figures = []document.Figure{
		figure(money("next_day_waste", "Waste of the next day", y.Currency), paid(y.NextDay.Waste)),
		figure(money("next_day_cash", "Cash of the next day", y.Currency), paid(y.NextDay.Cash)),
	}
	if len(y.Steps) > 0 {
		s := &y.Steps[0]
		d.Figures = append(d.Figures,
			figure(quantity("first_step_days", "Days until cash jumps"), count(s.Days)),
			figure(money("first_step_cash", "Cash of that jump", y.Currency), paid(s.Cash)))
	}
	d.Charts = []document.Chart{curve(&y)}
	d.Tables = []document.Table{steps(&y), points(&y)}
	return d, nil
}

// addCurve adds the curve of delay to another report; none where a delay moves nobody.
func (m *maker) addCurve(d *document.Document) error {
	y, err := m.engine.Delay(m.request.Question, m.request.Delay)
	if err != nil {
		return err
	}
	d.Decision = decision(&y)
	for _, n := range y.Notes {
		if !slices.Contains(d.Notes, n) {
			d.Notes = append(d.Notes, n)
		}
	}
	if y.Left > 0 || len(y.Steps) > 0 {
		d.Charts = append(d.Charts, curve(&y))
	}
	return nil
}

// decision says by when what must be done so that no cash is spent at once, and what
// each day until then costs.
func decision(y *cost.Delay) string {
	if len(y.Steps) == 0 && y.Left == 0 {
		if y.NextDay.Cash.IsZero() && y.NextDay.Waste.IsZero() {
			return "Nobody is left to be switched: a delay costs nothing."
		}
		return fmt.Sprintf("Nobody is left to be switched. A delay puts off the day on which old seats are let go: %s.", y.NextDay.PerDay())
	}
	if len(y.Steps) == 0 {
		return fmt.Sprintf("A delay of up to %d days makes no contract go on: %s.", len(y.Points)-1, y.NextDay.PerDay())
	}
	s := &y.Steps[0]
	do := fmt.Sprintf("Give notice of contract %s by %s", s.Contract, s.Day)
	if s.Reason == cost.StillNeeded {
		do = fmt.Sprintf("Have everybody off %s by %s, when contract %s ends", s.System, s.Day, s.Contract)
	}
	return fmt.Sprintf("%s, or it goes on to %s for %s. That happens at %d days of delay; until then %s.", do, s.Until, s.For(), s.Days, y.NextDay.PerDay())
}

// curve is cash with its steps and waste, over the days of delay.
func curve(y *cost.Delay) document.Chart {
	c := document.Chart{
		Name: "curve", Title: "What each day of delay costs", Kind: document.Curve,
		X: "days of delay", Y: string(y.Currency) + " more than without delay",
		Series: []document.Series{{Name: "cash", Steps: true}, {Name: "waste"}},
	}
	for _, p := range y.Points {
		c.Series[0].Points = append(c.Series[0].Points, document.Point{X: float64(p.Days), Y: drawn(p.Cash)})
		c.Series[1].Points = append(c.Series[1].Points, document.Point{X: float64(p.Days), Y: drawn(p.Waste)})
	}
	for i := range y.Steps {
		c.Marks = append(c.Marks, document.Mark{X: float64(y.Steps[i].Days), Label: y.Steps[i].Text})
	}
	return c
}

func steps(y *cost.Delay) document.Table {
	rows := make([][]document.Cell, len(y.Steps))
	for i := range y.Steps {
		s := &y.Steps[i]
		rows[i] = []document.Cell{count(s.Days), word(s.Contract), word(s.System), word(s.Reason), on(s.Day), on(s.Until), paid(s.Cash), paid(s.Whole), word(s.Text)}
	}
	return document.Table{
		Name: "steps", Title: "Where cash jumps", Rows: document.Of(rows...),
		Columns: []document.Column{
			quantity("days", "Days of delay"), text("contract", "Contract"), text("system", "System"), worded("reason", "Reason", reasons()),
			date("day", "Day that is passed"), date("until", "Goes on until"), money("cash", "Cash", y.Currency), money("whole", "Of the whole contract", y.Currency), text("text", "What it says"),
		},
	}
}

func points(y *cost.Delay) document.Table {
	t := document.Table{
		Name: "points", Title: "Day by day, more than without delay",
		Columns: []document.Column{quantity("days", "Days of delay"), money("cash", "Cash", y.Currency), money("waste", "Waste", y.Currency)},
	}
	for _, c := range cost.Classes() {
		t.Columns = append(t.Columns, money(string(c), titled(string(c)), y.Currency))
	}
	rows := make([][]document.Cell, len(y.Points))
	for i, p := range y.Points {
		rows[i] = []document.Cell{count(p.Days), paid(p.Cash), paid(p.Waste)}
		for _, c := range cost.Classes() {
			rows[i] = append(rows[i], paid(amountOf(p.Classes, c, y.Currency)))
		}
	}
	t.Rows = document.Of(rows...)
	return t
}

func amountOf(all []cost.Total, c cost.Class, in finance.Currency) finance.Money {
	for _, t := range all {
		if t.Class == c {
			return t.Amount
		}
	}
	return finance.Money{Currency: in}
}
