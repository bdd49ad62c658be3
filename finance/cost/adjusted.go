package cost

import (
	"cmp"
	"slices"

	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// Adjusted is by how much an invoice bills something else than what is charged on it, or
// than was known when a month was closed.
type Adjusted struct {
	// Invoice is empty for what is on none.
	Invoice  string          `json:"invoice,omitempty"`
	Contract contract.ID     `json:"contract"`
	Item     contract.ItemID `json:"item"`
	// Period is what is charged for.
	Period finance.Span `json:"period"`
	// Month is the one in which it stands, Corrects the closed month that it corrects.
	Month    finance.Month `json:"month"`
	Corrects string        `json:"corrects,omitempty"`
	Amount   finance.Money `json:"amount"`
}

// billedItem is an item on an invoice.
type billedItem struct {
	billKey

	invoice  string
	currency finance.Currency
}

func (a *Adjusted) of() billedItem {
	return billedItem{billKey{a.Contract, a.Item}, a.Invoice, a.Amount.Currency}
}

// Day is the one on which it stands: the last one that is billed, or the first of the month
// in which it corrects another one.
func (a *Adjusted) Day() finance.Day {
	if a.Corrects != "" {
		return a.Month.First()
	}
	return a.Period.To
}

// far is how far it is from what stands in a month and corrects another one.
func (a *Adjusted) far(month finance.Month, corrects string) int {
	far := 2 * int(a.Month-month)
	if a.Corrects != corrects {
		far++
	}
	return far
}

// Adjusted makes the charges on each invoice add up to it: lines are all of a report on all
// days. Closed months have what they were closed with, and open ones what is left.
func (e *Engine) Adjusted(lines []Line) ([]Adjusted, error) {
	b, err := e.bills(finance.Span{})
	if err != nil {
		return nil, err
	}
	return e.adjusted(lines, b)
}

func (e *Engine) adjusted(lines []Line, b *bills) ([]Adjusted, error) {
	s := adjustmentsOf(lines, b)
	for i := range e.closed {
		c := &e.closed[i]
		posted, kept, err := c.held.adjusted()
		if err != nil {
			return nil, err
		}
		if kept {
			s.keep(c.Month, posted, e.lastClosed()+1)
		}
	}
	all := []Adjusted{}
	for _, a := range s.all {
		if !a.Amount.IsZero() {
			all = append(all, *a)
		}
	}
	return all, nil
}

// adjustments make the charges on each invoice add up to it: what it bills otherwise than
// they are. What it bills of a closed month stands in the open one, and what was charged in
// its place is taken back there.
type adjustments struct {
	all []*Adjusted
	on  map[billedItem][]*Adjusted
}

func newAdjustments() *adjustments { return &adjustments{on: map[billedItem][]*Adjusted{}} }

// adjustmentsOf are those of all charges and of all invoices.
func adjustmentsOf(charges []Line, b *bills) *adjustments {
	s := newAdjustments()
	for i := range b.lines {
		f := &b.lines[i]
		s.add(Adjusted{f.Invoice, f.Contract, f.Item, f.Period, f.Month, f.Corrects, f.Amount})
	}
	for i := range charges {
		if l := &charges[i]; l.Class == Charged {
			s.charge(billedItem{billKey{l.Contract, l.Item}, l.Invoice, l.Amount.Currency}, l.Month, l.Corrects, l.Amount)
		}
	}
	var moved []Adjusted
	for i := range b.rebilled {
		r := &b.rebilled[i]
		a := Adjusted{r.Invoice, r.Contract, r.Item, r.Days, r.Month, r.Corrects, r.Amount}
		if s.settled(a.of(), r.Days.From.Month(), r.Month) {
			continue
		}
		s.charge(a.of(), r.Month, r.Corrects, r.Amount)
		moved = append(moved, a)
	}
	for _, a := range moved {
		s.add(a)
	}
	return s
}

// add adds to what stands in the same month and corrects the same.
func (s *adjustments) add(a Adjusted) {
	of := a.of()
	for _, o := range s.on[of] {
		if o.far(a.Month, a.Corrects) == 0 {
			o.Amount = o.Amount.Add(a.Amount)
			o.Period = finance.Span{From: min(o.Period.From, a.Period.From), To: max(o.Period.To, a.Period.To)}
			return
		}
	}
	s.all, s.on[of] = append(s.all, &a), append(s.on[of], &a)
}

// charge takes what was charged from what its invoice bills: from what stands in the
// same month and corrects the same, or else in the next. What stands in earlier ones
// may be closed.
func (s *adjustments) charge(item billedItem, month finance.Month, corrects string, amount finance.Money) {
	var nearest *Adjusted
	for _, a := range s.on[item] {
		if a.Month >= month && (nearest == nil || a.far(month, corrects) < nearest.far(month, corrects)) {
			nearest = a
		}
	}
	if nearest != nil {
		nearest.Amount = nearest.Amount.Sub(amount)
	}
}

// settled reports whether an invoice was made to add up in a month since the one that is
// charged for and before the one in which more or less is: that is none of it then.
func (s *adjustments) settled(item billedItem, since, before finance.Month) bool {
	return slices.ContainsFunc(s.on[item], func(a *Adjusted) bool { return since <= a.Month && a.Month < before })
}

// keep puts what was posted in the place of what stands in a closed month. By how much that
// would be otherwise now corrects it in an open one.
func (s *adjustments) keep(month finance.Month, posted []Adjusted, open finance.Month) {
	off := newAdjustments()
	for _, a := range s.all {
		if a.Month == month {
			off.add(*a)
		}
	}
	s.drop(month)
	for _, a := range posted {
		s.add(a)
		a.Amount = a.Amount.Times(-1)
		off.add(a)
	}
	for _, a := range off.all {
		if a.Amount.IsZero() {
			continue
		}
		a.Corrects, a.Month = cmp.Or(a.Corrects, month.String()), open
		s.add(*a)
	}
}

// drop drops what stands in a month.
func (s *adjustments) drop(month finance.Month) {
	in := func(a *Adjusted) bool { return a.Month == month }
	for of := range s.on {
		s.on[of] = slices.DeleteFunc(s.on[of], in)
	}
	s.all = slices.DeleteFunc(s.all, in)
}
