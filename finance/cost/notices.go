package cost

import (
	"cmp"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// Notices tells by when contracts must be ended, the next one first.
func (e *Engine) Notices(q Question) (Notices, error) {
	all := slices.DeleteFunc(e.notices(), func(n Notice) bool {
		return q.Contract != "" && n.Contract != q.Contract || q.System != "" && n.System != q.System
	})
	return Notices{Head: e.head("notices", q, finance.Span{}), Notices: all}, nil
}

// notices are those of each contract's present term.
func (e *Engine) notices() []Notice {
	var all []Notice
	for _, c := range e.contracts {
		all = append(all, e.notice(c))
	}
	slices.SortStableFunc(all, func(a, b Notice) int {
		return cmp.Or(cmp.Compare(urgency(a.State), urgency(b.State)), cmp.Compare(a.Last, b.Last), cmp.Compare(a.End, b.End), cmp.Compare(a.Contract, b.Contract))
	})
	return all
}

func urgency(s NoticeState) int {
	return slices.Index([]NoticeState{NoticeOpen, NoticePassed, NoticeGiven, NoNotice}, s)
}

// notice is that of the term which the day of the report is in.
func (e *Engine) notice(c *contract.Contract) Notice {
	end, _ := e.end(c, 0, c.Notice.Given, e.in.AsOf, 0)
	n := Notice{
		Contract: c.ID, System: c.System, Side: e.side(c.System), Supplier: c.Supplier, Owner: c.Owner, End: end,
		Period: c.Notice.Period.String(), Given: c.Notice.Given, Renewal: c.Renewal.String(), Last: c.LastNotice(end, e.in.Book.WorkingDays),
		Miss: finance.Money{Currency: e.in.Book.Currency},
	}
	if n.Side == dualtone.Old {
		n.Expected = e.release(asExpected, 0)
	}
	if n.Last == 0 {
		n.State = NoNotice
		return n
	}
	n.DaysLeft = int(n.Last - e.in.AsOf)
	n.Until = c.Renewal.After(end)
	n.Miss = e.missed(c, finance.Span{From: end + 1, To: n.Until})
	switch {
	case n.Given != 0 && n.Given <= n.Last:
		n.State = NoticeGiven
	case n.DaysLeft < 0:
		n.State = NoticePassed
	default:
		n.State = NoticeOpen
	}
	return n
}

// missed is what another term of a contract costs: what is committed, or held on
// the day of the report where that is more, at the prices of its days.
func (e *Engine) missed(c *contract.Contract, span finance.Span) finance.Money {
	rate := finance.Whole(1)
	if x, err := e.rates.For(c.Currency, e.in.Book.Currency, span.From); err == nil {
		rate = x.Rate
	}
	total := finance.Exact{}
	for i := range c.Items {
		item := &c.Items[i]
		if item.Kind == contract.Hairpin {
			continue
		}
		n := max(item.Quantity, 1)
		if item.Seats() {
			n = max(item.Commitment, e.holding(c.System, item.License))
		}
		for d := span.From; d <= span.To; d++ {
			total = total.Add(c.Rate(item, d).Times(n))
		}
	}
	return finance.Money{Amount: total.Mul(rate), Currency: e.in.Book.Currency}.Round(rounding)
}

// holding is how many people hold a seat on the day of the report.
func (e *Engine) holding(system, license string) int {
	n := 0
	for _, a := range e.people {
		if slices.ContainsFunc(a.user.Seats, func(s Seat) bool {
			return s.System == system && (license == "" || s.License == license) && s.From <= e.in.AsOf && (s.To == 0 || s.To >= e.in.AsOf)
		}) {
			n += a.n
		}
	}
	return n
}
