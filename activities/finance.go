package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/finance"
	"github.com/dualtone/dualtone/finance/contract"
	"github.com/dualtone/dualtone/finance/cost"
	"github.com/dualtone/dualtone/finance/sample"
	"github.com/dualtone/dualtone/systems"
)

// SampleFinanceName is the activity that samples what finance reports are made of.
const SampleFinanceName = "sample_finance"

// FinanceRecords is what is recorded of people and calls.
type FinanceRecords interface {
	// Sampled reads what is recorded of everybody with an account on either system,
	// with their place in a plan.
	Sampled(ctx context.Context, plan string) ([]sample.Person, error)
	// Hairpins reads the minutes of calls that a system sent on to another one, by the
	// days of a zone and the cost center of who took them there.
	Hairpins(ctx context.Context, span finance.Span, between sample.Between) ([]cost.Minutes, error)
}

// Sampler keeps the facts of finance: it folds what the workflows wrote, and asks
// platforms how many licenses are in use.
type Sampler struct {
	Records    FinanceRecords
	Keeper     cost.Keeper
	Plans      rollout.Plans
	Log        rollout.Log
	Versions   plan.Store
	Rehearsals rehearsal.Store
	// Platforms are those whose licenses are counted, by name.
	Platforms map[string]*systems.Platform
	// Licenses are what a person is given on the new system.
	Licenses []string
	// Standings tells how plans stand; News hears of what they want to be warned of, and
	// may be nil.
	Standings Standings
	News      rollout.News
	Now       func() time.Time
}

// SampledFinance is what a sampling kept.
type SampledFinance struct {
	Day     finance.Day   `json:"day"`
	Plans   []SampledPlan `json:"plans"`
	Figures cost.Kept     `json:"figures"`
	Minutes cost.Kept     `json:"minutes"`
	// Lacking are the platforms that were not asked, and why.
	Lacking map[string]string `json:"lacking,omitempty"`
}

// SampledPlan is what was kept of one plan.
type SampledPlan struct {
	Plan   string    `json:"plan"`
	People cost.Kept `json:"people"`
}

// Register makes a worker able to sample.
func (s *Sampler) Register(r registry) {
	r.RegisterActivityWithOptions(s.Sample, activity.RegisterOptions{Name: SampleFinanceName})
}

// lookBack is for how many days minutes are counted again, since records of calls
// come late; a sampling that was missed is made up for by it.
const lookBack = 62

// Sample samples today. It may be run again at any time: what is kept already is
// left alone, and what happened on days that were missed is read from what was
// recorded then.
func (s *Sampler) Sample(ctx context.Context) (SampledFinance, error) {
	stop := keepBeating(ctx)
	defer stop()
	done := SampledFinance{Day: finance.DayOf(s.Now().UTC()), Lacking: map[string]string{}}
	if err := s.figures(ctx, &done); err != nil {
		return done, err
	}
	plans, err := s.Plans.Plans(ctx, rollout.PlanQuery{})
	if err != nil {
		return done, err
	}
	between := sample.Between{Zone: "UTC"}
	for _, p := range plans {
		v, err := s.Versions.Version(ctx, p.Name, plan.Hash(p.Hash))
		if err != nil {
			return done, wrap(err, "plan %s", p.Name)
		}
		spec := &v.Document.Plan.Spec
		between = sample.Between{Old: spec.Systems.Old, New: spec.Systems.New, Zone: string(spec.Timezone)}
		kept, err := s.plan(ctx, &v, p)
		if err != nil {
			return done, wrap(err, "plan %s", p.Name)
		}
		done.Plans = append(done.Plans, SampledPlan{p.Name, kept})
	}
	span := finance.Span{From: done.Day - lookBack, To: done.Day - 1}
	minutes, err := s.Records.Hairpins(ctx, span, between)
	if err != nil {
		return done, err
	}
	if done.Minutes, err = s.Keeper.KeepMinutes(ctx, span, minutes); err != nil {
		return done, err
	}
	for _, p := range plans {
		if err := s.stand(ctx, p, done.Day); err != nil {
			return done, err
		}
	}
	return done, nil
}

// figures asks each platform how many licenses are in use. One that is away is
// asked again by the next attempt.
func (s *Sampler) figures(ctx context.Context, done *SampledFinance) error {
	var away error
	for _, name := range sortedNames(s.Platforms) {
		p := s.Platforms[name]
		if err := p.Need(systems.CanLicenses); err != nil {
			done.Lacking[name] = err.Error()
			continue
		}
		licenses, err := p.Licenses.Licenses(ctx)
		if err != nil {
			away = errors.Join(away, wrap(err, "licenses of %s", name))
			continue
		}
		var figures []cost.Figure
		for _, l := range licenses {
			figures = append(figures, cost.Figure{System: name, License: l.Name, Used: l.Used, Total: l.Total})
		}
		kept, err := s.Keeper.KeepFigures(ctx, name, done.Day, figures)
		if err != nil {
			return err
		}
		done.Figures = done.Figures.Add(kept)
	}
	return away
}

func sortedNames(all map[string]*systems.Platform) []string {
	var names []string
	for n := range all {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// plan keeps the facts of one plan's people.
func (s *Sampler) plan(ctx context.Context, v *plan.Version, p rollout.Plan) (cost.Kept, error) {
	people, err := s.Records.Sampled(ctx, p.Name)
	if err != nil {
		return cost.Kept{}, err
	}
	told := sample.Told{Hash: p.Hash, Book: bookOf(&v.Document), Licenses: s.Licenses, Today: finance.DayOf(s.Now().UTC()), Begins: map[string]time.Time{}}
	if told.Approved, err = s.approved(ctx, p); err != nil {
		return cost.Kept{}, err
	}
	rehearsed, err := s.Rehearsals.Latest(ctx, v.Hash)
	if err != nil && !errors.Is(err, dualtone.ErrNotFound) {
		return cost.Kept{}, err
	}
	for _, stage := range rehearsed.Report.Stages {
		told.Begins[string(stage.Stage)] = stage.Begins.P50
	}
	course, err := sample.CourseOf(&v.Document.Plan, told, people)
	if err != nil {
		return cost.Kept{}, err
	}
	users := make([]cost.User, len(people))
	for i := range people {
		users[i] = course.User(&people[i])
	}
	return s.Keeper.KeepPlan(ctx, course.Plan, users)
}

// bookOf is the name of the book of contracts beside a plan; empty for the only one
// there is.
func bookOf(d *plan.Document) string {
	f := d.Plan.Spec.Finance
	if f == nil || f.Contracts == "" {
		return ""
	}
	r := contract.Read(contract.Source{Name: f.Contracts, Text: []byte(d.Files[f.Contracts])})
	return r.Document.File.Metadata.Name
}

// approved is when a version of a plan was approved; zero for one that was not.
func (s *Sampler) approved(ctx context.Context, p rollout.Plan) (time.Time, error) {
	all, err := s.Log.Transitions(ctx, rollout.TransitionQuery{Plan: p.Name})
	if err != nil {
		return time.Time{}, fmt.Errorf("approval: %w", err)
	}
	var at time.Time
	for _, t := range all {
		if t.Stage == "" && t.To == rollout.Approved {
			at = t.At
		}
	}
	return at, nil
}
