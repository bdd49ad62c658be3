package statement

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/focus"
)

// File is one of the files that a report is written to.
type File struct {
	Name  string
	Write func(w io.Writer) error
}

// Focus are the files of an overlap or of notices in the form of FOCUS: charges
// up to the day of the report, commitments, and the metadata of both. What is
// forecast is no charge and is in a file of its own.
func Focus(e *cost.Engine, r Request) ([]File, error) {
	if r.Report != Overlap && r.Report != Notices {
		return nil, fmt.Errorf("report %s has no form in FOCUS: overlap has, and notices: %w", r.Report, dualtone.ErrInvalid)
	}
	commitments, err := commitmentsOf(e)
	if err != nil {
		return nil, fmt.Errorf("report %s: %w", r.Report, err)
	}
	commitmentSchema := focus.CommitmentSchema()
	files := []File{
		{"contract_commitment.csv", func(w io.Writer) error { return focus.WriteCommitments(w, commitments) }},
		{"contract_commitment.schema.json", commitmentSchema.Write},
		{"data_generator.json", focus.Dualtone().Write},
		{"dataset_instance.json", focus.OurInstances().Write},
	}
	if r.Report == Notices {
		return files, nil
	}
	o, err := e.Overlap(r.Question)
	if err != nil {
		return nil, fmt.Errorf("report %s: %w", r.Report, err)
	}
	contracts := e.Contracts()
	c := charger{overlap: &o, contracts: contracts, accounts: accounts(contracts)}
	charges, schema := c.charges(), focus.CostSchema()
	if r.Question.Whole() {
		adjusted, err := c.adjusted(e, r.Question)
		if err != nil {
			return nil, fmt.Errorf("report %s: %w", r.Report, err)
		}
		charges[cost.Actual] = append(charges[cost.Actual], adjusted...)
	}
	return append([]File{
		{"cost_and_usage.csv", func(w io.Writer) error { return focus.WriteCharges(w, charges[cost.Actual]) }},
		{"cost_and_usage.schema.json", schema.Write},
		{"forecast.csv", func(w io.Writer) error { return focus.WriteCharges(w, charges[cost.Forecast]) }},
	}, files...), nil
}

// charger makes charges of lines.
type charger struct {
	overlap   *cost.Overlap
	contracts []contract.Contract
	accounts  map[contract.ID]string
}

// charges are what suppliers are paid. A charge of seats of which some are paid twice
// is several rows, one for each class of overlap and one for the rest, so that the
// rows of an invoice still add up to it.
func (c *charger) charges() map[cost.Phase][]focus.Charge {
	overlaps := map[cost.Key][]*cost.Line{}
	for i := range c.overlap.Lines {
		if l := &c.overlap.Lines[i]; l.Class.Overlap() {
			overlaps[alike(l)] = append(overlaps[alike(l)], l)
		}
	}
	all := map[cost.Phase][]focus.Charge{}
	for i := range c.overlap.Lines {
		l := &c.overlap.Lines[i]
		if l.Class != cost.Charged {
			continue
		}
		for _, part := range split(l, overlaps[alike(l)]) {
			all[l.Phase] = append(all[l.Phase], c.charge(l, &part))
		}
	}
	return all
}

// adjusted are charges that make the rows of each invoice add up to it, of those days
// that are asked about. They are of everybody's charges, and of all that an invoice bills,
// whichever days that is for: the files of some days and of the others have it once.
func (c *charger) adjusted(e *cost.Engine, q cost.Question) ([]focus.Charge, error) {
	asked := q.Span
	q.Span = finance.Span{}
	all := c.overlap
	if asked != q.Span {
		o, err := e.Overlap(q)
		if err != nil {
			return nil, err
		}
		all = &o
	}
	adjusted, err := e.Adjusted(all.Lines)
	if err != nil {
		return nil, err
	}
	var charges []focus.Charge
	for i := range adjusted {
		a := &adjusted[i]
		if asked != q.Span && !asked.Has(a.Day()) {
			continue
		}
		charge, err := c.adjust(e, a)
		if err != nil {
			return nil, err
		}
		charges = append(charges, charge)
	}
	return charges, nil
}

// alike is what a charge and the overlap that is a part of it have in common.
func alike(l *cost.Line) cost.Key {
	k := l.Key
	k.Class, k.Serving = "", ""
	return k
}

// part is a part of a charge.
type part struct {
	class    cost.Class
	serving  dualtone.Side
	days     finance.Span
	quantity finance.Exact
	amount   finance.Money
	reported finance.Money
}

