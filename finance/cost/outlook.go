package cost

import (
	"fmt"
	"slices"

	"github.com/dualtone/dualtone/finance"
)

// Outlook tells what was spent, what is to come, and how that stands to the plan
// as it was approved and to the budget.
func (e *Engine) Outlook(q Question) (Outlook, error) {
	f := e.frame(&e.in.Book, 0, q.Span)
	lines, err := e.asked(f, asExpected, &q)
	if err != nil {
		return Outlook{}, err
	}
	planned, err := e.asked(f, asPlanned, &q)
	if err != nil {
		return Outlook{}, err
	}
	o := Outlook{Head: e.head("forecast", q, f.line.span), Lines: lines}
	o.Cash = e.estimate(lines, planned, paidFor)
	o.Waste = e.estimate(lines, planned, wasted)
	o.Months = e.months(lines, planned)
	if b := e.in.Plan.Budget; b != nil {
		budget, _, err := e.Reported(*b, e.in.AsOf)
		if err != nil {
			return Outlook{}, fmt.Errorf("budget of plan %s: %w", e.in.Plan.Name, err)
		}
		over := o.Waste.AtCompletion.Sub(budget)
		o.Budget, o.Over = &budget, &over
	}
	o.Warnings = e.warnings(&o)
	return o, nil
}

func paidFor(l *Line) bool { return l.Class == Charged }

func wasted(l *Line) bool { return l.Class.Waste() }

// approved is a frame over the same days with the contracts as they were known
// when the plan was approved.
func (e *Engine) approved(f *frame) *frame {
	then := e.frame(e.in.Approved, 0, finance.Span{})
	cuts := make([]finance.Day, 0, len(f.line.segments)+len(then.line.segments))
	for _, s := range slices.Concat(f.line.segments, then.line.segments) {
		cuts = append(cuts, s.From)
	}
	then.line = newTimeline(f.line.span, e.in.AsOf, f.line.asked, cuts)
	then.pricing.known = map[priceKey]*price{}
	return then
}

func (e *Engine) estimate(lines, planned []Line, of func(*Line) bool) Estimate {
	in := e.in.Book.Currency
	x := Estimate{
		Actual:  sum(lines, in, func(l *Line) bool { return of(l) && l.Phase == Actual }),
		Rest:    sum(lines, in, func(l *Line) bool { return of(l) && l.Phase == Forecast }),
		Planned: sum(planned, in, of),
	}
	x.AtCompletion = x.Actual.Add(x.Rest)
	x.Variance = x.AtCompletion.Sub(x.Planned)
	return x
}

// months are the months that there is something of, in their order.
func (e *Engine) months(lines, planned []Line) []OutlookMonth {
	at := map[finance.Month]*OutlookMonth{}
	of := func(m finance.Month) *OutlookMonth {
		if at[m] == nil {
			zero := finance.Money{Currency: e.in.Book.Currency}
			at[m] = &OutlookMonth{m, zero, zero, zero, zero, zero, zero}
		}
		return at[m]
	}
	add := func(to *finance.Money, l *Line) { *to = to.Add(l.Reported) }
	for i := range lines {
		l := &lines[i]
		switch m := of(l.Month); {
		case paidFor(l) && l.Phase == Actual:
			add(&m.ActualCash, l)
		case paidFor(l):
			add(&m.ForecastCash, l)
		case wasted(l) && l.Phase == Actual:
			add(&m.ActualWaste, l)
		case wasted(l):
			add(&m.ForecastWaste, l)
		}
	}
	for i := range planned {
		switch l := &planned[i]; {
		case paidFor(l):
			add(&of(l.Month).PlannedCash, l)
		case wasted(l):
			add(&of(l.Month).PlannedWaste, l)
		}
	}
	var all []OutlookMonth
	for _, m := range at {
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b OutlookMonth) int { return int(a.Month - b.Month) })
	return all
}

// Reported is an amount of a day in the currency of the reports, and by which rate it
// is. It is a *finance.NoRateError when there is none.
func (e *Engine) Reported(m finance.Money, on finance.Day) (finance.Money, finance.Conversion, error) {
	c, err := e.rates.For(m.Currency, e.in.Book.Currency, on)
	if err != nil {
		return finance.Money{}, c, err
	}
	return finance.Money{Amount: m.Amount.Mul(c.Rate), Currency: e.in.Book.Currency}.Round(rounding), c, nil
}

// Kinds of warnings.
const (
	OverBudget = "forecast_over_budget"
	NoticeNear = "notice_near"
)

func (e *Engine) warnings(o *Outlook) []Warning {
	var all []Warning
	if share := e.in.Plan.WarnOver; share != nil && o.Budget != nil {
		if most := o.Budget.Amount.Add(o.Budget.Amount.Mul(*share)); o.Waste.AtCompletion.Amount.Cmp(most) > 0 {
			all = append(all, Warning{Kind: OverBudget, Text: fmt.Sprintf(
				"the forecast of waste is %s, %s over the budget of %s", o.Waste.AtCompletion.Grouped(), o.Over.Grouped(), o.Budget.Grouped())})
		}
	}
	if near := e.in.Plan.WarnNotice; near != nil {
		for _, n := range e.notices() {
			if n.State == NoticeOpen && n.DaysLeft <= *near {
				all = append(all, Warning{Kind: NoticeNear, Contract: n.Contract, Day: n.Last, Text: fmt.Sprintf(
					"notice of contract %s is due by %s, in %s; missing it costs %s", n.Contract, n.Last, n.Left(), n.Miss.Grouped())})
			}
		}
	}
	return all
}
