package cost

import (
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
)

// schedule says which days of people are counted.
type schedule int

const (
	// asExpected is what happened, and then what is expected.
	asExpected schedule = iota
	// asPlanned is the plan as it was approved.
	asPlanned
	// asMoved is the plan with its switches on the days on which they are.
	asMoved
)

// walker goes through the days of one person after the other.
type walker struct {
	plan    *Plan
	line    *timeline
	asOf    finance.Day
	when    schedule
	shift   finance.Day
	items   []priced
	holders holders
	given   []int // items of a seat on the new system that the plan gives

	// What follows is of the person that is walked.
	switches  []Switch
	billed    []spans // by item
	touched   []int
	old, next spans
	both      spans
	spare     spans
}

// holders are the items that a license of a system is paid by.
type holders map[license][]int

type license struct{ system, name string }

func newHolders(items []priced, people []alike, plan *Plan) (all holders, given []int) {
	all = holders{}
	of := func(l license) []int {
		if _, ok := all[l]; !ok {
			all[l] = paidBy(items, l)
		}
		return all[l]
	}
	for _, a := range people {
		for _, s := range a.user.Seats {
			of(license{s.System, s.License})
		}
	}
	names := plan.Licenses
	if names == nil {
		names = []string{""}
	}
	for _, name := range names {
		for _, i := range of(license{plan.New, name}) {
			if !slices.Contains(given, i) {
				given = append(given, i)
			}
		}
	}
	return all, given
}

// paidBy are the items that a license is paid by.
func paidBy(items []priced, l license) (found []int) {
	for i := range items {
		if items[i].pays(l) {
			found = append(found, i)
		}
	}
	if found == nil && l.name == "" { // A seat of any license is paid as the first there is.
		first := slices.IndexFunc(items, func(p priced) bool { return p.kind == licensed && p.system == l.system })
		if first >= 0 {
			found = []int{first}
		}
	}
	return found
}

// begin works out by which system a person is served and which seats are paid.
func (w *walker) begin(u *User) {
	w.serve(u)
	for _, i := range w.touched {
		w.billed[i] = w.billed[i][:0]
	}
	w.touched = w.touched[:0]
	if w.when == asExpected || u.Planned == 0 {
		w.held(u)
	} else {
		w.wanted(u)
	}
	w.old, w.next = w.old[:0], w.next[:0]
	slices.Sort(w.touched)
	for _, i := range w.touched {
		w.billed[i] = union(w.bill(w.items[i], w.billed[i]))
		if w.items[i].side == dualtone.Old {
			w.old = append(w.old, w.billed[i]...)
		} else {
			w.next = append(w.next, w.billed[i]...)
		}
	}
	w.old, w.next = union(w.old), union(w.next)
	w.both = meet(w.both[:0], w.old, w.next)
}

// serve fills the switches of a person, those to come included.
func (w *walker) serve(u *User) {
	w.switches = w.switches[:0]
	if w.when == asPlanned && u.Planned != 0 {
		w.switches = append(w.switches, Switch{u.Planned, dualtone.New})
		return
	}
	side := dualtone.Old
	for _, s := range u.Switches {
		if s.To != side {
			w.switches = append(w.switches, s)
			side = s.To
		}
	}
	if u.Expected != 0 && side == dualtone.Old {
		w.switches = append(w.switches, Switch{max(u.Expected, w.asOf+1) + w.shift, dualtone.New})
	}
}

// last is the first day from which on the person stays on the new side; no day
// for one who does not.
func (w *walker) last() finance.Day {
	if n := len(w.switches); n > 0 && w.switches[n-1].To == dualtone.New {
		return w.switches[n-1].Day
	}
	return 0
}

// held are the seats that a person held, and the one that the plan is going to
// give.
func (w *walker) held(u *User) {
	last, open := w.last(), false
	for _, s := range u.Seats {
		to := s.To
		if to == 0 {
			to = w.line.span.To
			if s.System == w.plan.Old && w.plan.Release > w.asOf && last != 0 {
				to = max(w.plan.Release+w.shift-1, last-1)
			}
			open = open || s.System == w.plan.New
		}
		for _, i := range w.holders[license{s.System, s.License}] {
			w.hold(i, finance.Span{From: s.From, To: to})
		}
	}
	if last > w.asOf && !open {
		for _, i := range w.given {
			w.hold(i, finance.Span{From: max(w.asOf+1, last-days(w.plan.Before)), To: w.line.span.To})
		}
	}
}

