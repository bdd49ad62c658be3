package cost

import (
	"cmp"
	"slices"

	"github.com/dualtone/dualtone/finance"
)

// merge puts what was posted in the place of the lines of closed months, and into
// the first open month what became otherwise known of them since.
func (e *Engine) merge(now []Line, posted func(*held) ([]Line, error)) ([]Line, error) {
	if len(e.closed) == 0 {
		return now, nil
	}
	var all []Line
	for i := range e.closed {
		lines, err := posted(e.closed[i].held)
		if err != nil {
			return nil, err
		}
		all = append(all, lines...)
	}
	closed := only(now, func(l *Line) bool { return e.isClosed(l.Month) })
	open := only(now, func(l *Line) bool { return !e.isClosed(l.Month) })
	return inOrder(slices.Concat(all, corrections(all, closed, e.lastClosed()+1), open)), nil
}

// lastClosed is the last month that is closed; no month for none.
func (e *Engine) lastClosed() finance.Month {
	if n := len(e.closed); n > 0 {
		return e.closed[n-1].Month
	}
	return 0
}

// isClosed reports whether a month is. Closed months follow one another.
func (e *Engine) isClosed(m finance.Month) bool {
	return len(e.closed) > 0 && e.closed[0].Month <= m && m <= e.lastClosed()
}

// correctedKey is what a line of a closed month is found by again; a phase is none
// of it.
type correctedKey struct {
	Key

	currency finance.Currency
	from     finance.Day
}

// netted are lines with their corrections added to them, in the order of the lines.
func netted(posted []Line) (was map[correctedKey]*Line, order []correctedKey) {
	was = map[correctedKey]*Line{}
	for i := range posted {
		l, k := posted[i], keyOf(&posted[i])
		if o := was[k]; o != nil {
			l.Quantity, l.Amount, l.Reported = o.Quantity.Add(l.Quantity), o.Amount.Add(l.Amount), o.Reported.Add(l.Reported)
			l.Basis = o.Basis.plus(l.Basis)
		} else {
			order = append(order, k)
		}
		l.Month = k.Month
		was[k] = &l
	}
	return was, order
}

// anyDay is the same whatever the day on which the line begins.
func (k correctedKey) anyDay() correctedKey {
	k.from = 0
	return k
}

// pricedAs reports whether a unit of two lines costs the same.
func (l *Line) pricedAs(o *Line) bool {
	return l.Rate.Equal(o.Rate) && l.Conversion.Rate.Equal(o.Conversion.Rate)
}

// keyOf is that of a line, or of the line that it corrects.
func keyOf(l *Line) correctedKey {
	k := correctedKey{l.Key, l.Amount.Currency, l.Days.From}
	k.Month, k.Corrects, k.Phase = l.about(), "", ""
	return k
}

// about is the month whose days the line counts: the one that it corrects, or its
// own.
func (l *Line) about() finance.Month {
	if l.Corrects == "" {
		return l.Month
	}
	m, err := finance.ParseMonth(l.Corrects)
	if err != nil {
		return l.Month
	}
	return m
}

// corrections are what became otherwise known of closed months than what was
// posted of them, earlier corrections included, in another month. A line that
// differs in nothing but how a cent was rounded is no correction.
func corrections(posted, now []Line, in finance.Month) []Line {
	was, order := netted(uninvoiced(posted))
	now = uninvoiced(now)
	// Where a month is cut changes with what became known of invoices and of the plan, and
	// with it the day on which a line is said to begin: whoever has no line of the same day
	// is held against one at the same price.
	var all []Line
	var others []*Line
	differ := func(l Line, k correctedKey) {
		o := was[k]
		delete(was, k)
		if o.Quantity.Equal(l.Quantity) && o.pricedAs(&l) {
			return
		}
		l.Quantity, l.Amount, l.Reported = l.Quantity.Sub(o.Quantity), l.Amount.Sub(o.Amount), l.Reported.Sub(o.Reported)
		l.Basis = l.Basis.minus(o.Basis)
		all = append(all, corrected(l, in))
	}
	for i := range now {
		if k := keyOf(&now[i]); was[k] != nil {
			differ(now[i], k)
		} else {
			others = append(others, &now[i])
		}
	}
	onAnyDay := map[correctedKey][]correctedKey{}
	for _, k := range order {
		if was[k] != nil {
			onAnyDay[k.anyDay()] = append(onAnyDay[k.anyDay()], k)
		}
	}
	for _, l := range others {
		same := onAnyDay[keyOf(l).anyDay()]
		at := slices.IndexFunc(same, func(k correctedKey) bool { return was[k] != nil && was[k].pricedAs(l) })
		if at < 0 {
			all = append(all, corrected(*l, in))
			continue
		}
		differ(*l, same[at])
	}
	for _, k := range order {
		o := was[k]
		if o == nil || o.Quantity.IsZero() && o.Amount.IsZero() && o.Reported.IsZero() {
			continue
		}
		// It is not there any more.
		l := *o
		l.Quantity, l.Amount.Amount, l.Reported.Amount = o.Quantity.Neg(), o.Amount.Amount.Neg(), o.Reported.Amount.Neg()
		l.Basis = o.Basis.negated()
		all = append(all, corrected(l, in))
	}
	return all
}

