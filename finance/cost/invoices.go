package cost

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// InvoiceCheck compares invoices with what the contracts make of the seats that
// people held, and platforms with both.
func (e *Engine) InvoiceCheck(q Question) (InvoiceCheck, error) {
	b, err := e.bills(q.Span)
	if err != nil {
		return InvoiceCheck{}, err
	}
	c := InvoiceCheck{Head: e.head("invoice-check", q, b.span), Accruals: q.of(b.accruals)}
	c.Rebilled = slices.DeleteFunc(b.rebilled, func(r Rebilled) bool { return !q.hasRebilled(&r) })
	for i := range b.lines {
		if q.hasFinding(&b.lines[i]) {
			c.Lines = append(c.Lines, b.lines[i])
		}
	}
	c.Invoices = invoiceTotals(c.Lines)
	c.Seats = joinSeats(slices.DeleteFunc(b.seats, func(s seatDay) bool { return !q.hasSeatDay(&s) }))
	return c, nil
}

// bills are all invoices and figures beside what they should be, with what was
// posted in the place of what is of closed months.
type bills struct {
	span     finance.Span
	lines    []InvoiceFinding
	accruals []Line
	seats    []seatDay
	rebilled []Rebilled
}

func (e *Engine) bills(asked finance.Span) (*bills, error) {
	f := e.frame(&e.in.Book, 0, asked)
	p, err := e.countAlike(f)
	if err != nil {
		return nil, err
	}
	billed := map[billKey][]finance.Span{}
	var lines []InvoiceFinding
	for _, l := range e.in.Facts.Invoices {
		key := billKey{l.Contract, l.Item}
		lines = append(lines, p.check(l, billed[key]))
		billed[key] = append(billed[key], l.Period)
	}
	b := &bills{span: f.line.span}
	if b.lines, err = e.mergeFindings(lines); err != nil {
		return nil, err
	}
	if b.seats, err = e.mergeSeats(p.compared()); err != nil {
		return nil, err
	}
	now := p.lines()
	if b.rebilled, err = e.rebilled(f, now); err != nil {
		return nil, err
	}
	b.accruals, err = e.merge(accruals(now, billed), (*held).accruals)
	return b, err
}

// countAlike goes through all people and tells no groups apart.
func (e *Engine) countAlike(f *frame) (*pass, error) {
	people := since(e.people, f.line.span.From, func(int32) int32 { return 0 })
	p, err := e.prepare(f, asExpected, 0, people)
	if err != nil {
		return nil, err
	}
	p.groups, p.double = []group{{}}, make([]double, 1)
	p.walkAll(people)
	return p, nil
}

type billKey struct {
	contract contract.ID
	item     contract.ItemID
}

// check compares one line of an invoice.
func (p *pass) check(l InvoiceLine, before []finance.Span) InvoiceFinding {
	in := l.Amount.Currency
	f := InvoiceFinding{InvoiceLine: l, Shown: -1, Expected: finance.Money{Currency: in}, Difference: l.Amount, Month: l.Period.To.Month()}
	i := slices.IndexFunc(p.items, func(x priced) bool { return x.contract == l.Contract && x.id == l.Item })
	if i < 0 {
		f.Finding, f.Text = UnknownItem, fmt.Sprintf("contract %s has no item %s", l.Contract, l.Item)
		return f
	}
	item := &p.items[i]
	var other finance.Currency
	f.ExpectedQuantity, f.Expected, other = p.expected(i, l.Period, in)
	f.Unit = unitOf(item.kind)
	f.Shown = p.shown(item, l.Period)
	f.Difference = l.Amount.Sub(f.Expected)
	if other != "" {
		f.Finding, f.Text = OtherMoney, fmt.Sprintf("billed in %s, and the contract is in %s", in, other)
		return f
	}
	switch {
	case slices.ContainsFunc(before, func(s finance.Span) bool { return !s.And(l.Period).Empty() }):
		f.Finding, f.Text = BilledTwice, "days of the period are on another line already"
	case f.Difference.IsZero():
		f.Finding = Agrees
	case f.Difference.Amount.Sign() > 0:
		f.Finding, f.Text = OverBilled, fmt.Sprintf("%s more than the contract makes of %s", f.Difference.Grouped(), f.counted())
	default:
		f.Finding, f.Text = UnderBilled, fmt.Sprintf("%s less than the contract makes of %s", f.Difference.Times(-1).Grouped(), f.counted())
	}
	return f
}

// unitOf is what an item of a kind is counted in.
func unitOf(kind contract.ItemKind) Unit {
	switch kind {
	case licensed:
		return SeatDay
	case contract.Hairpin:
		return Minute
	default:
		return ItemDay
	}
}

// counted says what was counted.
func (f *InvoiceFinding) counted() string { return fmt.Sprintf("%s %ss", f.ExpectedQuantity, f.Unit) }

