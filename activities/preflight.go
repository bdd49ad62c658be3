package activities

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/systems"
)

// checks holds what a preflight knows of the systems as a whole, for a short
// while: it is the same for every user of a cohort.
type checks struct {
	mu      sync.Mutex
	center  dualtone.CallCenter
	expires time.Time
}

const checksLast = time.Minute

// facts gathers what the preflight of one person decides on.
func (u *User) facts(ctx context.Context, p cutover.PersonState, before cutover.Image) (cutover.Facts, error) {
	f := cutover.Facts{Person: p, Before: before, OldCallCenter: u.Migration.OldCallCenter}
	for _, need := range []error{
		u.Old.Need(systems.CanDirectory, systems.CanQueues, systems.CanPresence),
		u.New.Need(systems.CanDirectory, systems.CanPresence),
	} {
		if need != nil {
			f.Lacks = append(f.Lacks, need)
		}
	}
	if u.Migration.Reach != "" {
		if err := u.Old.Need(systems.CanForwarding); err != nil {
			f.Lacks = append(f.Lacks, err)
		}
	}
	if len(f.Lacks) > 0 {
		return f, nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { f.OldActive, err = active(ctx, u.Old, p.Accounts.Old); return err })
	g.Go(func() (err error) { f.NewActive, err = active(ctx, u.New, p.Accounts.New); return err })
	g.Go(func() (err error) { f.NewCallCenter, err = u.newCallCenter(ctx); return err })
	return f, g.Wait()
}

func active(ctx context.Context, p *systems.Platform, user dualtone.UserID) (bool, error) {
	account, err := p.Directory.User(ctx, user)
	return account.Active, wrap(err, "user %s on %s", user, p.Name)
}

// newCallCenter finds the CRM's record of the new side.
func (u *User) newCallCenter(ctx context.Context) (dualtone.CallCenter, error) {
	u.checks.mu.Lock()
	defer u.checks.mu.Unlock()
	if u.Now().Before(u.checks.expires) {
		return u.checks.center, nil
	}
	for c, err := range u.CRM.CallCenters.CallCenters(ctx) {
		if err != nil {
			return c, wrap(err, "call centers of %s", u.CRM.Name)
		}
		if c.ID == u.Migration.NewCallCenter {
			u.checks.center, u.checks.expires = c, u.Now().Add(checksLast)
			return c, nil
		}
	}
	return dualtone.CallCenter{}, fmt.Errorf("call center %s in %s, see migration.call_centers: %w",
		u.Migration.NewCallCenter, u.CRM.Name, dualtone.ErrNotFound)
}
