package pages

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/finance/cost"
)

// standings keeps for a while how plans stand in money: a page that is followed is
// drawn several times a second, and the sum over all seats takes longer than that.
type standings struct {
	mu   sync.Mutex
	kept map[string]*standing
}

// standing is what was found last, and when it was asked for.
type standing struct {
	asked time.Time
	money *cost.Standing
}

const standingHolds = time.Minute

// money is how a plan stands in money; nil where nothing is known. Whoever asks for
// it first waits for it; it is found anew while others see what was found last.
func (d *Desk) money(ctx context.Context, plan string) *cost.Standing {
	if d.Money == nil {
		return nil
	}
	s, now := &d.stands, d.Now()
	s.mu.Lock()
	known := s.kept[plan]
	first := known == nil
	if first {
		if s.kept == nil {
			s.kept = map[string]*standing{}
		}
		known = &standing{}
		s.kept[plan] = known
	}
	old := now.Sub(known.asked) >= standingHolds
	if old {
		known.asked = now
	}
	found := known.money
	s.mu.Unlock()
	switch {
	case first:
		return d.weigh(ctx, plan, known)
	case old:
		go d.weigh(context.WithoutCancel(ctx), plan, known)
	}
	return found
}

// weigh finds how a plan stands and keeps it.
func (d *Desk) weigh(ctx context.Context, plan string, known *standing) *cost.Standing {
	found, err := d.Money.Standing(ctx, plan)
	if err != nil {
		if !errors.Is(err, dualtone.ErrNotFound) {
			d.Log.WarnContext(ctx, "what a plan costs cannot be told", "plan", plan, "error", err)
		}
		return nil
	}
	d.stands.mu.Lock()
	defer d.stands.mu.Unlock()
	known.money = &found
	return known.money
}
