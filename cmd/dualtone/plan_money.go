package main

import (
	"context"
	"time"

	"github.com/dualtone/dualtone/control"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/report/press"
)

// standings work out how plans stand in money; what they found last is kept.
func (s *stores) standings() *cost.Standings {
	return &cost.Standings{Source: s.finance, Closings: s.finance}
}

// dayCosts tell what a day of a plan costs, as it was worked out last.
type dayCosts struct{ from control.Money }

// Day is that of a plan.
func (d dayCosts) Day(ctx context.Context, plan string) (rollout.DayCost, error) {
	m, err := d.from.Standing(ctx, plan)
	if err != nil {
		return rollout.DayCost{}, err
	}
	return rollout.DayCost{Waste: m.Day.Waste.Text(), Cash: m.Day.Cash.Text(), Currency: string(m.Day.Waste.Currency), Text: m.PerDay()}, nil
}

// costs makes finance's reports.
func (s *stores) costs(now func() time.Time) *press.Desk {
	return &press.Desk{Source: s.finance, Closings: s.finance, Now: now}
}

// perDay is what a hold costs a day, behind what the hold says.
func perDay(m *cost.Standing) string {
	if m == nil {
		return ""
	}
	return "; " + m.PerDay()
}

// moneyLines tell how a plan stands in money; nothing when nothing is known.
func moneyLines(t *table, v control.PlanView) {
	if v.MoneyUnknown != "" {
		t.line("what it costs cannot be told: %s", printable(v.MoneyUnknown))
	}
	m := v.Money
	if m == nil {
		return
	}
	text := "waste at completion, as of " + m.AsOf.String() + ": " + m.Waste.Grouped()
	if m.Budget != nil {
		text += " of a budget of " + m.Budget.Grouped()
	}
	t.line("%s; %s", text, m.PerDay())
	if m.Step != nil {
		t.line("NEXT STEP: %s", m.Step.Text)
	}
	for _, w := range m.Warnings {
		t.line("WARNING: %s", w.Text)
	}
}
