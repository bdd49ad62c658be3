package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/postgres"
	"github.com/dualtone/dualtone/report/focus"
)

// waves keeps the worked example in a new database: 300 people in three waves of
// 100, their old seats 30.00 and their new ones 75.00 a month, and one invoice.
func waves(t *testing.T, late finance.Day) (address string) {
	t.Helper()
	address = machine.Database(t)
	pool, err := postgres.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := postgres.Migrate(t.Context(), pool, nil); err != nil {
		t.Fatal(err)
	}
	day := func(text string) finance.Day {
		d, err := finance.ParseDay(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	seats := func(id, system, price, from, to string) contract.Contract {
		return contract.Contract{
			ID: contract.ID(id), System: system, Supplier: "Example " + system, Currency: "GBP", Term: contract.Term{From: day(from), To: day(to)},
			Items: []contract.Item{{ID: "seat", Kind: contract.License, Price: contract.Price{Amount: finance.MustExact(price), Per: contract.PerMonth}}},
		}
	}
	old := seats("pbx-seats", "pbx", "30.00", "2024-04-01", "2027-03-31")
	old.Renewal, old.Notice = contract.Period{Months: 12}, contract.Notice{Period: contract.Period{Days: 90}, Given: day("2026-12-01")}
	book := contract.Version{Author: "kim", Document: contract.Document{File: contract.File{
		APIVersion: contract.APIVersion, Kind: contract.Kind, Metadata: contract.Metadata{Name: "telephony", Owner: "kim"},
		Spec: contract.Spec{Currency: "GBP", Contracts: []contract.Contract{old, seats("cloud-seats", "cloud", "75.00", "2027-02-15", "2030-02-14")}},
	}}}
	if _, err := postgres.NewContracts(pool).Save(t.Context(), book); err != nil {
		t.Fatal(err)
	}
	facts := postgres.NewFinance(pool)
	if _, err := facts.KeepPlan(t.Context(), springPlan(), wavesFrom(day("2027-02-15"), late)); err != nil {
		t.Fatal(err)
	}
	if _, err := facts.KeepInvoice(t.Context(), "kim", "R-100", []cost.InvoiceLine{{
		Invoice: "R-100", Contract: "pbx-seats", Item: "seat", Period: finance.Span{From: day("2027-03-01"), To: day("2027-03-31")},
		Quantity: finance.MustExact("310"), Amount: finance.Money{Amount: finance.MustExact("9300.00"), Currency: "GBP"},
	}}); err != nil {
		t.Fatal(err)
	}
	return address
}

// springPlan is what the plan of the worked example says of money.
func springPlan() cost.Plan {
	return cost.Plan{Name: "spring", Book: "telephony", Old: "pbx", New: "cloud", Before: 7, After: map[string]int{"": 7}}
}

// wavesFrom are the people of the worked example, whose new seats are paid from a
// 15th of February on.
func wavesFrom(paid, late finance.Day) []cost.User {
	var users []cost.User
	for wave, after := range []finance.Day{15, 22, 29} {
		for n := range 100 {
			users = append(users, cost.User{
				ID: dualtone.PersonID(fmt.Sprintf("E%d%02d", wave+1, n)), Stage: fmt.Sprintf("wave-%d", wave+1), CostCenter: fmt.Sprintf("CC%d", n%3), Country: "GB",
				Seats:   []cost.Seat{{System: "pbx", From: paid - 1000}, {System: "cloud", From: paid}},
				Planned: paid + after, Switches: []cost.Switch{{Day: paid + after + late, To: dualtone.New}},
			})
		}
	}
	return users
}

// lateFacts has it become known that the first person's new seat was there five days
// later than was known before.
func lateFacts(ctx context.Context, address string, paid finance.Day) error {
	pool, err := postgres.Open(ctx, address)
	if err != nil {
		return err
	}
	defer pool.Close()
	users := wavesFrom(paid, 0)
	users[0].Seats[1].From += 5
	_, err = postgres.NewFinance(pool).KeepPlan(ctx, springPlan(), users)
	return err
}

// asked runs a command line on a database.
func asked(t *testing.T, address string, args ...string) (out string, ended code, said string) {
	t.Helper()
	return askedAt(t, time.Now(), address, args...)
}

// askedAt runs a command line on a database at a time.
func askedAt(t *testing.T, now time.Time, address string, args ...string) (out string, ended code, said string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := newApp(strings.NewReader(""), &stdout, &stderr)
	a.now = func() time.Time { return now }
	root := newRoot(a)
	root.SilenceErrors, root.SilenceUsage = true, true
	file := filepath.Join(t.TempDir(), "database")
	if err := os.WriteFile(file, []byte(address), 0o600); err != nil {
		t.Fatal(err)
	}
	root.SetArgs(append(args, "--database-url", "file:"+file))
	err := root.ExecuteContext(t.Context())
	if err != nil {
		a.fail(err)
	}
	return stdout.String(), exitCode(err), stderr.String()
}

func TestFinanceReadsTheWorkedExample(t *testing.T) {
	t.Parallel()
	address := waves(t, 0)
	for _, c := range []struct {
		args  string
		wants []string
	}{
		{"overlap --as-of 2027-03-31", []string{"23,733.87", "13,500", "planned      4,200", "7,268.43", "11,820.28", "4,645.16", "2027-02-15"}},
		{"overlap --as-of 2027-03-31 --by stage,cost-center --cost-center CC1", []string{"wave-2  CC1", "Only cost center: CC1"}},
		{"overlap --as-of 2027-03-31 --drill --class idle --limit 3", []string{"4,500", "11,820.28", "Rows 1 to 3 of 4501. There are more: --after 3"}},
		{"forecast --as-of 2027-03-05", []string{"Waste at completion  23,733.87"}},
		{"delay --as-of 2027-02-20 --days 20", []string{"4,354.84", "108,000.00", "still needed"}},
		{"variance --as-of 2027-03-31", []string{"Waste over plan", "11,820.28"}},
		{"invoice-check --as-of 2027-03-31", []string{"R-100", "billed too much", "300.00 GBP"}},
		{"notices --as-of 2027-02-20", []string{"pbx-seats", "2026-12-31", "given"}},
	} {
		out, ended, said := asked(t, address, append([]string{"report"}, strings.Fields(c.args)...)...)
		if ended != exitOK {
			t.Errorf("%s ended %d: %s", c.args, ended, said)
			continue
		}
		for _, want := range c.wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", c.args, want, out)
			}
		}
	}
}

