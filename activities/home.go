package activities

import (
	"context"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
)

// home are the routes that a person's numbers need on the way back to the old side,
// which had none of their own before the switch: without, the ranges and the default of
// today would lead them elsewhere.
func (u *User) home(ctx context.Context, p dualtone.PersonID, before cutover.Image) ([]routing.Route, error) {
	numbers := before.Unrouted()
	if len(numbers) == 0 {
		return nil, nil
	}
	rules, err := u.Router.Rules(ctx)
	if err != nil {
		return nil, wrap(err, "ranges and default of the routing table")
	}
	led, err := routing.LedElsewhere(rules, numbers, dualtone.Old, u.Now())
	home := make([]routing.Route, len(led))
	for i, n := range led {
		home[i] = routing.Route{Number: n, Person: p, Sides: []dualtone.Side{dualtone.Old}}
	}
	return home, err
}
