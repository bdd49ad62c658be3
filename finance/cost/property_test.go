package cost_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
)

// worlds draws inputs: contracts with odd prices and terms in two currencies,
// people who go to the new system, come back, or never leave.
func worlds(t *rapid.T) cost.Inputs {
	base := day("2027-01-01")
	in := cost.Inputs{
		Plan: cost.Plan{
			Name: "p", Old: "pbx", New: "cloud", Before: rapid.IntRange(0, 20).Draw(t, "before"),
			After: map[string]int{"": rapid.IntRange(0, 20).Draw(t, "after"), "s1": rapid.IntRange(0, 20).Draw(t, "after s1")},
		},
		Book: cost.Book{Name: "b", Currency: "GBP", Policy: rapid.SampledFrom([]finance.Policy{finance.ChargeDate, finance.MonthAverage, finance.Closing}).Draw(t, "policy")},
		AsOf: base + finance.Day(rapid.Int32Range(0, 120).Draw(t, "as of")),
	}
	if rapid.Bool().Draw(t, "released") {
		in.Plan.Release = base + finance.Day(rapid.Int32Range(40, 180).Draw(t, "release"))
	}
	for n := range finance.Day(12) {
		in.Book.Quotes = append(in.Book.Quotes, finance.Quote{
			Day: base - 40 + n*31, From: "EUR", To: "GBP", Rate: finance.Fraction(rapid.Int64Range(700, 950).Draw(t, "rate"), 1000), Source: "drawn",
		})
	}
	for i, system := range []string{"pbx", "cloud", "pbx"} {
		in.Book.Contracts = append(in.Book.Contracts, contracts(t, fmt.Sprintf("c%d", i), system, base))
	}
	for n := range rapid.IntRange(0, 12).Draw(t, "people") {
		in.Facts.Users = append(in.Facts.Users, person(t, n, base, in.AsOf))
	}
	for range rapid.IntRange(0, 5).Draw(t, "minutes") {
		in.Facts.Minutes = append(in.Facts.Minutes, cost.Minutes{
			System: "pbx", Day: base + finance.Day(rapid.Int32Range(0, 120).Draw(t, "minute day")), CostCenter: "a", Seconds: rapid.Int64Range(1, 9999).Draw(t, "seconds"),
		})
	}
	return in
}

func contracts(t *rapid.T, id, system string, base finance.Day) contract.Contract {
	price := func(per contract.Per) contract.Price {
		return contract.Price{Amount: finance.Fraction(rapid.Int64Range(1, 99_999).Draw(t, "price"), 100), Per: per}
	}
	from := base - finance.Day(rapid.Int32Range(-50, 400).Draw(t, "from"))
	return contract.Contract{
		ID: contract.ID(id), System: system, Currency: rapid.SampledFrom([]finance.Currency{"GBP", "EUR"}).Draw(t, "currency"),
		Term:      contract.Term{From: max(from, base-30), To: base + finance.Day(rapid.Int32Range(60, 170).Draw(t, "to"))},
		Renewal:   contract.Period{Months: rapid.IntRange(0, 3).Draw(t, "renewal")},
		Notice:    contract.Notice{Period: contract.Period{Days: rapid.IntRange(1, 40).Draw(t, "notice")}},
		Proration: rapid.SampledFrom([]contract.Proration{contract.Calendar, contract.Actual, contract.Thirty}).Draw(t, "proration"),
		PartMonth: rapid.SampledFrom([]contract.PartMonth{contract.ByTheDay, contract.WholeMonths}).Draw(t, "part month"),
		Items: []contract.Item{
			{ID: "seat", Kind: contract.License, Price: price(contract.PerMonth), Commitment: rapid.IntRange(0, 8).Draw(t, "commitment")},
			{ID: "support", Kind: contract.Support, Price: price(contract.PerYear), Quantity: rapid.IntRange(1, 3).Draw(t, "quantity")},
			{ID: "leg", Kind: contract.Hairpin, Price: price(contract.PerMinute)},
		},
	}
}