// figureOf is one of the figures of a report as JSON.
func figureOf(t *testing.T, report, key string) string {
	t.Helper()
	var read struct {
		Figures []struct {
			Key   string
			Value any
		}
	}
	if err := json.Unmarshal([]byte(report), &read); err != nil {
		t.Fatal(err)
	}
	for _, f := range read.Figures {
		if f.Key == key {
			return fmt.Sprint(f.Value)
		}
	}
	return ""
}

func TestTenDaysLateCostWasteAndNoCash(t *testing.T) {
	t.Parallel()
	days := []string{"report", "overlap", "--as-of", "2027-03-31", "--from", "2027-02-01", "--to", "2027-03-31", "-o", "json"}
	late, ended, said := asked(t, waves(t, 10), days...)
	if ended != exitOK {
		t.Fatal(said)
	}
	planned, _, _ := asked(t, waves(t, 0), days...)
	if p, l := figureOf(t, planned, "paid"), figureOf(t, late, "paid"); p == "" || p != l {
		t.Errorf("suppliers are paid %s as planned and %s ten days late; want no extra cash", p, l)
	}
	var read struct {
		Tables []struct {
			Rows   []map[string]any
			Totals []struct{ Sums map[string]any }
		}
	}
	if err := json.Unmarshal([]byte(late), &read); err != nil {
		t.Fatal(err)
	}
	classes := read.Tables[0]
	got := fmt.Sprintf("%v %v %v %v", classes.Rows[0]["amount"], classes.Rows[1]["amount"], classes.Rows[2]["amount"], classes.Totals[0].Sums["amount"])
	if got != "7016.13 19233.87 1838.71 28088.71" {
		t.Errorf("planned, idle, stranded, total: %s", got)
	}
}

