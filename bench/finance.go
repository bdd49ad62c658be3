package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/postgres"
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
	// Sampled is how long it takes to keep the facts for the first time.
	Sampled time.Duration `json:"sampled"`
	Asked   []commanded   `json:"asked"`
}

// commanded is a report as its user has it: a command that reads the database and
// writes a file.
type commanded struct {
	Report string        `json:"report"`
	Closed int           `json:"closed"` // months
	Took   time.Duration `json:"took"`
	Most   int64         `json:"most"` // bytes held
}

// money measures reports over 100,000 people and 24 months: in 40 waves they move
// from one system to the other, half of it still to come.
func money(ctx context.Context, s settings, found *findings) error {
	users := large
	if s.quick {
		users = 2000
	}
	in := company24(users)
	c := &costed{Users: users, Months: 24}
	if err := c.compute(s, in); err != nil {
		return err
	}
	found.Finance = c
	return c.ask(ctx, s, in)
}

// compute measures the engine alone.
func (c *costed) compute(s settings, in cost.Inputs) error {
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
	s.say("overlap of %d people over %d months, %d seat-days: %s; forecast %s; drill-down to %d runs %s; %d MB allocated",
		c.Users, c.Months, c.SeatDays, c.Overlap, c.Forecast, c.Runs, c.Drill, c.Peak>>20)
	return nil
}

// ask measures commands on a database, first with all months open and then with a
// year of them closed.
func (c *costed) ask(ctx context.Context, s settings, in cost.Inputs) error {
	pool, done, err := openDatabase(ctx, s, "finance")
	if err != nil {
		return err
	}
	defer done()
	book := contract.Version{Author: "bench", Document: contract.Document{File: contract.File{
		APIVersion: contract.APIVersion, Kind: contract.Kind, Metadata: contract.Metadata{Name: "book", Owner: "bench"},
		Spec: contract.Spec{Currency: in.Book.Currency, Contracts: in.Book.Contracts},
	}}}
	if _, err := postgres.NewContracts(pool).Save(ctx, book); err != nil {
		return err
	}
	facts := postgres.NewFinance(pool)
	began := time.Now()
	if _, err := facts.KeepPlan(ctx, in.Plan, in.Facts.Users); err != nil {
		return err
	}
	c.Sampled = time.Since(began)
	address := filepath.Join(s.dir, "finance-database")
	if err := os.WriteFile(address, []byte(pool.Config().ConnString()), 0o600); err != nil {
		return err
	}
	closer := cost.Closer{Source: facts, Closings: facts}
	for _, closed := range []int{0, 12} {
		for n := range closed {
			month := cost.Closing{Plan: in.Plan.Name, Month: in.AsOf.Month().Add(n - closed), Actor: "bench", Reason: "month end"}
			if _, err := closer.CloseMonth(ctx, month, in.AsOf, false); err != nil {
				return err
			}
		}
		for _, report := range []string{
			"overlap", "forecast", "delay --days 365", "variance", "invoice-check", "notices",
			"overlap --by cost-center --cost-center CC07", "overlap --month 2026-06", "overlap --drill --month 2026-06 --format xlsx",
		} {
			a, err := askOne(ctx, s, address, report+" --as-of "+in.AsOf.String())
			if err != nil {
				return err
			}
			a.Report, a.Closed = report, closed
			c.Asked = append(c.Asked, a)
			s.say("report %-50s %2d months closed: %6d ms, %4d MB held", report, closed, a.Took.Milliseconds(), a.Most>>20)
		}
	}
	return nil
}

func askOne(ctx context.Context, s settings, address, report string) (commanded, error) {
	args := append([]string{"report"}, strings.Fields(report)...)
	args = append(args, "--database-url", "file:"+address, "--out", filepath.Join(s.dir, "finance-report"))
	cmd := exec.CommandContext(ctx, s.dualtone, args...) //nolint:gosec // our own program
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	began := time.Now()
	most, err := runWatched(cmd)
	if err != nil {
		return commanded{}, fmt.Errorf("report %s: %w: %s", report, err, said.Bytes())
	}
	return commanded{Took: time.Since(began), Most: most}, nil
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
	fmt.Fprintf(b, "\nAs their users have them, from Postgres to a file, each a process of its own; to keep the facts of all for the first time took %s.\n\n"+
		"| command | with no month closed | held | with 12 months closed | held |\n| --- | --- | --- | --- | --- |\n", c.Sampled.Round(time.Millisecond))
	half := len(c.Asked) / 2
	for i, open := range c.Asked[:half] {
		closed := c.Asked[half+i]
		fmt.Fprintf(b, "| `report %s` | %s | %d MB | %s | %d MB |\n", open.Report,
			open.Took.Round(time.Millisecond), open.Most>>20, closed.Took.Round(time.Millisecond), closed.Most>>20)
	}
}
