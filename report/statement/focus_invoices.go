package statement

import (
	"cmp"
	"fmt"

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
	month  finance.Month
	// corrects is the closed month that is corrected, reverses that what was expected
	// of it without an invoice is taken back.
	corrects string
	reverses bool
	amount   finance.Money
}

// adjustments make the rows of each invoice add up to it: what it bills otherwise than
// the charges that are on it. What came for a closed month is billed in the open one,
// and what was expected in its place is taken back.
func adjustments(charges []cost.Line, check *cost.InvoiceCheck, asked finance.Span) []adjusted {
	at := map[billedItem]int{}
	var all []adjusted
	for i := range check.Lines {
		f := &check.Lines[i]
		key := billedItem{f.Invoice, f.Contract, f.Item, f.Amount.Currency}
		a := adjusted{billedItem: key, period: f.Period, month: f.Month, corrects: f.Corrects, amount: f.Amount}
		switch n, known := at[key]; {
		case f.Corrects != "":
			all = append(all, a)
			if f.Finding.Expects() {
				a.reverses, a.amount = true, f.Expected.Times(-1)
				all = append(all, a)
			}
		case asked != (finance.Span{}) && f.Period.And(asked) != f.Period:
			// Its other days are not asked about.
		case known:
			all[n].amount, all[n].month = all[n].amount.Add(f.Amount), max(all[n].month, f.Month)
			all[n].period = finance.Span{From: min(all[n].period.From, f.Period.From), To: max(all[n].period.To, f.Period.To)}
		default:
			at[key] = len(all)
			all = append(all, a)
		}
	}
	for i := range charges {
		l := &charges[i]
		if n, known := at[billedItem{l.Invoice, l.Contract, l.Item, l.Amount.Currency}]; known && l.Class == cost.Charged {
			all[n].amount = all[n].amount.Sub(l.Amount)
		}
	}
	return all
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
		Description: fmt.Sprintf("%s of contract %s, %s: billed otherwise than the contract has it", a.item, a.contract, system),
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
	if a.reverses {
		charge.InvoiceID = ""
		charge.Description = fmt.Sprintf("%s of contract %s, %s: charged before its invoice came", a.item, a.contract, system)
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
