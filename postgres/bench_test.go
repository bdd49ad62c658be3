package postgres

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover"
	"github.com/dualtone/dualtone/routing"
)

// BenchmarkSwitch is what one switch asks of the database: the capture, ten
// calls to the journal and two flips of a route. It reports the bytes that a
// switch leaves behind, indexes included.
func BenchmarkSwitch(b *testing.B) {
	pool := peopled(b, 200)
	start := size(b, pool)
	var n atomic.Int64
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			benchSwitch(b, pool, i)
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "switches/s")
	end := size(b, pool)
	for i, name := range tables() {
		b.ReportMetric(float64(end[i]-start[i])/float64(b.N), "B/switch:"+name)
	}
}

func tables() []string {
	return []string{"switches", "journal", "routes", "route_revisions", "route_changes"}
}

func size(b *testing.B, pool *pgxpool.Pool) []int64 {
	b.Helper()
	var all []int64
	for _, name := range tables() {
		var n int64
		if err := pool.QueryRow(b.Context(), "SELECT pg_total_relation_size($1::text::regclass)", name).Scan(&n); err != nil {
			b.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

func benchSwitch(b *testing.B, pool *pgxpool.Pool, i int64) {
	b.Helper()
	s, r := NewSwitches(pool), NewRouter(pool)
	p := agent(int(i%200) + 1)
	w := planned(cutover.SwitchID(fmt.Sprintf("switch-%s/0192f0c8-7f1e-7c3a-9d53-%012d", p.ID, i)), p)
	w.Workflow, w.Run = "switch-"+string(p.ID), fmt.Sprintf("0192f0c8-7f1e-7c3a-9d53-%012d", i)
	if _, err := s.Keep(b.Context(), w); err != nil {
		b.Error(err)
	}
	at := func(e cutover.Entry, k int) cutover.Entry {
		e.At = noon().Add(time.Duration(k) * time.Millisecond)
		return e
	}
	for k := range 5 {
		a := w.Actions[k%2]
		e := cutover.Entry{Switch: w.ID, Person: p.ID, Kind: cutover.Intent, Action: k + 1, Step: a.Step, Facet: a.Facet, From: &a.From, To: &a.To, Attempt: 1, Provenance: w.Provenance}
		if err := s.Record(b.Context(), at(e, k)); err != nil {
			b.Error(err)
		}
		e.Kind, e.From, e.To = cutover.Wrote, nil, nil
		state := []cutover.State{cutover.Captured, cutover.Drained, cutover.Drained, cutover.Verifying, cutover.OnNew}[k]
		if err := s.Record(b.Context(), at(e, k), reached(w, state, time.Duration(k)*time.Millisecond)); err != nil {
			b.Error(err)
		}
	}
	number := dualtone.Number(fmt.Sprintf("+49%d", i))
	from := routing.Route{}
	for _, to := range []routing.Route{{Number: number, Sides: []dualtone.Side{dualtone.Old, dualtone.New}}, {Number: number, Sides: []dualtone.Side{dualtone.New, dualtone.Old}}} {
		if _, err := r.Apply(b.Context(), []routing.Change{{From: from, To: to}}, w.Provenance); err != nil {
			b.Error(err)
		}
		from = to
	}
}

// BenchmarkApply is the routing table's own pace, one revision a call.
func BenchmarkApply(b *testing.B) {
	r := NewRouter(newPool(b))
	var n atomic.Int64
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := r.Apply(b.Context(), []routing.Change{{To: route(int(n.Add(1)), dualtone.Old)}}, reason); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkPace is how many turns a second the database can give out.
func BenchmarkPace(b *testing.B) {
	p := NewPacer(newPool(b))
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := p.reserve(b.Context(), "pbx", Limit{PerSecond: 100000}); err != nil {
				b.Error(err)
			}
		}
	})
}
