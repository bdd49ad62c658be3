package cost_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
)

func day(text string) finance.Day {
	d, err := finance.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

// waves is the worked example: 300 seats in three waves, the old one 30.00 and the
// new one 75.00 a month, the new one paid from 15 February and the old one to the
// end of March.
func waves(late finance.Day) cost.Inputs {
	seat := func(id, system, price string, term contract.Term) contract.Contract {
		return contract.Contract{
			ID: contract.ID(id), System: system, Currency: "GBP", Term: term,
			Items: []contract.Item{{ID: "seat", Kind: contract.License, Price: contract.Price{Amount: finance.MustExact(price), Per: contract.PerMonth}}},
		}
	}
	old := seat("pbx-seats", "pbx", "30.00", contract.Term{From: day("2024-04-01"), To: day("2027-03-31")})
	old.Renewal, old.Notice = contract.Period{Months: 12}, contract.Notice{Period: contract.Period{Days: 90}, Given: day("2026-12-01")}
	in := cost.Inputs{
		Plan: cost.Plan{Name: "spring", Old: "pbx", New: "cloud", Before: 7, After: map[string]int{"": 7}},
		Book: cost.Book{Name: "book", Currency: "GBP", Contracts: []contract.Contract{
			old, seat("cloud-seats", "cloud", "75.00", contract.Term{From: day("2027-02-15"), To: day("2030-02-14")}),
		}},
		AsOf: day("2027-03-31"), KnownAt: time.Date(2027, 4, 1, 6, 0, 0, 0, time.UTC),
	}
	for wave, at := range []string{"2027-03-02", "2027-03-09", "2027-03-16"} {
		for n := range 100 {
			in.Facts.Users = append(in.Facts.Users, cost.User{
				ID: dualtone.PersonID(fmt.Sprintf("E%d%02d", wave+1, n)), Stage: fmt.Sprintf("wave-%d", wave+1),
				CostCenter: fmt.Sprintf("CC%d", n%3), Country: "GB",
				Seats:    []cost.Seat{{System: "pbx", From: day("2024-04-01")}, {System: "cloud", From: day("2027-02-15")}},
				Switches: []cost.Switch{{Day: day(at) + late, To: dualtone.New}},
				Planned:  day(at),
			})
		}
	}
	return in
}

// ahead is the same seen from before the switches.
func ahead(in cost.Inputs, asOf string) cost.Inputs {
	in.AsOf, in.Facts.Users = day(asOf), slices.Clone(in.Facts.Users)
	for i := range in.Facts.Users {
		u := &in.Facts.Users[i]
		if u.Switches[0].Day > in.AsOf {
			u.Expected, u.Switches = u.Switches[0].Day, nil
		}
	}
	return in
}

func engine(t *testing.T, in cost.Inputs) *cost.Engine {
	t.Helper()
	e, err := cost.New(in)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func overlap(t *testing.T, in cost.Inputs, q cost.Question) cost.Overlap {
	t.Helper()
	o, err := engine(t, in).Overlap(q)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func classes(o cost.Overlap) map[cost.Class]string {
	all := map[cost.Class]string{}
	for _, c := range o.Classes {
		if !c.Amount.IsZero() {
			all[c.Class] = c.Amount.Text()
		}
	}
	return all
}

func TestTheWorkedExampleAgreesToTheCent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		late  finance.Day
		want  map[cost.Class]string
		waste string
	}{
		{"as planned", 0, map[cost.Class]string{cost.Planned: "7268.43", cost.Idle: "11820.28", cost.Stranded: "4645.16"}, "23733.87"},
		{"10 days late, contract end kept", 10, map[cost.Class]string{cost.Planned: "7016.13", cost.Idle: "19233.87", cost.Stranded: "1838.71"}, "28088.71"},
	} {
		for _, asOf := range []string{"2027-01-31", "2027-03-01", "2027-03-10", "2027-03-31"} {
			o := overlap(t, ahead(waves(c.late), asOf), cost.Question{})
			if diff := cmp.Diff(c.want, classes(o)); diff != "" {
				t.Errorf("%s, seen on %s (-want +got):\n%s", c.name, asOf, diff)
			}
			if o.Waste.Text() != c.waste || o.Overlap.Text() != c.waste {
				t.Errorf("%s, seen on %s: waste %s and overlap %s, want %s", c.name, asOf, o.Waste, o.Overlap, c.waste)
			}
			if o.SeatDays != 13_500 || o.Seats != 300 || o.Since != day("2027-02-15") {
				t.Errorf("%s, seen on %s: %d seat-days of %d seats since %s, want 13500 of 300 since 2027-02-15", c.name, asOf, o.SeatDays, o.Seats, o.Since)
			}
		}
	}
}

func TestTenDaysLateCostWasteAndNoCash(t *testing.T) {
	t.Parallel()
	days := cost.Question{Span: finance.Span{From: day("2027-02-01"), To: day("2027-03-31")}}
	planned, late := overlap(t, waves(0), days), overlap(t, waves(10), days)
	if cash := late.Paid.Sub(planned.Paid); cash.Text() != "0.00" {
		t.Errorf("extra cash %s, want 0.00", cash)
	}
	// Asked beforehand, the curve of delay says the same.
	d, err := engine(t, ahead(waves(0), "2027-02-20")).Delay(cost.Question{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	p := d.Points[10]
	if p.Cash.Text() != "0.00" || p.Waste.Text() != "4354.84" || !p.Waste.Equal(late.Waste.Sub(planned.Waste)) {
		t.Errorf("ten days cost %s in cash and %s in waste, want 0.00 and 4354.84", p.Cash, p.Waste)
	}
	for i, c := range p.Classes {
		if want := late.Classes[i].Amount.Sub(planned.Classes[i].Amount); c.Class != late.Classes[i].Class || !c.Amount.Equal(want) {
			t.Errorf("%s: %s, want %s", c.Class, c.Amount, want)
		}
	}
}
