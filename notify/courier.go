package notify

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
)

// Courier carries what a desk has taken in. Any number of them may work side by
// side.
type Courier struct {
	Channels []Channel
	Store    Store
	Log      *slog.Logger
	Now      func() time.Time
}

// How often a courier looks, how many deliveries it takes at a time, and how
// long others leave them to it.
const (
	lookEvery = 2 * time.Second
	atATime   = 20
	claimFor  = 5 * time.Minute
)

// Run carries until the context ends.
func (c *Courier) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		for {
			n, err := c.Round(ctx)
			if err != nil && ctx.Err() == nil {
				c.Log.WarnContext(ctx, "notices wait", "error", err)
			}
			if n < atATime || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Round carries what is due now and returns how many it took in hand. Channels
// do not wait for each other.
func (c *Courier) Round(ctx context.Context) (int, error) {
	names := make([]string, len(c.Channels))
	for i, channel := range c.Channels {
		names[i] = channel.Name
	}
	now := c.Now()
	taken, err := c.Store.Claim(ctx, names, now, now.Add(claimFor), atATime)
	if err != nil {
		return 0, err
	}
	var g errgroup.Group
	for _, channel := range c.Channels {
		g.Go(func() error {
			for _, d := range taken {
				if d.Channel != channel.Name {
					continue
				}
				if err := c.Store.Conclude(ctx, c.carry(ctx, channel, d)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return len(taken), g.Wait()
}

// carry makes one attempt.
func (c *Courier) carry(ctx context.Context, to Channel, d Delivery) Delivery {
	d.Attempts++
	err := to.Carry(ctx, d.Event)
	now := c.Now()
	if err == nil {
		d.State, d.Done, d.Failure, d.Next = Delivered, now, "", time.Time{}
		return d
	}
	d.Failure = err.Error()
	if now.Sub(d.Kept) >= giveUpAfter {
		d.State, d.Next = Lost, time.Time{}
	} else {
		d.Next = now.Add(backoff(d.Attempts))
	}
	c.Log.WarnContext(ctx, "notice not delivered", "channel", d.Channel, "plan", d.Event.Plan, "what", d.Event.What, "attempts", d.Attempts, "state", d.State, "error", err)
	return d
}

// A delivery is tried for as long as people may take to mend a mail server.
// Also a refusal is tried again, since what is refused is mostly a setting.
const (
	giveUpAfter  = 3 * 24 * time.Hour
	firstBackoff = 10 * time.Second
	mostBackoff  = time.Hour
)

// backoff is how long to wait after so many attempts.
func backoff(attempts int) time.Duration {
	wait := firstBackoff
	for range attempts - 1 {
		if wait *= 2; wait >= mostBackoff {
			return mostBackoff
		}
	}
	return wait
}