func person(t *rapid.T, n int, base, asOf finance.Day) cost.User {
	at := func(label string, most int32) finance.Day {
		return base + finance.Day(rapid.Int32Range(-30, most).Draw(t, label))
	}
	u := cost.User{
		ID: dualtone.PersonID(fmt.Sprintf("E%d", n)), Stage: rapid.SampledFrom([]string{"", "s1"}).Draw(t, "stage"),
		CostCenter: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "cost center"), Country: "GB",
		Seats: []cost.Seat{{System: "pbx", From: at("old from", 0)}},
	}
	for range rapid.IntRange(0, 2).Draw(t, "new seats") {
		s := cost.Seat{System: "cloud", From: at("new from", 80)}
		if rapid.Bool().Draw(t, "ended") {
			s.To = s.From + finance.Day(rapid.Int32Range(0, 60).Draw(t, "new to"))
		}
		u.Seats = append(u.Seats, s)
	}
	side := dualtone.New
	day := base
	for range rapid.IntRange(0, 3).Draw(t, "switches") {
		if day += finance.Day(rapid.Int32Range(1, 40).Draw(t, "switch")); day > asOf {
			break
		}
		u.Switches = append(u.Switches, cost.Switch{Day: day, To: side})
		side = side.Other()
	}
	if rapid.Bool().Draw(t, "in the plan") {
		u.Planned = base + finance.Day(rapid.Int32Range(10, 100).Draw(t, "planned"))
		if side == dualtone.New {
			u.Expected = u.Planned + finance.Day(rapid.Int32Range(0, 30).Draw(t, "late"))
		}
	}
	return u
}

func asked(t *rapid.T, in cost.Inputs) (*cost.Engine, cost.Overlap) {
	e, err := cost.New(in)
	if err != nil {
		t.Fatal(err)
	}
	o, err := e.Overlap(cost.Question{})
	if err != nil {
		t.Fatal(err)
	}
	return e, o
}

func runs(t *rapid.T, e *cost.Engine, q cost.Question) []cost.UserRun {
	var all []cost.UserRun
	for r, err := range e.UserRuns(q) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func TestEverySeatDayIsCountedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, o := asked(t, worlds(t))
		type seatDay struct {
			user dualtone.PersonID
			day  finance.Day
			item string
		}
		seen := map[seatDay]cost.Class{}
		people := map[[2]string]bool{}
		for _, r := range runs(t, e, cost.Question{}) {
			for d := range r.Each() {
				k := seatDay{d.User, d.Day, string(d.Contract) + "/" + string(d.Item)}
				if was, twice := seen[k]; twice {
					t.Fatalf("%v is %s and %s", k, was, d.Class)
				}
				seen[k] = d.Class
				people[[2]string{string(d.User), d.Day.String()}] = true
			}
		}
		if o.SeatDays != len(people) {
			t.Fatalf("%d seat-days, and %d days of people in the drill-down", o.SeatDays, len(people))
		}
		days := finance.Exact{}
		for i := range o.Lines {
			if o.Lines[i].Class.Overlap() {
				days = days.Add(o.Lines[i].Quantity)
			}
		}
		if !days.Equal(finance.Whole(len(seen))) {
			t.Fatalf("lines have %s days of seats, the drill-down %d", days, len(seen))
		}
	})
}

func TestClassesAndGroupsAddUpToTheOverlap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, o := asked(t, worlds(t))
		classes, waste := finance.Money{Currency: "GBP"}, finance.Money{Currency: "GBP"}
		for _, c := range o.Classes {
			if c.Class.Overlap() {
				classes = classes.Add(c.Amount)
			}
			if c.Class.Waste() {
				waste = waste.Add(c.Amount)
			}
		}
		if !classes.Equal(o.Overlap) || !waste.Equal(o.Waste) {
			t.Fatalf("classes add up to %s and %s, the report says %s and %s", classes, waste, o.Overlap, o.Waste)
		}
		for _, facets := range [][]cost.Facet{{cost.ByCostCenter}, {cost.ByMonth, cost.ByItem}, cost.Facets()} {
			var total finance.Money
			for _, g := range cost.GroupBy(o.Lines, facets...) {
				total = total.Add(g.Amount)
			}
			if want := sumOf(o.Lines); !total.Amount.Equal(want) {
				t.Fatalf("by %v: %s, want %s", facets, total, want)
			}
		}
		exact := map[cost.Class]finance.Exact{}
		for _, r := range runs(t, e, cost.Question{}) {
			exact[r.Class] = exact[r.Class].Add(r.Reported.Amount)
		}
		for _, c := range o.Classes {
			if want := exact[c.Class].Round(2, finance.HalfUp); c.Class.Overlap() && !c.Amount.Amount.Equal(want) {
				t.Fatalf("%s is %s, its user-days add up to %s", c.Class, c.Amount, want)
			}
		}
	})
}