// split cuts a charge into what is paid twice and the rest. Parts of another
// price are those of another charge. What rounding leaves goes to the last part.
func split(l *cost.Line, overlaps []*cost.Line) []part {
	rest := part{days: l.Days, quantity: l.Quantity, amount: l.Amount, reported: l.Reported}
	var parts []part
	for _, o := range overlaps {
		if !o.Rate.Equal(l.Rate) || o.Days.And(l.Days).Empty() || rest.quantity.Cmp(o.Quantity) < 0 {
			continue
		}
		parts = append(parts, part{o.Class, o.Serving, o.Days, o.Quantity, o.Amount, o.Reported})
		rest.quantity, rest.amount, rest.reported = rest.quantity.Sub(o.Quantity), rest.amount.Sub(o.Amount), rest.reported.Sub(o.Reported)
	}
	if n := len(parts) - 1; n >= 0 && rest.quantity.IsZero() {
		parts[n].amount, parts[n].reported = parts[n].amount.Add(rest.amount), parts[n].reported.Add(rest.reported)
		return parts
	}
	return append(parts, rest)
}

// accounts are the suppliers' numbers of contracts, or else the contracts' ids.
func accounts(contracts []contract.Contract) map[contract.ID]string {
	all := map[contract.ID]string{}
	for i := range contracts {
		c := &contracts[i]
		all[c.ID] = cmp.Or(c.Account, all[c.ID], string(c.ID))
	}
	return all
}

func (c *charger) charge(l *cost.Line, p *part) focus.Charge {
	supplier := cmp.Or(l.Supplier, l.System)
	s := serviceOf(l.Kind)
	billed := p.amount.Text()
	charge := focus.Charge{
		BilledCost: billed, EffectiveCost: billed, ListCost: billed,
		BillingAccountID: c.accounts[l.Contract], BillingCurrency: string(l.Amount.Currency),
		BillingPeriod: period(l.Month.Span()), ChargePeriod: period(p.days),
		Category: s.category, Frequency: s.frequency, Description: describe(l, p),
		InvoiceID: l.Invoice, InvoiceIssuer: supplier, Provider: supplier,
		PricingQuantity: p.quantity.String(), PricingUnit: unitOf(l.Unit), ContractedPrice: l.Rate.Amount.String(),
		ContractedCost:  p.quantity.Mul(l.Rate.Amount).String(),
		ServiceCategory: s.of, ServiceSubcategory: s.below, ServiceName: l.System + " " + s.name,
		Sku: sku(l.System, l.Item), SkuMeter: s.meter, SkuPrice: string(l.Contract) + "/" + string(l.Item),
		Own: c.own(l, p),
	}
	if charge.Category == "Usage" {
		charge.ConsumedQuantity, charge.ConsumedUnit = charge.PricingQuantity, charge.PricingUnit
	}
	if l.Corrects != "" {
		charge.Class = "Correction"
	}
	return charge
}

func (c *charger) own(l *cost.Line, p *part) focus.Own {
	own := focus.Own{
		Contract: string(l.Contract), Corrects: l.Corrects, CostCenter: l.CostCenter, Country: l.Country,
		KnownAt: c.overlap.KnownAt, Class: string(p.class), Plan: c.overlap.Plan, Proration: string(l.Proration),
		ReportCost: p.reported.Text(), ReportCurrency: string(p.reported.Currency),
		Serving: string(p.serving), Stage: l.Stage, System: l.System, FxRate: l.Conversion.Rate.String(),
	}
	if l.Conversion.Day != 0 {
		own.FxDate = l.Conversion.Day.Time()
	}
	if l.NoticeDay != 0 {
		own.Notice = l.NoticeDay.Time()
	}
	return own
}

func describe(l *cost.Line, p *part) string {
	text := fmt.Sprintf("%s of contract %s, %s", l.Item, l.Contract, l.System)
	if p.class != "" {
		text += ": " + string(p.class)
	}
	return text
}

// period is days as the specification has them: to before the next midnight.
func period(s finance.Span) focus.Period {
	return focus.Period{From: s.From.Time(), Before: (s.To + 1).Time()}
}

func sku(system string, item contract.ItemID) string { return system + "/" + string(item) }

func unitOf(u cost.Unit) string {
	switch u {
	case cost.SeatDay:
		return "Seat-Days"
	case cost.ItemDay:
		return "Unit-Days"
	default:
		return "Minutes"
	}
}

// service is what an item is in the specification's words. There is no category
// for telephony.
type service struct{ category, frequency, of, below, name, meter string }

func serviceOf(k contract.ItemKind) service {
	const business, productivity, network, connectivity = "Business Applications", "Productivity and Collaboration", "Networking", "Network Connectivity"
	switch k {
	case contract.License:
		return service{"Usage", "Recurring", business, productivity, "seats", "Seat-days"}
	case contract.Hairpin:
		return service{"Usage", "Usage-Based", network, connectivity, "forwarded calls", "Minutes of the extra leg"}
	case contract.Trunk, contract.Number:
		return service{"Purchase", "Recurring", network, connectivity, string(k) + "s", "Days"}
	default:
		return service{"Purchase", "Recurring", business, productivity, string(k), "Days"}
	}
}

