package activities

import (
	"context"
	"sync"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Library reads the versions of plans and answers from their calendars. A
// version never changes, so it is read once.
type Library struct {
	Versions plan.Store
	Plans    rollout.Plans

	mu    sync.Mutex
	shelf map[string]*volume
}

// volume is a version of a plan that was read.
type volume struct {
	plan.Version

	mu        sync.Mutex
	calendars map[string]*plan.Calendar
}

// Spec returns what the workflows need to know of a version of a plan.
func (l *Library) Spec(ctx context.Context, name, hash string) (rollout.PlanSpec, error) {
	v, err := l.open(ctx, name, hash)
	if err != nil {
		return rollout.PlanSpec{}, err
	}
	kept, err := l.Plans.Plan(ctx, name)
	if err != nil {
		return rollout.PlanSpec{}, err
	}
	spec := rollout.PlanSpecOf(&v.Document.Plan, hash, kept.CohortHash, kept.Author)
	frozen, err := l.Versions.Frozen(ctx, plan.Hash(hash))
	if err != nil {
		return rollout.PlanSpec{}, err
	}
	for i := range spec.Stages {
		for _, f := range frozen {
			if string(f.Stage) == spec.Stages[i].Stage {
				spec.Stages[i].Cohort = string(f.Hash)
			}
		}
	}
	return spec, nil
}

func (l *Library) open(ctx context.Context, name, hash string) (*volume, error) {
	l.mu.Lock()
	v, ok := l.shelf[name+"@"+hash]
	l.mu.Unlock()
	if ok {
		return v, nil
	}
	read, err := l.Versions.Version(ctx, name, plan.Hash(hash))
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shelf == nil {
		l.shelf = map[string]*volume{}
	}
	v = &volume{Version: read, calendars: map[string]*plan.Calendar{}}
	l.shelf[name+"@"+hash] = v
	return v, nil
}

func (v *volume) calendar(stage string) (*plan.Calendar, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if c, ok := v.calendars[stage]; ok {
		return c, nil
	}
	c, err := v.Document.Calendar(plan.StageID(stage))
	if err == nil {
		v.calendars[stage] = c
	}
	return c, err
}

// Opening says whether somebody at one of the sites may be switched at a moment.
// It ends when the next site opens or closes, so that nobody waits for others.
func (l *Library) Opening(ctx context.Context, name, hash, stage string, sites []string, at time.Time, granted ...plan.Grant) (rollout.Opening, error) {
	v, err := l.open(ctx, name, hash)
	if err != nil {
		return rollout.Opening{}, err
	}
	c, err := v.calendar(stage)
	if err != nil {
		return rollout.Opening{}, err
	}
	if !c.Sited() {
		sites = []string{""}
	}
	var o rollout.Opening
	var closed string
	for _, site := range sites {
		zone := v.zone(site, c)
		now := c.Open(at, zone, granted...)
		if now.Open {
			o.Open, o.Why = true, "window "+now.Window+" is open"
			if closes, ever := c.Closes(at, zone, granted...); ever {
				o.Until = sooner(o.Until, closes)
			}
			continue
		}
		closed = words(now)
		if next, ok := c.NextOpen(at, zone); ok {
			o.Next = sooner(o.Next, next)
		}
	}
	if o.Open {
		o.Until, o.Next = sooner(o.Until, o.Next), time.Time{}
		return o, nil
	}
	o.Why = closed
	if len(sites) == 0 {
		o.Open, o.Why = true, "nobody is left"
	}
	return o, nil
}

func words(o plan.Opening) string {
	if o.Blackout == "" {
		return o.Reason
	}
	text := "blackout " + o.Blackout
	if o.Reason != "" {
		text += ": " + o.Reason
	}
	return text
}

// sooner is the first of two moments, those that are not left out.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// zone is that of a site; nil where it is not known and matters.
func (v *volume) zone(site string, c *plan.Calendar) *time.Location {
	if !c.Sited() {
		return time.UTC
	}
	return location(string(v.Document.Plan.Spec.Calendars.Sites[site]))
}

func location(name string) *time.Location {
	if name == "" {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return zone
}

// OpenFor says whether a person may be switched at a moment.
func (l *Library) OpenFor(ctx context.Context, name, hash, stage string, who dualtone.Person, at time.Time, granted ...plan.Grant) (bool, error) {
	v, err := l.open(ctx, name, hash)
	if err != nil {
		return false, err
	}
	c, err := v.calendar(stage)
	if err != nil {
		return false, err
	}
	zone := v.zone(who.Site, c)
	if own := who.Attributes.First(dualtone.AttributeTimezone); own != "" && c.Sited() {
		zone = location(own)
	}
	return c.Open(at, zone, granted...).Open, nil
}
