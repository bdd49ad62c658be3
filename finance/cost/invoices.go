package cost

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// InvoiceCheck compares invoices with what the contracts make of the seats that
// people held, and platforms with both.
func (e *Engine) InvoiceCheck(q Question) (InvoiceCheck, error) {
	f := e.frame(&e.in.Book, 0)
	p, err := e.countAlike(f, asExpected, 0)
	if err != nil {
		return InvoiceCheck{}, err
	}
	c := InvoiceCheck{Head: e.head("invoice-check", q, f.line.span)}
	lines := p.lines()
	billed := map[billKey][]finance.Span{}
	for _, l := range e.invoiceLines(&q) {
		found := p.check(l, billed[billKey{l.Contract, l.Item}])
		billed[billKey{l.Contract, l.Item}] = append(billed[billKey{l.Contract, l.Item}], l.Period)
		c.Lines = append(c.Lines, found)
	}
	c.Invoices = invoiceTotals(c.Lines)
	c.Accruals = accruals(q.of(lines), billed)
	c.Seats = p.differences(&q)
	return c, nil
}

type billKey struct {
	contract contract.ID
	item     contract.ItemID
}

// invoiceLines are those of the question, in an order of their own.
func (e *Engine) invoiceLines(q *Question) []InvoiceLine {
	all := slices.DeleteFunc(slices.Clone(e.in.Facts.Invoices), func(l InvoiceLine) bool {
		return q.Contract != "" && l.Contract != q.Contract || q.Item != "" && l.Item != q.Item ||
			q.Span != (finance.Span{}) && l.Period.And(q.Span).Empty()
	})
	slices.SortFunc(all, func(a, b InvoiceLine) int {
		return cmp.Or(strings.Compare(a.Invoice, b.Invoice), strings.Compare(string(a.Contract), string(b.Contract)), strings.Compare(string(a.Item), string(b.Item)),
			cmp.Compare(a.Period.From, b.Period.From), cmp.Compare(a.Period.To, b.Period.To), a.Quantity.Cmp(b.Quantity), a.Amount.Amount.Cmp(b.Amount.Amount))
	})
	return all
}

// check compares one line of an invoice.
func (p *pass) check(l InvoiceLine, before []finance.Span) InvoiceFinding {
	in := l.Amount.Currency
	f := InvoiceFinding{InvoiceLine: l, Shown: -1, Expected: finance.Money{Currency: in}, Difference: l.Amount}
	i := slices.IndexFunc(p.items, func(x priced) bool { return x.contract == l.Contract && x.id == l.Item })
	if i < 0 {
		f.Finding, f.Text = UnknownItem, fmt.Sprintf("contract %s has no item %s", l.Contract, l.Item)
		return f
	}
	item := &p.items[i]
	f.ExpectedQuantity, f.Expected = p.expected(i, l.Period)
	f.Shown = p.shown(item, l.Period)
	if f.Expected.Currency != "" && f.Expected.Currency != in {
		f.Finding, f.Text = OtherMoney, fmt.Sprintf("billed in %s, and the contract is in %s", in, f.Expected.Currency)
		return f
	}
	f.Expected.Currency = in
	f.Difference = l.Amount.Sub(f.Expected)
	switch {
	case slices.ContainsFunc(before, func(s finance.Span) bool { return !s.And(l.Period).Empty() }):
		f.Finding, f.Text = BilledTwice, "days of the period are on another line already"
	case f.Difference.IsZero():
		f.Finding = Agrees
	case f.Difference.Amount.Sign() > 0:
		f.Finding, f.Text = OverBilled, fmt.Sprintf("%s more than the contract makes of %s", f.Difference, f.basis(item))
	default:
		f.Finding, f.Text = UnderBilled, fmt.Sprintf("%s less than the contract makes of %s", f.Difference, f.basis(item))
	}
	return f
}

// basis says what was counted.
func (f *InvoiceFinding) basis(item *priced) string {
	unit := ItemDay
	switch item.kind {
	case licensed:
		unit = SeatDay
	case contract.Hairpin:
		unit = Minute
	default:
	}
	return fmt.Sprintf("%s %ss", f.ExpectedQuantity, unit)
}

// expected is what the contract makes of an item in a period: seat-days, days of
// pieces or minutes, and their amount, rounded.
func (p *pass) expected(i int, period finance.Span) (quantity finance.Exact, amount finance.Money) {
	item, line := &p.items[i], &p.frame.line
	counts := map[int]int64{} // by segment
	p.used(i, func(d finance.Day, n int) {
		if s := line.at(d); period.Has(d) && item.prices[s] != nil {
			counts[s] += int64(n)
		}
	})
	per := finance.Whole(1)
	if item.kind == contract.Hairpin {
		per = finance.Whole(60)
	}
	for s := range line.segments {
		if n := counts[s]; n != 0 {
			q := finance.Fraction(n, 1).Over(per)
			quantity = quantity.Add(q)
			amount = amount.Add(finance.Money{Amount: q.Mul(item.prices[s].rate), Currency: item.prices[s].contract.Currency})
		}
	}
	return quantity, amount.Round(rounding)
}

