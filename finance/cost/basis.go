package cost

import (
	"slices"

	"github.com/dualtone/dualtone/finance"
)

// Basis is what a line comes to before it is rounded, in the currency of reports. The
// parts of a variance are differences of its amounts, day by day, so that a mean over
// days which do not all cost the same is never taken for a price.
type Basis struct {
	// AtPlan is the quantity at the price and the rate of exchange of the plan, AtPrice
	// at the price that was paid and the rate of exchange of the plan, Own at both as
	// they were.
	AtPlan, AtPrice, Own finance.Exact
}

// plus is the sum; nil where either is not known.
func (b *Basis) plus(o *Basis) *Basis {
	if b == nil || o == nil {
		return nil
	}
	return &Basis{b.AtPlan.Add(o.AtPlan), b.AtPrice.Add(o.AtPrice), b.Own.Add(o.Own)}
}

// minus is the difference; nil where either is not known.
func (b *Basis) minus(o *Basis) *Basis { return b.plus(o.negated()) }

func (b *Basis) negated() *Basis {
	if b == nil {
		return nil
	}
	return &Basis{b.AtPlan.Neg(), b.AtPrice.Neg(), b.Own.Neg()}
}

// against is the frame whose prices a schedule has, with those of the plan beside
// them. It cuts the days where either changes, once for all schedules of a frame.
func (e *Engine) against(f *frame, when schedule) *frame {
	switch {
	case f.plan != nil:
	case e.in.Approved == nil:
		f.plan = f
	default:
		f.plan = e.approved(f)
		f.plan.plan, f.plan.measures = f.plan, f.measures
		f.line = f.plan.line
		clear(f.pricing.known) // They are by segment.
	}
	if when == asExpected {
		return f
	}
	return f.plan
}

// unchanged is the basis of a line at the prices and rates of exchange of the plan.
func (l *Line) unchanged() *Basis {
	own := l.exactly()
	return &Basis{own, own, own}
}

// basis is that of a line, at the prices of the plan on a segment; nil where no variance
// is asked for. What the plan does not have has no price and no rate of its
// own to differ from.
func (f *frame) basis(l *Line, segment int) *Basis {
	if !f.measures {
		return nil
	}
	same := l.unchanged()
	if f.plan == f {
		return same
	}
	i := slices.IndexFunc(f.plan.items, func(p paid) bool { return p.contract == l.Contract && p.id == l.Item && p.kind == l.Kind })
	if i < 0 {
		return same
	}
	day := f.line.segments[segment].From
	price, err := f.plan.pricing.price(f.plan.items[i].on(day), segment)
	if err != nil {
		return same
	}
	exchange, err := f.plan.pricing.convert(l.Rate.Currency, day)
	if err != nil {
		return same
	}
	return &Basis{
		AtPlan:  l.Quantity.Mul(price.rate).Mul(price.conversion.Rate),
		AtPrice: same.Own.Mul(exchange.Rate).Over(l.Conversion.Rate),
		Own:     same.Own,
	}
}

// on is the version that holds on a day, or else the one before it; the first where
// there is none.
func (p *paid) on(day finance.Day) *version {
	found := &p.versions[0]
	for i := range p.versions {
		if p.versions[i].From <= day {
			found = &p.versions[i]
		}
	}
	return found
}

// measured are lines each with its basis. One that was posted before that was kept has
// that of its first day.
func (f *frame) measured(all []Line) []Line {
	all = slices.Clone(all)
	for i := range all {
		switch l := &all[i]; {
		case l.Basis != nil:
		case f.line.span.Has(l.Days.From):
			l.Basis = f.basis(l, f.line.at(l.Days.From))
		default:
			l.Basis = l.unchanged()
		}
	}
	return all
}
