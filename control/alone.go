package control

import (
	"context"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/workflows"
)

// takeBackAlone takes one person of a plan back, by a switch of their own.
func (p *Plans) takeBackAlone(ctx context.Context, name string, o workflows.PlanOrder) error {
	v, err := p.View(ctx, name)
	if err != nil {
		return err
	}
	places, err := p.Store.Users(ctx, v.Place(o.Person))
	if err != nil {
		return err
	}
	if err := v.Against(o, places); err != nil {
		return err
	}
	if _, err := p.SwitchUser(ctx, o.Person, dualtone.Old, Why{Actor: o.Actor, Reason: o.Reason}); err != nil {
		return err
	}
	o.At = v.AsOf
	return p.record(ctx, v.standing().About(o.Person, o.Order))
}