// commitmentsOf are the commitments of contracts: seats or minutes that are paid
// at least, and items that cost the same whatever is used.
func commitmentsOf(e *cost.Engine) ([]focus.Commitment, error) {
	all, err := e.Notices(cost.Question{})
	if err != nil {
		return nil, err
	}
	notices := map[contract.ID]cost.Notice{}
	for _, n := range all.Notices {
		notices[n.Contract] = n
	}
	contracts := e.Contracts()
	var commitments []focus.Commitment
	for i := range contracts {
		c := &contracts[i]
		for j := range c.Items {
			if made, ok := commitmentOf(&all.Head, c, &c.Items[j], notices[c.ID]); ok {
				commitments = append(commitments, made)
			}
		}
	}
	slices.SortFunc(commitments, func(a, b focus.Commitment) int { return strings.Compare(a.ID, b.ID) })
	return commitments, nil
}

func commitmentOf(h *cost.Head, c *contract.Contract, item *contract.Item, n cost.Notice) (focus.Commitment, bool) {
	if item.Commitment == 0 && !item.Fixed() {
		return focus.Commitment{}, false
	}
	holds := c.Span()
	known := h.KnownAt.UTC().Truncate(time.Second)
	made := focus.Commitment{
		ID: fmt.Sprintf("%s/%s@%s", c.ID, item.ID, holds.From), Contract: string(c.ID), Currency: string(c.Currency),
		Period: period(holds), ContractPeriod: period(c.Term.Span()), Created: known, Updated: known,
		Duration: duration(c.Term.Span()), Status: status(c, h.AsOf), PaymentInterval: interval(c, item.Price.Per),
		Skus: []string{sku(c.System, item.ID)}, Provider: cmp.Or(c.Supplier, c.System),
		KnownAt: known, Owner: c.Owner, System: c.System,
	}
	if c.Renewal != (contract.Period{}) {
		made.Renewal = c.Renewal.String()
	}
	if n.Last != 0 {
		made.Notice = n.Last.Time()
	}
	switch {
	case item.Commitment == 0:
		made.Category, made.Type = "Spend", titled(string(item.Kind))
		made.Cost = spend(c, item).Text()
		made.Description = fmt.Sprintf("%s of contract %s to %s", item.ID, c.ID, c.Term.To)
	case item.Kind == contract.Hairpin:
		made.Category, made.Type, made.Quantity, made.Unit = "Usage", "Minutes", strconv.Itoa(item.Commitment), "Minutes"
		made.Description = fmt.Sprintf("At least %d minutes a month of %s, contract %s to %s", item.Commitment, item.ID, c.ID, c.Term.To)
	default:
		made.Category, made.Type, made.Quantity, made.Unit = "Usage", "Seats", strconv.Itoa(item.Commitment), "Seats"
		made.Description = fmt.Sprintf("At least %d seats of %s, contract %s to %s", item.Commitment, item.ID, c.ID, c.Term.To)
	}
	return made, true
}

// spend is what a fixed item costs over the days of its version.
func spend(c *contract.Contract, item *contract.Item) finance.Money {
	sum := finance.Money{Currency: c.Currency}
	for d := c.Span().From; d <= c.Span().To; d++ {
		sum.Amount = sum.Amount.Add(c.Rate(item, d))
	}
	return sum.Times(max(item.Quantity, 1)).Round(finance.HalfUp)
}

// duration is a term in whole years where it has them, else in months or days.
func duration(s finance.Span) string {
	months := 0
	for s.From.AddMonths(months+1)-1 <= s.To {
		months++
	}
	switch whole := s.From.AddMonths(months)-1 == s.To; {
	case whole && months%12 == 0:
		return plural(months/12, "Year")
	case whole:
		return plural(months, "Month")
	default:
		return plural(s.Days(), "Day")
	}
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

func status(c *contract.Contract, asOf finance.Day) string {
	switch {
	case c.Span().From > asOf:
		return "Pending"
	case c.Valid.To != 0 && c.Valid.To < c.Term.To && c.Valid.To < asOf:
		return "Superseded"
	case c.Term.To < asOf:
		return "Expired"
	default:
		return "Active"
	}
}

// interval is how often a commitment is paid. What is paid by the year in less than a
// year has no word of its own.
func interval(c *contract.Contract, per contract.Per) string {
	switch per {
	case contract.PerYear:
		if c.Term.To < c.Term.From.AddMonths(12)-1 {
			return "Custom"
		}
		return "Annual"
	case contract.PerDay:
		return "Custom"
	default:
		return "Monthly"
	}
}
