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

// whileDelivered has a delivery go out, and tells beside the answer when no worker takes
// it up: that it did is seen by a run that began since the one before. What cannot be
// looked up is not told; whoever waits hears of it by the answer.
func (a *app) whileDelivered(ctx context.Context, name string, before time.Time, latest func(context.Context) (time.Time, error), deliver func() error) error {
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
			at, err := latest(ctx)
			switch {
			case err != nil:
			case !at.Equal(before):
				if told {
					a.say("a worker has taken delivery %s up", name)
				}
				return
			case !told:
				told = true
				a.say("delivery %s waits for a worker: none has taken it up yet; an interrupt leaves it ordered, and the first worker sends it", name)
			}
		}
	})
	return deliver()
}
