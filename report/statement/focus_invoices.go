package statement

import (
	"cmp"
	"fmt"

	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/focus"
)

// adjustedWords say what the amount is.
func adjustedWords(a *cost.Adjusted) string {
	switch {
	case a.Invoice == "" && a.Amount.Amount.Sign() < 0:
		return "charged before its invoice came"
	case a.Invoice == "":
		return "corrected on its invoice, or billed no more"
	case a.Corrects != "":
		return "billed for " + a.Corrects + " after it was closed"
	default:
		return "billed otherwise than the contract has it"
	}
}

// adjust makes a charge of an adjustment.
func (c *charger) adjust(e *cost.Engine, a *cost.Adjusted) (focus.Charge, error) {
	reported, conversion, err := e.Reported(a.Amount, a.Period.To)
	if err != nil {
		return focus.Charge{}, fmt.Errorf("invoice %s: %w", a.Invoice, err)
	}
	system, supplier, s := c.billedFor(a)
	amount := a.Amount.Text()
	charge := focus.Charge{
		BilledCost: amount, EffectiveCost: amount, ListCost: amount, ContractedCost: amount,
		BillingAccountID: cmp.Or(c.accounts[a.Contract], string(a.Contract)), BillingCurrency: string(a.Amount.Currency),
		BillingPeriod: period(a.Month.Span()), ChargePeriod: period(a.Period), Category: "Adjustment", Frequency: "One-Time",
		Description: fmt.Sprintf("%s of contract %s, %s: %s", a.Item, a.Contract, system, adjustedWords(a)),
		InvoiceID:   a.Invoice, InvoiceIssuer: supplier, Provider: supplier,
		ServiceCategory: s.of, ServiceSubcategory: s.below, ServiceName: system + " " + s.name,
		Own: focus.Own{
			Contract: string(a.Contract), Corrects: a.Corrects, KnownAt: c.overlap.KnownAt, Plan: c.overlap.Plan, System: system,
			ReportCost: reported.Text(), ReportCurrency: string(reported.Currency), FxRate: conversion.Rate.String(),
		},
	}
	if conversion.Day != 0 {
		charge.Own.FxDate = conversion.Day.Time()
	}
	if a.Corrects != "" {
		charge.Class = "Correction"
	}
	return charge, nil
}

// billedFor is what an item is of; one that no contract has is of no kind.
func (c *charger) billedFor(a *cost.Adjusted) (system, supplier string, s service) {
	system = string(a.Contract)
	s = service{of: "Business Applications", below: "Other (Business Applications)", name: "other items"}
	for i := range c.contracts {
		of := &c.contracts[i]
		if of.ID != a.Contract {
			continue
		}
		system, supplier = of.System, of.Supplier
		for j := range of.Items {
			if of.Items[j].ID == a.Item {
				s = serviceOf(of.Items[j].Kind)
			}
		}
	}
	return system, cmp.Or(supplier, system), s
}