// wanted are the seats that the plan wants a person to have.
func (w *walker) wanted(u *User) {
	last, release := w.last(), w.plan.Release
	if w.when == asPlanned && w.plan.PlannedRelease != 0 {
		release = w.plan.PlannedRelease
	}
	to := w.line.span.To
	if release != 0 && last != 0 {
		to = max(release-1, last-1)
	}
	for _, s := range u.Seats {
		if s.System != w.plan.Old {
			continue
		}
		for _, i := range w.holders[license{s.System, s.License}] {
			w.hold(i, finance.Span{From: s.From, To: to})
		}
	}
	if last == 0 {
		return
	}
	for _, i := range w.given {
		w.hold(i, finance.Span{From: last - days(w.plan.Before), To: w.line.span.To})
	}
}

func (w *walker) hold(i int, span finance.Span) {
	if span.Empty() {
		return
	}
	if len(w.billed[i]) == 0 {
		w.touched = append(w.touched, i)
	}
	w.billed[i] = append(w.billed[i], span)
}

// bill makes of the days of a seat those that are paid.
func (w *walker) bill(p priced, held spans) spans {
	if p.whole {
		for i, s := range held {
			held[i] = finance.Span{From: s.From.Month().First(), To: s.To.Month().Last()}
		}
	}
	held = union(held)
	w.spare = meet(w.spare[:0], held, p.days)
	return append(held[:0], w.spare...)
}

// overlaps calls with each class and the days in a row on which the person has a
// redundant seat of that class.
func (w *walker) overlaps(u *User, do func(c Class, redundant dualtone.Side, days finance.Span)) {
	for _, both := range w.both {
		from := both.From
		side, since := dualtone.Old, finance.Day(0)
		for i := 0; i <= len(w.switches) && from <= both.To; i++ {
			until := both.To
			if i < len(w.switches) {
				until = min(until, w.switches[i].Day-1)
			}
			if from <= until {
				piece := finance.Span{From: from, To: until}
				if side == dualtone.Old {
					w.before(i, piece, do)
				} else {
					w.after(u, since, piece, do)
				}
				from = until + 1
			}
			if i < len(w.switches) {
				side, since = w.switches[i].To, w.switches[i].Day
			}
		}
	}
}

// before are days on which the old system serves and the new seat is redundant;
// the switch that ends them is next.
func (w *walker) before(next int, piece finance.Span, do func(Class, dualtone.Side, finance.Span)) {
	planned := finance.Span{From: 1, To: 0}
	if next < len(w.switches) {
		day := w.switches[next].Day
		planned = piece.And(finance.Span{From: day - days(w.plan.Before), To: day - 1})
	}
	idle := piece
	if !planned.Empty() {
		idle.To = planned.From - 1
	}
	if !idle.Empty() {
		do(Idle, dualtone.New, idle)
	}
	if !planned.Empty() {
		do(Planned, dualtone.New, planned)
	}
}

// after are days on which the new system serves and the old seat is redundant.
func (w *walker) after(u *User, since finance.Day, piece finance.Span, do func(Class, dualtone.Side, finance.Span)) {
	planned := piece.And(finance.Span{From: since, To: since + days(w.plan.after(u.Stage)) - 1})
	stranded := piece
	if !planned.Empty() {
		stranded.From = planned.To + 1
		do(Planned, dualtone.Old, planned)
	}
	if !stranded.Empty() {
		do(Stranded, dualtone.Old, stranded)
	}
}

// after is for how many days an old seat is meant to be kept.
func (p *Plan) after(stage string) int {
	if n, ok := p.After[stage]; ok {
		return n
	}
	return p.After[""]
}

func days(n int) finance.Day { return finance.Day(n) } //nolint:gosec // days of a plan