func TestEveryReportIsPrintedInEveryFormatThatItHas(t *testing.T) {
	t.Parallel()
	address := waves(t, 0)
	dir := t.TempDir()
	for _, report := range []string{"overlap", "forecast", "delay", "variance", "invoice-check", "notices"} {
		for _, format := range []string{"table", "json", "csv", "xlsx", "pdf", "svg", "focus"} {
			out := filepath.Join(dir, report+"-"+format)
			args := []string{"report", report, "--as-of", "2027-03-10", "--format", format, "--out", out}
			_, ended, said := asked(t, address, args...)
			drawn := report == "overlap" || report == "forecast" || report == "delay"
			if has := format != "svg" && format != "focus" || format == "svg" && drawn || format == "focus" && (report == "overlap" || report == "notices"); !has {
				if ended != exitInvalid || !strings.Contains(said, "Error: report "+report+" has no") {
					t.Errorf("%s as %s ended %d: %s", report, format, ended, said)
				}
				continue
			}
			if ended != exitOK {
				t.Errorf("%s as %s ended %d: %s", report, format, ended, said)
				continue
			}
			again := out + "-again"
			args[len(args)-1] = again
			if _, ended, said := asked(t, address, args...); ended != exitOK || written(t, out) != written(t, again) {
				t.Errorf("%s as %s is not the same the second time: %s", report, format, said)
			}
		}
	}
	checkFocus(t, filepath.Join(dir, "overlap-focus"))
	f, err := excelize.OpenFile(filepath.Join(dir, "overlap-xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // It was only read.
	if v, _ := f.GetCellValue("Classes", "E9"); v != "23,733.87 GBP" {
		t.Errorf("the workbook's total is %q", v)
	}
}

// written is all that is in a file or a folder.
func written(t *testing.T, path string) string {
	t.Helper()
	var all strings.Builder
	if err := filepath.WalkDir(path, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(p) //nolint:gosec // A folder of this test.
		all.Write(text)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func checkFocus(t *testing.T, dir string) {
	t.Helper()
	for name, set := range map[string]*focus.Dataset{"cost_and_usage.csv": focus.CostAndUsage(nil), "contract_commitment.csv": focus.ContractCommitment()} {
		f, err := os.Open(filepath.Join(dir, name)) //nolint:gosec // A folder of this test.
		if err != nil {
			t.Fatal(err)
		}
		found, err := set.Check(f)
		_ = f.Close()
		if err != nil || len(found) > 0 {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
}

func TestAReportThatCannotBeMadeSaysWhy(t *testing.T) {
	t.Parallel()
	address := waves(t, 0)
	for args, want := range map[string]struct {
		ended code
		said  string
	}{
		"overlap --format xlsx":                      {exitInvalid, "--out missing"},
		"overlap --format doc":                       {exitInvalid, "known are table, json, csv"},
		"overlap --by team":                          {exitInvalid, "--by"},
		"overlap --class wasted":                     {exitInvalid, "known are"},
		"overlap --as-of 31.3.2027":                  {exitInvalid, "--as-of"},
		"overlap --month 2027-03 --from 2027-03-01":  {exitInvalid, "want one of them"},
		"overlap --plan autumn --as-of 2027-03-31":   {exitNotFound, "autumn"},
		"notices --format csv --table lines":         {exitInvalid, "it has notices"},
		"delay --days 9999":                          {exitInvalid, "9999"},
		"overlap --format csv --out /nowhere/at/all": {exitNotFound, "/nowhere/at/all"},
	} {
		_, ended, said := asked(t, address, append([]string{"report"}, strings.Fields(args)...)...)
		if ended != want.ended || !strings.Contains(said, want.said) {
			t.Errorf("%s ended %d: %s", args, ended, said)
		}
	}
}
