package cost

import (
	"cmp"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// rounding is the one rule by which amounts are rounded: a class as a whole, and
// its lines so that they add up to it.
const rounding = finance.HalfUp

// drawer makes the lines of a pass.
type drawer struct {
	*pass

	lines []Line
	part  int // of the last line
}

// lines are all lines of a pass, rounded, in the order of their keys.
func (p *pass) lines() []Line {
	d := drawer{pass: p}
	d.seatLines()
	for i := range p.items {
		switch item := &p.items[i]; item.kind {
		case contract.Hairpin:
			d.minutes(item)
		case contract.License:
			d.unused(i)
		default:
			d.fixed(item)
		}
	}
	all := inOrder(d.lines)
	round(all)
	return all
}

// piece is what a quantity on a segment is to be a line of.
type piece struct {
	class   Class
	item    *priced
	group   group
	segment int
}

// put adds a quantity on a segment: to the line before when nothing but the days
// differs.
func (d *drawer) put(o piece, quantity finance.Exact, unit Unit) {
	price, segment := o.item.prices[o.segment], d.frame.line.segments[o.segment]
	if price == nil || quantity.IsZero() {
		return
	}
	amount := quantity.Mul(price.rate)
	l := Line{
		Key: Key{
			Class: o.class, Phase: segment.phase, Month: segment.From.Month(), Contract: o.item.contract, Item: o.item.id, Kind: o.item.kind,
			System: o.item.system, Stage: o.group.stage, CostCenter: o.group.costCenter, Country: o.group.country, Invoice: o.item.invoice(o.segment),
		},
		Supplier: price.contract.Supplier, Owner: price.contract.Owner, Days: segment.Span, Quantity: quantity, Unit: unit,
		Rate:      finance.Money{Amount: price.rate, Currency: price.contract.Currency},
		Proration: cmp.Or(price.contract.Proration, contract.Calendar), Conversion: price.conversion,
		Amount:    finance.Money{Amount: amount, Currency: price.contract.Currency},
		Reported:  finance.Money{Amount: amount.Mul(price.conversion.Rate), Currency: d.frame.pricing.currency},
		NoticeDay: o.item.notice, End: o.item.end,
	}
	if o.class.Overlap() {
		l.Serving = o.item.side.Other()
	}
	l.Basis = d.frame.basis(&l, o.segment)
	if n := len(d.lines) - 1; n >= 0 && d.part == segment.part && d.lines[n].joins(&l) {
		d.lines[n].join(&l)
		return
	}
	if len(d.lines) == cap(d.lines) {
		d.lines = slices.Grow(d.lines, max(64, len(d.lines)))
	}
	d.lines, d.part = append(d.lines, l), segment.part
}

func (l *Line) joins(o *Line) bool {
	return l.Key == o.Key && l.Rate.Equal(o.Rate) && l.Conversion.Day == o.Conversion.Day && l.Conversion.Rate.Equal(o.Conversion.Rate)
}

func (l *Line) join(o *Line) {
	l.Days.To = o.Days.To
	l.Quantity = l.Quantity.Add(o.Quantity)
	l.Amount = l.Amount.Add(o.Amount)
	l.Reported = l.Reported.Add(o.Reported)
	l.Basis = l.Basis.plus(o.Basis)
}

// seatLines are those of seats: charged, planned, idle and stranded.
func (d *drawer) seatLines() {
	for _, key := range sorted(d.tallies) {
		for s, n := range d.tallies[key].days(&d.frame.line) {
			d.put(piece{key.class, &d.items[key.item], d.groups[key.group], s}, finance.Whole(n), SeatDay)
		}
	}
}

// unused is what of a commitment nobody's seat uses. It is paid as well.
func (d *drawer) unused(i int) {
	item := &d.items[i]
	line := &d.frame.line
	more := make([]int64, len(line.segments))
	d.held[i].each(line, func(day finance.Day, n int) {
		s := line.at(day)
		if price := item.prices[s]; price != nil {
			more[s] += int64(max(price.item.Commitment-n, 0))
		}
	})
	for _, class := range []Class{Unused, Charged} {
		for s, n := range more {
			d.put(piece{class, item, group{}, s}, finance.Whole(n), SeatDay)
		}
	}
}

// fixed is an item that costs the same whoever is served.
func (d *drawer) fixed(item *priced) {
	line := &d.frame.line
	for s := range line.segments {
		if p := item.prices[s]; p != nil {
			n := max(p.item.Quantity, 1)
			d.put(piece{Charged, item, group{}, s}, finance.Whole(n*line.segments[s].Days()), ItemDay)
		}
	}
	for _, part := range d.unneeded(item) {
		for s, seg := range line.segments {
			if p := item.prices[s]; p != nil {
				n := max(p.item.Quantity, 1) * seg.And(part.days).Days()
				d.put(piece{part.class, item, group{}, s}, finance.Whole(n), ItemDay)
			}
		}
	}
}

type classed struct {
	class Class
	days  finance.Span
}

// unneeded are the days of a fixed item on which it is paid for a system that
// serves nobody, and on which the old one is paid beside the new.
func (d *drawer) unneeded(item *priced) []classed {
	span, n := d.frame.line.span, d.needs
	if n.first == 0 { // Nobody is switched.
		return nil
	}
	if item.side == dualtone.New {
		return []classed{{Unneeded, finance.Span{From: span.From, To: n.first - 1}}}
	}
	kept := max(n.kept, n.served)
	if n.forever {
		kept = span.To
	}
	return []classed{{Parallel, finance.Span{From: n.first, To: kept}}, {Unneeded, finance.Span{From: kept + 1, To: span.To}}}
}

// round rounds each class as a whole, and its lines so that they add up to it:
// what is reported by class, what is in the currency of a contract by class and
// contract. Charges are rounded by contract and month, as invoices are.
func round(lines []Line) {
	type pool struct {
		class    Class
		contract contract.ID
		month    finance.Month
		foreign  bool
	}
	pools := map[pool][]int{}
	for i := range lines {
		l := &lines[i]
		reported, own := pool{class: l.Class}, pool{class: l.Class, contract: l.Contract, foreign: true}
		if l.Class == Charged {
			reported.contract, reported.month, own.month = l.Contract, l.Month, l.Month
		}
		pools[reported], pools[own] = append(pools[reported], i), append(pools[own], i)
	}
	for p, members := range pools {
		exact := make([]finance.Exact, len(members))
		for j, i := range members {
			if exact[j] = lines[i].Reported.Amount; p.foreign {
				exact[j] = lines[i].Amount.Amount
			}
		}
		of := lines[members[0]].Reported.Currency
		if p.foreign {
			of = lines[members[0]].Amount.Currency
		}
		for j, share := range finance.Apportion(exact, of.Digits(), rounding) {
			if i := members[j]; p.foreign {
				lines[i].Amount.Amount = share
			} else {
				lines[i].Reported.Amount = share
			}
		}
	}
}
