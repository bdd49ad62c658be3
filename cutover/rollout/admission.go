package rollout

import (
	"context"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Admissions keeps whom plans let through to be switched, so that what a plan may
// do holds for all its stages and all workers together.
type Admissions interface {
	// Admit lets people of a stage through. choose is told how the plan stands and
	// says who else is; it is asked for one page of a plan at a time, whichever
	// worker asks, and what it says is kept before the next one is asked for.
	Admit(ctx context.Context, a Admission, choose func(Admitted) ([]dualtone.PersonID, error)) error
	// Failed counts the people of a plan whose way to the new side failed and who
	// have not been tried again.
	Failed(ctx context.Context, plan string) (int, error)
}

// Admission asks to let people of a stage through.
type Admission struct {
	Plan  string
	Stage string
	At    time.Time
	// Anew begins a pass of the stage: whom it let through before, and did not
	// begin to switch, it does not switch.
	Anew bool
}

// Admitted is how a plan stands before it lets more people through.
type Admitted struct {
	// Open are people who were let through and have not begun.
	Open []dualtone.PersonID
	// Failed counts the people whose way to the new side failed.
	Failed int
}

// Beside are those who were let through and are not among some, who ask again.
func (a Admitted) Beside(some []User) []dualtone.PersonID {
	again := make(map[dualtone.PersonID]bool, len(some))
	for _, u := range some {
		again[u.Person] = true
	}
	return slices.DeleteFunc(slices.Clone(a.Open), func(id dualtone.PersonID) bool { return again[id] })
}

// Radius is how much of a group may be on the new side, and how much of it was
// planned, while so many people have failed.
type Radius struct {
	Planned plan.Percent `json:"planned"`
	Now     plan.Percent `json:"now"`
	Failed  int          `json:"failed"`
}
