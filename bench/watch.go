package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// away is a span of time in Unix nanoseconds in which a processor was somewhere else.
type away struct {
	From  int64 `json:"from"`
	Until int64 `json:"until"`
}

// looksEvery is how often a watch looks whether it has its processor.
const looksEvery = 500 * time.Microsecond

// watch is a program that the kernel lets run before all others of its processor, whenever it wants
// to: for a moment, every looksEvery. Where it is let run late, the kernel itself had the processor
// or the machine on which this one runs, and never the server that is measured there, whatever that
// does. So it is a witness that knows nothing of the answers. It says what it saw once its input
// ends, and stays until it is stopped: what it said would be gone with it.
func watch(ctx context.Context, in io.Reader, out io.Writer) error {
	runtime.LockOSThread()
	first := unix.SchedAttr{Policy: unix.SCHED_FIFO, Priority: 1}
	if err := unix.SchedSetAttr(0, &first, 0); err != nil {
		return fmt.Errorf("watch: to be let run before others: %w", err)
	}
	var over atomic.Bool
	go func() {
		_, _ = io.Copy(io.Discard, in)
		over.Store(true)
	}()
	seen := []away{}
	pause := unix.NsecToTimespec(looksEvery.Nanoseconds())
	for last := time.Now(); !over.Load(); {
		if err := unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &pause, nil); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("watch: %w", err)
		}
		now := time.Now()
		if now.Sub(last) > longHeldUp {
			seen = append(seen, away{last.UnixNano(), now.UnixNano()})
		}
		last = now
	}
	if err := json.NewEncoder(out).Encode(seen); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// startWatch watches the servers' processor until it is asked what it saw.
func (p *plane) startWatch() (seen func() ([]away, error), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	w, err := p.start("watch", nil, self, "watch")
	if err != nil {
		return nil, err
	}
	return func() (seen []away, err error) {
		defer w.stop()
		if err := w.stdin.Close(); err != nil {
			return nil, err
		}
		if err := json.NewDecoder(w.out).Decode(&seen); err != nil {
			return nil, fmt.Errorf("the watch says nothing, see %s: %w", w.log, err)
		}
		return seen, nil
	}, nil
}

// askWatched asks at a rate while the servers' processor is watched.
func (p *plane) askWatched(ctx context.Context, a asker, rate float64) (probed, error) {
	seen, err := p.startWatch()
	if err != nil {
		return probed{}, err
	}
	at := openLoop(rate, loadedSpan)
	at.watched = seen
	return a.ask(ctx, at)
}

// behind is how many times as long as it was held up a server takes to work off what has come
// meanwhile, when it is asked at loadedShare of what it can do.
const behind = loadedShare / (1 - loadedShare)

// undisturbed are how long those answers took that were under way while both processors were there
// and nothing was left of a time when one was not.
func (h *heard) undisturbed(missed []away) []time.Duration {
	var out []away
	for _, m := range union(missed) {
		late := int64((1 + behind) * float64(m.Until-m.From))
		if n := len(out); n > 0 && m.From <= out[n-1].Until {
			out[n-1].Until += late // on top of what was still left
			continue
		}
		out = append(out, away{m.From, m.From + late})
	}
	var calm []time.Duration
	for i, took := range h.took {
		sent := h.sent[i]
		// The first span that ends after the question was sent.
		at, _ := slices.BinarySearchFunc(out, sent, func(m away, sent int64) int { return cmp.Compare(m.Until, sent) })
		if at == len(out) || sent+took.Nanoseconds() < out[at].From {
			calm = append(calm, took)
		}
	}
	return calm
}

// union is the same spans in their order, of which none meets another.
func union(all []away) []away {
	slices.SortFunc(all, func(a, b away) int { return cmp.Compare(a.From, b.From) })
	var apart []away
	for _, a := range all {
		if n := len(apart); n > 0 && a.From <= apart[n-1].Until {
			apart[n-1].Until = max(apart[n-1].Until, a.Until)
			continue
		}
		apart = append(apart, a)
	}
	return apart
}
