package cost

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// Rebilled is what was charged for days of a closed month and is on another invoice now
// than when the month was closed: more on one, and less on another.
type Rebilled struct {
	Contract contract.ID     `json:"contract"`
	Item     contract.ItemID `json:"item"`
	// Invoice is empty for what is on none.
	Invoice string        `json:"invoice,omitempty"`
	Days    finance.Span  `json:"days"`
	Amount  finance.Money `json:"amount"`
	// Corrects is the closed month, Month the one in which that stands.
	Month    finance.Month `json:"month"`
	Corrects string        `json:"corrects"`
}

// charged is what tells apart what was charged in a month.
type charged struct {
	billKey

	month    finance.Month
	currency finance.Currency
	invoice  string
}

// billing is what is charged on an invoice as it is now and as it was posted.
type billing struct {
	days    finance.Span
	is, was finance.Exact // not rounded
	posted  finance.Exact // as it stands in closed months
	moved   bool          // since it was posted first
}

// more is how much more is charged than was posted. What did not move is not off by a
// rounded cent.
func (b *billing) more(in finance.Currency) finance.Money {
	if !b.moved && b.is.Equal(b.was) {
		return finance.Money{Currency: in}
	}
	now := finance.Money{Amount: b.is, Currency: in}.Round(rounding)
	return now.Sub(finance.Money{Amount: b.posted, Currency: in})
}

type billings map[charged]*billing

func (all billings) at(k charged, days finance.Span) *billing {
	b := all[k]
	if b == nil {
		b = &billing{days: days}
		all[k] = b
	}
	b.days = finance.Span{From: min(b.days.From, days.From), To: max(b.days.To, days.To)}
	return b
}

// each goes through lines that charge something for days of closed months.
func (all billings) each(e *Engine, lines []Line, do func(*billing, *Line)) {
	for i := range lines {
		if l := &lines[i]; l.Class == Charged && l.Corrects == "" && e.isClosed(l.Month) {
			do(all.at(charged{billKey{l.Contract, l.Item}, l.Month, l.Amount.Currency, l.Invoice}, l.Days), l)
		}
	}
}

// rebilled is what was posted of it, and what of the lines as they are now stands in the
// first open month.
func (e *Engine) rebilled(f *frame, now []Line) ([]Rebilled, error) {
	if len(e.closed) == 0 {
		return nil, nil
	}
	var posted []Rebilled
	var charges []Line
	all := billings{}
	for i := range e.closed {
		lines, err := e.closed[i].held.lines(asExpected)
		if err != nil {
			return nil, err
		}
		charges = append(charges, lines...)
		all.each(e, lines, func(b *billing, l *Line) {
			b.was, b.posted = b.was.Add(l.Quantity.Mul(l.Rate.Amount)), b.posted.Add(l.Amount.Amount)
		})
		before, err := e.closed[i].held.rebilled()
		if err != nil {
			return nil, err
		}
		for _, r := range before {
			b := all.at(charged{billKey{r.Contract, r.Item}, r.Days.From.Month(), r.Amount.Currency, r.Invoice}, r.Days)
			b.posted, b.moved = b.posted.Add(r.Amount.Amount), true
		}
		posted = append(posted, before...)
	}
	all.each(e, now, func(b *billing, l *Line) { b.is = b.is.Add(l.Quantity.Mul(l.Rate.Amount)) })
	if all.moves() {
		p, err := e.count(f, asExpected)
		if err != nil {
			return nil, err
		}
		all.correct(e, charges, p.lines())
	}
	return append(posted, all.standing(e.lastClosed()+1)...), nil
}

// moves reports whether anything became known otherwise, of charges or of invoices.
func (all billings) moves() bool {
	for _, b := range all {
		if b.moved || !b.is.Equal(b.was) {
			return true
		}
	}
	return false
}

// onNone is the same on no invoice.
func (k charged) onNone() charged {
	k.invoice = ""
	return k
}

// correct adds corrections to what is charged on no invoice, where they stand. They are
// told apart by groups of people, and so are the lines of which they are made.
func (all billings) correct(e *Engine, posted, now []Line) {
	closed := only(now, func(l *Line) bool { return e.isClosed(l.Month) })
	charges := append(corrections(posted, closed, e.lastClosed()+1), posted...)
	for i := range charges {
		if l := &charges[i]; l.Class == Charged && l.Corrects != "" {
			b := all.at(charged{billKey{l.Contract, l.Item}, l.about(), l.Amount.Currency, ""}, l.Days)
			b.posted = b.posted.Add(l.Amount.Amount)
		}
	}
}

// standing is what moved, in the month in which that stands. What comes onto an invoice
// is taken from what is on none, and nothing is left of that when all of it is on
// invoices: what was charged before they came is taken back in full, though it was rounded
// with other charges.
func (all billings) standing(in finance.Month) []Rebilled {
	var found []Rebilled
	var order []charged
	rest := map[charged]*Rebilled{}
	for _, k := range all.sorted() {
		b := all[k]
		more := b.more(k.currency)
		none := k.onNone()
		if k == none || more.IsZero() && !all.left(none) {
			continue
		}
		r := Rebilled{Contract: k.contract, Item: k.item, Invoice: k.invoice, Days: b.days, Amount: more, Month: in, Corrects: k.month.String()}
		if !more.IsZero() {
			found = append(found, r)
		}
		if o := rest[none]; o != nil {
			o.Days = finance.Span{From: min(o.Days.From, r.Days.From), To: max(o.Days.To, r.Days.To)}
			continue
		}
		r.Invoice, r.Amount = "", all.unbilled(none)
		rest[none], order = &r, append(order, none)
	}
	for _, k := range order {
		if r := rest[k]; !r.Amount.IsZero() {
			found = append(found, *r)
		}
	}
	return found
}

// left reports whether something is charged on no invoice though nothing is on none now.
func (all billings) left(none charged) bool {
	b := all[none]
	return b != nil && b.is.IsZero() && !b.posted.IsZero()
}

// unbilled is what must be added to what is charged on no invoice to make it what is on
// none now.
func (all billings) unbilled(k charged) finance.Money {
	b := all[k]
	if b == nil {
		return finance.Money{Currency: k.currency}
	}
	return finance.Money{Amount: b.is, Currency: k.currency}.Round(rounding).Sub(finance.Money{Amount: b.posted, Currency: k.currency})
}

func (all billings) sorted() []charged {
	return slices.SortedFunc(maps.Keys(all), func(a, b charged) int {
		return cmp.Or(cmp.Compare(a.month, b.month), strings.Compare(string(a.contract), string(b.contract)), strings.Compare(string(a.item), string(b.item)),
			strings.Compare(string(a.currency), string(b.currency)), strings.Compare(a.invoice, b.invoice))
	})
}

// hasRebilled reports whether it was asked for. It stands on the first day of its month.
func (q *Question) hasRebilled(r *Rebilled) bool {
	return (q.Contract == "" || r.Contract == q.Contract) && (q.Item == "" || r.Item == q.Item) &&
		(q.Span == (finance.Span{}) || q.Span.Has(r.Month.First()))
}
