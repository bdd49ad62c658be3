package activities

import (
	"context"
	"sync"

	"go.temporal.io/sdk/activity"
)

// progress is how far a long activity has come, which each of its heartbeats
// tells, so that another worker goes on from there.
type progress struct {
	mu   sync.Mutex
	told any
}

type progressKey struct{}

// come tells how far the activity has come. A heartbeat holds it, so it must be
// small.
func come(ctx context.Context, how any) {
	if p, ok := ctx.Value(progressKey{}).(*progress); ok {
		p.mu.Lock()
		p.told = how
		p.mu.Unlock()
	}
	if activity.IsActivity(ctx) {
		activity.RecordHeartbeat(ctx, how)
	}
}

// beat tells again how far the activity has come. One that has told nothing yet
// tells what an earlier attempt did.
func beat(ctx context.Context) {
	if p, ok := ctx.Value(progressKey{}).(*progress); ok {
		p.mu.Lock()
		told := p.told
		p.mu.Unlock()
		if told != nil {
			activity.RecordHeartbeat(ctx, told)
			return
		}
	}
	activity.RecordHeartbeat(ctx)
}

// came reads how far an earlier attempt of the activity came; false where none
// told.
func came(ctx context.Context, how any) bool {
	if !activity.IsActivity(ctx) || !activity.HasHeartbeatDetails(ctx) || activity.GetHeartbeatDetails(ctx, how) != nil {
		return false
	}
	if p, ok := ctx.Value(progressKey{}).(*progress); ok {
		p.mu.Lock()
		p.told = how
		p.mu.Unlock()
	}
	return true
}
