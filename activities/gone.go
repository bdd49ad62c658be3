package activities

import (
	"context"
	"errors"
	"slices"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/systems"
)

// goneQueues are those that a write was to join and that are gone, where it was refused
// for them and did all the rest.
func (u *User) goneQueues(ctx context.Context, p dualtone.Person, a cutover.Action, refused error) ([]dualtone.QueueID, error) {
	if a.To.Offering == nil || !errors.Is(refused, dualtone.ErrNotFound) {
		return nil, nil
	}
	side, _ := a.Facet.Side()
	have, err := u.platform(side).Queues.Offering(systems.Doubt(ctx), p.Accounts.On(side))
	if err != nil {
		return nil, err
	}
	var gone []dualtone.QueueID
	for _, m := range a.To.Offering.Memberships {
		if !slices.ContainsFunc(have.Memberships, func(h dualtone.Membership) bool { return h.Queue == m.Queue }) {
			gone = append(gone, m.Queue)
		}
	}
	if !have.Unpaused().Equal(a.To.Offering.Without(gone...).Unpaused()) {
		return nil, nil
	}
	return gone, nil
}

// without is the action without queues that are gone.
func (a numbered) without(queues []dualtone.QueueID) numbered {
	if len(queues) == 0 || a.From.Offering == nil || a.To.Offering == nil {
		return a
	}
	from, to := a.From.Offering.Without(queues...), a.To.Offering.Without(queues...)
	a.From, a.To = cutover.Value{Offering: &from}, cutover.Value{Offering: &to}
	return a
}