// used goes through what an item is paid for by days: seconds, seats or pieces.
func (p *pass) used(i int, add func(finance.Day, int)) {
	item, line := &p.items[i], &p.frame.line
	switch item.kind {
	case contract.Hairpin:
		for _, m := range p.e.in.Facts.Minutes {
			if m.System == item.system && line.span.Has(m.Day) {
				add(m.Day, int(m.Seconds))
			}
		}
	case licensed:
		p.held[i].each(line, func(d finance.Day, n int) {
			if price := item.prices[line.at(d)]; price != nil {
				add(d, max(n, price.item.Commitment))
			}
		})
	default:
		for d := line.span.From; d <= line.span.To; d++ {
			if price := item.prices[line.at(d)]; price != nil {
				add(d, max(price.item.Quantity, 1))
			}
		}
	}
}

// shown is the most licenses that the platform showed in use in a period, -1 for
// none shown.
func (p *pass) shown(item *priced, period finance.Span) int {
	most := -1
	for _, f := range p.e.in.Facts.Figures {
		if item.kind == licensed && f.System == item.system && (item.license == "" || item.license == f.License) && !f.Span.And(period).Empty() {
			most = max(most, f.Used)
		}
	}
	return most
}

// invoiceTotals adds up the lines of each invoice and contract.
func invoiceTotals(lines []InvoiceFinding) []InvoiceTotal {
	var all []InvoiceTotal
	for i := range lines {
		l := &lines[i]
		at := slices.IndexFunc(all, func(t InvoiceTotal) bool {
			return t.Invoice == l.Invoice && t.Contract == l.Contract && t.Billed.Currency == l.Amount.Currency
		})
		if at < 0 {
			at = len(all)
			all = append(all, InvoiceTotal{Invoice: l.Invoice, Contract: l.Contract})
		}
		t := &all[at]
		t.Billed, t.Difference = t.Billed.Add(l.Amount), t.Difference.Add(l.Difference)
		t.Expected = t.Billed.Sub(t.Difference)
	}
	return all
}

// accruals are the charges of days that are over and on no invoice.
func accruals(lines []Line, billed map[billKey][]finance.Span) []Line {
	var all []Line
	for _, l := range lines {
		if l.Class != Charged || l.Phase != Actual {
			continue
		}
		if slices.ContainsFunc(billed[billKey{l.Contract, l.Item}], func(s finance.Span) bool { return !s.And(l.Days).Empty() }) {
			continue
		}
		l.Accrual = true
		all = append(all, l)
	}
	return all
}

// differences are the days on which a platform shows another number of seats than
// people are known to hold.
func (p *pass) differences(q *Question) []SeatDifference {
	var all []SeatDifference
	figures := slices.Clone(p.e.in.Facts.Figures)
	slices.SortFunc(figures, func(a, b Figure) int {
		return cmp.Or(strings.Compare(a.System, b.System), strings.Compare(a.License, b.License), cmp.Compare(a.Span.From, b.Span.From), a.Used-b.Used)
	})
	hull := hullOf(figures)
	line := newTimeline(hull, p.e.in.AsOf, nil)
	known := map[license][]int{}
	for _, f := range figures {
		if q.System != "" && q.System != f.System || q.Span != (finance.Span{}) && f.Span.And(q.Span).Empty() {
			continue
		}
		l := license{f.System, f.License}
		if known[l] == nil {
			known[l] = p.e.known(l, &line)
		}
		for d := f.Span.From; d <= f.Span.To; d++ {
			held := known[l][d-hull.From]
			if held == f.Used {
				continue
			}
			if n := len(all) - 1; n >= 0 && all[n].continues(&f, d, held) {
				all[n].Days.To = d
				continue
			}
			all = append(all, SeatDifference{System: f.System, License: f.License, Days: finance.Span{From: d, To: d}, Shown: f.Used, Known: held})
		}
	}
	return all
}

// hullOf is from the first to the last day of figures.
func hullOf(figures []Figure) (hull finance.Span) {
	for i, f := range figures {
		if i == 0 || f.Span.From < hull.From {
			hull.From = f.Span.From
		}
		hull.To = max(hull.To, f.Span.To)
	}
	return hull
}

func (s *SeatDifference) continues(f *Figure, d finance.Day, known int) bool {
	return s.System == f.System && s.License == f.License && s.Days.To == d-1 && s.Shown == f.Used && s.Known == known
}

// known is how many people hold a license on each day.
func (e *Engine) known(l license, line *timeline) []int {
	held := newDaily(line)
	var mine spans
	for i := range e.in.Facts.Users {
		mine = mine[:0]
		for _, s := range e.in.Facts.Users[i].Seats {
			if s.System == l.system && (l.name == "" || s.License == "" || s.License == l.name) {
				to := s.To
				if to == 0 {
					to = line.span.To
				}
				mine = append(mine, finance.Span{From: s.From, To: to})
			}
		}
		for _, s := range union(mine) {
			held.add(line, s)
		}
	}
	all := make([]int, 0, line.span.Days())
	held.each(line, func(_ finance.Day, n int) { all = append(all, n) })
	return all
}