func sumOf(lines []cost.Line) finance.Exact {
	var total finance.Exact
	for i := range lines {
		total = total.Add(lines[i].Reported.Amount)
	}
	return total
}

func TestTheOrderOfTheFactsChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := worlds(t)
		e, want := asked(t, in)
		delay, err := e.Delay(cost.Question{}, 3)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed"))) //nolint:gosec // an order
		mixed := in
		mixed.Facts.Users, mixed.Facts.Minutes = slices.Clone(in.Facts.Users), slices.Clone(in.Facts.Minutes)
		mixed.Book.Contracts, mixed.Book.Quotes = slices.Clone(in.Book.Contracts), slices.Clone(in.Book.Quotes)
		r.Shuffle(len(mixed.Facts.Users), func(i, j int) {
			mixed.Facts.Users[i], mixed.Facts.Users[j] = mixed.Facts.Users[j], mixed.Facts.Users[i]
		})
		for i := range mixed.Facts.Users {
			u := &mixed.Facts.Users[i]
			u.Seats, u.Switches = slices.Clone(u.Seats), slices.Clone(u.Switches)
			slices.Reverse(u.Seats)
			slices.Reverse(u.Switches)
		}
		slices.Reverse(mixed.Facts.Minutes)
		slices.Reverse(mixed.Book.Contracts)
		slices.Reverse(mixed.Book.Quotes)
		e, got := asked(t, mixed)
		again, err := e.Delay(cost.Question{}, 3)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("overlap (-in order +mixed):\n%s", diff)
		}
		if diff := cmp.Diff(delay, again); diff != "" {
			t.Fatalf("delay (-in order +mixed):\n%s", diff)
		}
	})
}

func TestForecastAndActualCoverEachSeatDayOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := worlds(t)
		e, o := asked(t, in)
		out, err := e.Outlook(cost.Question{})
		if err != nil {
			t.Fatal(err)
		}
		days := 0
		for _, phase := range []cost.Phase{cost.Actual, cost.Forecast} {
			part, err := e.Overlap(cost.Question{Phase: phase})
			if err != nil {
				t.Fatal(err)
			}
			days += part.SeatDays
			for _, l := range part.Lines {
				if late := l.Days.To > in.AsOf; late != (phase == cost.Forecast) || l.Phase != phase {
					t.Fatalf("a line of %s is %s as of %s", l.Days, l.Phase, in.AsOf)
				}
			}
		}
		if days != o.SeatDays {
			t.Fatalf("%d seat-days in two phases, %d in all", days, o.SeatDays)
		}
		if !out.Waste.AtCompletion.Equal(o.Waste) || !out.Cash.AtCompletion.Equal(o.Paid) {
			t.Fatalf("at completion %s and %s, the overlap says %s and %s", out.Waste.AtCompletion, out.Cash.AtCompletion, o.Waste, o.Paid)
		}
	})
}

func TestADelayIsTheSameHoweverLittleOfItIsCountedAnew(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, err := cost.New(worlds(t))
		if err != nil {
			t.Fatal(err)
		}
		q := cost.Question{CostCenter: rapid.SampledFrom([]string{"", "a"}).Draw(t, "asked")}
		got, err := e.Delay(q, 4)
		if err != nil {
			t.Fatal(err)
		}
		want, err := e.DelayAtOnce(q, 4)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("delay (-at once +got):\n%s", diff)
		}
	})
}
