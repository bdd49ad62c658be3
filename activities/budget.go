package activities

import (
	"context"
	"time"

	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/systems"
)

// CRMRequests are those of one switch to the CRM, as make bench counts them.
const CRMRequests = 7

// CRMBudget goes by what the CRM says of its requests, and by the plan's own
// switches. It is a rollout.Budgets.
type CRMBudget struct {
	CRM      *systems.CRM
	Attempts rollout.Attempts
}

// day is the time over which a CRM counts requests.
const day = 24 * time.Hour

// Left says how many more of a plan's users may be switched now.
func (b *CRMBudget) Left(ctx context.Context, name string, share plan.Percent, now time.Time) (rollout.Budget, error) {
	asked, err := b.CRM.Usage.Requests(ctx)
	if err != nil {
		return rollout.Budget{}, wrap(err, "requests of %s", b.CRM.Name)
	}
	switched, err := b.Attempts.Switched(ctx, name, now.Add(-day))
	if err != nil {
		return rollout.Budget{}, wrap(err, "switches of plan %s", name)
	}
	return rollout.BudgetOf(share, asked.Used, asked.Allowed, switched, CRMRequests), nil
}
