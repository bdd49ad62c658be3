package rollout

import (
	"context"
	"time"
)

// Usage is what a stage of a plan asked of a system in an hour.
type Usage struct {
	Plan string `json:"plan"`
	// Stage is empty for what was asked on behalf of the plan as a whole.
	Stage  string `json:"stage,omitempty"`
	System string `json:"system"`
	// Hour is its beginning, in UTC.
	Hour     time.Time `json:"hour"`
	Requests int       `json:"requests"`
}

// Usages keeps what plans asked of systems.
type Usages interface {
	// KeepUsage stores what a worker asked so far. Each is the worker's whole sum
	// of the hour, so calls may be repeated; a sum never becomes smaller.
	KeepUsage(ctx context.Context, worker string, all []Usage) error
	// Usage returns what all workers asked for a plan, or for all if its name is
	// empty, in the hours that end after a time, in the order of hours, stages and
	// systems.
	Usage(ctx context.Context, plan string, since time.Time) ([]Usage, error)
}
