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
func (e *Engine) rebilled(now []Line) ([]Rebilled, error) {
	if len(e.closed) == 0 {
		return nil, nil
	}
	var posted []Rebilled
	all := billings{}
	for i := range e.closed {
		lines, err := e.closed[i].held.lines(asExpected)
		if err != nil {
			return nil, err
		}
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
	return append(posted, all.standing(e.lastClosed()+1)...), nil
}

// standing is what moved, in the month in which that stands. What comes onto an invoice
// is taken from what is on none: how much is charged is the matter of corrections.
func (all billings) standing(in finance.Month) []Rebilled {
	var found []Rebilled
	rest := map[charged]*Rebilled{}
	var order []charged
	for _, k := range all.sorted() {
		b := all[k]
		more := b.more(k.currency)
		if k.invoice == "" || more.IsZero() {
			continue
		}
		r := Rebilled{Contract: k.contract, Item: k.item, Invoice: k.invoice, Days: b.days, Amount: more, Month: in, Corrects: k.month.String()}
		found = append(found, r)
		k.invoice, r.Invoice, r.Amount = "", "", more.Times(-1)
		if o := rest[k]; o != nil {
			o.Amount = o.Amount.Add(r.Amount)
			o.Days = finance.Span{From: min(o.Days.From, r.Days.From), To: max(o.Days.To, r.Days.To)}
			continue
		}
		rest[k], order = &r, append(order, k)
	}
	for _, k := range order {
		if r := rest[k]; !r.Amount.IsZero() {
			found = append(found, *r)
		}
	}
	return found
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
