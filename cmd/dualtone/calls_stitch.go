package main

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/stitch"
	"github.com/dualtone/dualtone/client"
	"github.com/dualtone/dualtone/config"
	"github.com/dualtone/dualtone/console/api"
)

const callsStitchLong = `Decides which legs are one call, day by day, wherever legs came since: by the
systems' own keys, by keys that both systems hold, then by who forwarded whom,
numbers and times. What fits two calls equally well stays open: see dualtone
calls ambiguous.

A day is kept whole or not at all, so this may be broken off and run again, or by
several at once. dualtone worker and dualtone ingest do it by themselves.`

func callsStitch(a *app) *cobra.Command {
	var since string
	var dryRun bool
	cmd := &cobra.Command{
		Use: "stitch", Short: "Put the legs of each call together", Long: callsStitchLong, Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := date(cmd, "since", since)
			if err != nil {
				return err
			}
			sum, err := either(cmd.Context(), a, func(s server) (stitch.Done, error) {
				return sent[stitch.Done](cmd.Context(), s, "/log/stitch", api.StitchOrder{Since: since, DryRun: dryRun})
			}, func(_ *config.Config, s *stores) (stitch.Done, error) {
				m := a.meter("days")
				done := 0
				run := stitch.Run
				if dryRun {
					run = stitch.Try
				}
				return run(cmd.Context(), s.stitches, from, func(day time.Time, of int, _ stitch.Done) {
					done++
					m.at(done, of, day.Format(time.DateOnly))
				})
			})
			if err != nil {
				return err
			}
			return a.show(sum, func(t *table) { stitchedTable(t, sum, dryRun) })
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "only days from this one on, such as 2026-03-02")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "tell what it would come to, and keep nothing")
	return cmd
}

func stitchedTable(t *table, d stitch.Done, dryRun bool) {
	if d.Days == 0 {
		t.line("No leg came since: everything is stitched.")
		return
	}
	t.row("DAYS", "LEGS", "CALLS NEW OR CHANGED", "CALLS GONE", "LEGS MOVED", "OPEN", "NO LONGER OPEN")
	cells := make([]string, 0, 7)
	for _, n := range []int{d.Days, d.Legs, d.Put, d.Dropped, d.Moved, d.Open, d.Closed} {
		cells = append(cells, strconv.Itoa(n))
	}
	t.row(cells...)
	if dryRun {
		t.line("Nothing was kept, as asked.")
	}
}

// date reads a day of the command line; none for an empty text.
func date(cmd *cobra.Command, flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, usage(cmd, fmt.Sprintf("--%s %q: want a day such as 2026-03-02", flag, text))
	}
	return day, nil
}

// stitchEvery is how often days that changed are stitched while records come in.
const stitchEvery = 10 * time.Second

// keepStitched stitches what comes until it is canceled. What fails is told and
// tried again.
func keepStitched(ctx context.Context, s *stores, log *slog.Logger) error {
	return stitch.Follow(ctx, s.stitches, stitchEvery, func(d stitch.Done, err error) {
		switch {
		case ctx.Err() != nil:
		case err != nil:
			log.ErrorContext(ctx, "stitching failed", "error", err)
		case d.Days > 0:
			log.InfoContext(ctx, "stitched", "days", d.Days, "legs", d.Legs, "calls", d.Put, "open", d.Open)
		}
	})
}

// tendMeanwhile keeps the log stitched beside other work, and tells what waits for its
// call; what it returns ends that. Any number of processes may do so: one of them at a
// time decides a day.
func tendMeanwhile(ctx context.Context, s *stores, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var tending sync.WaitGroup
	tending.Go(func() { _ = keepStitched(ctx, s, log) }) // it ends when it is canceled, and tells what fails
	tending.Go(func() { tellUnmatched(ctx, s, log) })
	return func() {
		cancel()
		tending.Wait()
	}
}

func callsClocks(a *app) *cobra.Command {
	var from, to string
	cmd := &cobra.Command{
		Use: "clocks", Short: "How far the systems' clocks are apart, as measured from calls on both", Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			begin, err := date(cmd, "from", from)
			if err != nil {
				return err
			}
			end, err := date(cmd, "to", to)
			if err != nil {
				return err
			}
			if end.IsZero() {
				end = a.now()
			}
			if begin.IsZero() {
				begin = end.AddDate(0, 0, -30)
			}
			clocks, err := either(cmd.Context(), a, func(s server) ([]calllog.Clock, error) {
				return listed[calllog.Clock](cmd.Context(), s, "/log/clocks", client.Query{}.Text("from", begin.Format(time.DateOnly)).Text("to", end.Format(time.DateOnly)), 0)
			}, func(_ *config.Config, s *stores) ([]calllog.Clock, error) {
				return s.stitches.Clocks(cmd.Context(), begin, end.AddDate(0, 0, 1))
			})
			if err != nil {
				return err
			}
			return showList(a, list[calllog.Clock]{Items: clocks}, "No day of this time has calls on both systems that a common key ties.", func(t *table) {
				t.row("DAY", "SYSTEM", "IS AHEAD OF", "BY", "DRIFT A DAY", "HALF WITHIN", "CALLS")
				for _, c := range clocks {
					t.row(c.Day.Format(time.DateOnly), c.System, c.Against, c.Ahead.String(), c.Drift.Round(time.Millisecond).String(),
						c.Spread.String(), strconv.Itoa(c.Pairs))
				}
			})
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "from this day on (default: the last 30 days)")
	cmd.Flags().StringVar(&to, "to", "", "to this day, included")
	return cmd
}

// legArgument reads SYSTEM/RECORD.
func legArgument(cmd *cobra.Command, text string) (calllog.LegID, error) {
	for i := range len(text) {
		if text[i] == '/' && i > 0 && i < len(text)-1 {
			return calllog.LegID{System: text[:i], Record: text[i+1:]}, nil
		}
	}
	return calllog.LegID{}, usage(cmd, fmt.Sprintf("%q is no leg; want SYSTEM/RECORD", text))
}

func legName(id calllog.LegID) string {
	if id == (calllog.LegID{}) {
		return "-"
	}
	return id.System + "/" + id.Record
}

// findCall finds a call by its name or by one of its legs.
func findCall(cmd *cobra.Command, s *stores, text string) (calllog.Call, error) {
	call, err := s.stitches.Call(cmd.Context(), calllog.CallID(text))
	if !isNotFound(err) {
		return call, err
	}
	leg, wrong := legArgument(cmd, text)
	if wrong != nil {
		return call, hint(fmt.Errorf("call %q: %w", text, dualtone.ErrNotFound), "a call of one leg is named by it: SYSTEM/RECORD")
	}
	place, err := s.stitches.Find(cmd.Context(), leg)
	if err != nil {
		return call, err
	}
	return s.stitches.CallOf(cmd.Context(), place)
}