// expected is what the contract makes of an item in a period: seat-days, days of
// pieces or minutes, and their amount in a currency, rounded; other is the contract's
// currency where that is another one.
func (p *pass) expected(i int, period finance.Span, in finance.Currency) (quantity finance.Exact, amount finance.Money, other finance.Currency) {
	item, line := &p.items[i], &p.frame.line
	amount.Currency = in
	counts := map[int]int64{} // by segment
	p.used(i, func(d finance.Day, n int) {
		if !period.Has(d) {
			return
		}
		if s := line.at(d); item.prices[s] != nil {
			counts[s] += int64(n)
		}
	})
	per := finance.Whole(1)
	if item.kind == contract.Hairpin {
		per = finance.Whole(60)
	}
	for s, seg := range line.segments {
		price := item.prices[s]
		if price == nil || seg.And(period).Empty() {
			continue
		}
		q := finance.Fraction(counts[s], 1).Over(per)
		quantity = quantity.Add(q)
		if price.contract.Currency == in {
			amount.Amount = amount.Amount.Add(q.Mul(price.rate))
		} else {
			other = price.contract.Currency
		}
	}
	return quantity, amount.Round(rounding), other
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

// findingKey is what a line of an invoice is found by again.
type findingKey struct {
	invoice  string
	contract contract.ID
	item     contract.ItemID
	period   finance.Span
	currency finance.Currency
	nth      int
}

// keyed gives each finding its key; those that are about the same get numbers.
func keyed(all []InvoiceFinding, do func(findingKey, *InvoiceFinding)) {
	seen := map[findingKey]int{}
	for i := range all {
		l := &all[i]
		k := findingKey{l.Invoice, l.Contract, l.Item, l.Period, l.Amount.Currency, 0}
		seen[k]++
		k.nth = seen[k]
		do(k, l)
	}
}

// mergeFindings puts what was posted in the place of findings whose periods end in
// closed months. An invoice that came later, or was changed or found otherwise, is
// corrected in the first open month.
func (e *Engine) mergeFindings(now []InvoiceFinding) ([]InvoiceFinding, error) {
	if len(e.closed) == 0 {
		return now, nil
	}
	all := []InvoiceFinding{}
	was := map[findingKey]*InvoiceFinding{}
	var order []findingKey
	for _, c := range e.closed {
		posted, err := read[[]InvoiceFinding](c.held.Invoices)
		if err != nil {
			return nil, err
		}
		all = append(all, posted...)
		keyed(posted, func(k findingKey, l *InvoiceFinding) {
			net := *l
			if o := was[k]; o != nil {
				net.add(o, 1)
			} else {
				order = append(order, k)
			}
			was[k] = &net
		})
	}
	keyed(now, func(k findingKey, l *InvoiceFinding) {
		if !e.isClosed(l.Month) {
			all = append(all, *l)
			return
		}
		o, c := was[k], *l
		delete(was, k)
		switch {
		case o == nil:
		case o.same(l):
			return
		default:
			c.add(o, -1)
			c.Text = strings.TrimPrefix(c.Text+"; ", "; ") + "it was " + string(o.Finding) + " when the month was closed"
		}
		all = append(all, correctedFinding(c, e.lastClosed()+1))
	})
	for _, k := range order {
		if o := was[k]; o != nil && o.Finding != Withdrawn {
			c := InvoiceFinding{InvoiceLine: o.InvoiceLine, Finding: Withdrawn, Unit: o.Unit, Shown: -1, Month: o.Period.To.Month(), Text: "it is on no invoice any more"}
			c.Quantity, c.Amount = finance.Exact{}, finance.Money{Currency: o.Amount.Currency}
			c.Expected, c.Difference = c.Amount, c.Amount
			c.add(o, -1)
			all = append(all, correctedFinding(c, e.lastClosed()+1))
		}
	}
	return all, nil
}

// add adds the figures of another finding about the same so many times.
func (f *InvoiceFinding) add(o *InvoiceFinding, times int) {
	f.Quantity, f.ExpectedQuantity = f.Quantity.Add(o.Quantity.Times(times)), f.ExpectedQuantity.Add(o.ExpectedQuantity.Times(times))
	f.Amount, f.Difference = f.Amount.Add(o.Amount.Times(times)), f.Difference.Add(o.Difference.Times(times))
	f.Expected = f.Expected.Add(o.Expected.Times(times))
}

// same reports whether nothing became known of what a finding says, as it is
// written.
func (f *InvoiceFinding) same(o *InvoiceFinding) bool {
	return f.Finding == o.Finding && f.Shown == o.Shown && f.Amount.Equal(o.Amount) && f.Expected.Equal(o.Expected) &&
		f.Quantity.String() == o.Quantity.String() && f.ExpectedQuantity.String() == o.ExpectedQuantity.String()
}

// correctedFinding is a finding that stands in another month.
func correctedFinding(f InvoiceFinding, in finance.Month) InvoiceFinding {
	f.Corrects, f.Month = f.Month.String(), in
	return f
}

// hasFinding reports whether a line of an invoice was asked for.
func (q *Question) hasFinding(f *InvoiceFinding) bool {
	days := f.Period
	if f.Corrects != "" {
		days = finance.Span{From: f.Month.First(), To: f.Month.First()}
	}
	return (q.Contract == "" || f.Contract == q.Contract) && (q.Item == "" || f.Item == q.Item) &&
		(q.Span == (finance.Span{}) || !days.And(q.Span).Empty())
}
