package statement

import (
	"slices"
	"strings"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/document"
)

func (m *maker) overlap() (*document.Document, error) {
	o, err := m.engine.Overlap(m.request.Question)
	if err != nil {
		return nil, err
	}
	if m.request.Days {
		return m.days(&o)
	}
	d := m.begin("What is paid twice", &o.Head)
	d.Figures = []document.Figure{
		figure(money("waste", "Waste, actual and forecast", o.Currency), paid(o.Waste)),
		figure(money("waste_actual", "Of it, actual", o.Currency), paid(actualWaste(&o))),
		figure(money("overlap", "Of it, seats paid twice", o.Currency), paid(o.Overlap)),
		figure(quantity("seat_days", "Seat-days paid twice"), count(o.SeatDays)),
		figure(quantity("seats", "Seats paid twice"), count(o.Seats)),
		figure(date("since", "Paid twice since"), on(o.Since)),
		figure(money("paid", "Paid to suppliers", o.Currency), paid(o.Paid)),
	}
	if m.request.Curve {
		if err := m.addCurve(d); err != nil {
			return nil, err
		}
	}
	d.Charts = append(d.Charts, monthly("Waste by month", o.Lines, o.Currency))
	d.Tables = []document.Table{classes(&o), groups(o.Lines, m.by(), o.Currency), lines("lines", "All lines", o.Lines, o.Currency)}
	return d, nil
}

// actualWaste is that of the days up to the one of the report.
func actualWaste(o *cost.Overlap) finance.Money {
	sum := finance.Money{Currency: o.Currency}
	for i := range o.Lines {
		if l := &o.Lines[i]; l.Class.Waste() && l.Phase == cost.Actual {
			sum = sum.Add(l.Reported)
		}
	}
	return sum
}

func (m *maker) by() []cost.Facet {
	if len(m.request.By) == 0 {
		return []cost.Facet{cost.ByMonth}
	}
	return m.request.By
}

// classes has each class once.
func classes(o *cost.Overlap) document.Table {
	t := document.Table{
		Name: "classes", Title: "Waste by class", SumRule: "each class is rounded half up, and the classes are added",
		Columns: []document.Column{
			text("class", "Class"), quantity("quantity", "Quantity"), text("unit", "Unit"),
			{Key: "share", Name: "Share of waste", Kind: document.Percent},
			summed(money("amount", "Amount", o.Currency)),
		},
	}
	var rows [][]document.Cell
	for _, c := range o.Classes {
		if c.Class.Waste() {
			rows = append(rows, []document.Cell{word(c.Class), exact(c.Quantity), word(c.Unit), share(c.Amount, o.Waste), paid(c.Amount)})
		}
	}
	t.Rows = document.Of(rows...)
	return t
}

// groups sums lines by facets, the classes side by side.
func groups(all []cost.Line, by []cost.Facet, in finance.Currency) document.Table {
	shown := []cost.Class{cost.Planned, cost.Idle, cost.Stranded}
	for _, c := range cost.Classes() {
		if !slices.Contains(shown, c) && slices.ContainsFunc(all, func(l cost.Line) bool { return l.Class == c }) {
			shown = append(shown, c)
		}
	}
	names := make([]string, len(by))
	t := document.Table{Name: "groups", SumRule: "sums of the rows, which add up to the classes"}
	for i, f := range by {
		names[i] = strings.ReplaceAll(string(f), "_", " ")
		t.Columns = append(t.Columns, text(string(f), titled(names[i])))
	}
	t.Title = "By " + strings.Join(names, " and ")
	for _, c := range shown {
		t.Columns = append(t.Columns, summed(money(string(c), titled(string(c)), in)))
	}
	t.Columns = append(t.Columns, summed(money("waste", "Waste", in)), summed(money("paid", "Paid", in)))
	t.Rows = document.Of(groupRows(all, by, shown, in)...)
	return t
}

func groupRows(all []cost.Line, by []cost.Facet, shown []cost.Class, in finance.Currency) [][]document.Cell {
	classed := append(slices.Clone(by), cost.ByClass)
	at := map[string]map[string]finance.Money{}
	var keys [][]string
	for _, g := range cost.GroupBy(all, classed...) {
		values, class := g.Values[:len(by)], g.Values[len(by)]
		key := strings.Join(values, "\x00")
		if at[key] == nil {
			at[key] = map[string]finance.Money{}
			keys = append(keys, values)
		}
		at[key][class] = g.Amount
	}
	rows := make([][]document.Cell, len(keys))
	for i, values := range keys {
		sums := at[strings.Join(values, "\x00")]
		waste := finance.Money{Currency: in}
		for class, amount := range sums {
			if cost.Class(class).Waste() {
				waste = waste.Add(amount)
			}
		}
		rows[i] = document.Texts(values...)
		for _, c := range shown {
			rows[i] = append(rows[i], paid(orZero(sums[string(c)], in)))
		}
		rows[i] = append(rows[i], paid(waste), paid(orZero(sums[string(cost.Charged)], in)))
	}
	return rows
}

func orZero(m finance.Money, in finance.Currency) finance.Money {
	m.Currency = in
	return m
}

func titled(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// monthly stacks the classes of waste by month.
func monthly(title string, all []cost.Line, in finance.Currency) document.Chart {
	c := document.Chart{Name: "months", Title: title, Kind: document.Stack, X: "month", Y: string(in)}
	at := map[string]int{}
	for _, g := range cost.GroupBy(all, cost.ByMonth) {
		at[g.Values[0]] = len(c.Labels)
		c.Labels = append(c.Labels, g.Values[0])
	}
	for _, class := range cost.Classes() {
		if !class.Waste() {
			continue
		}
		of := slices.DeleteFunc(slices.Clone(all), func(l cost.Line) bool { return l.Class != class })
		if len(of) == 0 {
			continue
		}
		s := document.Series{Name: string(class)}
		for _, g := range cost.GroupBy(of, cost.ByMonth) {
			s.Points = append(s.Points, document.Point{X: float64(at[g.Values[0]]), Y: drawn(g.Amount)})
		}
		c.Series = append(c.Series, s)
	}
	return c
}
