package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/calllogtest"
	"github.com/dualtone/dualtone/calllog/calllogtest/truth"
	"github.com/dualtone/dualtone/calllog/stitch"
	"github.com/dualtone/dualtone/postgres"
)

// stitched is what putting legs together costs, and how well it is done.
type stitched struct {
	Calls int `json:"calls"`
	Legs  int `json:"legs"`
	Days  int `json:"days"`
	// Parsed is rows a second of an Asterisk CSV file that one writer parses, normalises
	// and writes, on the same server before.
	Parsed float64
	// Seconds of writing the legs into the log, as they are, and of stitching them, and of
	// this process's processor in each.
	Ingest, IngestCPU float64
	Stitch, StitchCPU float64
	// Late are legs that came after all days were stitched, a hundredth of all.
	Late       int
	LateStitch float64
	Heap       uint64 // most that was alive after a day
	Clock      calllog.Clock
	ClockTrue  time.Duration
	Open       int
	Scores     map[truth.Class]truth.Score
}

// stitching measures stitching over the log that the same run has written.
func stitching(ctx context.Context, s settings, found *findings) error {
	pool, done, err := openDatabase(ctx, s, "stitch")
	if err != nil {
		return err
	}
	defer done()
	world := truth.Usual(1, s.calls)
	world.Days = s.days
	r := &stitched{Calls: s.calls, Days: s.days, ClockTrue: world.Skew + world.Drift/2}
	if r.Parsed, err = parsed(ctx, s); err != nil {
		return err
	}
	if err := r.measure(ctx, pool, world); err != nil {
		return err
	}
	found.Stitched = r
	s.say("%d legs: a file %.0f a second, legs as they are %.0f, stitching %.0f (%.2f of the file, %.2f of the legs); late legs %.1f s",
		r.Legs, r.Parsed, r.ingestRate(), r.stitchRate(), r.stitchRate()/r.Parsed, r.stitchRate()/r.ingestRate(), r.LateStitch)
	return nil
}

// parsed measures the ingest that stitching has to keep up with, in a log of its own.
func parsed(ctx context.Context, s settings) (float64, error) {
	pool, done, err := openDatabase(ctx, s, "stitch-file")
	if err != nil {
		return 0, err
	}
	defer done()
	k := &keeping{pool: pool, calls: postgres.NewCalls(pool)}
	if _, err := k.file(ctx, "asterisk", calllogtest.AsteriskCSV(0, roundOfLegs), false); err != nil { // warms up
		return 0, err
	}
	return k.file(ctx, "asterisk", calllogtest.AsteriskCSV(roundOfLegs, roundOfLegs), false)
}

func (r *stitched) ingestRate() float64 { return float64(r.Legs-r.Late) / r.Ingest }
func (r *stitched) stitchRate() float64 { return float64(r.Legs-r.Late) / r.Stitch }

func (r *stitched) measure(ctx context.Context, pool *pgxpool.Pool, world truth.Settings) error {
	legs, facts := truth.Make(world)
	r.Legs = len(legs)
	var now, late []calllog.Leg
	for i, l := range legs {
		if i%100 == 99 {
			late = append(late, l)
		} else {
			now = append(now, l)
		}
	}
	r.Late = len(late)
	calls := postgres.NewCalls(pool)
	log := postgres.NewStitches(calls)
	var err error
	if r.Ingest, r.IngestCPU, err = took(func() error { return write(ctx, calls, now) }); err != nil {
		return err
	}
	if r.Stitch, r.StitchCPU, err = took(func() error { return r.run(ctx, log) }); err != nil {
		return err
	}
	if err := write(ctx, calls, late); err != nil {
		return err
	}
	if r.LateStitch, _, err = took(func() error { return r.run(ctx, log) }); err != nil {
		return err
	}
	return r.judge(ctx, log, legs, facts)
}

// run stitches what is to be stitched, and looks after each day at what the
// process holds.
func (r *stitched) run(ctx context.Context, log postgres.Stitches) error {
	_, err := stitch.Run(ctx, log, time.Time{}, func(time.Time, int, stitch.Done) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		r.Heap = max(r.Heap, m.HeapAlloc)
	})
	return err
}

