package cost

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
)

// Engine answers what two systems cost. It may be asked from many goroutines.
type Engine struct {
	in    Inputs
	rates finance.Rates
	// then are the rates of exchange that were known when the plan was approved.
	then   finance.Rates
	groups []group
	people []alike
	// contracts are the latest versions of the contracts with the two systems.
	contracts []*contract.Contract
	// billed are the lines of invoices by what they are for.
	billed map[billKey][]InvoiceLine
	notes  []string
	// closed are months that were closed, in their order.
	closed []frozen
}

// group is what reports tell people apart by.
type group struct{ stage, costCenter, country string }

// New makes an engine of inputs in any order. ErrInvalid for inputs that
// contradict each other.
func New(in Inputs) (*Engine, error) {
	e := &Engine{in: in}
	if in.AsOf == 0 || in.Plan.Old == "" || in.Plan.New == "" || in.Book.Currency == "" {
		return nil, fmt.Errorf("finance: want a day, two systems and a currency: %w", dualtone.ErrInvalid)
	}
	var err error
	if e.rates, err = finance.NewRates(in.Book.Policy, in.Book.Quotes); err != nil {
		return nil, err
	}
	if e.then = e.rates; in.Approved != nil {
		if e.then, err = finance.NewRates(in.Approved.Policy, in.Approved.Quotes); err != nil {
			return nil, err
		}
	}
	if err := e.takeUsers(); err != nil {
		return nil, err
	}
	e.takeContracts()
	e.takeInvoices()
	e.takeNotes()
	return e, nil
}

// takeUsers puts people in the order of their ids and into groups.
func (e *Engine) takeUsers() error {
	all := slices.Clone(e.in.Facts.Users)
	slices.SortFunc(all, func(a, b User) int { return strings.Compare(string(a.ID), string(b.ID)) })
	e.in.Facts.Users = all
	known, alike := map[group]int32{}, newFolder()
	for i := range all {
		u := &all[i]
		if i > 0 && u.ID == all[i-1].ID {
			return fmt.Errorf("finance: person %s is there twice: %w", u.ID, dualtone.ErrInvalid)
		}
		if !slices.IsSortedFunc(u.Switches, compareSwitches) {
			u.Switches = slices.Clone(u.Switches)
			slices.SortFunc(u.Switches, compareSwitches)
		}
		g := group{u.Stage, u.CostCenter, u.Country}
		n, ok := known[g]
		if !ok {
			n = int32(len(e.groups)) //nolint:gosec // no more groups than people
			known[g] = n
			e.groups = append(e.groups, g)
		}
		alike.add(u, n, 1)
	}
	e.people = alike.all
	return nil
}

func compareSwitches(a, b Switch) int {
	return cmp.Or(cmp.Compare(a.Day, b.Day), strings.Compare(string(a.To), string(b.To)))
}

// takeContracts finds the latest version of each contract with the two systems.
func (e *Engine) takeContracts() {
	e.in.Book.Contracts = slices.Clone(e.in.Book.Contracts)
	all := e.in.Book.Contracts
	slices.SortFunc(all, func(a, b contract.Contract) int {
		return cmp.Or(strings.Compare(string(a.ID), string(b.ID)), cmp.Compare(a.Span().From, b.Span().From))
	})
	for i := range all {
		c := &all[i]
		if c.System != e.in.Plan.Old && c.System != e.in.Plan.New {
			continue
		}
		if n := len(e.contracts); n > 0 && e.contracts[n-1].ID == c.ID {
			e.contracts[n-1] = c
		} else {
			e.contracts = append(e.contracts, c)
		}
	}
}

