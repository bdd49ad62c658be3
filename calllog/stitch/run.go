package stitch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

// Done is what a run did.
type Done struct {
	Days    int `json:"days"`
	Legs    int `json:"legs"`
	Put     int `json:"put"`     // calls that are new or changed
	Dropped int `json:"dropped"` // calls that are no more
	Moved   int `json:"moved"`   // legs that were in another call before
	Open    int `json:"open"`    // legs that became ambiguous
	Closed  int `json:"closed"`  // and that no longer are
}

// Run stitches every day from since on that is not up to date, oldest first, and
// tells what each came to. A day is kept whole or not at all, so that a run may
// be broken off at any time.
func Run(ctx context.Context, log calllog.Stitches, since time.Time, tell func(day time.Time, of int, d Done)) (Done, error) {
	return run(ctx, log, since, true, tell)
}

// Try tells what Run would do and keeps nothing: each day is decided by what stands
// now, whatever the days before it would come to.
func Try(ctx context.Context, log calllog.Stitches, since time.Time, tell func(day time.Time, of int, d Done)) (Done, error) {
	return run(ctx, log, since, false, tell)
}

// errTried keeps a decision from being kept.
var errTried = errors.New("only tried")

func run(ctx context.Context, log calllog.Stitches, since time.Time, keep bool, tell func(day time.Time, of int, d Done)) (Done, error) {
	var sum Done
	days, err := log.Unstitched(ctx, since)
	if err != nil {
		return sum, err
	}
	for n := 0; n < len(days); n++ {
		day := days[n]
		var one Done
		var again []time.Time
		err := log.Stitch(ctx, day, func(ctx context.Context, from calllog.Evidence) (calllog.Decision, error) {
			counted := &counting{Evidence: from, day: day}
			d, err := Day(ctx, day, counted)
			one = Done{1, counted.legs, len(d.Put), len(d.Drop), len(d.Changes), len(d.Open), len(d.Closed)}
			if err == nil && !keep {
				return d, errTried
			}
			again = d.Again
			return d, err
		})
		if err != nil && !errors.Is(err, errTried) {
			return sum, fmt.Errorf("stitch %s: %w", day.Format(time.DateOnly), err)
		}
		sum.add(one)
		if tell != nil {
			tell(day, len(days), one)
		}
		for _, day := range again {
			if !day.Before(since) && !slices.Contains(days[n+1:], day) {
				days = append(days, day)
			}
		}
	}
	return sum, nil
}

func (d *Done) add(more Done) {
	d.Days += more.Days
	d.Legs += more.Legs
	d.Put += more.Put
	d.Dropped += more.Dropped
	d.Moved += more.Moved
	d.Open += more.Open
	d.Closed += more.Closed
}

// counting counts the legs of the day that are looked at.
type counting struct {
	calllog.Evidence

	day  time.Time
	legs int
}

// Traces counts those of the day among the traces.
func (c *counting) Traces(ctx context.Context, from, to time.Time) ([]calllog.Trace, error) {
	traces, err := c.Evidence.Traces(ctx, from, to)
	c.legs = 0
	for i := range traces {
		if on(traces[i].Started, c.day) {
			c.legs++
		}
	}
	return traces, err
}

// Follow stitches what comes, every so often until it is canceled, and tells of
// each run. It rests nine times as long as it works, so that a day with very many
// legs takes a tenth of a processor.
func Follow(ctx context.Context, log calllog.Stitches, every time.Duration, tell func(Done, error)) error {
	for {
		began := time.Now()
		tell(Run(ctx, log, time.Time{}, nil))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(every, 9*time.Since(began))):
		}
	}
}
