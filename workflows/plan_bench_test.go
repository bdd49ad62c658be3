package workflows_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
)

// bigPlan is a plan of three waves with nightly windows, run to the end and
// rolled back: weeks in skipped time.
func bigPlan(tb testing.TB, people int) *hall {
	tb.Helper()
	specs := []rollout.Spec{wave("wave-1"), wave("wave-2", "wave-1"), wave("wave-3", "wave-2")}
	for i := range specs {
		specs[i].Limits = rollout.Rate{Concurrency: 200, UsersPerMinute: 120}
		specs[i].Soak = plan.Week
	}
	h := newHall(tb, specs, people/10, people*3/10, people-people/10-people*3/10)
	h.open = nightly
	return h
}

// play runs a big plan to the end, takes it back, and returns the largest heap
// that was seen on the way.
func (h *hall) play(tb testing.TB, people int) (heap uint64) {
	tb.Helper()
	var look func()
	look = func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		heap = max(heap, m.HeapAlloc)
		switch h.stage(tb, "wave-3").State {
		case rollout.Passed:
			h.must(tb, h.order(incident(rollout.Rollback)))
		default:
			h.after(11*time.Hour, look)
		}
	}
	h.after(11*time.Hour, look)
	end := h.run(tb, h.start())
	if end.State != rollout.RolledBack {
		tb.Fatalf("the plan is %s, stages %v", end.State, end.Stages)
	}
	forth := 0
	for _, b := range h.began {
		if b.to == dualtone.New {
			forth++
		}
	}
	if forth != people || len(h.began) != 2*people {
		tb.Errorf("%d of %d people went forth, %d switches in all", forth, people, len(h.began))
	}
	for _, id := range []string{"wave-1", "wave-2", "wave-3"} {
		if users := h.stage(tb, id).Users; users[cutover.Restored] != users.Total() {
			tb.Errorf("the people of %s are %v", id, users)
		}
	}
	if h.most > 200 {
		tb.Errorf("%d were in flight at once, want at most 200", h.most)
	}
	return heap
}

func TestAPlanOfThousandsRunsToTheEndAndBack(t *testing.T) {
	t.Parallel()
	const people = 2000
	h := bigPlan(t, people)
	h.play(t, people)
}

// BenchmarkPlanOf100000 runs a plan of 100,000 people for weeks and takes it
// back: `go test ./workflows -run '^$' -bench PlanOf100000 -benchtime 1x`.
func BenchmarkPlanOf100000(b *testing.B) {
	const people = 100_000
	for range b.N {
		h := bigPlan(b, people)
		start := h.env.Now()
		heap := h.play(b, people)
		b.ReportMetric(float64(heap)/1e6, "MB-heap")
		b.ReportMetric(h.env.Now().Sub(start).Hours()/24, "days")
	}
}
