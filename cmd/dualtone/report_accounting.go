package main

import (
	"context"
	"encoding/csv"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/account"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/internal/spreadsheet"
)

const reportAccountingLong = `Books every attempt that reached the company's border, as the routing plane
decided it, under exactly one outcome: answered, abandoned on either side,
voicemail, deflected, rejected; and by themselves those that no system recorded.
A stage in which anything is unaccounted is not over.`

func reportAccounting(a *app) *cobra.Command {
	var from, to, cohort string
	var all, asCSV bool
	cmd := &cobra.Command{
		Use: "accounting", Short: "What became of every call attempt, and which are unaccounted", Long: reportAccountingLong, Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			begin, end, err := a.accountedTime(cmd, from, to)
			if err != nil {
				return err
			}
			return a.withReads(cmd.Context(), func(r reads) error {
				sum, err := r.Accounting(cmd.Context(), accounted{from: begin, to: end, cohort: cohort, all: all})
				if err != nil {
					return err
				}
				if asCSV {
					return a.accountingCSV(sum.Accounting)
				}
				return a.show(sum, func(t *table) { accountingTable(t, sum.Accounting) })
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&from, "from", "", "from this day or time on, UTC (default: the beginning of the day)")
	flags.StringVar(&to, "to", "", "to before this day or time, UTC (default: now)")
	flags.StringVar(&cohort, "cohort", "", "only attempts to the numbers of this cohort's people")
	flags.BoolVar(&all, "all", false, "list every attempt, not the unaccounted alone")
	flags.BoolVar(&asCSV, "csv", false, "write the attempts and then the sums as CSV")
	return cmd
}

// accounted is which attempts are booked, and whether all of them are listed.
type accounted struct {
	from, to time.Time
	cohort   string
	all      bool
}

// bookedAttempts are attempts with the time that they are of.
type bookedAttempts struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	account.Accounting
}

// booked lists what was asked for, and masks who called.
func booked(a accounted, sum account.Accounting) bookedAttempts {
	if !a.all {
		sum.Booked = slices.DeleteFunc(sum.Booked, func(b account.Booked) bool { return b.Outcome != account.Unaccounted })
	}
	for i := range sum.Booked {
		sum.Booked[i].Caller = calllog.Mask(sum.Booked[i].Caller)
	}
	return bookedAttempts{a.from, a.to, sum}
}

// accountedTime reads from when to when attempts are booked: today unless said.
func (a *app) accountedTime(cmd *cobra.Command, from, to string) (begin, end time.Time, err error) {
	if begin, err = instant(cmd, "from", from); err != nil {
		return begin, end, err
	}
	if end, err = instant(cmd, "to", to); err != nil {
		return begin, end, err
	}
	if end.IsZero() {
		end = a.now().UTC()
	}
	if begin.IsZero() {
		begin = calllog.Day(end)
	}
	if !begin.Before(end) {
		return begin, end, usage(cmd, "--from must be before --to")
	}
	return begin, end, nil
}

// instant reads a day or a time.
func instant(cmd *cobra.Command, flag, text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), nil
	}
	return date(cmd, flag, text)
}

// since reads from when on something is listed: a day, a time, or so many hours ago.
func (a *app) since(cmd *cobra.Command, text string) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return a.now().UTC().Add(-ago), nil
	}
	return instant(cmd, "since", text)
}

// accounting books the attempts of a time to the numbers of a cohort's people, or
// all.
func accounting(ctx context.Context, cfg *config.Config, s *stores, from, to time.Time, cohort string) (account.Accounting, error) {
	numbers, err := numbersOf(ctx, s, cohort)
	if err != nil {
		return account.Accounting{}, err
	}
	return callLog(cfg, s, nil).Account(ctx, numbers, from, to)
}

// numbersOf are those of a cohort's people.
func numbersOf(ctx context.Context, s *stores, cohort string) (map[dualtone.Number]bool, error) {
	if cohort == "" {
		return nil, nil //nolint:nilnil // everybody's
	}
	if _, err := s.cohorts.Cohort(ctx, cohort); err != nil {
		return nil, err
	}
	people, err := s.people.List(ctx, cutover.PeopleQuery{Cohort: cohort})
	numbers := map[dualtone.Number]bool{}
	for _, p := range people {
		for _, n := range p.Numbers {
			numbers[n] = true
		}
	}
	return numbers, err
}

func accountingTable(t *table, sum account.Accounting) {
	t.row("OUTCOME", "ATTEMPTS")
	for _, o := range account.Outcomes() {
		t.row(string(o), strconv.Itoa(sum.Sums[o]))
	}
	t.row("all", strconv.Itoa(sum.Attempts))
	if sum.Beyond > 0 {
		t.line("%d inbound calls of the log were not seen at the border; they are in no sum.", sum.Beyond)
	}
	if len(sum.Booked) == 0 {
		return
	}
	t.line("")
	t.row("AT", "ATTEMPT", "CALLER", "NUMBER", "OUTCOME", "CALL", "FOUND BY")
	for _, b := range sum.Booked {
		t.row(clock(b.At), b.ID, dash(b.Caller), dash(b.Number), string(b.Outcome), dash(b.Call), dash(b.By))
	}
}

// accountingCSV writes a line for each attempt and then one for each sum, so that
// a part that is cut out still says what it is.
func (a *app) accountingCSV(sum account.Accounting) error {
	w := csv.NewWriter(a.out)
	lines := [][]string{{"at", "attempt", "caller", "number", "outcome", "call", "found_by", "attempts"}}
	for _, b := range sum.Booked {
		lines = append(lines, spreadsheet.Row(b.At.UTC().Format(time.RFC3339Nano), b.ID, b.Caller, string(b.Number), string(b.Outcome), string(b.Call), b.By, "1"))
	}
	for _, o := range account.Outcomes() {
		lines = append(lines, []string{"total", "", "", "", string(o), "", "", strconv.Itoa(sum.Sums[o])})
	}
	lines = append(lines, []string{"total", "", "", "", "all", "", "", strconv.Itoa(sum.Attempts)})
	return w.WriteAll(lines)
}
