package statement

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/focus"
)

// billedItem is an item on an invoice.
type billedItem struct {
	invoice  string
	contract contract.ID
	item     contract.ItemID
	currency finance.Currency
}

// adjusted is by how much an invoice bills something else than what its charges are.
type adjusted struct {
	billedItem

	period finance.Span
	// month is the one in which it stands, corrects the closed month that it corrects.
	month    finance.Month
	corrects string
	amount   finance.Money
}

// adjustments make the rows of each invoice add up to it: what it bills otherwise than
// the charges that are on it. What it bills of a closed month stands in the open one,
// and what was charged in its place is taken back there.
type adjustments struct {
	all []*adjusted
	of  map[billedItem][]*adjusted
}

// adjustmentsOf are those of all charges and of all invoices.
func adjustmentsOf(charges []cost.Line, check *cost.InvoiceCheck) []*adjusted {
	s := adjustments{of: map[billedItem][]*adjusted{}}
	for i := range check.Lines {
		f := &check.Lines[i]
		s.add(&adjusted{billedItem{f.Invoice, f.Contract, f.Item, f.Amount.Currency}, f.Period, f.Month, f.Corrects, f.Amount})
	}
	for i := range charges {
		if l := &charges[i]; l.Class == cost.Charged {
			s.charge(billedItem{l.Invoice, l.Contract, l.Item, l.Amount.Currency}, l.Month, l.Corrects, l.Amount)
		}
	}
	var moved []*adjusted
	for i := range check.Rebilled {
		r := &check.Rebilled[i]
		of := billedItem{r.Invoice, r.Contract, r.Item, r.Amount.Currency}
		if s.settled(of, r.Days.From.Month(), r.Month) {
			continue
		}
		s.charge(of, r.Month, r.Corrects, r.Amount)
		moved = append(moved, &adjusted{of, r.Days, r.Month, r.Corrects, r.Amount})
	}
	for _, a := range moved {
		s.add(a)
	}
	return slices.DeleteFunc(s.all, func(a *adjusted) bool { return a.amount.IsZero() })
}

// add adds to what stands in the same month and corrects the same.
func (s *adjustments) add(a *adjusted) {
	for _, o := range s.of[a.billedItem] {
		if o.far(a.month, a.corrects) == 0 {
			o.amount = o.amount.Add(a.amount)
			o.period = finance.Span{From: min(o.period.From, a.period.From), To: max(o.period.To, a.period.To)}
			return
		}
	}
	s.all, s.of[a.billedItem] = append(s.all, a), append(s.of[a.billedItem], a)
}

// charge takes what was charged from what its invoice bills: from what stands in the
// same month and corrects the same, or else in the next. What stands in earlier ones
// may be closed.
func (s *adjustments) charge(item billedItem, month finance.Month, corrects string, amount finance.Money) {
	var nearest *adjusted
	for _, a := range s.of[item] {
		if a.month >= month && (nearest == nil || a.far(month, corrects) < nearest.far(month, corrects)) {
			nearest = a
		}
	}
	if nearest != nil {
		nearest.amount = nearest.amount.Sub(amount)
	}
}

// settled reports whether an invoice was made to add up in a month since the one that is
// charged for and before the one in which more or less is: that is none of it then. What
// stands in later months has no say, for it comes when that one may be closed.
func (s *adjustments) settled(item billedItem, since, before finance.Month) bool {
	return slices.ContainsFunc(s.of[item], func(a *adjusted) bool { return since <= a.month && a.month < before })
}

// far is how far it is from what stands in a month and corrects another one.
func (a *adjusted) far(month finance.Month, corrects string) int {
	far := 2 * int(a.month-month)
	if a.corrects != corrects {
		far++
	}
	return far
}

// in reports whether it stands on one of the days that are asked about: on the last one
// that is billed, or on the first of the month in which it corrects another one.
func (a *adjusted) in(asked finance.Span) bool {
	day := a.period.To
	if a.corrects != "" {
		day = a.month.First()
	}
	return asked == (finance.Span{}) || asked.Has(day)
}

// words say what the amount is.
func (a *adjusted) words() string {
	switch {
	case a.invoice == "" && a.amount.Amount.Sign() < 0:
		return "charged before its invoice came"
	case a.invoice == "":
		return "corrected on its invoice, or billed no more"
	case a.corrects != "":
		return "billed for " + a.corrects + " after it was closed"
	default:
		return "billed otherwise than the contract has it"
	}
}

// adjust makes a charge of an adjustment.
func (c *charger) adjust(e *cost.Engine, a *adjusted) (focus.Charge, error) {
	reported, conversion, err := e.Reported(a.amount, a.period.To)
	if err != nil {
		return focus.Charge{}, fmt.Errorf("invoice %s: %w", a.invoice, err)
	}
	system, supplier, s := c.billedFor(a)
	amount := a.amount.Text()
	charge := focus.Charge{
		BilledCost: amount, EffectiveCost: amount, ListCost: amount, ContractedCost: amount,
		BillingAccountID: cmp.Or(c.accounts[a.contract], string(a.contract)), BillingCurrency: string(a.currency),
		BillingPeriod: period(a.month.Span()), ChargePeriod: period(a.period), Category: "Adjustment", Frequency: "One-Time",
		Description: fmt.Sprintf("%s of contract %s, %s: %s", a.item, a.contract, system, a.words()),
		InvoiceID:   a.invoice, InvoiceIssuer: supplier, Provider: supplier,
		ServiceCategory: s.of, ServiceSubcategory: s.below, ServiceName: system + " " + s.name,
		Own: focus.Own{
			Contract: string(a.contract), Corrects: a.corrects, KnownAt: c.overlap.KnownAt, Plan: c.overlap.Plan, System: system,
			ReportCost: reported.Text(), ReportCurrency: string(reported.Currency), FxRate: conversion.Rate.String(),
		},
	}
	if conversion.Day != 0 {
		charge.Own.FxDate = conversion.Day.Time()
	}
	if a.corrects != "" {
		charge.Class = "Correction"
	}
	return charge, nil
}

// billedFor is what an item is of; one that no contract has is of no kind.
func (c *charger) billedFor(a *adjusted) (system, supplier string, s service) {
	system = string(a.contract)
	s = service{of: "Business Applications", below: "Other (Business Applications)", name: "other items"}
	for i := range c.contracts {
		of := &c.contracts[i]
		if of.ID != a.contract {
			continue
		}
		system, supplier = of.System, of.Supplier
		for j := range of.Items {
			if of.Items[j].ID == a.item {
				s = serviceOf(of.Items[j].Kind)
			}
		}
	}
	return system, cmp.Or(supplier, system), s
}
