package cost

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// Variance tells what was planned, what it became, and which part of the
// difference is a price, a quantity or a time. What it became holds the forecast
// of what is to come.
func (e *Engine) Variance(q Question) (Variance, error) {
	f := e.frame(&e.in.Book, 0, q.Span)
	v := Variance{Head: e.head("variance", q, f.line.span)}
	var lines [3][]Line
	for i, when := range []schedule{asPlanned, asMoved, asExpected} {
		var err error
		if lines[i], err = e.asked(f, when, &q); err != nil {
			return Variance{}, err
		}
	}
	v.Lines = e.vary(lines[0], lines[1], lines[2])
	v.Total = e.varied(v.Lines)
	return v, nil
}

// varied adds up lines.
func (e *Engine) varied(lines []VarianceLine) VarianceLine {
	zero := finance.Money{Currency: e.in.Book.Currency}
	total := VarianceLine{Planned: zero, Actual: zero, Price: zero, Volume: zero, Timing: zero}
	for i := range lines {
		l := &lines[i]
		total.Planned, total.Actual = total.Planned.Add(l.Planned), total.Actual.Add(l.Actual)
		total.Price, total.Volume, total.Timing = total.Price.Add(l.Price), total.Volume.Add(l.Volume), total.Timing.Add(l.Timing)
	}
	return total
}

type varianceKey struct {
	class    Class
	month    finance.Month
	contract contract.ID
	item     contract.ItemID
	corrects string
}

// rateKey is what has one rate, whatever class it is of.
type rateKey struct {
	month    finance.Month
	contract contract.ID
	item     contract.ItemID
	unit     Unit
}

// plannedRates are what the plan has for a unit of an item in a month.
func plannedRates(planned []Line) map[rateKey]finance.Exact {
	quantity, amount := map[rateKey]finance.Exact{}, map[rateKey]finance.Exact{}
	for i := range planned {
		if l := &planned[i]; l.Corrects == "" {
			k := rateKey{l.Month, l.Contract, l.Item, l.Unit}
			quantity[k], amount[k] = quantity[k].Add(l.Quantity), amount[k].Add(l.exactly())
		}
	}
	for k := range amount {
		amount[k] = mean(amount[k], quantity[k])
	}
	return amount
}

// unrounded are the amounts of a line of the plan, of the plan with its switches
// moved, and of what it became, in the currency of the report.
type unrounded struct{ planned, moved, actual finance.Exact }

// vary compares lines of the plan, of the plan with its switches moved, and of
// what it became.
func (e *Engine) vary(planned, moved, actual []Line) []VarianceLine {
	zero := finance.Money{Currency: e.in.Book.Currency}
	at := map[varianceKey]*VarianceLine{}
	exact := map[varianceKey]*unrounded{}
	of := func(l *Line) (*VarianceLine, *unrounded, finance.Exact) {
		k := varianceKey{l.Class, l.Month, l.Contract, l.Item, l.Corrects}
		if at[k] == nil {
			at[k] = &VarianceLine{
				Class: l.Class, Month: l.Month, Contract: l.Contract, Item: l.Item, Kind: l.Kind, System: l.System, Unit: l.Unit, Corrects: l.Corrects,
				Planned: zero, Actual: zero,
			}
			exact[k] = &unrounded{}
		}
		return at[k], exact[k], l.exactly()
	}
	for i := range planned {
		v, x, amount := of(&planned[i])
		v.PlannedQuantity, v.Planned = v.PlannedQuantity.Add(planned[i].Quantity), v.Planned.Add(planned[i].Reported)
		x.planned = x.planned.Add(amount)
	}
	for i := range moved {
		v, x, amount := of(&moved[i])
		v.MovedQuantity, x.moved = v.MovedQuantity.Add(moved[i].Quantity), x.moved.Add(amount)
	}
	for i := range actual {
		v, x, amount := of(&actual[i])
		v.ActualQuantity, v.Actual = v.ActualQuantity.Add(actual[i].Quantity), v.Actual.Add(actual[i].Reported)
		x.actual = x.actual.Add(amount)
	}
	all, rates := make([]VarianceLine, 0, len(at)), plannedRates(planned)
	for k, v := range at {
		v.explain(exact[k], rates[rateKey{k.month, k.contract, k.item, v.Unit}])
		all = append(all, *v)
	}
	slices.SortFunc(all, func(a, b VarianceLine) int {
		return cmp.Or(cmp.Compare(classOrder(a.Class), classOrder(b.Class)), cmp.Compare(a.Month, b.Month),
			strings.Compare(string(a.Contract), string(b.Contract)), strings.Compare(string(a.Item), string(b.Item)), strings.Compare(a.Corrects, b.Corrects))
	})
	return all
}

// exactly is what the line is reported with, before it was rounded. A correction is
// the difference of two that were.
func (l *Line) exactly() finance.Exact {
	if l.Corrects != "" {
		return l.Reported.Amount
	}
	return l.Quantity.Mul(l.Rate.Amount).Mul(l.Conversion.Rate)
}

// explain takes the difference apart, with rates that are means over the line. Where
// none of its class was planned, the rate is what the plan has for the item. Each part
// is rounded, and one that there is takes what that leaves, so that the three add up to
// the difference to the cent.
func (v *VarianceLine) explain(x *unrounded, planned finance.Exact) {
	v.PlannedRate, v.ActualRate = mean(x.planned, v.PlannedQuantity), mean(x.actual, v.ActualQuantity)
	switch {
	case !v.PlannedQuantity.IsZero():
	case !v.MovedQuantity.IsZero():
		v.PlannedRate = mean(x.moved, v.MovedQuantity)
	case !planned.IsZero():
		v.PlannedRate = planned
	default:
		v.PlannedRate = v.ActualRate // Nothing was planned, so none of it is a price.
	}
	if v.ActualQuantity.IsZero() {
		v.ActualRate = v.PlannedRate
	}
	in := v.Actual.Currency
	v.Timing = finance.Money{Amount: v.MovedQuantity.Sub(v.PlannedQuantity).Mul(v.PlannedRate), Currency: in}.Round(rounding)
	v.Price = finance.Money{Amount: v.ActualRate.Sub(v.PlannedRate).Mul(v.ActualQuantity), Currency: in}.Round(rounding)
	v.Volume = finance.Money{Amount: v.ActualQuantity.Sub(v.MovedQuantity).Mul(v.PlannedRate), Currency: in}.Round(rounding)
	rest := v.Actual.Sub(v.Planned).Sub(v.Price).Sub(v.Volume).Sub(v.Timing)
	switch {
	case !v.Volume.IsZero():
		v.Volume = v.Volume.Add(rest)
	case !v.Timing.IsZero():
		v.Timing = v.Timing.Add(rest)
	default: // also a correction of a rate, which has no quantity
		v.Price = v.Price.Add(rest)
	}
}

func mean(amount, quantity finance.Exact) finance.Exact {
	if quantity.IsZero() {
		return finance.Exact{}
	}
	return amount.Over(quantity)
}
