package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
)

// costed is what reports of finance take over many people and months.
type costed struct {
	Users    int           `json:"users"`
	Months   int           `json:"months"`
	SeatDays int           `json:"seat_days"`
	Overlap  time.Duration `json:"overlap"`
	Forecast time.Duration `json:"forecast"`
	Runs     int           `json:"runs"` // of the drill-down
	Drill    time.Duration `json:"drill"`
	// Peak is what an overlap report allocated beyond its facts.
	Peak uint64 `json:"peak"`
}

// money measures reports over 100,000 people and 24 months: in 40 waves they move
// from one system to the other, half of it still to come.
func money(_ context.Context, s settings, found *findings) error {
	users := large
	if s.quick {
		users = 2000
	}
	in := company24(users)
	c := &costed{Users: users, Months: 24}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	e, err := cost.New(in)
	if err != nil {
		return err
	}
	o, err := e.Overlap(cost.Question{})
	if err != nil {
		return err
	}
	c.Overlap, c.SeatDays = time.Since(began), o.SeatDays
	runtime.ReadMemStats(&after)
	c.Peak = after.TotalAlloc - before.TotalAlloc
	began = time.Now()
	if _, err := e.Outlook(cost.Question{}); err != nil {
		return err
	}
	c.Forecast = time.Since(began)
	began = time.Now()
	for _, err := range e.UserRuns(cost.Question{}) {
		if err != nil {
			return err
		}
		c.Runs++
	}
	c.Drill = time.Since(began)
	found.Finance = c
	s.say("overlap of %d people over %d months, %d seat-days: %s; forecast %s; drill-down to %d runs %s; %d MB allocated",
		c.Users, c.Months, c.SeatDays, c.Overlap, c.Forecast, c.Runs, c.Drill, c.Peak>>20)
	return nil
}

// company24 is a company that moves for two years.
func company24(users int) cost.Inputs {
	first := finance.Date(2026, time.January, 1)
	of := func(id, system, price string) contract.Contract {
		return contract.Contract{
			ID: contract.ID(id), System: system, Currency: "GBP", Term: contract.Term{From: first, To: first.AddMonths(24) - 1},
			Items: []contract.Item{
				{ID: "seat", Kind: contract.License, Commitment: users, Price: contract.Price{Amount: finance.MustExact(price), Per: contract.PerMonth}},
				{ID: "support", Kind: contract.Support, Price: contract.Price{Amount: finance.MustExact("120000"), Per: contract.PerYear}},
			},
		}
	}
	in := cost.Inputs{
		Plan: cost.Plan{Name: "world", Old: "pbx", New: "cloud", Before: 7, After: map[string]int{"": 7}},
		Book: cost.Book{Name: "book", Currency: "GBP", Contracts: []contract.Contract{of("pbx", "pbx", "30.00"), of("cloud", "cloud", "75.00")}},
		AsOf: first.AddMonths(12),
	}
	for n := range users {
		wave := n % 40
		day := first + finance.Day(30+wave*16)
		u := cost.User{
			ID: dualtone.PersonID(fmt.Sprintf("E%06d", n)), Stage: fmt.Sprintf("wave-%d", wave), CostCenter: fmt.Sprintf("CC%02d", n%50), Planned: day,
			Seats: []cost.Seat{{System: "pbx", From: first}, {System: "cloud", From: day - 30}},
		}
		if day <= in.AsOf {
			u.Switches = []cost.Switch{{Day: day, To: dualtone.New}}
		} else {
			u.Expected = day
		}
		in.Facts.Users = append(in.Facts.Users, u)
	}
	return in
}

func (f *findings) reportFinance(b *strings.Builder) {
	c := f.Finance
	if c == nil {
		return
	}
	fmt.Fprintf(b, "\n## Finance\n\n%d people in 40 waves and 50 cost centers over %d months, %d seat-days paid twice, every line rounded to add up.\n\n| report | took |\n| --- | --- |\n", c.Users, c.Months, c.SeatDays)
	fmt.Fprintf(b, "| overlap | %s |\n| forecast, with the plan as approved | %s |\n| drill-down to %d runs of people's days | %s |\n\n",
		c.Overlap.Round(time.Millisecond), c.Forecast.Round(time.Millisecond), c.Runs, c.Drill.Round(time.Millisecond))
	fmt.Fprintf(b, "An overlap report allocates %d MB in all, beside its facts.\n", c.Peak>>20)
}
