package cost

import (
	"slices"

	"github.com/dualtone/dualtone/finance"
)

// has reports whether a line is among those that were asked for.
func (q *Question) has(l *Line) bool {
	if !q.hasKey(&l.Key) {
		return false
	}
	days := l.Days
	if l.Corrects != "" { // It stands on the first day of its month.
		days = finance.Span{From: l.Month.First(), To: l.Month.First()}
	}
	return q.Span == (finance.Span{}) || !days.And(q.Span).Empty()
}

// cuts reports whether only some days of a month are asked about.
func (q *Question) cuts(m finance.Month) bool {
	if q.Span == (finance.Span{}) {
		return false
	}
	asked := m.Span().And(q.Span)
	return !asked.Empty() && asked != m.Span()
}

func (q *Question) hasKey(k *Key) bool {
	return (q.Class == "" || q.Class == k.Class) && (q.Phase == "" || q.Phase == k.Phase) &&
		(q.Contract == "" || q.Contract == k.Contract) && (q.Item == "" || q.Item == k.Item) &&
		(q.System == "" || q.System == k.System) && q.hasGroup(group{k.Stage, k.CostCenter, k.Country})
}

func (q *Question) hasGroup(g group) bool {
	return (q.Stage == "" || q.Stage == g.stage) && (q.CostCenter == "" || q.CostCenter == g.costCenter) &&
		(q.Country == "" || q.Country == g.country)
}

// Whole reports whether the question selects nothing but days.
func (q *Question) Whole() bool {
	days := *q
	days.Span = finance.Span{}
	return days.grouped() && q.Stage == "" && q.CostCenter == "" && q.Country == ""
}

// grouped reports whether the question selects nothing but groups of people.
func (q *Question) grouped() bool {
	return q.Span == (finance.Span{}) && q.Class == "" && q.Phase == "" && q.Contract == "" && q.Item == "" && q.System == "" && q.User == ""
}

// of are the lines that were asked for.
func (q *Question) of(lines []Line) []Line { return only(lines, q.has) }

// only are the lines that are wanted. Lines are large: none is copied where all are.
func only(lines []Line, wanted func(*Line) bool) []Line {
	n := 0
	for i := range lines {
		if wanted(&lines[i]) {
			n++
		}
	}
	if n == len(lines) {
		return lines
	}
	all := make([]Line, 0, n)
	for i := range lines {
		if wanted(&lines[i]) {
			all = append(all, lines[i])
		}
	}
	return all
}

// sum adds up what lines are reported with, in a currency even when there are
// none.
func sum(lines []Line, in finance.Currency, keep func(*Line) bool) finance.Money {
	total := finance.Money{Currency: in}
	for i := range lines {
		if keep(&lines[i]) {
			total = total.Add(lines[i].Reported)
		}
	}
	return total
}

func (e *Engine) head(report string, q Question, span finance.Span) Head {
	if q.Span != (finance.Span{}) {
		span = q.Span
	}
	in, notes := &e.in, slices.Clone(e.notes)
	if q.Stage != "" || q.CostCenter != "" || q.Country != "" {
		notes = append(notes, "fixed items, and what of a commitment nobody's seat uses, are of no stage, cost center or country and in no part of the whole")
	}
	return Head{
		Report: report, Plan: in.Plan.Name, Hash: in.Plan.Hash, Book: in.Book.Name, AsOf: in.AsOf, KnownAt: in.KnownAt,
		Span: span, Currency: in.Book.Currency, Policy: in.Book.Policy, Rounding: rounding, Notes: notes,
	}
}
