package rollout

import (
	"context"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Headcounts counts people by the groups in which they work.
type Headcounts interface {
	// Headcounts counts the people of groups, in the order of the groups. Whoever is
	// being switched counts on the new side, and so do those who are going there.
	Headcounts(ctx context.Context, groups []plan.Group, going []dualtone.PersonID) ([]plan.Headcount, error)
}
