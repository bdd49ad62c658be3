package rehearsal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// Request is what to rehearse.
type Request struct {
	Document   *plan.Document
	Resolution *plan.Resolution
	// Zones are the zones of the people's sites, where a window follows them.
	Zones map[dualtone.PersonID]*time.Location
	Model *Model
	// Start is when the plan would be started.
	Start time.Time
	// Plays is how often the plan is played, Seed decides all of them.
	Plays int
	Seed  uint64
	// Progress hears after each play how many are done; it may be nil.
	Progress func(done int)
}

// rehearsal is what all plays of a plan share.
type rehearsal struct {
	model    *Model
	zone     *time.Location // of the traffic
	cast     []cast
	slots    int
	pace     time.Duration // between two starts
	daily    int           // users in 24 hours; less than 0 for any number
	drain    time.Duration
	stopWhen rollout.StopWhen
}

// cast is a stage with its people: the places of those of each zone in the
// order of the stage.
type cast struct {
	stage    plan.Stage
	people   int
	queues   [][]int
	openings []*openings // by zone, as the queues are
}

// Run rehearses a plan. ErrInvalid when the model or the calendar is not whole.
func Run(ctx context.Context, r Request) (*Report, error) {
	shared, err := prepare(r)
	if err != nil {
		return nil, err
	}
	courses := make([]course, 0, r.Plays)
	for i := range r.Plays {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p := player{
			rehearsal: shared, chance: rand.New(rand.NewPCG(r.Seed, uint64(i))), //nolint:gosec // A play repeats by its seed.
			course: course{asked: map[string]map[int64]float64{}},
		}
		courses = append(courses, p.plays(r.Start))
		if r.Progress != nil {
			r.Progress(i + 1)
		}
	}
	return shared.report(r, courses), nil
}

func prepare(r Request) (*rehearsal, error) {
	if r.Plays < 1 {
		return nil, fmt.Errorf("rehearsal: %d plays, want at least one: %w", r.Plays, dualtone.ErrInvalid)
	}
	if err := r.Model.Check(); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(r.Model.Traffic.Zone)
	if err != nil {
		return nil, fmt.Errorf("rehearsal: %w: %w", err, dualtone.ErrInvalid)
	}
	spec := &r.Document.Plan.Spec
	shared := &rehearsal{
		model: r.Model, zone: zone, slots: max(spec.Limits.Concurrency, 1), pace: r.Model.gap(), daily: r.Model.daily(),
		drain: drainOf(spec.Gates), stopWhen: rollout.StopWhenOf(spec.Limits),
	}
	if rate := spec.Limits.Rate.UsersPerMinute; rate > 0 {
		shared.pace = max(shared.pace, time.Minute/time.Duration(rate))
	}
	people := map[plan.StageID][]plan.Placed{}
	for _, s := range r.Resolution.Stages {
		people[s.Stage] = s.People
	}
	for _, s := range spec.Stages {
		c, err := castOf(r, s, people[s.ID])
		if err != nil {
			return nil, err
		}
		shared.cast = append(shared.cast, c)
	}
	return shared, nil
}

// defaultDrain is how long a call is waited for where the plan does not say.
const defaultDrain = 20 * time.Minute

func drainOf(g plan.Gates) time.Duration {
	for _, check := range g.Precheck {
		if check.Check == plan.NotOnCallAndWrapped && check.Wait > 0 {
			return check.Wait.Time()
		}
	}
	return defaultDrain
}

func castOf(r Request, s plan.Stage, people []plan.Placed) (cast, error) {
	c := cast{stage: s, people: len(people)}
	if !s.Kind.Switches() {
		return c, nil
	}
	calendar, err := r.Document.Calendar(s.ID)
	if err != nil {
		return cast{}, err
	}
	queue := map[zoneKey]int{}
	for place, who := range people {
		zone := r.Zones[who.Person]
		if !calendar.Sited() {
			zone = time.UTC
		}
		key := zoneKey{zone != nil, zone.String()}
		z, ok := queue[key]
		if !ok {
			z = len(c.queues)
			queue[key] = z
			c.queues = append(c.queues, nil)
			c.openings = append(c.openings, newOpenings(calendar, zone, r.Start))
		}
		c.queues[z] = append(c.queues[z], place)
	}
	return c, nil
}

// zoneKey tells a zone that is not known from UTC.
type zoneKey struct {
	known bool
	name  string
}
