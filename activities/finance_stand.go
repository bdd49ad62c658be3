package activities

import (
	"context"
	"errors"
	"fmt"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

// Standings tells how a plan stands in money on a day.
type Standings interface {
	Standing(ctx context.Context, plan string, asOf finance.Day) (cost.Standing, error)
}

// stand keeps how a plan stands in money, and tells of what it wants to be warned of:
// once a week for as long as it is so. A plan without contracts stands nowhere.
func (s *Sampler) stand(ctx context.Context, p rollout.Plan, today finance.Day) error {
	st, err := s.Standings.Standing(ctx, p.Name, today)
	switch {
	case errors.Is(err, dualtone.ErrNotFound):
		return nil
	case errors.Is(err, dualtone.ErrInvalid): // Such as a rate of exchange that lacks; the next sampling may know it.
		st = cost.Standing{AsOf: today, Unknown: err.Error()}
	case err != nil:
		return wrap(err, "what plan %s costs", p.Name)
	}
	if err := s.Keeper.KeepStanding(ctx, p.Name, st); err != nil {
		return err
	}
	if s.News == nil || !warns(p.State) {
		return nil
	}
	for _, w := range st.Warnings {
		e := rollout.Event{Kind: rollout.Warned, Plan: p.Name, Hash: p.Hash, Why: w.Text, At: s.Now(), Once: monday(today).String()}
		switch w.Kind {
		case cost.OverBudget:
			e.What, e.Next = "is forecast to be over its budget", []string{"dualtone report forecast --plan " + p.Name}
		default:
			e.What = fmt.Sprintf("has until %s to give notice of contract %s", w.Day, w.Contract)
			e.Next = []string{"dualtone report notices --plan " + p.Name}
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

// monday is the first day of a day's week.
func monday(d finance.Day) finance.Day {
	return d - finance.Day((d.Time().Weekday()+6)%7)
}
