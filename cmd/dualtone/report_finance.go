package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/press"
	"github.com/dualtone/dualtone/report/statement"
)

const reportFinanceLong = `

The report says as of which day it is and when what it holds was known; with
these as --as-of and --known-at the same comes again, to the byte.

Formats: table for people, json and csv for programs, xlsx for finance, pdf for
a steering committee, focus for FinOps tools, svg for the charts alone. xlsx and
pdf need --out; a report that is several files (focus, svg) needs a folder.`

// financeReports are the reports of finance: what each is, and in words.
func financeReports(a *app) []*cobra.Command {
	return []*cobra.Command{
		reportFinance(a, statement.Overlap, "Which seats, trunks and contracts are paid twice, since when and why",
			"Counts what is paid on both systems at once, and which part of it buys nothing, by class. "+
				"Any total drills down to the user-days behind it: select it with --class, --stage and their like, and add --drill."),
		reportFinance(a, statement.Forecast, "What was spent, what is to come, and how it stands to the plan and the budget",
			"Adds a forecast of the rest to what was spent, and sets the sum beside the plan as it was approved and its budget."),
		reportFinance(a, statement.Delay, "What each further day costs, in cash and in waste",
			"Computes what it costs when everybody who is not switched yet is switched so many days later. Waste grows by the day; "+
				"cash jumps where a notice day or the end of a contract is passed."),
		reportFinance(a, statement.Variance, "What was planned and what it became, by volume, timing, price and rate of exchange",
			"Takes the difference between the plan as it was approved and what it became apart, day by day: other quantities, other days of switches, "+
				"other prices of contracts, other rates of exchange, and the cents of rounding."),
		reportFinance(a, statement.InvoiceCheck, "What suppliers bill, and what they should",
			"Compares the lines of invoices with what contracts make of the seats that people held, and the platforms' own figures with both."),
		reportFinance(a, statement.Notices, "By when contracts must be ended, and what missing it costs",
			"Lists the last day for notice of each contract, a working day, the next one first."),
	}
}

// financeFlags are what a report of finance is asked.
type financeFlags struct {
	asOf, known, from, to, month string
	plan, class, phase           string
	contract, item, system       string
	stage, costCenter, country   string
	user                         string
	by                           []string
	drill                        bool
	days                         int
	format, out, table           string
	after, limit                 int
}

func reportFinance(a *app, r statement.Report, short, long string) *cobra.Command {
	var f financeFlags
	cmd := &cobra.Command{
		Use: string(r), Short: short, Long: long + reportFinanceLong, Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			job, err := f.job(cmd, a, r)
			if err != nil {
				return err
			}
			if err := f.checkOut(cmd, job.Format); err != nil {
				return err
			}
			if cfg, err := a.settings(); err != nil || remote(cfg) {
				return errors.Join(err, f.printThere(cmd.Context(), a, cfg, job))
			}
			return a.withStores(cmd.Context(), func(_ *config.Config, s *stores) error {
				files, err := s.costs(a.now).Print(cmd.Context(), job)
				if err != nil {
					return err
				}
				return f.deliver(a, files)
			})
		},
	}
	f.add(cmd, r)
	flags := cmd.Flags()
	flags.StringVar(&f.asOf, "as-of", "", "facts up to this day, a forecast from then on (default: today)")
	flags.StringVar(&f.known, "known-at", "", "as it was known at this time, such as a report's own known_at (default: now)")
	flags.StringVar(&f.format, "format", "", "table, json, csv, xlsx, pdf, focus or svg (default: table, or json with --output json)")
	flags.StringVar(&f.out, "out", "", "write to this file, or to this folder when there are several files; - for the terminal")
	flags.IntVar(&f.after, "after", 0, "of long tables, go on after this row")
	flags.IntVar(&f.limit, "limit", 50, "of long tables, how many rows a table shows at most; 0 for all. Totals are of all rows")
	return cmd
}

// add adds the flags that a delivery has as well.
func (f *financeFlags) add(cmd *cobra.Command, r statement.Report) {
	flags := cmd.Flags()
	flags.StringVar(&f.plan, "plan", "", "the cutover plan (default: the only one)")
	// What goes out again and again is not about the same days.
	if r != "" {
		flags.StringVar(&f.from, "from", "", "only days from this one on")
		flags.StringVar(&f.to, "to", "", "only days up to this one")
		flags.StringVar(&f.month, "month", "", "only this month, such as 2027-02")
	}
	flags.StringVar(&f.contract, "contract", "", "only this contract")
	flags.StringVar(&f.item, "item", "", "only this item of contracts")
	flags.StringVar(&f.system, "system", "", "only contracts with this system")
	flags.StringVar(&f.table, "table", "", "of a report with several tables, the one for csv (default: the first)")
	if r == statement.Notices {
		return
	}
	flags.StringVar(&f.costCenter, "cost-center", "", "only this cost center")
	flags.StringVar(&f.stage, "stage", "", "only this stage of the plan")
	flags.StringVar(&f.country, "country", "", "only this country")
	if r == statement.Overlap || r == statement.Forecast || r == "" {
		flags.StringSliceVar(&f.by, "by", nil, "rows by "+facets()+" (default: month)")
		flags.StringVar(&f.class, "class", "", "only this class, such as planned, idle or stranded")
		flags.StringVar(&f.phase, "phase", "", "only actual or only forecast")
	}
	if r == statement.Overlap || r == "" {
		flags.BoolVar(&f.drill, "drill", false, "the user-days that the total is made of")
		flags.StringVar(&f.user, "user", "", "with --drill, only this person")
	}
	if r == statement.Delay || r == "" {
		flags.IntVar(&f.days, "days", 0, "up to how many days of delay (default: 60)")
	}
}

