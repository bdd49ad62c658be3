package main

import (
	"context"
	"sync"
	"time"

	"github.com/dualtone/dualtone/report/delivery"
)

// upIn is how long a worker that is there may take before it is said that there is
// none, lookAgain how often it is looked.
const (
	upIn      = 3 * time.Second
	lookAgain = time.Second
)

// began is when a run did; the zero time without one.
func began(run *delivery.Run) (at time.Time) {
	if run != nil {
		at = run.Began
	}
	return at
}

// runSince reports whether a run of a delivery began since the one before.
func runSince(before time.Time, latest func(context.Context) (time.Time, error)) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		at, err := latest(ctx)
		return !at.Equal(before), err
	}
}

// whileDone has a worker do what is ordered, and tells beside the answer when none takes
// it up. What cannot be looked up is not told; whoever waits hears of it by the answer.
func (a *app) whileDone(ctx context.Context, what string, taken func(context.Context) (bool, error), do func() error) error {
	ctx, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer stop()
	watch.Go(func() {
		for waited, told := upIn, false; ; waited = lookAgain {
			select {
			case <-ctx.Done():
				return
			case <-time.After(waited):
			}
			there, err := taken(ctx)
			switch {
			case err != nil:
			case there:
				if told {
					a.say("a worker has taken %s up", what)
				}
				return
			case !told:
				told = true
				a.say("%s waits for a worker: none has taken it up yet; dualtone worker starts one, and an interrupt leaves it ordered for the first that comes", what)
			}
		}
	})
	return do()
}
