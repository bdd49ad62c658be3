// Package sample makes the facts of finance from what the workflows wrote: from
// switches, journal and user list, which seats each person held on each day and
// by which system they were served. The same records make the same facts on any
// later day, so a day that was missed is made up for by the next sampling.
package sample

import (
	"cmp"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

// Person is what is recorded of one person.
type Person struct {
	ID         dualtone.PersonID
	Stage      string
	CostCenter string
	Country    string
	Site       string
	// Waiting says that the plan is still going to switch the person.
	Waiting bool
	// Old and New are when the person's accounts on the two systems were first
	// known; zero for one that there is none of.
	Old, New time.Time
	// Reached are the ends of switches, in any order.
	Reached []Reached
	// Seats are what seats were seen and written, in any order.
	Seats []Seen
}

// Reached is the moment from which a side served a person.
type Reached struct {
	At   time.Time     `json:"at"`
	Side dualtone.Side `json:"side"`
}

// Seen is a seat as a switch found or made it.
type Seen struct {
	At      time.Time     `json:"at"`
	Side    dualtone.Side `json:"side"`
	Enabled bool          `json:"enabled"`
	// Found says that it was so before the switch wrote anything, for an unknown
	// time.
	Found    bool     `json:"found"`
	Licenses []string `json:"licenses"`
}

// Between are two systems by their names in the settings, and the zone of the days
// that are counted.
type Between struct{ Old, New, Zone string }

// Course is what a plan says of when people are switched.
type Course struct {
	Plan cost.Plan
	Zone *time.Location
	// Planned and Expected are the days of each stage.
	Planned, Expected map[string]finance.Day
}

// User makes the facts of a person.
func (c *Course) User(p *Person) cost.User {
	u := cost.User{ID: p.ID, Stage: p.Stage, CostCenter: p.CostCenter, Country: p.Country, Site: p.Site, Planned: c.Planned[p.Stage]}
	if p.Waiting {
		u.Expected = c.Expected[p.Stage]
	}
	u.Seats = append(c.seats(p, dualtone.Old, c.Plan.Old, p.Old), c.seats(p, dualtone.New, c.Plan.New, p.New)...)
	u.Switches = c.switches(p)
	return u
}

func (c *Course) day(t time.Time) finance.Day { return finance.DayOf(t.In(c.Zone)) }

// switches are the days on which the side changed. Of several on one day the last
// one counts.
func (c *Course) switches(p *Person) []cost.Switch {
	all := slices.Clone(p.Reached)
	slices.SortStableFunc(all, func(a, b Reached) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Side, b.Side)) })
	var days []cost.Switch
	for _, r := range all {
		next := cost.Switch{Day: c.day(r.At), To: r.Side}
		if n := len(days) - 1; n >= 0 && days[n].Day == next.Day {
			days = days[:n]
		}
		side := dualtone.Old
		if n := len(days); n > 0 {
			side = days[n-1].To
		}
		if next.To != side {
			days = append(days, next)
		}
	}
	return days
}

// seats are the runs of days on which a person held the licenses of a side. From
// when their account is known on they hold a seat of any license, until a switch
// has seen or written which: an account is what a supplier bills.
func (c *Course) seats(p *Person, side dualtone.Side, system string, account time.Time) []cost.Seat {
	var all []Seen
	for _, s := range p.Seats {
		if s.Side == side {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b Seen) int { return a.At.Compare(b.At) })
	held := holding{system: system}
	if !account.IsZero() {
		licenses := []string{""}
		if len(all) > 0 && all[0].Found {
			if licenses = named(all[0].Licenses); !all[0].Enabled {
				licenses = nil
			}
		}
		held.set(c.day(account), licenses)
	}
	for _, s := range all {
		licenses := named(s.Licenses)
		if !s.Enabled {
			licenses = nil
		}
		held.set(c.day(s.At), licenses)
	}
	return held.runs
}

// named are the licenses of a seat that is there: of any when it has none of its
// own.
func named(licenses []string) []string {
	if len(licenses) == 0 {
		return []string{""}
	}
	return licenses
}

// holding is the licenses of one person on one system, as runs of days.
type holding struct {
	system string
	runs   []cost.Seat
}

// set has exactly some licenses held from a day on. A license that is let go of is
// held, and paid, on that day still.
func (h *holding) set(from finance.Day, licenses []string) {
	for i := range h.runs {
		if r := &h.runs[i]; r.To == 0 && !slices.Contains(licenses, r.License) {
			r.To = max(from, r.From)
		}
	}
	for _, l := range licenses {
		if !slices.ContainsFunc(h.runs, func(s cost.Seat) bool { return s.To == 0 && s.License == l }) {
			h.runs = append(h.runs, cost.Seat{System: h.system, License: l, From: from})
		}
	}
}