func facets() string {
	names := make([]string, len(cost.Facets()))
	for i, f := range cost.Facets() {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}

// job is what the flags ask to be printed.
func (f *financeFlags) job(cmd *cobra.Command, a *app, r statement.Report) (press.Job, error) {
	j := press.Job{Request: statement.Request{Report: r, Days: f.drill, Delay: f.days}, Table: f.table, Page: press.Page{After: f.after, Limit: f.limit}}
	format := f.format
	if format == "" {
		format = string(press.Table)
		if a.flags.output == asJSON {
			format = string(press.JSON)
		}
	}
	var err error
	if j.Format, err = press.ParseFormat(format); err != nil {
		return j, usage(cmd, "--"+unmarked(err))
	}
	j.Next = func(_ string, after int) string { return fmt.Sprintf("--after %d", after) }
	if j.Request.By, err = cost.ParseFacets(f.by); err != nil {
		return j, usage(cmd, "--by: "+unmarked(err))
	}
	j.Request.Question, err = f.question(cmd)
	return j, err
}

// unmarked is an error's words without its kind, for a usage that has it.
func unmarked(err error) string {
	return strings.TrimSuffix(err.Error(), ": "+dualtone.ErrInvalid.Error())
}

func (f *financeFlags) question(cmd *cobra.Command) (q cost.Question, err error) {
	q = cost.Question{
		Plan: f.plan, Class: cost.Class(f.class), Phase: cost.Phase(f.phase), Contract: contract.ID(f.contract), Item: contract.ItemID(f.item),
		System: f.system, Stage: f.stage, CostCenter: f.costCenter, Country: f.country, User: f.user,
	}
	if q.Class != "" && !slices.Contains(append(cost.Classes(), cost.Charged), q.Class) {
		return q, usage(cmd, fmt.Sprintf("--class %q: known are %v", f.class, append(cost.Classes(), cost.Charged)))
	}
	if q.Phase != "" && q.Phase != cost.Actual && q.Phase != cost.Forecast {
		return q, usage(cmd, fmt.Sprintf("--phase %q: want actual or forecast", f.phase))
	}
	for flag, into := range map[string]struct {
		text string
		day  *finance.Day
	}{"as-of": {f.asOf, &q.AsOf}, "from": {f.from, &q.Span.From}, "to": {f.to, &q.Span.To}} {
		if into.text == "" {
			continue
		}
		if *into.day, err = finance.ParseDay(into.text); err != nil {
			return q, usage(cmd, "--"+flag+": "+unmarked(err))
		}
	}
	if err := f.span(cmd, &q); err != nil {
		return q, err
	}
	if f.known != "" {
		if q.KnownAt, err = time.Parse(time.RFC3339Nano, f.known); err != nil {
			return q, usage(cmd, fmt.Sprintf("--known-at %q: want a time such as 2026-11-03T09:00:00Z", f.known))
		}
	}
	return q, nil
}

// span reads the days: a month, or from a day to a day.
func (f *financeFlags) span(cmd *cobra.Command, q *cost.Question) error {
	switch {
	case f.month != "" && (f.from != "" || f.to != ""):
		return usage(cmd, "--month and --from or --to at once: want one of them")
	case f.month != "":
		m, err := finance.ParseMonth(f.month)
		if err != nil {
			return usage(cmd, "--month: "+unmarked(err))
		}
		q.Span = m.Span()
	case (f.from == "") != (f.to == ""):
		return usage(cmd, "--from and --to: want both")
	case q.Span != (finance.Span{}) && q.Span.Empty():
		return usage(cmd, "--to is before --from")
	}
	return nil
}

// printThere has a server print the report.
func (f *financeFlags) printThere(ctx context.Context, a *app, cfg *config.Config, job press.Job) error {
	s, err := openServer(cfg)
	if err != nil {
		return err
	}
	files, err := s.Print(ctx, job, f)
	if err != nil {
		return err
	}
	return f.deliver(a, files)
}

// checkOut refuses what a terminal cannot show, before anything is computed.
func (f *financeFlags) checkOut(cmd *cobra.Command, format press.Format) error {
	if f.out == "" && format.Binary() {
		return usage(cmd, "--out missing: "+string(format)+" is no text; name a file, or - to pipe it")
	}
	if f.out == "" && format == press.Focus {
		return usage(cmd, "--out missing: focus is several files; name a folder")
	}
	return nil
}

// deliver writes the files to where they are to go, and says so.
func (f *financeFlags) deliver(a *app, files []press.File) error {
	if f.out == "" || f.out == "-" {
		if len(files) > 1 {
			return hint(fmt.Errorf("the report is %d files: %w", len(files), dualtone.ErrInvalid), "--out FOLDER takes them")
		}
		return files[0].Write(a.out)
	}
	if len(files) == 1 {
		if err := press.Save(f.out, files[0]); err != nil {
			return err
		}
		return a.wrote([]string{f.out})
	}
	paths, err := press.SaveAll(f.out, files)
	if err != nil {
		return err
	}
	return a.wrote(paths)
}

// wrote tells which files were written.
func (a *app) wrote(paths []string) error {
	return a.show(map[string][]string{"files": paths}, func(t *table) {
		for _, p := range paths {
			t.line("Wrote %s.", p)
		}
	})
}
