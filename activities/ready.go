package activities

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/systems"
)

// Ready prepares the side to come, stops new offers on the side to leave, and
// waits until the user has no call, hold, consult or wrap-up left on either.
func (u *User) Ready(ctx context.Context, o Order) (Result, error) {
	s, l, err := u.load(ctx, o)
	if err != nil {
		return Result{}, err
	}
	ready, _ := cutover.Phase(s.Actions)
	left, err := l.skipWritten(ctx, number(ready, 1))
	if err != nil {
		return Result{}, err
	}
	for _, a := range left {
		if err := l.write(ctx, a); err != nil {
			return Result{}, err
		}
	}
	wait := cmp.Or(o.Wait, u.Drain.Wait)
	busy, err := u.waitFree(ctx, l.person, wait)
	if err != nil {
		return Result{}, err
	}
	result := Result{Outcome: cutover.Done}
	switch {
	case busy != "" && o.Insist && o.To == dualtone.Old:
		note := u.entry(ctx, o, cutover.Note)
		note.Text = fmt.Sprintf("still busy after %s: %s; new calls go back, and this one goes on", wait, busy)
		l.pending = append(l.pending, note)
	case busy != "":
		result = Result{Outcome: cutover.NotFree, Detail: fmt.Sprintf("still busy after %s: %s", wait, busy)}
	}
	return u.conclude(ctx, o, result, l.pending...)
}

// load finds what was captured and starts the ledger of an activity. The state
// and the detail of the switch may be older than the store's.
func (u *User) load(ctx context.Context, o Order) (cutover.Switch, *ledger, error) {
	if l, ok := u.recent.get(o.Switch); ok {
		return l.plan, &ledger{u: u, order: o, person: l.person}, nil
	}
	return u.fetch(ctx, o)
}

// fetch is load from the store.
func (u *User) fetch(ctx context.Context, o Order) (cutover.Switch, *ledger, error) {
	s, err := u.Switches.Switch(ctx, o.Switch)
	if err != nil {
		return s, nil, wrap(err, "switch %s", o.Switch)
	}
	p, err := u.People.Person(ctx, o.Person)
	if err != nil {
		return s, nil, wrap(err, "person %s", o.Person)
	}
	if _, held := s.Before[cutover.Routes]; held {
		p.Numbers = s.Before.Numbers()
	}
	if s.Accounts != (dualtone.Accounts{}) {
		p.Accounts = s.Accounts
	}
	u.recent.put(loaded{s, p.Person})
	return s, &ledger{u: u, order: o, person: p.Person}, nil
}

// waitFree waits until the person is free on both sides. After the wait it
// returns what still keeps them busy.
func (u *User) waitFree(ctx context.Context, p dualtone.Person, wait time.Duration) (string, error) {
	deadline := u.Now().Add(wait)
	for {
		busy, err := u.busy(ctx, p)
		if err != nil || busy == "" || !u.Now().Before(deadline) {
			return busy, err
		}
		if err := u.pause(ctx, busy); err != nil {
			return "", err
		}
	}
}

// pause waits until it is time to look again, telling the server that somebody
// still does.
func (u *User) pause(ctx context.Context, busy string) error {
	activity.RecordHeartbeat(ctx, busy)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(u.Drain.Poll):
		return nil
	}
}

// busy says what the person is busy with, on the old side first; empty if
// nothing.
func (u *User) busy(ctx context.Context, p dualtone.Person) (string, error) {
	for _, side := range []dualtone.Side{dualtone.Old, dualtone.New} {
		if busy, err := busyOn(ctx, u.platform(side), p.Accounts.On(side)); err != nil || busy != "" {
			return busy, err
		}
	}
	return "", nil
}

func busyOn(ctx context.Context, p *systems.Platform, user dualtone.UserID) (string, error) {
	if user == "" {
		return "", nil
	}
	presence, err := p.Presence.Presence(ctx, user)
	if err != nil || !presence.Busy() {
		return "", wrap(err, "presence of %s on %s", user, p.Name)
	}
	call := presence.Calls[0]
	return fmt.Sprintf("%s on %s", call.Activity, p.Name), nil
}
