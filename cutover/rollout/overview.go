package rollout

import "context"

// Overview is how a plan stands.
type Overview struct {
	Plan      Plan
	Stages    []Stage
	Holds     []Hold
	Approvals []Approval
	// Tasks are those that nobody has confirmed.
	Tasks []Task
}

// Overviews reads at once what the other ports read one by one: who follows a plan
// asks for all of it again and again.
type Overviews interface {
	// Overview returns ErrNotFound for an unknown plan.
	Overview(ctx context.Context, plan string) (Overview, error)
}
