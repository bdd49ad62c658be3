package sample

import (
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/cost"
)

// Told is what is known of a plan beside its file.
type Told struct {
	Hash string
	// Book is the book of its contracts.
	Book     string
	Approved time.Time
	// Begins is when each stage is planned to begin, as its rehearsal has it.
	Begins map[string]time.Time
	// Licenses are what a person is given on the new system.
	Licenses []string
	Today    finance.Day
}

// CourseOf is the course of a plan, of which these people are recorded. Stages that
// have people left and should have begun begin tomorrow, and all later ones are as
// much later as they are.
func CourseOf(p *plan.Plan, told Told, people []Person) (*Course, error) {
	zone, err := time.LoadLocation(string(p.Spec.Timezone))
	if err != nil {
		return nil, fmt.Errorf("plan %s: zone %s: %w", p.Metadata.Name, p.Spec.Timezone, dualtone.ErrInvalid)
	}
	c := &Course{Zone: zone, Planned: map[string]finance.Day{}, Expected: map[string]finance.Day{}}
	c.Plan = cost.Plan{
		Name: p.Metadata.Name, Hash: told.Hash, Book: told.Book, Approved: told.Approved, Licenses: told.Licenses,
		Old: p.Spec.Systems.Old, New: p.Spec.Systems.New, After: map[string]int{},
	}
	if err := c.money(p.Spec.Finance); err != nil {
		return nil, fmt.Errorf("plan %s: %w", p.Metadata.Name, err)
	}
	waiting := map[string]bool{}
	for i := range people {
		waiting[people[i].Stage] = waiting[people[i].Stage] || people[i].Waiting
	}
	late := finance.Day(0)
	for _, s := range p.Spec.Stages {
		id := string(s.ID)
		c.Plan.After[id] = kept(p.Spec.Finance, s)
		begins, known := told.Begins[id]
		if !known || !s.Kind.Switches() {
			continue
		}
		c.Planned[id] = c.day(begins)
		if waiting[id] {
			late = max(late, told.Today+1-c.Planned[id])
		}
	}
	for id, day := range c.Planned {
		c.Expected[id] = day + late
	}
	c.release(p.Spec.Finalise, late)
	return c, nil
}

// money is what the plan says of it.
func (c *Course) money(f *plan.Finance) error {
	if f == nil {
		return nil
	}
	c.Plan.Before = wholeDays(f.PlannedOverlap.BeforeSwitch)
	if b := f.Budget; b != nil {
		amount, err := finance.ParseExact(string(b.Amount))
		if err != nil {
			return fmt.Errorf("budget: %w", err)
		}
		c.Plan.Budget = &finance.Money{Amount: amount, Currency: finance.Currency(b.Currency)}
	}
	for _, w := range f.Warn {
		if w.ForecastOver != nil {
			share := finance.Fraction(int64(*w.ForecastOver), 100*int64(plan.OnePercent))
			c.Plan.WarnOver = &share
		}
		if w.DaysToNotice != nil {
			c.Plan.WarnNotice = w.DaysToNotice
		}
	}
	return nil
}

// kept is for how many days an old seat of a stage is meant to be kept: as long as
// the stage soaks when the plan says nothing else.
func kept(f *plan.Finance, s plan.Stage) int {
	if f != nil && !f.PlannedOverlap.AfterSwitch.Soak && f.PlannedOverlap.AfterSwitch.For > 0 {
		return wholeDays(f.PlannedOverlap.AfterSwitch.For)
	}
	return wholeDays(s.Soak)
}

// wholeDays counts a day that is begun.
func wholeDays(d plan.Duration) int { return int((d + plan.Day - 1) / plan.Day) }

// release is when the plan lets go of the old side.
func (c *Course) release(f *plan.Finalise, late finance.Day) {
	if f == nil {
		return
	}
	var last finance.Day
	for _, day := range c.Planned {
		last = max(last, day)
	}
	if last != 0 {
		c.Plan.PlannedRelease = last + finance.Day(wholeDays(f.NotBefore.AfterLastSwitch)) //nolint:gosec // days of a plan
		c.Plan.Release = c.Plan.PlannedRelease + late
	}
}
