package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rehearsal"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Outcomes holds rehearsals against what then came.
type Outcomes struct {
	Store      rollout.Store
	Rehearsals rehearsal.Store
	People     cutover.People
	Log        *CallLog
	Now        func() time.Time
}

// Outcome of the version of a plan that is in force; rehearsal.ErrNone where that was
// not rehearsed.
func (o *Outcomes) Outcome(ctx context.Context, name string) (*rehearsal.Outcome, error) {
	p, err := o.Store.Plan(ctx, name)
	if err != nil {
		return nil, err
	}
	kept, err := o.Rehearsals.Latest(ctx, plan.Hash(p.Hash))
	if errors.Is(err, dualtone.ErrNotFound) {
		return nil, fmt.Errorf("plan %s: %w", name, rehearsal.ErrNone)
	}
	if err != nil {
		return nil, err
	}
	log, err := o.Store.Transitions(ctx, rollout.TransitionQuery{Plan: name})
	if err != nil {
		return nil, err
	}
	c := rehearsal.Course{State: p.State}
	for _, t := range log {
		if t.Hash == p.Hash {
			c.Log = append(c.Log, t)
		}
	}
	if c.Tried, err = o.Rehearsals.Tried(ctx, name, p.Kept); err != nil {
		return nil, err
	}
	if c.AtRisk, err = o.atRisk(ctx, c.Tried); err != nil {
		return nil, err
	}
	if c.Asked, err = o.Store.Usage(ctx, name, p.Kept); err != nil {
		return nil, err
	}
	return kept.Hold(c, o.Now().UTC()), nil
}

// torn is a time in which CRM and route of a number disagreed.
type torn struct {
	stage    plan.StageID
	number   dualtone.Number
	from, to time.Time
}

// atRisk counts the calls that came to somebody while their call center and their
// route disagreed: the attempts at the border, and where nobody counts there what
// the systems recorded. It is nil where neither knows of any call.
func (o *Outcomes) atRisk(ctx context.Context, tried []rehearsal.Tried) (map[plan.StageID]int, error) {
	all, err := o.torn(ctx, tried)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	var counted map[plan.StageID]int
	for _, some := range together(all) {
		from, to := some[0].from, some[0].to
		for _, t := range some {
			to = latest(to, t.to)
		}
		calls, err := o.arrived(ctx, from, to)
		if err != nil {
			return nil, err
		}
		if calls == nil {
			continue
		}
		if counted == nil {
			counted = map[plan.StageID]int{}
		}
		for _, t := range some {
			counted[t.stage] += t.struck(calls[t.number])
		}
	}
	return counted, nil
}

// struck is how many of a number's calls came in the time.
func (t torn) struck(calls []time.Time) int {
	n := 0
	for _, at := range calls {
		if !at.Before(t.from) && !at.After(t.to) {
			n++
		}
	}
	return n
}

// torn are the times in which CRM and route disagreed, the earliest first.
func (o *Outcomes) torn(ctx context.Context, tried []rehearsal.Tried) ([]torn, error) {
	people, err := cutover.Everybody(ctx, o.People, cutover.PeopleQuery{})
	if err != nil {
		return nil, err
	}
	numbers := make(map[dualtone.PersonID][]dualtone.Number, len(people))
	for _, p := range people {
		numbers[p.ID] = p.Numbers
	}
	var all []torn
	for _, t := range tried {
		if t.CRM.IsZero() || t.Route.IsZero() {
			continue
		}
		from, to := t.CRM, t.Route
		if to.Before(from) {
			from, to = to, from
		}
		for _, n := range numbers[t.Person] {
			all = append(all, torn{t.Stage, n, from, to})
		}
	}
	slices.SortFunc(all, func(a, b torn) int { return cmp.Or(a.from.Compare(b.from), cmp.Compare(a.number, b.number)) })
	return all, nil
}

// together groups times that lie close to each other, so that the calls of many
// are looked for at once and those of the days between are not.
func together(all []torn) [][]torn {
	const near = time.Hour
	var groups [][]torn
	var last time.Time
	for _, t := range all {
		if len(groups) == 0 || t.from.Sub(last) > near {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], t)
		last = latest(last, t.to)
	}
	return groups
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// arrived are when calls came, by the number that was called; nil where nobody
// knows of any call, neither then nor in the hours around.
func (o *Outcomes) arrived(ctx context.Context, from, to time.Time) (map[dualtone.Number][]time.Time, error) {
	const around = 12 * time.Hour
	var calls map[dualtone.Number][]time.Time
	came := func(number dualtone.Number, at time.Time) {
		if calls == nil {
			calls = map[dualtone.Number][]time.Time{}
		}
		if !at.Before(from) && !at.After(to) && !slices.Contains(calls[number], at) {
			calls[number] = append(calls[number], at)
		}
	}
	for attempt, err := range o.Log.Border.Attempts(ctx, from.Add(-around), to.Add(around)) {
		if err != nil {
			return nil, err
		}
		came(attempt.Number, attempt.At)
	}
	if calls != nil {
		return calls, nil
	}
	for system := range o.Log.Sides {
		err := o.Log.each(ctx, calllog.LegQuery{System: system, From: from.Add(-around), To: to.Add(around)}, func(l *calllog.Leg) {
			came(l.Called.Number, l.Started)
		})
		if err != nil {
			return nil, err
		}
	}
	return calls, nil
}
