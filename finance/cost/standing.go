package cost

import (
	"context"

	"github.com/dualtone/dualtone/finance"
)

// Standing is what people who run a plan see of its money.
type Standing struct {
	AsOf finance.Day `json:"as_of"`
	// Waste is at completion, of Budget.
	Waste  finance.Money  `json:"waste"`
	Budget *finance.Money `json:"budget,omitempty"`
	// Day is what one more day costs: what a hold costs a day.
	Day Point `json:"day"`
	// Step is the first delay within a week at which a contract goes on.
	Step     *Step     `json:"step,omitempty"`
	Warnings []Warning `json:"warnings,omitempty"`
	// Unknown says why nothing of it can be told.
	Unknown string `json:"unknown,omitempty"`
}

// ahead is how many days a standing looks for a step.
const ahead = 7

// Standings tells how plans stand.
type Standings struct {
	Source   Source
	Closings Closings
}

// Standing is that of a plan on a day; ErrNotFound for a plan of which nothing is
// known.
func (s *Standings) Standing(ctx context.Context, plan string, asOf finance.Day) (Standing, error) {
	q := Question{Plan: plan, AsOf: asOf}
	e, err := Load(ctx, s.Source, s.Closings, q)
	if err != nil {
		return Standing{}, err
	}
	out, err := e.Outlook(q)
	if err != nil {
		return Standing{}, err
	}
	delay, err := e.Delay(q, ahead)
	if err != nil {
		return Standing{}, err
	}
	st := Standing{AsOf: asOf, Waste: out.Waste.AtCompletion, Budget: out.Budget, Day: delay.NextDay, Warnings: out.Warnings}
	if len(delay.Steps) > 0 {
		st.Step = &delay.Steps[0]
	}
	return st, nil
}

// PerDay says what a day costs, for people.
func (s *Standing) PerDay() string { return s.Day.PerDay() }
