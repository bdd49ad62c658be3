package workflows_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/cutover/plan"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/workflows"
)

// atATime is how many of a big plan's users are switched side by side.
const atATime = 200

// bigPlan is a plan of three waves with nightly windows, run to the end and
// rolled back: weeks in skipped time.
func bigPlan(tb testing.TB, people int) *hall {
	tb.Helper()
	specs := []rollout.Spec{wave("wave-1"), wave("wave-2", "wave-1"), wave("wave-3", "wave-2")}
	for i := range specs {
		specs[i].Limits = rollout.Rate{Concurrency: atATime, UsersPerMinute: 120}
		specs[i].Soak = plan.Week
	}
	h := newHall(tb, specs, people/10, people*3/10, people-people/10-people*3/10)
	h.open = nightly
	h.went = newTravels(people)
	h.counted = newHistories()
	h.fresh()
	return h
}

// travels is who went where, and how much memory is in use on the way: it keeps
// no more of a plan's people at its end than at its beginning.
type travels struct {
	people int
	times  map[dualtone.Side]map[dualtone.PersonID]int
	began  map[dualtone.Side]int
	// heap is what is alive each time another tenth of the people have begun.
	heap map[dualtone.Side][]uint64
}

func newTravels(people int) *travels {
	t := &travels{
		people: people, began: map[dualtone.Side]int{}, heap: map[dualtone.Side][]uint64{},
		times: map[dualtone.Side]map[dualtone.PersonID]int{dualtone.Old: make(map[dualtone.PersonID]int, people), dualtone.New: make(map[dualtone.PersonID]int, people)},
	}
	return t
}

func (t *travels) begin(who dualtone.PersonID, to dualtone.Side) {
	if t.began[to]%max(t.people/10, 1) == 0 {
		t.heap[to] = append(t.heap[to], aliveHeap())
	}
	t.began[to]++
	t.times[to][who]++
}

// once says who did not go somewhere exactly once.
func (t *travels) once(to dualtone.Side) error {
	if n := len(t.times[to]); n != t.people {
		return fmt.Errorf("%d of %d people went to the %s side", n, t.people, to)
	}
	for who, n := range t.times[to] {
		if n != 1 {
			return fmt.Errorf("%s went %d times to the %s side", who, n, to)
		}
	}
	return nil
}

// aliveHeap is what is alive after a collection.
func aliveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// play runs a big plan to the end and takes it back.
func (h *hall) play(tb testing.TB) {
	tb.Helper()
	var look func()
	look = func() {
		if h.stage(tb, "wave-3").State == rollout.Passed {
			h.must(tb, h.order(incident(rollout.Rollback)))
			return
		}
		h.after(11*time.Hour, look)
	}
	h.after(11*time.Hour, look)
	end := h.run(tb, h.start())
	if end.State != rollout.RolledBack {
		tb.Fatalf("the plan is %s, stages %v", end.State, end.Stages)
	}
	for _, side := range []dualtone.Side{dualtone.New, dualtone.Old} {
		must(tb, h.went.once(side))
	}
	for _, id := range []string{"wave-1", "wave-2", "wave-3"} {
		if users := h.stage(tb, id).Users; users[cutover.Restored] != users.Total() {
			tb.Errorf("the people of %s are %v", id, users)
		}
	}
	if h.most > atATime {
		tb.Errorf("%d were in flight at once, want at most %d", h.most, atATime)
	}
	// A server warns at 10,240 events or 10 MB.
	for kind, l := range h.counted.longest {
		if l.events > 10_000 || l.bytes > 10_000_000 {
			tb.Errorf("a history of %s has %d events and %d bytes", kind, l.events, l.bytes)
		}
	}
}

func TestAPlanOfThousandsRunsToTheEndAndBack(t *testing.T) {
	t.Parallel()
	bigPlan(t, 2000).play(t)
}

// BenchmarkPlan runs plans for weeks of skipped time and takes them back:
// `go test ./workflows -run '^$' -bench Plan/people=100000 -benchtime 1x`. It
// reports the longest histories, counted at worst, and the memory that is alive
// before anybody goes, and at the most and at the end of each way.
func BenchmarkPlan(b *testing.B) {
	for _, people := range []int{2000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("people=%d", people), func(b *testing.B) {
			for range b.N {
				h := bigPlan(b, people)
				start := h.env.Now()
				h.play(b)
				b.ReportMetric(h.env.Now().Sub(start).Hours()/24, "days")
				h.report(b)
			}
		})
	}
}

func (h *hall) report(b *testing.B) {
	b.Helper()
	for kind, name := range map[string]string{workflows.RunPlanName: "plan", workflows.RunStageName: "stage", workflows.MoveCohortName: "cohort"} {
		l := h.counted.longest[kind]
		b.ReportMetric(float64(h.counted.runs[kind]), name+"-runs")
		b.ReportMetric(float64(l.events), name+"-events")
		b.ReportMetric(float64(l.bytes), name+"-bytes")
	}
	for side, name := range map[dualtone.Side]string{dualtone.New: "forth", dualtone.Old: "back"} {
		for tenth, bytes := range h.went.heap[side] {
			if tenth == 0 || tenth == 1 || tenth == 5 || tenth == 9 {
				b.ReportMetric(float64(bytes)/1e6, fmt.Sprintf("MB-%s-%d%%", name, 10*tenth))
			}
		}
	}
}
