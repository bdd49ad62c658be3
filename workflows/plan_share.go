package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/dualtone/dualtone/cutover/rollout"
)

// The signal by which a stage tells its plan that it moves people, and the one
// by which the plan tells it how many of the plan's users at a time are its part.
const (
	MovesSignal = "moves"
	ShareSignal = "share"
)

// shareOut divides the plan's limits among the stages that move people, as they
// come and go.
func (p *planRun) shareOut(ctx workflow.Context) {
	for moves := workflow.GetSignalChannel(ctx, MovesSignal); ; {
		var m rollout.Moves
		moves.Receive(ctx, &m)
		if p.running[m.Stage] != nil {
			p.share(ctx, m.After(p.Movers))
		}
	}
}

// share tells each stage that moves people its part where that has changed.
func (p *planRun) share(ctx workflow.Context, movers []rollout.Mover) {
	before := p.Movers
	p.Movers = rollout.Divide(p.whole(), movers)
	for _, m := range p.Movers {
		child := p.running[m.Stage]
		if child == nil || hasPart(before, m) || p.outdated(ctx, m) {
			continue
		}
		// A stage that has just come to rest needs no part.
		_ = child.SignalChildWorkflow(ctx, ShareSignal, m.Told).Get(ctx, nil)
	}
}

// latestParts is since when a stage is told no part that is divided anew by then.
const latestParts = "the latest part of the limits holds"

// outdated reports whether the limits were divided anew while other stages were
// told, so that this part is none any more. Whoever did that tells the stage.
func (p *planRun) outdated(ctx workflow.Context, m rollout.Mover) bool {
	return !hasPart(p.Movers, m) && workflow.GetVersion(ctx, latestParts, workflow.DefaultVersion, 1) > workflow.DefaultVersion
}

func hasPart(before []rollout.Mover, m rollout.Mover) bool {
	for _, b := range before {
		if b.Stage == m.Stage {
			return b.Told == m.Told
		}
	}
	return false
}

// whole is what the plan as a whole may do at a time.
func (p *planRun) whole() rollout.Rate {
	if p.Rate != nil {
		return *p.Rate
	}
	var most rollout.Rate
	for _, s := range p.Spec.Stages {
		if s.Limits.Concurrency > most.Concurrency {
			most = s.Limits
		}
	}
	return most
}
