package control

import (
	"context"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/dualtone/dualtone/cutover/rollout"
)

// soon is how long whoever starts a plan waits to see it begin.
const soon = 10 * time.Second

// begun waits until a plan whose workflow was started has taken the order with which
// it begins, so that whatever is ordered next finds it at work. It is no error that
// no worker has taken it up yet: the order stands, and the state is as it was.
func (p *Plans) begun(ctx context.Context, before rollout.Standing, run client.WorkflowRun) (rollout.State, error) {
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- run.Get(ctx, nil) }()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		kept, err := p.Store.Plan(ctx, before.Plan)
		switch {
		case ctx.Err() != nil:
			return before.State, nil // it was started, and that stands
		case err != nil:
			return before.State, err
		case kept.State != before.State || !kept.Since.Equal(before.Since):
			return kept.State, nil
		}
		select {
		case err := <-ended:
			if err != nil && ctx.Err() == nil {
				return before.State, said(err)
			}
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}
