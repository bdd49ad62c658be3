package activities

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/activity"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
	"github.com/dualtone/dualtone/systems"
)

// numbered is an action with its number in the switch's plan, from 1; a write
// that takes an action back carries a negative one.
type numbered struct {
	cutover.Action
	number int
}

func number(actions []cutover.Action, from int) []numbered {
	all := make([]numbered, len(actions))
	for i, a := range actions {
		all[i] = numbered{Action: a, number: from + i}
	}
	return all
}

// ledger makes writes and keeps the journal beside them: the intent before each
// write, its outcome after. An outcome is stored together with the intent of
// the next write, so that whatever came before a write is known to the one who
// retries it.
type ledger struct {
	u       *User
	order   Order
	person  dualtone.Person
	pending []cutover.Entry
}

// skipWritten leaves out the actions that an earlier attempt is known to have
// completed.
func (l *ledger) skipWritten(ctx context.Context, actions []numbered) ([]numbered, error) {
	if activity.GetInfo(ctx).Attempt <= 1 {
		return actions, nil
	}
	entries, err := l.u.Switches.Journal(ctx, cutover.JournalQuery{Switch: l.order.Switch, Kind: cutover.Wrote})
	if err != nil {
		return nil, err
	}
	done := map[int]bool{}
	for _, e := range entries {
		done[e.Action] = true
	}
	var left []numbered
	for _, a := range actions {
		if !done[a.number] {
			left = append(left, a)
		}
	}
	return left, nil
}

// write makes one write. Its outcome is pending until flush or the next write.
func (l *ledger) write(ctx context.Context, a numbered) error {
	intent := l.entry(ctx, cutover.Intent, a)
	var told string
	var err error
	if a.Facet == cutover.Routes && l.u.Flips != nil {
		told, err = l.flip(ctx, a, intent)
	} else {
		if err := l.flush(ctx, intent); err != nil {
			return err
		}
		told, err = l.u.set(ctx, l.order, l.person, a.Action)
	}
	outcome := l.entry(ctx, outcomeKind(err), a)
	outcome.Text = told
	if err != nil {
		outcome.Text = err.Error()
		// The switch may end here, so what happened is stored at once; should
		// that fail too, the write's own error is the one that matters.
		return errors.Join(err, l.flush(context.WithoutCancel(ctx), outcome))
	}
	l.pending = append(l.pending, outcome)
	return nil
}

// flip changes routes and stores in one go with them what is pending and the
// intent. After an error these stay pending: stored twice, they are there once.
func (l *ledger) flip(ctx context.Context, a numbered, intent cutover.Entry) (string, error) {
	l.pending = append(l.pending, intent)
	revision, err := l.u.Flips.Flip(ctx, l.pending, routeChanges(a.Action), l.order.provenance(ctx))
	if err != nil {
		return "", wrap(err, "routes of %s", l.person.ID)
	}
	l.pending = nil
	return l.u.confirm(ctx, revision), nil
}

func (l *ledger) entry(ctx context.Context, kind cutover.EntryKind, a numbered) cutover.Entry {
	e := l.u.entry(ctx, l.order, kind)
	e.Action, e.Step, e.Facet, e.From, e.To = a.number, a.Step, a.Facet, &a.From, &a.To
	return e
}

// flush stores what is pending and the entries given.
func (l *ledger) flush(ctx context.Context, entries ...cutover.Entry) error {
	entries = append(l.pending, entries...)
	if len(entries) == 0 {
		return nil
	}
	if err := l.u.Switches.Record(ctx, entries...); err != nil {
		return err
	}
	l.pending = nil
	return nil
}

// outcomeKind says what an error tells of a write. Only where it may have been
// made all the same is its answer lost.
func outcomeKind(err error) cutover.EntryKind {
	switch dualtone.Kind(err) {
	case "":
		return cutover.Wrote
	case "conflict":
		return cutover.Conflict
	case "unknown", "internal":
		return cutover.Lost
	default:
		return cutover.Erred
	}
}

// set carries out one action by compare-and-set, and says what is worth knowing
// of it.
func (u *User) set(ctx context.Context, o Order, p dualtone.Person, a cutover.Action) (string, error) {
	switch a.Facet {
	case cutover.Softphone:
		change := systems.SoftphoneChange{User: p.Accounts.CRM, From: *a.From.Softphone, To: *a.To.Softphone}
		return "", wrap(u.CRM.Softphones.SetSoftphones(ctx, []systems.SoftphoneChange{change})[0], "softphone of %s", p.ID)
	case cutover.Routes:
		revision, err := u.Router.Apply(ctx, routeChanges(a), o.provenance(ctx))
		if err != nil {
			return "", wrap(err, "routes of %s", p.ID)
		}
		return u.confirm(ctx, revision), nil
	default:
		return "", wrap(u.setOn(ctx, p, a), "%s of %s", a.Facet, p.ID)
	}
}

// confirm waits until the edges serve a revision. What comes next in a switch
// counts on it: whether somebody has a call is asked when no edge sends calls by
// the route before. An edge that lags is told of and does not hold up the switch;
// its SBCs route by what they know.
func (u *User) confirm(ctx context.Context, revision routing.Revision) string {
	if u.Edges == nil {
		return ""
	}
	c, err := u.Edges.Confirm(ctx, revision)
	if err != nil {
		return fmt.Sprintf("not known whether the edges serve revision %d: %s", revision, err)
	}
	if len(c.Lagging) > 0 && activity.IsActivity(ctx) {
		activity.GetLogger(ctx).Warn("edges lag", "revision", revision, "detail", c.String())
	}
	return c.String()
}

func routeChanges(a cutover.Action) []routing.Change {
	changes := make([]routing.Change, len(a.To.Routes))
	for i, to := range a.To.Routes {
		changes[i] = routing.Change{From: a.From.Routes[i], To: to}
	}
	return changes
}

func (u *User) setOn(ctx context.Context, p dualtone.Person, a cutover.Action) error {
	side, _ := a.Facet.Side()
	platform, user := u.platform(side), p.Accounts.On(side)
	switch {
	case a.To.Seat != nil:
		return platform.Provisioning.SetSeat(ctx, user, *a.From.Seat, *a.To.Seat)
	case a.To.Forward != nil:
		return platform.Forwarding.SetForward(ctx, user, *a.From.Forward, *a.To.Forward)
	case a.To.Offering != nil:
		return platform.Queues.SetOffering(ctx, user, *a.From.Offering, *a.To.Offering)
	default:
		return fmt.Errorf("an action on %s without a value: %w", a.Facet, dualtone.ErrInvalid)
	}
}

func (u *User) platform(side dualtone.Side) *systems.Platform {
	if side == dualtone.Old {
		return u.Old
	}
	return u.New
}
