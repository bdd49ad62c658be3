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
		if child == nil || toldAlready(before, m) {
			continue
		}
		// A stage that has just come to rest needs no part.
		_ = child.SignalChildWorkflow(ctx, ShareSignal, m.Told).Get(ctx, nil)
	}
}

func toldAlready(before []rollout.Mover, m rollout.Mover) bool {
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
