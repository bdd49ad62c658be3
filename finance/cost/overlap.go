package cost

import (
	"iter"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
)

// Overlap tells what is paid twice.
func (e *Engine) Overlap(q Question) (Overlap, error) {
	f := e.frame(&e.in.Book, 0, q.Span)
	p, err := e.count(f, asExpected)
	if err != nil {
		return Overlap{}, err
	}
	g, err := e.ledger(p, &q)
	if err != nil {
		return Overlap{}, err
	}
	o := Overlap{Head: e.head("overlap", q, f.line.span), Lines: g.lines, Seats: g.seats, Since: g.since}
	for _, n := range g.days {
		o.SeatDays += n
	}
	o.total(g.days)
	return o, nil
}

func earlier(a, b finance.Day) finance.Day {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// recount counts people and their days for a question that no group answers.
func (e *Engine) recount(q Question, g *ledger) error {
	var user dualtone.PersonID
	people := map[dualtone.PersonID]struct{}{}
	held := map[Class]spans{}
	flush := func() {
		for c, all := range held {
			for _, s := range union(all) {
				g.days[c] += s.Days()
			}
		}
		clear(held)
	}
	for r, err := range e.UserRuns(q) {
		if err != nil {
			return err
		}
		if r.User != user {
			flush()
			user = r.User
			people[user] = struct{}{}
		}
		g.since = earlier(g.since, r.Days.From)
		held[r.Class] = append(held[r.Class], r.Days)
	}
	flush()
	g.seats = len(people)
	return nil
}

// total adds up the classes.
func (o *Overlap) total(days map[Class]int) {
	o.Paid = sum(o.Lines, o.Currency, func(l *Line) bool { return l.Class == Charged })
	o.Overlap = sum(o.Lines, o.Currency, func(l *Line) bool { return l.Class.Overlap() })
	o.Waste = sum(o.Lines, o.Currency, func(l *Line) bool { return l.Class.Waste() })
	for _, c := range Classes() {
		t := Total{Class: c, Amount: sum(o.Lines, o.Currency, func(l *Line) bool { return l.Class == c }), Unit: c.unit()}
		switch c {
		case Planned, Idle, Stranded:
			t.Quantity = finance.Whole(days[c])
		default:
			for i := range o.Lines {
				if l := &o.Lines[i]; l.Class == c {
					t.Quantity, t.Unit = t.Quantity.Add(l.Quantity), l.Unit
				}
			}
		}
		o.Classes = append(o.Classes, t)
	}
}

// UserRuns goes through the redundant seats of people: what a total of overlap is
// made of. They are in the order of people's ids, those of each closed month for
// themselves before those of the open ones. It holds one person at a time, and what
// was known of one month.
func (e *Engine) UserRuns(q Question) iter.Seq2[UserRun, error] {
	return func(yield func(UserRun, error) bool) {
		for _, part := range e.parts(q.Span) {
			known, err := part.engine()
			if err == nil {
				asked := q
				asked.Span = part.span
				var more bool
				if more, err = known.userRuns(asked, func(r UserRun) bool { return yield(r, nil) }); err == nil && !more {
					return
				}
			}
			if err != nil {
				yield(UserRun{}, err)
				return
			}
		}
	}
}

// userRuns yields runs for as long as more are wanted, and says whether they are.
func (e *Engine) userRuns(q Question, yield func(UserRun) bool) (more bool, err error) {
	p, err := e.prepare(e.frame(&e.in.Book, 0, q.Span), asExpected, 0, e.people)
	if err != nil {
		return false, err
	}
	for i := range e.in.Facts.Users {
		u := &e.in.Facts.Users[i]
		if q.User != "" && string(u.ID) != q.User || !q.hasGroup(group{u.Stage, u.CostCenter, u.Country}) {
			continue
		}
		if !p.runs(u, &q, yield) {
			return false, nil
		}
	}
	return true, nil
}

// runs yields the runs of one person, cut where a price changes.
func (p *pass) runs(u *User, q *Question, yield func(UserRun) bool) bool {
	w, line, going := &p.walk, &p.frame.line, true
	w.begin(u)
	w.overlaps(u, func(c Class, redundant dualtone.Side, days finance.Span) {
		if q.Span != (finance.Span{}) {
			days = days.And(q.Span)
		}
		if days = days.And(line.span); days.Empty() {
			return
		}
		for s := line.at(days.From); s <= line.at(days.To) && going; s++ {
			p.paidOn(redundant, s, days, func(item int, on finance.Span) {
				if run := p.run(u, c, item, s, on); going && q.hasKey(&run.Key) {
					going = yield(run)
				}
			})
		}
	})
	return going
}

// paidOn goes through the items of one side that the person who is walked has, and
// the days of a segment on which they are paid.
func (p *pass) paidOn(side dualtone.Side, segment int, days finance.Span, do func(item int, on finance.Span)) {
	for _, i := range p.walk.touched {
		if p.items[i].side != side || p.items[i].prices[segment] == nil {
			continue
		}
		for _, b := range p.walk.billed[i] {
			if on := b.And(days).And(p.frame.line.segments[segment].Span); !on.Empty() {
				do(i, on)
			}
		}
	}
}

func (p *pass) run(u *User, c Class, item, s int, on finance.Span) UserRun {
	i, price := &p.items[item], p.items[item].prices[s]
	amount := price.rate.Times(on.Days())
	return UserRun{
		Key: Key{
			Class: c, Phase: p.frame.line.segments[s].phase, Month: on.From.Month(), Contract: i.contract, Item: i.id, Kind: i.kind, System: i.system,
			Serving: i.side.Other(), Stage: u.Stage, CostCenter: u.CostCenter, Country: u.Country, Invoice: i.invoice(s),
		},
		User: u.ID, Days: on,
		Rate:     finance.Money{Amount: price.rate, Currency: price.contract.Currency},
		Amount:   finance.Money{Amount: amount, Currency: price.contract.Currency},
		Reported: finance.Money{Amount: amount.Mul(price.conversion.Rate), Currency: p.frame.pricing.currency},
	}
}
