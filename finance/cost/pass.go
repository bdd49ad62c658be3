package cost

import (
	"cmp"
	"maps"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// frame is the days that passes are made over, and the prices on them.
type frame struct {
	line    timeline
	pricing pricing
	items   []paid
	limit   finance.Day // up to which contracts are looked at
	// plan is the frame of the prices that the plan was made with, over the same
	// segments; nil where nothing is held against the plan.
	plan *frame
	// measures is that lines have a basis: the parts of a variance are made of it, and
	// nothing else is.
	measures bool
}

// frame covers everything that a delay of so many days can reach. Lines end where
// the days that are asked about do.
func (e *Engine) frame(book *Book, delay int, asked finance.Span) *frame {
	f := &frame{items: bought(book, &e.in.Plan)}
	asked = e.widened(asked)
	first, last := e.in.AsOf, e.in.AsOf
	if len(e.closed) > 0 { // What was posted of them is held against what is known now.
		first = e.closed[0].Month.First()
	}
	for i := range f.items {
		p := &f.items[i]
		if p.side == dualtone.New {
			first = min(first, p.versions[0].From)
		} else {
			last = max(last, p.versions[len(p.versions)-1].contract.Term.To)
		}
	}
	w := walker{plan: &e.in.Plan, asOf: e.in.AsOf, shift: days(delay)}
	n := e.needs(&w, e.people)
	last = max(last, n.kept, n.served, e.release(asExpected, delay), e.in.Plan.PlannedRelease)
	for _, a := range e.people {
		begins, ends := e.reach(a.user)
		first, last = min(first, begins), max(last, ends)
	}
	for _, l := range e.in.Facts.Invoices {
		first, last = min(first, l.Period.From), max(last, l.Period.To)
	}
	f.limit = last
	for _, c := range e.contracts {
		if e.side(c.System) == dualtone.Old {
			end, _ := e.end(c, e.served(n, f.limit), e.release(asExpected, delay), f.limit, e.in.AsOf)
			last = max(last, end)
		}
	}
	span := finance.Span{From: first.Month().First(), To: last}
	var cuts []finance.Day
	for c := range book.Contracts {
		cuts = append(cuts, book.Contracts[c].Cuts(span)...)
	}
	for _, l := range e.in.Facts.Invoices {
		cuts = append(cuts, l.Period.From, l.Period.To+1)
	}
	rates := &e.rates
	if book == e.in.Approved {
		rates = &e.then
	}
	if !rates.Monthly() {
		for _, q := range book.Quotes {
			cuts = append(cuts, q.Day)
		}
	}
	f.line = newTimeline(span, e.in.AsOf, asked, cuts)
	f.pricing = pricing{
		line: &f.line, days: book.WorkingDays, currency: e.in.Book.Currency, rates: rates, later: &e.rates, known: map[priceKey]*price{},
	}
	return f
}

// reach is from the first seat of a person on the new side to the last day that is
// planned for them on the old one.
func (e *Engine) reach(u *User) (first, last finance.Day) {
	first, last = e.in.AsOf, e.in.AsOf
	if u.Planned != 0 {
		last = u.Planned + days(e.in.Plan.after(u.Stage)) - 1
	}
	for _, s := range u.Seats {
		if s.System == e.in.Plan.New {
			first = min(first, s.From)
		}
	}
	return first, last
}

// widened is days without a part of a closed month: what was posted of one is told
// apart by nothing that is asked.
func (e *Engine) widened(asked finance.Span) finance.Span {
	if m := asked.From.Month(); e.isClosed(m) {
		asked.From = m.First()
	}
	if m := asked.To.Month(); e.isClosed(m) {
		asked.To = m.Last()
	}
	return asked
}

// served is the last day on which the old system serves anybody.
func (e *Engine) served(n needs, limit finance.Day) finance.Day {
	if n.forever {
		return limit
	}
	return n.served
}

// release is the day on which old seats are let go of and notice is given.
func (e *Engine) release(when schedule, shift int) finance.Day {
	switch r := e.in.Plan.Release; {
	case when == asPlanned && e.in.Plan.PlannedRelease != 0:
		return e.in.Plan.PlannedRelease
	case r > e.in.AsOf:
		return r + days(shift)
	default:
		return r
	}
}

// pass is all people counted once.
type pass struct {
	e     *Engine
	frame *frame
	// within are the days that are counted.
	within finance.Span
	walk   walker
	items  []priced
	needs  needs
	// extensions are the terms by which contracts of the old side go on.
	extensions []extension
	// groups tell people apart; a pass of one takes all for alike.
	groups []group

	tallies map[tallyKey]*tally
	// held counts the seats of each item by day.
	held []daily
	// doubled is the days of people with two seats, by class and group.
	doubled map[tallyKey]*tally
	// double is how many people of a group had two seats, and since when.
	double []double
}

// tallyKey is what seats are counted by; item is -1 where days of people are.
type tallyKey struct {
	class Class
	item  int
	group int32
}

type double struct {
	people int
	since  finance.Day
}

// prepare works out the ends of contracts and the prices of a pass over people.
func (e *Engine) prepare(f *frame, when schedule, shift int, people []alike) (*pass, error) {
	p := &pass{
		e: e, frame: f, within: f.line.span, groups: e.groups, tallies: map[tallyKey]*tally{}, doubled: map[tallyKey]*tally{}, double: make([]double, len(e.groups)),
	}
	p.walk = walker{plan: &e.in.Plan, line: &f.line, asOf: e.in.AsOf, when: when, shift: days(shift)}
	p.needs = e.needs(&p.walk, people)
	ends := map[contract.ID]finance.Day{}
	for _, c := range e.contracts {
		end, all := e.end(c, e.served(p.needs, f.limit), e.release(when, shift), f.limit, e.in.AsOf)
		ends[c.ID] = end
		if e.side(c.System) == dualtone.Old {
			p.extensions = append(p.extensions, all...)
		}
	}
	for i := range f.items {
		end, known := ends[f.items[i].contract]
		if !known { // It is no more; it was when the plan was approved.
			end = f.items[i].versions[len(f.items[i].versions)-1].contract.Term.To
		}
		item, err := f.pricing.priced(&f.items[i], end)
		if err != nil {
			return nil, err
		}
		if when == asExpected {
			item.bill(&f.line, e.billed[billKey{item.contract, item.id}])
		}
		p.items = append(p.items, item)
		p.held = append(p.held, newDaily(&f.line))
	}
	p.walk.items = p.items
	p.walk.billed = make([]spans, len(p.items))
	p.walk.holders, p.walk.given = newHolders(p.items, people, &e.in.Plan)
	return p, nil
}

// count goes through all people.
func (e *Engine) count(f *frame, when schedule) (*pass, error) {
	p, err := e.prepare(f, when, 0, e.people)
	if err != nil {
		return nil, err
	}
	p.walkAll(e.people)
	return p, nil
}

// walkAll counts people.
func (p *pass) walkAll(people []alike) {
	for _, a := range people {
		p.walkOne(a)
	}
}

func (p *pass) walkOne(a alike) {
	w, line := &p.walk, &p.frame.line
	w.begin(a.user)
	for _, i := range w.touched {
		for _, s := range w.billed[i] {
			p.held[i].add(line, s.And(p.within), a.n)
			p.tally(Charged, i, a.group).add(line, s.And(p.within), a.n)
		}
	}
	if len(w.both) == 0 {
		return
	}
	d := &p.double[a.group]
	d.people += a.n
	d.since = earlier(d.since, w.both[0].From)
	w.overlaps(a.user, func(c Class, redundant dualtone.Side, days finance.Span) {
		days = days.And(p.within)
		p.seats(c, a.group).add(line, days, a.n)
		for _, i := range w.touched {
			if p.items[i].side != redundant {
				continue
			}
			for _, s := range w.billed[i] {
				p.tally(c, i, a.group).add(line, s.And(days), a.n)
			}
		}
	})
}

func (p *pass) tally(c Class, item int, group int32) *tally {
	return get(p.tallies, tallyKey{c, item, group}, &p.frame.line)
}

func (p *pass) seats(c Class, group int32) *tally {
	return get(p.doubled, tallyKey{c, -1, group}, &p.frame.line)
}

func get(all map[tallyKey]*tally, key tallyKey, line *timeline) *tally {
	t := all[key]
	if t == nil {
		t = newTally(line)
		all[key] = t
	}
	return t
}

// seatDays is on how many days people had two seats, by class.
func (p *pass) seatDays(keep func(group, segment) bool) map[Class]int {
	all := map[Class]int{}
	for key, t := range p.doubled {
		for s, n := range t.days(&p.frame.line) {
			if keep(p.groups[key.group], p.frame.line.segments[s]) {
				all[key.class] += int(n)
			}
		}
	}
	return all
}

// sorted are the keys of tallies in an order of their own.
func sorted(tallies map[tallyKey]*tally) []tallyKey {
	return slices.SortedFunc(maps.Keys(tallies), func(a, b tallyKey) int {
		return cmp.Or(classOrder(a.class)-classOrder(b.class), a.item-b.item, int(a.group-b.group))
	})
}
