package rollout

import (
	"context"
	"fmt"
	"time"

	"github.com/dualtone/dualtone/cutover/plan"
)

// Budgets knows how much of the CRM's daily requests a plan may still use.
type Budgets interface {
	// Left says how many more of a plan's users may be switched now.
	Left(ctx context.Context, plan string, share plan.Percent, now time.Time) (Budget, error)
}

// Attempts counts the switches of plans.
type Attempts interface {
	// Switched counts the switches of a plan's people, forth and back, that began
	// since a time.
	Switched(ctx context.Context, plan string, since time.Time) (int, error)
}

// Budget is what a plan may still ask of the CRM.
type Budget struct {
	// Users is how many may still be switched.
	Users int
	// Why says what is used up; empty where something is left.
	Why string
}

// BudgetOf is what is left of a plan's share of the requests that the CRM allows
// in a day: used of allowed are gone by whoever, and as many by the plan as it
// switched users, each of them with so many requests. What the company has used
// up itself the plan has not.
func BudgetOf(share plan.Percent, used, allowed, switched, each int) Budget {
	mine := int(int64(allowed) * int64(share) / micro)
	ours := switched * each
	b := Budget{Users: max(min(mine-ours, allowed-used)/each, 0)}
	switch {
	case b.Users > 0:
	case mine-ours < each:
		b.Why = fmt.Sprintf("the plan's share of the CRM is used up: about %d of %d requests in 24 hours, %s of %d", ours, mine, share, allowed)
	default:
		b.Why = fmt.Sprintf("the CRM has answered %d of %d requests in 24 hours, nothing is left for the plan", used, allowed)
	}
	return b
}
