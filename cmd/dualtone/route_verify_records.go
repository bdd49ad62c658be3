package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/routing/probe"
)

// callLegs are what the platforms recorded.
type callLegs interface {
	Legs(ctx context.Context, q calllog.LegQuery) ([]calllog.Kept, error)
}

// platformRecords finds in the call log where probes arrived.
type platformRecords struct {
	legs  callLegs
	sides map[string]dualtone.Side
	from  string
	// within is how long the log may take to hold a probe.
	within time.Duration
}

const (
	// clocksApart is how far a platform's clock may be off.
	clocksApart = 2 * time.Minute
	recordsEach = time.Second
)

// compare waits until every probe is recorded, or for as long as it may, and
// judges each with what was recorded.
func (p *platformRecords) compare(ctx context.Context, items []verifiedNumber, m *meter) error {
	deadline := time.Now().Add(p.within)
	for {
		missing := 0
		for i := range items {
			v := &items[i]
			if len(v.Recorded) > 0 {
				continue
			}
			if err := p.find(ctx, v); err != nil {
				return err
			}
			if len(v.Recorded) == 0 && v.Verdict != probe.Unreached {
				missing++
			}
		}
		m.at(len(items)-missing, len(items), "in the platforms' records")
		if missing == 0 || time.Now().After(deadline) {
			return nil
		}
		pause := time.NewTimer(recordsEach)
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}

// find looks for the legs of one probe. Those of one call on both platforms come
// in the order of their starts.
func (p *platformRecords) find(ctx context.Context, v *verifiedNumber) error {
	legs, err := p.legs.Legs(ctx, calllog.LegQuery{
		Number: v.Number, From: v.began.Add(-clocksApart), To: v.began.Add(v.Took + clocksApart), Oldest: true,
	})
	if err != nil {
		return fmt.Errorf("records of the call to %s: %w", v.Number, err)
	}
	for _, leg := range legs {
		side, known := p.sides[leg.System]
		if known && p.caller(leg.Caller) {
			v.Recorded = append(v.Recorded, side)
		}
	}
	if v.Verdict == probe.Changed {
		return nil
	}
	if v.Verdict = probe.Recorded(v.decision, v.Arrival, v.Recorded); v.Side != "" && v.Verdict == probe.Wrong && len(v.Recorded) > 0 && !slices.Contains(v.Recorded, v.Side) {
		v.Problem = fmt.Sprintf("the SBC's answer says %s, the records say %s", v.Side, sides(v.Recorded))
	}
	return nil
}

// caller reports whether a leg was called by the prober.
func (p *platformRecords) caller(who calllog.Party) bool {
	digits := strings.TrimLeft(p.from, "+0")
	return digits == "" || string(who.Number) == p.from || strings.HasSuffix(who.Raw, digits)
}
