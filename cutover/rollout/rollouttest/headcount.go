package rollouttest

import (
	"context"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Headcounts counts the people of groups.
func (s *Store) Headcounts(ctx context.Context, groups []plan.Group, going []dualtone.PersonID) ([]plan.Headcount, error) {
	all, err := cutover.Everybody(ctx, s.people, cutover.PeopleQuery{})
	return counted(all, groups, going), err
}

// counted reads who is in which group, one after the other.
func counted(all []cutover.PersonState, groups []plan.Group, going []dualtone.PersonID) []plan.Headcount {
	var limit plan.BlastRadius
	for _, g := range groups {
		if !slices.Contains(limit.Per, g.By) {
			limit.Per = append(limit.Per, g.By)
		}
	}
	users := rollout.Candidates(all)
	for i, p := range all {
		if slices.Contains(going, p.ID) || p.State != "" && !p.State.Final() {
			users[i].Side = dualtone.New
		}
	}
	radius := plan.NewRadius(limit, users)
	counts := make([]plan.Headcount, len(groups))
	for i, g := range groups {
		counts[i] = radius.Headcount(g)
	}
	return counts
}
