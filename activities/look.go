package activities

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/systems"
)

// look reads everything about a person that a switch may write or must put
// back. A facet whose system lacks the capability is left out. It fails as a
// whole: half an image is none.
func (u *User) look(ctx context.Context, p dualtone.Person) (cutover.Image, error) {
	return u.lookWith(ctx, p, lookAt)
}

// lookBack is look on a way back, which also those go whose account on the new side is
// gone or somebody else's: its facets are left out.
func (u *User) lookBack(ctx context.Context, p dualtone.Person) (cutover.Image, error) {
	return u.lookWith(ctx, p, func(ctx context.Context, system *systems.Platform, user dualtone.UserID) (sideValues, error) {
		if user == "" {
			return sideValues{}, nil
		}
		v, err := lookAt(ctx, system, user)
		if errors.Is(err, dualtone.ErrNotFound) {
			return sideValues{}, nil
		}
		return v, err
	})
}

// lookWith looks at the new side as it is told to.
func (u *User) lookWith(
	ctx context.Context, p dualtone.Person, lookNew func(context.Context, *systems.Platform, dualtone.UserID) (sideValues, error),
) (cutover.Image, error) {
	var crm, routes cutover.Value
	var old, now sideValues
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		s, err := u.CRM.Softphones.Softphone(ctx, p.Accounts.CRM)
		crm = cutover.Value{Softphone: &s}
		return wrap(err, "softphone of %s in %s", p.Accounts.CRM, u.CRM.Name)
	})
	g.Go(func() error {
		r, err := u.Router.Routes(ctx, p.Numbers)
		routes = cutover.Value{Routes: r}
		return wrap(err, "routes of %s", p.ID)
	})
	g.Go(func() (err error) { old, err = lookAt(ctx, u.Old, p.Accounts.Old); return err })
	g.Go(func() (err error) { now, err = lookNew(ctx, u.New, p.Accounts.New); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	image := cutover.Image{cutover.Softphone: crm, cutover.Routes: routes}
	old.into(image, cutover.OldSeat, cutover.OldForward, cutover.OldOffering)
	now.into(image, cutover.NewSeat, cutover.NewForward, cutover.NewOffering)
	return image, nil
}

// sideValues are the facets of one phone system; nil where it lacks them.
type sideValues struct {
	seat     *dualtone.Seat
	forward  *dualtone.Forward
	offering *dualtone.Offering
}

func (v sideValues) into(image cutover.Image, seat, forward, offering cutover.Facet) {
	if v.seat != nil {
		image[seat] = cutover.Value{Seat: v.seat}
	}
	if v.forward != nil {
		image[forward] = cutover.Value{Forward: v.forward}
	}
	if v.offering != nil {
		image[offering] = cutover.Value{Offering: v.offering}
	}
}

// lookAt reads one system's facets at the same time.
func lookAt(ctx context.Context, p *systems.Platform, user dualtone.UserID) (v sideValues, err error) {
	g, ctx := errgroup.WithContext(ctx)
	if p.Provisioning != nil {
		g.Go(func() error {
			seat, err := p.Provisioning.Seat(ctx, user)
			v.seat = &seat
			return wrap(err, "seat of %s on %s", user, p.Name)
		})
	}
	if p.Forwarding != nil {
		g.Go(func() error {
			forward, err := p.Forwarding.Forward(ctx, user)
			v.forward = &forward
			return wrap(err, "forward of %s on %s", user, p.Name)
		})
	}
	if p.Queues != nil {
		g.Go(func() error {
			offering, err := p.Queues.Offering(ctx, user)
			v.offering = &offering
			return wrap(err, "queues of %s on %s", user, p.Name)
		})
	}
	return v, g.Wait()
}

func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
