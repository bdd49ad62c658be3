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
// to so many days later. Nothing of a closed month can become otherwise.
func (e *Engine) Delay(q Question, most int) (Delay, error) {
	if most < 1 || most > MostDelay {
		return Delay{}, fmt.Errorf("a delay of %d days: want 1 to %d: %w", most, MostDelay, dualtone.ErrInvalid)
	}
	// A switch that comes later makes another class of days before it, and of the
	// month in which they are where a part of a month is paid whole.
	return e.delay(q, most, (e.in.AsOf + 1 - days(e.in.Plan.Before)).Month().First())
}

// delay is Delay; days before one are counted once, whatever the delay is.
func (e *Engine) delay(q Question, most int, from finance.Day) (Delay, error) {
	f := e.frame(&e.in.Book, most, q.Span)
	d := Delay{Head: e.head("delay", q, f.line.span)}
	for _, a := range e.people {
		if a.user.Expected != 0 {
			d.Left += a.n
		}
	}
	s, err := e.delaying(f, q, max(from, f.line.span.From))
	if err != nil {
		return Delay{}, err
	}
	var none, before future
	for n := range most + 1 {
		now, err := s.future(n)
		if err != nil {
			return Delay{}, err
		}
		if n == 0 {
			none, before = now, now
			d.Notes = append(d.Notes, now.anyway()...)
		}
		d.Points = append(d.Points, now.over(&none, n))
		d.Steps = append(d.Steps, now.steps(&before, n)...)
		before = now
	}
	d.Steps = slices.DeleteFunc(d.Steps, func(s Step) bool {
		return q.Contract != "" && s.Contract != q.Contract || q.System != "" && s.System != q.System
	})
	d.NextDay = d.Points[1]
	return d, nil
}

// delaying computes one future after the other. What is over and does not become
// otherwise by a delay is counted once.
type delaying struct {
	e      *Engine
	frame  *frame
	asked  Question
	people []alike // from the first day on that can become otherwise
	from   finance.Day
	past   *pass
}

func (e *Engine) delaying(f *frame, q Question, from finance.Day) (*delaying, error) {
	s := &delaying{e: e, frame: f, asked: q, from: from}
	other := func(g int32) int32 {
		if q.hasGroup(e.groups[g]) {
			return 0
		}
		return 1
	}
	s.people = since(e.people, s.from, other)
	all := since(e.people, f.line.span.From, other)
	var err error
	if s.past, err = s.prepare(0, all); err != nil {
		return nil, err
	}
	s.past.within.To = s.from - 1
	s.past.walkAll(all)
	return s, nil
}

// prepare makes a pass of two groups: of those who were asked about, and of the
// others.
func (s *delaying) prepare(shift int, people []alike) (*pass, error) {
	p, err := s.e.prepare(s.frame, asExpected, shift, people)
	if err != nil {
		return nil, err
	}
	p.groups = []group{{s.asked.Stage, s.asked.CostCenter, s.asked.Country}, {}}
	p.double = make([]double, len(p.groups))
	return p, nil
}

// pass counts everybody when the rest comes so many days later.
func (s *delaying) pass(shift int) (*pass, error) {
	p, err := s.prepare(shift, s.people)
	if err != nil {
		return nil, err
	}
	for i := range p.held {
		copy(p.held[i], s.past.held[i])
	}
	for key, t := range s.past.tallies {
		p.tallies[key] = t.clone()
	}
	p.within.From = s.from
	p.walkAll(s.people)
	return p, nil
}

// future is what everything costs when it comes so many days later.
type future struct {
	currency finance.Currency
	classes  map[Class]*Total
	// paid is for each contract, asked the part of it that was asked about.
	paid, asked map[contract.ID]finance.Money
	longer      []extension
	cash        finance.Money
	waste       finance.Money
}

func (s *delaying) future(shift int) (future, error) {
	p, err := s.pass(shift)
	if err != nil {
		return future{}, err
	}
	lines := only(p.lines(), func(l *Line) bool { return l.Month > s.e.lastClosed() })
	x := future{currency: s.e.in.Book.Currency, classes: map[Class]*Total{}, longer: p.extensions}
	for _, c := range Classes() {
		x.classes[c] = &Total{Class: c, Unit: SeatDay, Amount: finance.Money{Currency: x.currency}}
	}
	x.paid = paidByContract(lines)
	lines = s.asked.of(lines)
	x.asked = paidByContract(lines)
	for i := range lines {
		if l := &lines[i]; l.Class != Charged {
			t := x.classes[l.Class]
			t.Unit, t.Quantity, t.Amount = l.Unit, t.Quantity.Add(l.Quantity), t.Amount.Add(l.Reported)
		}
	}
	x.cash = sum(lines, x.currency, paidFor)
	x.waste = sum(lines, x.currency, wasted)
	return x, nil
}

// paidByContract adds up charges.
func paidByContract(lines []Line) map[contract.ID]finance.Money {
	all := map[contract.ID]finance.Money{}
	for i := range lines {
		if l := &lines[i]; paidFor(l) {
			all[l.Contract] = all[l.Contract].Add(l.Reported)
		}
	}
	return all
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

// PerDay says what the first day of a delay costs, for people.
func (p *Point) PerDay() string {
	if p.Waste.Amount.Sign() < 0 && p.Cash.Amount.Sign() < 0 {
		return fmt.Sprintf("each day saves %s in cash, and waste falls by %s, since what is paid anyway is needed for longer", p.Cash.Times(-1).Grouped(), p.Waste.Times(-1).Grouped())
	}
	if p.Waste.Amount.Sign() < 0 {
		return fmt.Sprintf("each day costs %s in cash, and waste falls by %s, since what is paid anyway is needed for longer", p.Cash.Grouped(), p.Waste.Times(-1).Grouped())
	}
	return fmt.Sprintf("each day costs %s in waste and %s in cash", p.Waste.Grouped(), p.Cash.Grouped())
}

// why says why the contract goes on.
func (l *extension) why() string {
	if l.reason == StillNeeded {
		return fmt.Sprintf("people are still served when contract %s ends on %s", l.contract.ID, l.day)
	}
	return fmt.Sprintf("notice of contract %s comes after %s, its last notice day", l.contract.ID, l.day)
}

// anyway tells of contracts that go on without any delay: no delay makes them jump.
func (x *future) anyway() []string {
	var all []string
	for _, l := range x.longer {
		why := l.why()
		if l.reason == NoticeMissed && l.contract.Notice.Given == 0 {
			why = fmt.Sprintf("nobody has given notice of contract %s, and the plan gives none by %s, its last notice day", l.contract.ID, l.day)
		}
		all = append(all, fmt.Sprintf("%s: it goes on to %s whatever the delay is, and that is in all figures here", why, l.until))
	}
	return all
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
			Cash:  finance.Money{Currency: x.currency}.Add(x.asked[l.contract.ID]).Sub(before.asked[l.contract.ID]),
			Whole: finance.Money{Currency: x.currency}.Add(x.paid[l.contract.ID]).Sub(before.paid[l.contract.ID]),
		}
		s.Text = fmt.Sprintf("%d days late %s: it goes on to %s, for %s", n, l.why(), s.Until, s.For())
		all = append(all, s)
	}
	return all
}
