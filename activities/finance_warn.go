package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

// Standings tells how a plan stands in money on a day.
type Standings interface {
	Standing(ctx context.Context, plan string, asOf finance.Day) (cost.Standing, error)
}

// warn tells of what a plan wants to be warned of: once a week for as long as it is so.
// A plan whose costs cannot be told, since it has no contracts or they lack a rate, warns
// of nothing; its status says why.
func (s *Sampler) warn(ctx context.Context, p rollout.Plan, today finance.Day) error {
	if s.News == nil || !warns(p.State) {
		return nil
	}
	st, err := s.Standings.Standing(ctx, p.Name, today)
	switch {
	case errors.Is(err, dualtone.ErrNotFound), errors.Is(err, dualtone.ErrInvalid):
		activity.GetLogger(ctx).Warn("what a plan costs cannot be told", "plan", p.Name, "error", err)
		return nil
	case err != nil:
		return wrap(err, "what plan %s costs", p.Name)
	}
	for _, w := range st.Warnings {
		e := rollout.Event{Kind: rollout.Warned, Plan: p.Name, Hash: p.Hash, Why: w.Text, At: monday(today)}
		switch w.Kind {
		case cost.OverBudget:
			e.What, e.Next = "the forecast is over the budget", []string{"dualtone report forecast --plan " + p.Name}
		default:
			e.What, e.Next = "notice of contract "+string(w.Contract)+" is due by "+w.Day.String(), []string{"dualtone report notices --plan " + p.Name}
		}
		if err := s.News.Tell(ctx, e); err != nil {
			return wrap(err, "warning of plan %s", p.Name)
		}
	}
	return nil
}

// warns reports whether a plan in a state is one that somebody pays for: from its
// approval on, until everybody is back.
func warns(state rollout.State) bool {
	switch state {
	case rollout.Approved, rollout.Active, rollout.Completed, rollout.Aborting, rollout.RollingBack, rollout.Finalised:
		return true
	default:
		return false
	}
}

// monday is the first day of a day's week. Events of one week have it as their time, and
// so are told once.
func monday(d finance.Day) time.Time {
	t := d.Time()
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7)
}
