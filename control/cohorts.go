package control

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Cohorts are who is in the stages of a plan, in numbers, and what is wrong with that.
type Cohorts struct {
	Plan string    `json:"plan"`
	Hash plan.Hash `json:"hash"`
	// Cohort stands for the people of all stages.
	Cohort plan.Hash     `json:"cohort_hash"`
	Stages []StageCohort `json:"stages"`
	// Nowhere is how many people on the old side no stage takes.
	Nowhere int          `json:"nowhere"`
	Splits  []plan.Split `json:"splits"`
	// Drift is who has left the stages since the plan was handed in, and who would join.
	Drift []plan.Drift `json:"drift"`
	// Faults are those of the plan by itself as well.
	Faults plan.Faults `json:"faults"`
}

// StageCohort is how many people are in a stage.
type StageCohort struct {
	Stage  plan.StageID `json:"stage"`
	Hash   plan.Hash    `json:"hash"`
	People int          `json:"people"`
	// Together are those of them who come along with somebody.
	Together int `json:"together"`
	// Left were selected and are not taken.
	Left int `json:"left"`
	// Frozen are how many there were when the plan was handed in; missing before.
	Frozen int `json:"frozen,omitempty"`
	// Members are the first of them, as many as were asked for.
	Members []StageMember `json:"members,omitempty"`
}

// StageMember is a person of a stage, or one who was selected and is left out.
type StageMember struct {
	// Position counts from 1 in the order in which they are switched.
	Position int               `json:"position"`
	Person   dualtone.PersonID `json:"person"`
	// Why they are in the stage, or left out.
	Why string `json:"why"`
	// With is for whose sake they come along.
	With dualtone.PersonID `json:"with,omitempty"`
	Risk int               `json:"risk"`
}

// Cohorts looks a plan up in the user list as it is now, which adds to what the
// reading found wrong. So many people of each stage are named. ErrInvalid for a plan
// that has faults by itself.
func (p *Plans) Cohorts(ctx context.Context, r *plan.Reading, named int) (Cohorts, error) {
	users, err := p.candidates(ctx)
	if err != nil {
		return Cohorts{}, err
	}
	found, err := r.Check(users)
	if err != nil {
		return Cohorts{}, err
	}
	c := Cohorts{
		Plan: r.Document.Plan.Metadata.Name, Hash: r.Document.Hash(), Nowhere: found.Nowhere,
		Splits: found.Splits, Drift: []plan.Drift{}, Faults: r.Faults,
	}
	c.Cohort = plan.CohortHash(found.Freeze(c.Hash, ""))
	frozen, err := p.Versions.Frozen(ctx, c.Hash)
	if err != nil {
		return c, err
	}
	if len(frozen) > 0 {
		since, err := r.Document.Since(frozen, users)
		if err != nil {
			return c, err
		}
		c.Drift = append(c.Drift, since.Drift...)
	}
	for i := range found.Stages {
		s := &found.Stages[i]
		stage := stageCohort(s, frozen)
		stage.Members = members(s.People[:min(named, len(s.People))])
		c.Stages = append(c.Stages, stage)
	}
	return c, nil
}

func stageCohort(s *plan.StagePeople, frozen []plan.Frozen) StageCohort {
	c := StageCohort{Stage: s.Stage, Hash: s.Hash, People: len(s.People), Left: len(s.Left)}
	for i := range s.People {
		if s.People[i].Why == plan.Together {
			c.Together++
		}
	}
	if i := slices.IndexFunc(frozen, func(f plan.Frozen) bool { return f.Stage == s.Stage }); i >= 0 {
		c.Frozen = len(frozen[i].People)
	}
	return c
}

// StageMembers lists the people of a stage by the user list as it is now, or those
// who were selected for it and are left out, from a position on.
func (p *Plans) StageMembers(ctx context.Context, d *plan.Document, stage plan.StageID, left bool, after, limit int) ([]StageMember, error) {
	users, err := p.candidates(ctx)
	if err != nil {
		return nil, err
	}
	found, err := d.Resolve(users)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(found.Stages, func(s plan.StagePeople) bool { return s.Stage == stage })
	if i < 0 {
		var there []string
		for _, s := range found.Stages {
			there = append(there, string(s.Stage))
		}
		return nil, fmt.Errorf("no stage %q with people; there are %s: %w", stage, strings.Join(there, ", "), dualtone.ErrInvalid)
	}
	all := []StageMember{}
	if left {
		for n, l := range found.Stages[i].Left {
			all = append(all, StageMember{Position: n + 1, Person: l.Person, Why: string(l.Because)})
		}
	} else {
		all = members(found.Stages[i].People)
	}
	all = all[min(max(after, 0), len(all)):]
	if limit > 0 {
		all = all[:min(limit, len(all))]
	}
	return all, nil
}

func members(placed []plan.Placed) []StageMember {
	all := make([]StageMember, len(placed))
	for n, m := range placed {
		all[n] = StageMember{Position: n + 1, Person: m.Person, Why: string(m.Why), With: m.With, Risk: m.Risk}
	}
	return all
}

// candidates are those whom a plan may take, as they are now.
func (p *Plans) candidates(ctx context.Context) ([]plan.User, error) {
	all, err := cutover.Everybody(ctx, p.People, cutover.PeopleQuery{})
	return rollout.Candidates(all), err
}
