package contract

import (
	"time"

	"github.com/dualtone/dualtone/finance"
)

// Span is on which days this version of the contract holds, up to the end of its
// term; one without an end of its own holds on when the contract is renewed.
func (c *Contract) Span() finance.Span {
	span := c.Term.Span()
	if c.Valid.From != 0 {
		span.From = max(span.From, c.Valid.From)
	}
	if c.Valid.To != 0 {
		span.To = min(span.To, c.Valid.To)
	}
	return span
}

// Rate is what one piece of an item costs on a day, unrounded, in the currency of
// the contract; of usage it is what one minute costs.
func (c *Contract) Rate(i *Item, day finance.Day) finance.Exact {
	price := i.Price.Amount
	switch i.Price.Per {
	case PerDay, PerMinute:
		return price
	case PerYear:
		if c.Proration == Actual {
			return price.Over(finance.Whole(c.year(day).Days()))
		}
		return c.ofMonth(price.Over(finance.Whole(12)), day)
	default:
		if c.Proration == Actual {
			return price.Times(12).Over(finance.Whole(c.year(day).Days()))
		}
		return c.ofMonth(price, day)
	}
}

// ofMonth is the share of a day in the price of its month. Where every month has
// 30 days, a 31st is free and the last of February stands for those that lack,
// so that a whole month costs its price.
func (c *Contract) ofMonth(price finance.Exact, day finance.Day) finance.Exact {
	month := day.Month()
	if c.Proration != Thirty {
		return price.Over(finance.Whole(month.Days()))
	}
	days := 1
	switch {
	case day-month.First() == 30:
		days = 0
	case day == month.Last():
		days = 30 - int(day-month.First())
	}
	return price.Over(finance.Whole(30)).Times(days)
}

// year is the year of the term that a day is in.
func (c *Contract) year(day finance.Day) finance.Span {
	from, n := c.Term.From, 0
	for day >= c.Term.From.AddMonths(12*(n+1)) {
		n++
		from = c.Term.From.AddMonths(12 * n)
	}
	return finance.Span{From: from, To: c.Term.From.AddMonths(12*(n+1)) - 1}
}

// Cuts are the days of a span from which on another day of the contract may cost
// something else than the day before, the first days of months left out.
func (c *Contract) Cuts(span finance.Span) []finance.Day {
	var cuts []finance.Day
	switch c.Proration {
	case Actual:
		for y := c.year(max(span.From, c.Term.From)); y.From <= span.To; y = c.year(y.To + 1) {
			cuts = append(cuts, y.From)
		}
	case Thirty:
		for m := span.From.Month(); m <= span.To.Month(); m++ {
			if d := m.Last(); m.Days() == 31 || d.Time().Month() == time.February {
				cuts = append(cuts, d)
			}
		}
	default:
	}
	return append(cuts, c.Span().From, c.Span().To+1)
}

// LastNotice is the last working day on which notice for the end of a term can be
// given; no day when the contract ends by itself.
func (c *Contract) LastNotice(end finance.Day, days WorkingDays) finance.Day {
	if c.Renewal == (Period{}) {
		return 0
	}
	return days.Back(c.Notice.Period.Before(end))
}

// Seats reports whether the item is paid by the seat.
func (i *Item) Seats() bool { return i.Kind == License }

// Fixed reports whether the item costs the same on every day, whoever is served.
func (i *Item) Fixed() bool { return i.Kind != License && i.Kind != Hairpin }