// uninvoiced are lines as they are when no invoice cuts them: on which one they are is
// nothing that is corrected by another line.
func uninvoiced(lines []Line) []Line {
	all := slices.Clone(lines)
	for i := range all {
		all[i].Invoice = ""
	}
	all = inOrder(all)
	joined := all[:0]
	for i := range all {
		if n := len(joined) - 1; n >= 0 && joined[n].joins(&all[i]) {
			joined[n].join(&all[i])
			continue
		}
		joined = append(joined, all[i])
	}
	return joined
}

// corrected is a line as a correction in another month.
func corrected(l Line, in finance.Month) Line {
	l.Corrects, l.Month, l.Phase = l.Month.String(), in, Actual
	return l
}

// ledger is the lines of what was and is paid, and who had two seats on how many
// days: closed months as they were closed, and what became otherwise known of them
// since as corrections.
type ledger struct {
	lines []Line
	days  map[Class]int
	seats int
	since finance.Day
}

// ledger takes what a question asks of a pass.
func (e *Engine) ledger(p *pass, q *Question) (ledger, error) {
	lines, err := e.merged(p.frame, p.lines(), asExpected, q)
	if err != nil {
		return ledger{}, err
	}
	g := ledger{lines: lines, days: map[Class]int{}}
	if q.grouped() {
		err = e.seated(p, q, &g)
	} else {
		err = e.recount(*q, &g)
	}
	if err != nil {
		return g, err
	}
	for i := range g.lines {
		if l := &g.lines[i]; l.Corrects != "" && l.Class.Overlap() {
			n, _ := l.Quantity.Int() // Seat-days are whole.
			g.days[l.Class] += n
		}
	}
	return g, nil
}

// merged are the lines of a schedule on a frame beside what was posted of it. Those of a
// closed month of which only some days are asked about are cut as they were known then.
func (e *Engine) merged(f *frame, now []Line, when schedule, q *Question) ([]Line, error) {
	lines, err := e.merge(now, func(h *held) ([]Line, error) { return h.lines(when) })
	if err != nil {
		return nil, err
	}
	for _, c := range e.closed {
		if !q.cuts(c.Month) {
			continue
		}
		then, err := c.engine()
		if err != nil {
			return nil, err
		}
		days := then.frame(&then.in.Book, 0, q.Span)
		days.measures = f.measures
		cut, err := then.linesOf(days, when)
		if err != nil {
			return nil, err
		}
		lines = only(lines, func(l *Line) bool { return l.Month != c.Month || l.Corrects != "" })
		lines = append(lines, of(cut, c.Month)...)
	}
	return q.of(inOrder(lines)), nil
}

// asked are the lines of a schedule that were asked for.
func (e *Engine) asked(f *frame, when schedule, q *Question) ([]Line, error) {
	now, err := e.linesOf(f, when)
	if err != nil {
		return nil, err
	}
	return e.merged(f, now, when, q)
}

// linesOf are the lines of a schedule: those of the plan at the prices known when it
// was approved.
func (e *Engine) linesOf(f *frame, when schedule) ([]Line, error) {
	p, err := e.count(e.against(f, when), when)
	if err != nil {
		return nil, err
	}
	return p.lines(), nil
}

// seated counts people and their days for a question that asks for groups alone.
func (e *Engine) seated(p *pass, q *Question, g *ledger) error {
	for i, d := range p.double {
		if d.people > 0 && q.hasGroup(p.groups[i]) {
			g.seats += d.people
			g.since = earlier(g.since, d.since)
		}
	}
	g.days = p.seatDays(func(of group, s segment) bool { return !e.isClosed(s.From.Month()) && q.hasGroup(of) })
	for i := range e.closed {
		days, err := read[[]PostedDays](e.closed[i].held.Days)
		if err != nil {
			return err
		}
		for _, d := range days {
			if q.hasGroup(group{d.Stage, d.CostCenter, d.Country}) {
				g.days[d.Class] += d.Days
			}
		}
	}
	return nil
}

// inOrder is lines in the order of their keys and days. Lines are large: it is their
// places that are sorted.
func inOrder(all []Line) []Line {
	before := func(a, b *Line) int { return cmp.Or(a.compare(&b.Key), cmp.Compare(a.Days.From, b.Days.From)) }
	at, there := make([]int, len(all)), true
	for i := range all {
		at[i] = i
		there = there && (i == 0 || before(&all[i-1], &all[i]) <= 0)
	}
	if there {
		return all
	}
	slices.SortFunc(at, func(a, b int) int { return cmp.Or(before(&all[a], &all[b]), cmp.Compare(a, b)) })
	found := make([]Line, len(all))
	for i, from := range at {
		found[i] = all[from]
	}
	return found
}
