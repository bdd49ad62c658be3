package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Difference is one that the newest comparison of a stage found.
type Difference struct {
	Stage string    `json:"stage"`
	Gate  string    `json:"gate"`
	Found time.Time `json:"found"`
	rollout.Difference
}

// Open reports whether nothing explains it.
func (d *Difference) Open() bool { return d.Explanation == "" }

// Name names it among the differences of its plan, in the order in which they are
// listed.
func (d *Difference) Name() string { return d.Stage + " " + d.Gate + " " + d.Key }

// DifferenceQuery selects differences; empty fields select all.
type DifferenceQuery struct {
	Plan  string
	Stage string
	Gate  string
	Key   string
	// OpenOnly leaves out what is explained.
	OpenOnly bool
	// After is the name of the difference that was listed last, explained since or not.
	After string
}

// Differences lists what the newest comparisons of a plan's stages found, each with
// what explains it now. ErrInvalid for a place after which they do not find it any
// more.
func (p *Plans) Differences(ctx context.Context, q DifferenceQuery) ([]Difference, error) {
	kept, err := p.Store.Plan(ctx, q.Plan)
	if err != nil {
		return nil, err
	}
	stages, err := p.Store.Stages(ctx, q.Plan)
	if err != nil {
		return nil, err
	}
	said, err := p.Explanations.Explanations(ctx, q.Plan)
	if err != nil {
		return nil, err
	}
	var all []Difference
	for _, s := range stages {
		for _, diff := range []plan.Diff{plan.CallLog, plan.UserState} {
			gate := rollout.ReconcilePrefix + string(diff)
			if q.Stage != "" && q.Stage != s.ID || q.Gate != "" && q.Gate != gate && q.Gate != string(diff) {
				continue
			}
			found, err := p.Store.Readings(ctx, rollout.ReadingQuery{Plan: q.Plan, Stage: s.ID, Gate: gate, Since: kept.Kept, Last: 1})
			if err != nil {
				return nil, err
			}
			for i := range found {
				rollout.Explain(&found[i], said, p.Now())
				all = append(all, differencesOf(&found[i], q)...)
			}
		}
	}
	return q.page(all)
}

// page are the differences that come after a place, and are wanted.
func (q DifferenceQuery) page(all []Difference) ([]Difference, error) {
	if q.After != "" {
		at := slices.IndexFunc(all, func(d Difference) bool { return d.Name() == q.After })
		if at < 0 {
			return nil, fmt.Errorf("%q is no difference of plan %s, or none any more; begin anew: %w", q.After, q.Plan, dualtone.ErrInvalid)
		}
		all = all[at+1:]
	}
	if q.OpenOnly {
		all = slices.DeleteFunc(all, func(d Difference) bool { return !d.Open() })
	}
	return all, nil
}

func differencesOf(r *rollout.Reading, q DifferenceQuery) []Difference {
	var all []Difference
	for _, d := range r.Differences {
		if q.Key != "" && q.Key != d.Key {
			continue
		}
		all = append(all, Difference{Stage: r.Stage, Gate: r.Gate, Found: r.At, Difference: d})
	}
	return all
}

// Explanation is what somebody says of a difference.
type Explanation struct {
	DifferenceQuery

	Actor  string
	Role   rollout.Role
	Reason string
	// For is how long it is to be taken for granted; with Withdraw an earlier word
	// counts no more.
	For      plan.Duration
	Withdraw bool
	// DryRun says what would be kept, and keeps nothing.
	DryRun bool
}

// Explain keeps what somebody says of the one difference that is selected.
// ErrNotFound where there is none, ErrConflict where there are several.
func (p *Plans) Explain(ctx context.Context, x Explanation) (rollout.Explained, error) {
	found, err := p.Differences(ctx, x.DifferenceQuery)
	if err != nil {
		return rollout.Explained{}, err
	}
	switch len(found) {
	case 1:
	case 0:
		return rollout.Explained{}, fmt.Errorf("plan %s: its newest comparisons have no difference %q: %w", x.Plan, x.Key, dualtone.ErrNotFound)
	default:
		return rollout.Explained{}, fmt.Errorf("plan %s: %d differences are called %q, say of which stage and gate: %w", x.Plan, len(found), x.Key, dualtone.ErrConflict)
	}
	d := found[0]
	now := p.Now().UTC()
	e := rollout.Explained{
		Plan: x.Plan, Stage: d.Stage, Gate: d.Gate, Key: d.Key, Old: d.Old, New: d.New,
		Actor: x.Actor, Role: x.Role, Reason: x.Reason, At: now,
	}
	if !x.Withdraw {
		e.Until = now.Add(x.For.Time())
	}
	if err := e.Check(); err != nil || x.DryRun {
		return e, err
	}
	return e, p.Explanations.Explain(ctx, e)
}
