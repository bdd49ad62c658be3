package cost

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// paid is an item of a contract over all its versions.
type paid struct {
	contract contract.ID
	id       contract.ItemID
	kind     contract.ItemKind
	system   string
	side     dualtone.Side
	license  string
	// whole is that a month of which a seat had a part is paid whole.
	whole    bool
	versions []version // by their days
}

// pays reports whether the item is what a seat with a license costs.
func (p *paid) pays(l license) bool {
	return p.kind == licensed && p.system == l.system && (p.license == "" || p.license == l.name)
}

// version is an item as it holds in one version of its contract.
type version struct {
	finance.Span

	contract *contract.Contract
	item     *contract.Item
}

// price is what one piece of an item costs on the days of a segment.
type price struct {
	*version

	rate       finance.Exact
	conversion finance.Conversion
}

// bought lists the items of the contracts with the two systems of a plan.
func bought(book *Book, plan *Plan) []paid {
	sides := map[string]dualtone.Side{plan.Old: dualtone.Old, plan.New: dualtone.New}
	var all []paid
	for c := range book.Contracts {
		c := &book.Contracts[c]
		side, ours := sides[c.System]
		if !ours {
			continue
		}
		for i := range c.Items {
			item := &c.Items[i]
			at := slices.IndexFunc(all, func(p paid) bool { return p.contract == c.ID && p.id == item.ID && p.kind == item.Kind })
			if at < 0 {
				at = len(all)
				all = append(all, paid{
					contract: c.ID, id: item.ID, kind: item.Kind, system: c.System, side: side,
					license: item.License, whole: c.PartMonth == contract.WholeMonths,
				})
			}
			all[at].versions = append(all[at].versions, version{c.Span(), c, item})
		}
	}
	slices.SortFunc(all, func(a, b paid) int {
		return cmp.Or(cmp.Compare(a.contract, b.contract), cmp.Compare(a.id, b.id), cmp.Compare(a.kind, b.kind))
	})
	for i := range all {
		slices.SortFunc(all[i].versions, func(a, b version) int { return cmp.Compare(a.From, b.From) })
	}
	return all
}

// until is the versions with the last one going on to the end of the contract.
func (p *paid) until(end finance.Day) []version {
	all := slices.Clone(p.versions)
	last := &all[len(all)-1]
	if last.contract.Valid.To == 0 {
		last.To = end
	}
	for i := range all {
		all[i].To = min(all[i].To, end)
	}
	return all
}

// priced is an item with its price on each segment; nil where it is not paid.
type priced struct {
	*paid

	days   spans
	prices []*price
	// invoices are those that the segments are on; none where nothing is billed yet.
	invoices []string
	end      finance.Day // of the contract
	notice   finance.Day
}

// invoice is the one that a segment is on; empty for none.
func (p *priced) invoice(segment int) string {
	if p.invoices == nil {
		return ""
	}
	return p.invoices[segment]
}

// bill notes which invoice each day of an item is on: of several the first, by their
// numbers. One in another currency than the contract is on no day.
func (p *priced) bill(line *timeline, billed []InvoiceLine) {
	for _, l := range billed {
		for s, seg := range line.segments {
			price := p.prices[s]
			if price == nil || seg.phase != Actual || l.Period.And(seg.Span).Empty() || price.contract.Currency != l.Amount.Currency {
				continue
			}
			if p.invoices == nil {
				p.invoices = make([]string, len(line.segments))
			}
			if p.invoices[s] == "" {
				p.invoices[s] = l.Invoice
			}
		}
	}
}

// pricing computes prices once for all the passes of an engine.
type pricing struct {
	line *timeline
	days contract.WorkingDays
	// currency is that of reports. Rates are those of the book; where it has none for a
	// day, later is taken.
	currency     finance.Currency
	rates, later *finance.Rates
	known        map[priceKey]*price
}

type priceKey struct {
	item    *contract.Item
	segment int
}

func (g *pricing) price(v *version, segment int) (*price, error) {
	key := priceKey{v.item, segment}
	if p, ok := g.known[key]; ok {
		return p, nil
	}
	day := g.line.segments[segment].From
	conversion, err := g.convert(v.contract.Currency, day)
	if err != nil {
		return nil, fmt.Errorf("contract %s, item %s: %w", v.contract.ID, v.item.ID, err)
	}
	p := &price{version: v, rate: v.contract.Rate(v.item, day), conversion: conversion}
	g.known[key] = p
	return p, nil
}

// convert is the rate of exchange for a day.
func (g *pricing) convert(from finance.Currency, day finance.Day) (finance.Conversion, error) {
	c, err := g.rates.For(from, g.currency, day)
	if err != nil {
		return g.later.For(from, g.currency, day)
	}
	return c, nil
}

// priced is the item with its prices up to the end of its contract.
func (g *pricing) priced(p *paid, end finance.Day) (priced, error) {
	all := p.until(end)
	last := &p.versions[len(p.versions)-1]
	found := priced{
		paid: p, prices: make([]*price, len(g.line.segments)), end: end,
		notice: last.contract.LastNotice(end, g.days),
	}
	for i := range all {
		v := &all[i]
		days := v.And(g.line.span)
		if days.Empty() {
			continue
		}
		found.days = append(found.days, days)
		for s := g.line.at(days.From); s <= g.line.at(days.To); s++ {
			price, err := g.price(v, s)
			if err != nil {
				return priced{}, err
			}
			found.prices[s] = price
		}
	}
	found.days = union(found.days)
	return found, nil
}

const licensed = contract.License
