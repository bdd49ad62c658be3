package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/sim"
)

// traffic makes calls arrive in both systems all the time: to people's own
// numbers through the SBC, between colleagues inside the old system, and into
// the queues of either side.
type traffic struct {
	sbc    *sbc
	people []employee
	queues map[dualtone.Side][]string // what the queues are called from outside
	every  time.Duration
	random *rand.Rand
	// deaf: the line to the new system is faulty. Whoever calls its queues hears
	// nothing and hangs up before anybody answers.
	deaf atomic.Bool

	wait sync.WaitGroup
	errs chan error
	n    int
}

// run makes calls until the context ends, and returns the first that could not
// even be offered.
func (t *traffic) run(ctx context.Context) error {
	t.errs = make(chan error, 1)
	tick := time.NewTicker(t.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			t.wait.Wait()
			return nil
		case err := <-t.errs:
			return err
		case <-tick.C:
			t.place(context.WithoutCancel(ctx))
		}
	}
}

// place starts one call.
func (t *traffic) place(ctx context.Context) {
	t.n++
	in := sim.Incoming{
		ID: fmt.Sprintf("call-%05d", t.n), From: fmt.Sprintf("+1646555%04d", t.n%10000), // nobody makes two calls at a time
		Ring: t.between(300, 900), Talk: t.between(1000, 4000), Wrap: t.between(200, 800), Patience: time.Minute,
	}
	deliver := t.sbc.deliver
	switch e := t.people[t.random.IntN(len(t.people))]; t.n % 5 {
	case 0, 1:
		in.To = e.Number
	case 2:
		in.To = e.Extension
		deliver = t.inside
	case 3:
		in.To = t.queues[dualtone.Old][t.random.IntN(3)]
		deliver = t.inside
	default:
		in.To = t.queues[dualtone.New][t.random.IntN(3)]
		if t.deaf.Load() {
			in.Patience = 200 * time.Millisecond // less than it rings
		}
		deliver = func(ctx context.Context, in sim.Incoming) error {
			return t.sbc.try(ctx, in, []dualtone.Side{dualtone.New})
		}
	}
	t.wait.Go(func() {
		if err := deliver(ctx, in); err != nil {
			select {
			case t.errs <- fmt.Errorf("%s to %s: %w", in.ID, in.To, err):
			default:
			}
		}
	})
}

// inside is a call that begins in the old system.
func (t *traffic) inside(ctx context.Context, in sim.Incoming) error {
	return t.sbc.try(ctx, in, []dualtone.Side{dualtone.Old})
}

func (t *traffic) between(low, high int) time.Duration {
	return time.Duration(low+t.random.IntN(high-low)) * time.Millisecond
}
