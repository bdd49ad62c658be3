package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone/calllog"
)

// late is what records cost that come months after their calls.
type late struct {
	// Seen are the times from the beginning of each write of a few until they were in
	// the reports, by length.
	Seen []time.Duration `json:"seen"`
	// Writer is rows a second of whole batches, Settle seconds to bring them into the
	// rollups.
	Writer float64 `json:"writer"`
	Settle float64 `json:"settle"`
	// Reports are the same questions as before, asked while late records keep coming.
	Reports []timed `json:"reports"`
}

const (
	lateFew    = 100 // records of a write
	lateWrites = 200
	latePause  = 200 * time.Millisecond
)

// lately measures records of old months: corrections of the log's first days, and
// calls of months before them.
func (k *keeping) lately(ctx context.Context) error {
	k.Late = &late{}
	for n := range lateWrites {
		took, err := k.few(ctx, n)
		if err != nil {
			return err
		}
		k.Late.Seen = append(k.Late.Seen, took)
	}
	slices.Sort(k.Late.Seen)
	k.say("%d late and corrected records at a time, written and in the reports after %s, %s at p99", lateFew,
		k.Late.percentile(50).Round(time.Millisecond), k.Late.percentile(99).Round(time.Millisecond))

	older := k.company
	older.From = older.From.AddDate(0, -4, 0)
	var batches [][]calllog.Row
	for n := range roundOfLegs / keptBatch {
		batches = append(batches, older.Rows("pbx", n*keptBatch, keptBatch))
	}
	var err error
	if k.Late.Writer, err = k.write(ctx, "late, many", batches); err != nil {
		return err
	}
	began := time.Now()
	if _, err := k.rollups.Settle(ctx); err != nil {
		return err
	}
	k.Late.Settle = time.Since(began).Seconds()
	k.say("%d late records at once: %.0f a second, settled in %.1f s", roundOfLegs, k.Late.Writer, k.Late.Settle)
	return k.whileLate(ctx)
}

// few writes the n-th few late records and settles them.
func (k *keeping) few(ctx context.Context, n int) (time.Duration, error) {
	corrected, older := k.company, k.company // the same records saying otherwise, and others of months before
	corrected.Seed, older.From = 2, older.From.AddDate(0, -2, 0)
	half := lateFew / 2
	rows := [][]calllog.Row{corrected.Rows("pbx", n*half, half), older.Rows("pbx", n*half, half)}
	began := time.Now()
	if _, err := k.write(ctx, fmt.Sprintf("late %d", n), rows); err != nil {
		return 0, err
	}
	_, err := k.rollups.Settle(ctx)
	return time.Since(began), err
}

// whileLate asks what is asked while late records keep coming.
func (k *keeping) whileLate(ctx context.Context) (err error) {
	coming, stop := context.WithCancel(ctx)
	defer stop()
	group, inner := errgroup.WithContext(coming)
	group.Go(func() error {
		for n := lateWrites; ; n++ {
			if _, err := k.few(inner, n); err != nil && inner.Err() == nil {
				return err
			}
			select {
			case <-inner.Done():
				return nil
			case <-time.After(latePause):
			}
		}
	})
	group.Go(func() error {
		defer stop()
		k.Late.Reports, err = k.ask(inner)
		return err
	})
	return group.Wait()
}

func (l *late) percentile(p int) time.Duration { return l.Seen[(len(l.Seen)-1)*p/100] }

// report writes the part about late records.
func (l *late) report(b *strings.Builder) {
	fmt.Fprintf(b, `
Corrections of the first days and calls of months before, %d records at a time, were in the reports %s after their write began
(p50; p99 %s, of %d writes). %d of them at once were written at %.0f a second and settled in %.1f s.
`, lateFew, l.percentile(50).Round(time.Millisecond), l.percentile(99).Round(time.Millisecond), len(l.Seen), roundOfLegs, l.Writer, l.Settle)
}
