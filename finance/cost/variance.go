package cost

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// Variance tells what was planned, what it became, and which part of the difference
// is a quantity, a time, a price or a rate of exchange. What it became holds the
// forecast of what is to come.
func (e *Engine) Variance(q Question) (Variance, error) {
	f := e.frame(&e.in.Book, 0, q.Span)
	f.measures = true
	v := Variance{Head: e.head("variance", q, f.line.span)}
	var lines [3][]Line
	for i, when := range []schedule{asPlanned, asMoved, asExpected} {
		var err error
		if lines[i], err = e.asked(f, when, &q); err != nil {
			return Variance{}, err
		}
		lines[i] = f.measured(lines[i])
	}
	v.Lines = e.vary(lines[0], lines[1], lines[2])
	return v, nil
}

type varianceKey struct {
	class    Class
	month    finance.Month
	contract contract.ID
	item     contract.ItemID
	corrects string
}

// unrounded are the amounts of a line of the plan, of the plan with its switches
// moved, and of what it became, in the currency of the report.
type unrounded struct {
	planned, moved finance.Exact
	actual         *Basis
}

// vary compares lines of the plan, of the plan with its switches moved, and of
// what it became.
func (e *Engine) vary(planned, moved, actual []Line) []VarianceLine {
	zero := finance.Money{Currency: e.in.Book.Currency}
	at := map[varianceKey]*VarianceLine{}
	exact := map[varianceKey]*unrounded{}
	of := func(l *Line) (*VarianceLine, *unrounded) {
		k := varianceKey{l.Class, l.Month, l.Contract, l.Item, l.Corrects}
		if at[k] == nil {
			at[k] = &VarianceLine{
				Class: l.Class, Month: l.Month, Contract: l.Contract, Item: l.Item, Kind: l.Kind, System: l.System, Unit: l.Unit, Corrects: l.Corrects,
				Planned: zero, Actual: zero,
			}
			exact[k] = &unrounded{actual: &Basis{}}
		}
		return at[k], exact[k]
	}
	for i := range planned {
		v, x := of(&planned[i])
		v.PlannedQuantity, v.Planned = v.PlannedQuantity.Add(planned[i].Quantity), v.Planned.Add(planned[i].Reported)
		x.planned = x.planned.Add(planned[i].Basis.Own)
	}
	for i := range moved {
		v, x := of(&moved[i])
		v.MovedQuantity, x.moved = v.MovedQuantity.Add(moved[i].Quantity), x.moved.Add(moved[i].Basis.Own)
	}
	for i := range actual {
		v, x := of(&actual[i])
		v.ActualQuantity, v.Actual = v.ActualQuantity.Add(actual[i].Quantity), v.Actual.Add(actual[i].Reported)
		x.actual = x.actual.plus(actual[i].Basis)
	}
	for k, v := range at {
		v.explain(exact[k])
	}
	sorted := slices.SortedFunc(maps.Values(at), func(a, b *VarianceLine) int {
		return cmp.Or(cmp.Compare(classOrder(a.Class), classOrder(b.Class)), cmp.Compare(a.Month, b.Month),
			strings.Compare(string(a.Contract), string(b.Contract)), strings.Compare(string(a.Item), string(b.Item)), strings.Compare(a.Corrects, b.Corrects))
	})
	all := make([]VarianceLine, len(sorted))
	for i, v := range sorted {
		all[i] = *v
	}
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

// explain takes the difference apart. Each part is the difference of two unrounded
// sums over the days, rounded by itself; what that leaves of the difference is told as
// rounding, so that no part has a cent of what did not change.
func (v *VarianceLine) explain(x *unrounded) {
	switch {
	case !v.PlannedQuantity.IsZero():
		v.PlannedRate = mean(x.planned, v.PlannedQuantity)
	case !v.MovedQuantity.IsZero():
		v.PlannedRate = mean(x.moved, v.MovedQuantity)
	default: // What the plan would have paid for what there was.
		v.PlannedRate = mean(x.actual.AtPlan, v.ActualQuantity)
	}
	if v.ActualRate = v.PlannedRate; !v.ActualQuantity.IsZero() {
		v.ActualRate = mean(x.actual.Own, v.ActualQuantity)
	}
	timing, volume := x.moved.Sub(x.planned), x.actual.AtPlan.Sub(x.moved)
	if v.ActualQuantity.Equal(v.MovedQuantity) { // as many, on days that cost something else
		timing, volume = timing.Add(volume), finance.Exact{}
	}
	part := func(x finance.Exact) finance.Money {
		return finance.Money{Amount: x, Currency: v.Actual.Currency}.Round(rounding)
	}
	v.Volume, v.Timing = part(volume), part(timing)
	v.Price, v.Exchange = part(x.actual.AtPrice.Sub(x.actual.AtPlan)), part(x.actual.Own.Sub(x.actual.AtPrice))
	v.Rounding = v.Actual.Sub(v.Planned).Sub(v.Volume).Sub(v.Timing).Sub(v.Price).Sub(v.Exchange)
}

func mean(amount, quantity finance.Exact) finance.Exact {
	if quantity.IsZero() {
		return finance.Exact{}
	}
	return amount.Over(quantity)
}
