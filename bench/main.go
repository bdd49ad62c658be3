// Command bench measures dualtone at its main job and writes down what it found
// in bench/RESULTS.md: users moved in a second through a real Temporal and a
// real Postgres beside a bare workflow on the same servers in the same run,
// what a user costs in history, requests, transactions and bytes, what a large
// cohort costs in memory, what a plan adds and how quickly it tells how it stands,
// how well a vendor's limit is kept and used, what the routing plane answers beside
// Kamailio, nginx and NSD, and what the console costs with many who look at it.
//
// Everything that takes part is a process of its own: the dualtone worker that
// people run, the three simulated systems, the bare workflow's worker, Postgres
// and Temporal, both durable. The processor time of each is counted, since they
// share one machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings are the sizes of a run.
type settings struct {
	dir, dualtone, results string

	sections []string
	quick    bool
	users    int
	window   int
	rounds   int
	limit    float64
	limited  int
	cohorts  []int
	calls    int
	legs     int
	days     int

	planUsers   int
	planSkipped int
	planRows    int

	routingRounds  int
	routingJournal string
	routingOnly    string

	out io.Writer
}

// sections in the order in which they run.
func allSections() []string {
	return []string{"throughput", "limit", "memory", "plan", "micro", "flip", "calls", "stitch", "finance", "routing", "finance-formats", "console"}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "simulate":
			return simulate(ctx, args[1:])
		case "echo":
			return echo(args[1:])
		case "bare":
			return bareWorker(ctx, args[1:])
		case "print":
			return printOne(args[1:])
		}
	}
	s, err := parse(args, out)
	if err != nil {
		return err
	}
	found, err := readFindings(s.dir)
	if err != nil {
		return err
	}
	for _, section := range []struct {
		name string
		run  func(context.Context, settings, *findings) error
	}{
		{"throughput", throughput},
		{"limit", limits},
		{"memory", memory},
		{"plan", plans},
		{"micro", micro},
		{"flip", flipping},
		{"calls", callLog},
		{"stitch", stitching},
		{"finance", money},
		{"routing", route},
		{"finance-formats", formats},
		{"console", watching},
	} {
		if !slices.Contains(s.sections, section.name) {
			continue
		}
		began := time.Now()
		fmt.Fprintf(out, "== %s\n", section.name)
		if err := section.run(ctx, s, found); err != nil {
			return fmt.Errorf("%s: %w", section.name, err)
		}
		fmt.Fprintf(out, "== %s took %s\n", section.name, time.Since(began).Round(time.Second))
		if err := found.write(s); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "The figures are in %s.\n", s.results)
	return nil
}

func parse(args []string, out io.Writer) (settings, error) {
	s := settings{out: out}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&s.dir, "dir", "build/bench", "folder for data, logs and figures")
	flags.StringVar(&s.dualtone, "dualtone", "build/dualtone", "the dualtone program")
	flags.StringVar(&s.results, "results", "bench/RESULTS.md", "the file to write")
	only := flags.String("only", strings.Join(allSections(), ","), "what to measure; what is left out keeps its figures of the last run")
	flags.IntVar(&s.users, "users", 300, "users of a round")
	flags.IntVar(&s.window, "window", 50, "users in flight at the same time")
	flags.IntVar(&s.rounds, "rounds", 3, "rounds of dualtone and of the bare workflow, in turns")
	flags.Float64Var(&s.limit, "limit", 40, "requests in a second that the new system allows, in the part about limits")
	flags.IntVar(&s.limited, "limited", 250, "users of the part about limits")
	cohorts := flags.String("cohorts", "1000", "sizes of the cohorts whose time and memory are measured, such as 1000,10000")
	flags.IntVar(&s.planUsers, "plan-users", 5000, "users of the plan on the real servers; 0 leaves it out")
	flags.IntVar(&s.planSkipped, "plan-skipped", 100_000, "users of the plan in skipped time: 2000, 10000 or 100000; 0 leaves it out")
	flags.IntVar(&s.planRows, "plan-rows", 100_000, "users of the plan over which plan status is asked")
	flags.IntVar(&s.legs, "legs", 1_000_000, "legs of the call log that reports are measured on, such as 10000000 or 50000000")
	flags.IntVar(&s.calls, "calls", 180_000, "calls that are stitched")
	flags.IntVar(&s.days, "days", 6, "days over which they are spread")
	flags.IntVar(&s.routingRounds, "routing-rounds", 3, "rounds of the edge and of each of its peers, in turns")
	flags.StringVar(&s.routingJournal, "routing-journal", "none", "where the measured edge keeps decisions: none, as its peers do, or database")
	flags.StringVar(&s.routingOnly, "routing-only", "", "only this interface of the edge: SIP, HTTP or ENUM")
	flags.BoolVar(&s.quick, "quick", false, "small sizes, to see that everything works")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, errors.New("usage: bench [flags]")
	}
	if s.quick {
		s.users, s.window, s.rounds, s.limited, *cohorts, s.routingRounds = 40, 20, 1, 60, "100", 1
		s.planUsers, s.planSkipped, s.planRows = 60, 2000, 10_000
		s.calls, s.days, s.legs = 4000, 2, 200_000
	}
	s.sections = strings.Split(*only, ",")
	for size := range strings.SplitSeq(*cohorts, ",") {
		var n int
		if _, err := fmt.Sscan(size, &n); err != nil || n < 1 {
			return s, fmt.Errorf("cohorts %q: want sizes with commas between them", *cohorts)
		}
		s.cohorts = append(s.cohorts, n)
	}
	return s, os.MkdirAll(s.dir, 0o755) //nolint:gosec // the servers' account has to pass through
}

func (s settings) say(format string, args ...any) { fmt.Fprintf(s.out, "  "+format+"\n", args...) }
