package cost

import (
	"fmt"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// MostDelay bounds a curve: two years.
const MostDelay = 731

// Delay tells what it costs when everybody who is not switched yet is switched up
// to so many days later.
func (e *Engine) Delay(q Question, most int) (Delay, error) {
	if most < 1 || most > MostDelay {
		return Delay{}, fmt.Errorf("a delay of %d days: want 1 to %d: %w", most, MostDelay, dualtone.ErrInvalid)
	}
	f := e.frame(&e.in.Book, most)
	d := Delay{Head: e.head("delay", q, f.line.span)}
	if !slices.ContainsFunc(e.in.Facts.Users, func(u User) bool { return u.Expected != 0 }) {
		d.Notes = append(d.Notes, "nobody is left to be switched, so a delay moves nobody")
	}
	var none, before future
	for n := range most + 1 {
		now, err := e.future(f, n)
		if err != nil {
			return Delay{}, err
		}
		if n == 0 {
			none, before = now, now
		}
		d.Points = append(d.Points, now.over(&none, n))
		d.Steps = append(d.Steps, now.steps(&before, n)...)
		before = now
	}
	d.NextDay = d.Points[1]
	return d, nil
}

// future is what everything costs when it comes so many days later.
type future struct {
	currency finance.Currency
	classes  map[Class]*Total
	paid     map[contract.ID]finance.Money
	longer   []extension
	cash     finance.Money
	waste    finance.Money
}

func (e *Engine) future(f *frame, shift int) (future, error) {
	p, err := e.countAlike(f, asExpected, shift)
	if err != nil {
		return future{}, err
	}
	lines := p.lines()
	zero := finance.Money{Currency: e.in.Book.Currency}
	x := future{currency: e.in.Book.Currency, classes: map[Class]*Total{}, paid: map[contract.ID]finance.Money{}, longer: p.extensions}
	for _, c := range Classes() {
		x.classes[c] = &Total{Class: c, Unit: SeatDay, Amount: zero}
	}
	for i := range lines {
		l := &lines[i]
		if l.Class == Charged {
			x.paid[l.Contract] = x.paid[l.Contract].Add(l.Reported)
			continue
		}
		t := x.classes[l.Class]
		t.Unit, t.Quantity, t.Amount = l.Unit, t.Quantity.Add(l.Quantity), t.Amount.Add(l.Reported)
	}
	x.cash = sum(lines, x.currency, paidFor)
	x.waste = sum(lines, x.currency, wasted)
	return x, nil
}

// over is by how much a future differs from another one.
func (x *future) over(none *future, n int) Point {
	p := Point{Days: n, Cash: x.cash.Sub(none.cash), Waste: x.waste.Sub(none.waste)}
	for _, c := range Classes() {
		t := *x.classes[c]
		t.Quantity, t.Amount = t.Quantity.Sub(none.classes[c].Quantity), t.Amount.Sub(none.classes[c].Amount)
		p.Classes = append(p.Classes, t)
	}
	return p
}

// steps are the terms by which contracts go on here and did not a day before.
func (x *future) steps(before *future, n int) []Step {
	var all []Step
	for _, l := range x.longer {
		if slices.ContainsFunc(before.longer, func(o extension) bool { return o.contract.ID == l.contract.ID && o.until >= l.until }) {
			continue
		}
		s := Step{
			Days: n, Contract: l.contract.ID, System: l.contract.System, Reason: l.reason, Day: l.day, Until: l.until,
			Cash: finance.Money{Currency: x.currency}.Add(x.paid[l.contract.ID]).Sub(before.paid[l.contract.ID]),
		}
		why := fmt.Sprintf("notice is given after %s, its last notice day", l.day)
		if l.reason == StillNeeded {
			why = fmt.Sprintf("people are still served after %s, its end", l.day)
		}
		s.Text = fmt.Sprintf("%d days late %s: contract %s goes on to %s, for %s", n, why, s.Contract, s.Until, s.Cash)
		all = append(all, s)
	}
	return all
}