// takeInvoices puts lines of invoices in an order of their own.
func (e *Engine) takeInvoices() {
	all := slices.Clone(e.in.Facts.Invoices)
	slices.SortFunc(all, func(a, b InvoiceLine) int {
		return cmp.Or(strings.Compare(a.Invoice, b.Invoice), strings.Compare(string(a.Contract), string(b.Contract)), strings.Compare(string(a.Item), string(b.Item)),
			cmp.Compare(a.Period.From, b.Period.From), cmp.Compare(a.Period.To, b.Period.To), a.Quantity.Cmp(b.Quantity), a.Amount.Amount.Cmp(b.Amount.Amount))
	})
	e.in.Facts.Invoices, e.billed = all, map[billKey][]InvoiceLine{}
	for _, l := range all {
		key := billKey{l.Contract, l.Item}
		e.billed[key] = append(e.billed[key], l)
	}
}

// takeNotes says which seats no contract has a price for.
func (e *Engine) takeNotes() {
	items := bought(&e.in.Book, &e.in.Plan)
	unpaid := map[license]int{}
	for _, a := range e.people {
		for _, s := range a.user.Seats {
			if s.System != e.in.Plan.Old && s.System != e.in.Plan.New {
				continue
			}
			l := license{s.System, s.License}
			if !slices.ContainsFunc(items, func(p paid) bool { return p.pays(l) || l.name == "" && p.kind == licensed && p.system == l.system }) {
				unpaid[l] += a.n
			}
		}
	}
	for l, n := range unpaid {
		e.notes = append(e.notes, fmt.Sprintf("%d seats of %s with the license %q are in no contract, and cost nothing here", n, l.system, l.name))
	}
	slices.Sort(e.notes)
}

// side is on which side of the plan a system is.
func (e *Engine) side(system string) dualtone.Side {
	if system == e.in.Plan.Old {
		return dualtone.Old
	}
	return dualtone.New
}

// extension is a term by which a contract goes on.
type extension struct {
	contract *contract.Contract
	reason   StepReason
	// day is the notice day or the end that was passed, until the new end.
	day, until finance.Day
}

// end is the last day of a contract: that of its term, put off by one renewal
// after the other while notice is not given in time, or the old system still
// serves somebody. It looks no further than a limit, but for a term that is certain
// to come: its notice day has passed by the day of lost.
func (e *Engine) end(c *contract.Contract, served, release, limit, lost finance.Day) (finance.Day, []extension) {
	notice := c.Notice.Given
	if notice == 0 && e.side(c.System) == dualtone.Old {
		notice = release
	}
	if e.side(c.System) == dualtone.New {
		served = limit
	}
	end := c.Term.To
	var all []extension
	for c.Renewal != (contract.Period{}) {
		last := c.LastNotice(end, e.in.Book.WorkingDays)
		x := extension{contract: c, until: c.Renewal.After(end)}
		inTime := notice != 0 && notice <= last
		if end >= limit && (inTime || last >= lost) {
			break
		}
		switch {
		case inTime && served <= end:
			return end, all
		case inTime:
			x.reason, x.day = StillNeeded, end
		default:
			x.reason, x.day = NoticeMissed, last
		}
		all = append(all, x)
		end = x.until
	}
	return end, all
}

// needs is until when the two systems are needed.
type needs struct {
	// served is the last day on which the old system serves anybody, kept that on
	// which an old seat is wanted; first is the first day on which a new one is.
	served, kept, first finance.Day
	// forever is that somebody stays on the old system.
	forever bool
}

// needs looks at all people.
func (e *Engine) needs(w *walker, people []alike) needs {
	n := needs{}
	for _, a := range people {
		u := a.user
		w.serve(u)
		for j, s := range w.switches {
			switch {
			case s.To == dualtone.New:
				n.served = max(n.served, s.Day-1)
				n.kept = max(n.kept, s.Day+days(e.in.Plan.after(u.Stage))-1)
				if first := s.Day - days(e.in.Plan.Before); n.first == 0 || first < n.first {
					n.first = first
				}
			case j == len(w.switches)-1:
				n.forever = true
			}
		}
		if len(w.switches) == 0 && slices.ContainsFunc(u.Seats, func(s Seat) bool { return s.System == e.in.Plan.Old && s.To == 0 }) {
			n.forever = true
		}
	}
	return n
}
