package activities

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/dualtone/dualtone/cutover/rollout"
)

// Meter counts what a worker asks of the systems on behalf of plans. Counting costs
// nobody anything: the sums are stored now and then, so what a lost worker asked
// since then is in no sum.
type Meter struct {
	// Worker tells the sums of workers apart; no other has its name.
	Worker string
	Store  rollout.Usages
	Now    func() time.Time

	mu   sync.Mutex
	sums map[rollout.Usage]int // without their requests
}

// behalf is the stage of a plan for which something is asked; the plan as a whole
// if it names no stage.
type behalf struct{ plan, stage string }

type behalfKey struct{}

// acting is an activity's order that says on whose behalf it is carried out.
type acting interface{ behalf() behalf }

func (s StageRef) behalf() behalf { return behalf{s.Plan, s.Stage} }

func (p PlanRef) behalf() behalf { return behalf{plan: p.Plan} }

// behalf is the stage whose cohort the person is moved with, if it is one's.
func (o Order) behalf() behalf {
	plan, stage, ofStage := strings.Cut(o.Cohort, "/")
	if !ofStage {
		return behalf{}
	}
	return behalf{plan, stage}
}

// onBehalf says in the context of an activity for whom its order is carried out.
func onBehalf(ctx context.Context, order []any) context.Context {
	for _, o := range order {
		if a, ok := o.(acting); ok && a.behalf() != (behalf{}) {
			return context.WithValue(ctx, behalfKey{}, a.behalf())
		}
	}
	return ctx
}

// Asked counts a request to a system.
func (m *Meter) Asked(ctx context.Context, system string) {
	of, ok := ctx.Value(behalfKey{}).(behalf)
	if !ok {
		return
	}
	u := rollout.Usage{Plan: of.plan, Stage: of.stage, System: system, Hour: m.Now().UTC().Truncate(time.Hour)}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sums == nil {
		m.sums = map[rollout.Usage]int{}
	}
	m.sums[u]++
}

// Keep stores the sums, and forgets those of hours that are over.
func (m *Meter) Keep(ctx context.Context) error {
	hour := m.Now().UTC().Truncate(time.Hour)
	all := m.read()
	if len(all) == 0 {
		return nil
	}
	if err := m.Store.KeepUsage(ctx, m.Worker, all); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.sums, func(u rollout.Usage, _ int) bool { return u.Hour.Before(hour) })
	return nil
}

func (m *Meter) read() []rollout.Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]rollout.Usage, 0, len(m.sums))
	for u, n := range m.sums {
		u.Requests = n
		all = append(all, u)
	}
	return all
}
