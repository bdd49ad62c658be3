package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dualtone/dualtone/control"
)

func TestADeliveryThatNoWorkerTakesUpSaysSo(t *testing.T) {
	t.Parallel()
	ordered := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)
	const waits, taken = "delivery board waits for a worker: none has taken it up yet; dualtone worker starts one", "a worker has taken delivery board up"
	for name, c := range map[string]struct {
		begins, ends time.Duration // of the run, after the order
		want, never  []string
	}{
		"a worker is there":      {time.Second, 20 * time.Second, nil, []string{waits, taken}},
		"a worker comes later":   {30 * time.Second, 40 * time.Second, []string{waits, taken}, nil},
		"no worker at all":       {time.Hour, time.Minute, []string{waits}, []string{taken}},
		"it is done in a moment": {time.Second, 2 * time.Second, nil, []string{waits, taken}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var told bytes.Buffer
				a, start := &app{err: &told}, time.Now()
				before := ordered.Add(-time.Hour)
				err := a.whileDone(t.Context(), "delivery board", runSince(before, func(context.Context) (time.Time, error) {
					switch since := time.Since(start); {
					case since < 5*time.Second && since > 4*time.Second:
						return time.Time{}, errors.New("the database is away")
					case since < c.begins:
						return before, nil
					default:
						return ordered, nil
					}
				}), func() error {
					<-time.After(c.ends)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				for _, text := range c.want {
					if strings.Count(told.String(), text) != 1 {
						t.Errorf("want %q once, got\n%s", text, told.String())
					}
				}
				for _, text := range c.never {
					if strings.Contains(told.String(), text) {
						t.Errorf("got %q", told.String())
					}
				}
			})
		})
	}
}

func TestWaitingForAWorkerIsInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithTimeout(t.Context(), 10*time.Second)
		defer interrupt()
		var told bytes.Buffer
		begun := time.Now()
		err := (&app{err: &told}).whileDone(ctx, "delivery board", func(context.Context) (bool, error) { return false, nil }, func() error {
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 10*time.Second {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
	})
}

func TestASamplingThatNoWorkerTakesUpSaysSo(t *testing.T) {
	t.Parallel()
	before := control.Ordered{At: time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC), Taken: true}
	for name, c := range map[string]struct {
		latest control.Ordered
		said   bool
	}{
		"the one before is the latest": {before, true},
		"nobody has taken it up":       {control.Ordered{At: before.At.Add(time.Hour)}, true},
		"a worker has taken it up":     {control.Ordered{At: before.At.Add(time.Hour), Taken: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var told bytes.Buffer
				start := time.Now()
				err := (&app{err: &told}).whileSampled(t.Context(), func(context.Context) (control.Ordered, error) {
					if time.Since(start) == 0 {
						return before, nil
					}
					return c.latest, nil
				}, func() error {
					<-time.After(time.Minute)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if said := strings.Contains(told.String(), "the sampling waits for a worker: none has taken it up yet; dualtone worker starts one"); said != c.said {
					t.Errorf("told %q", told.String())
				}
			})
		})
	}
}