// judge compares what stands in the log with the truth.
func (r *stitched) judge(ctx context.Context, log postgres.Stitches, legs []calllog.Leg, facts *truth.Truth) error {
	first := calllog.Day(legs[0].Started)
	last := legs[len(legs)-1].Started.Add(24 * time.Hour)
	joined, err := log.Joined(ctx, first.Add(-24*time.Hour), last)
	if err != nil {
		return err
	}
	byCall := map[calllog.CallID]*calllog.Call{}
	for _, l := range joined {
		c := byCall[l.StitchedTo]
		if c == nil {
			c = &calllog.Call{ID: l.StitchedTo}
			byCall[l.StitchedTo] = c
		}
		c.Members = append(c.Members, calllog.Member{Leg: l.LegID, Started: l.Started})
	}
	all := make([]calllog.Call, 0, len(byCall))
	for _, c := range byCall {
		all = append(all, *c)
	}
	r.Scores = facts.Scores(legs, all)
	clocks, err := log.Clocks(ctx, first, first.Add(24*time.Hour))
	if err != nil {
		return err
	}
	if len(clocks) > 0 {
		r.Clock = clocks[0]
	}
	open, err := log.Ambiguous(ctx, calllog.AmbiguousQuery{})
	r.Open = len(open)
	return err
}

// write puts legs into the log in batches, each system's as a stream.
func write(ctx context.Context, calls *postgres.Calls, legs []calllog.Leg) error {
	const batch = 20_000
	for part := range slices.Chunk(legs, batch) {
		for _, system := range []string{truth.Old, truth.New} {
			at, err := calls.Begin(ctx, calllog.Source{System: system, Kind: calllog.Stream, Key: "made up", Name: "made up"})
			if err != nil {
				return err
			}
			b := calllog.Batch{From: at.At, To: at.At}
			for i := range part {
				if part[i].System == system {
					b.To.Line++
					b.Rows = append(b.Rows, calllog.Row{Line: b.To.Line, Legs: part[i : i+1]})
				}
			}
			if _, err := calls.Write(ctx, at.ID, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// took is how long something takes, and how much of this process's processor.
func took(do func() error) (seconds, cpu float64, err error) {
	used := func() float64 {
		var u syscall.Rusage
		if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
			return 0
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
	}
	began, before := time.Now(), used()
	err = do()
	return time.Since(began).Seconds(), used() - before, err
}

func (f *findings) reportStitching(b *strings.Builder) {
	r := f.Stitched
	if r == nil {
		return
	}
	fmt.Fprintf(b, `
## Stitching

%d made-up calls of %d days on two systems, %d legs, of which one in a hundred came after all was stitched. The PBX's clock is
%s fast on the first day and gains 4 s a day, a fifth of the calls cross, and of these two in five hold a common key; a tenth of all
come from numbers behind which many people sit. The legs are written into the log and then stitched by one process each.

| | measured | goal |
| --- | --- | --- |
| rows of an Asterisk CSV file in a second, parsed, normalised and written | %.0f | |
| legs written in a second as they are | %.0f | |
| legs stitched in a second | %.0f, %.2f of the file's rows and %.2f of the legs as they are | as many as the file's rows |
| this process's time for a leg: written, stitched | %.1f, %.1f µs | |
| the late legs, over all days | %.1f s | |
| most alive in memory after a day | %d MB, of which the made-up legs are most | flat |
| the PBX's clock as measured on the first day | %s ahead from %d calls, half within %s; really %s less what it cuts off | |
| ambiguous, left open | %d | |

| class | pairs across systems | precision | recall |
| --- | --- | --- | --- |
`, r.Calls, r.Days, r.Legs, truth.Usual(1, 0).Skew, r.Parsed, r.ingestRate(), r.stitchRate(), r.stitchRate()/r.Parsed, r.stitchRate()/r.ingestRate(),
		1e6*r.IngestCPU/float64(r.Legs-r.Late), 1e6*r.StitchCPU/float64(r.Legs-r.Late), r.LateStitch, r.Heap>>20,
		r.Clock.Ahead, r.Clock.Pairs, r.Clock.Spread, r.ClockTrue, r.Open)
	classes := append([]truth.Class{""}, truth.Crossing()...)
	slices.SortStableFunc(classes[1:], func(x, y truth.Class) int { return cmp.Compare(r.Scores[y].True, r.Scores[x].True) })
	for _, c := range classes {
		s := r.Scores[c]
		name := string(c)
		if c == "" {
			name = "**all**"
		}
		fmt.Fprintf(b, "| %s | %d | %.4f | %.4f |\n", name, s.True, s.Precision(), s.Recall())
	}
	b.WriteString("\nAnonymous callers and numbers lost on the way can be followed only where a key or the diverter survived.\n")
}
