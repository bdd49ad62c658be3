package edge

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/dualtone/dualtone/routing"
)

// Measures counts what one server answers. Counting costs a few nanoseconds and
// never waits.
type Measures struct {
	edge      string
	decider   routing.Decider
	answers   [outcomes]atomic.Uint64
	durations [buckets + 1]atomic.Uint64
	sum       atomic.Int64

	current atomic.Pointer[revision]
	mu      sync.Mutex
	kept    []*revision
}

type revision struct {
	revision routing.Revision
	answers  atomic.Uint64
}

// keptRevisions is how many revisions have a count of their own.
const keptRevisions = 4

const buckets = 12

// bounds are the upper ends of the latency buckets.
func bounds() [buckets]time.Duration {
	return [buckets]time.Duration{
		10 * time.Microsecond, 25 * time.Microsecond, 50 * time.Microsecond,
		100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
		time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
		10 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
	}
}

// NewMeasures measures the server of a name that answers from a decider.
func NewMeasures(edge string, decider routing.Decider) *Measures {
	return &Measures{edge: edge, decider: decider}
}

// Answered counts an answer and how long it took from the request's arrival.
func (m *Measures) Answered(o Outcome, took time.Duration) {
	m.answers[o].Add(1)
	all := bounds()
	i := 0
	for i < buckets && took > all[i] {
		i++
	}
	m.durations[i].Add(1)
	m.sum.Add(int64(took))
}

// Count counts what was not answered.
func (m *Measures) Count(o Outcome) { m.answers[o].Add(1) }

// Counted returns how often an outcome was counted.
func (m *Measures) Counted(o Outcome) uint64 { return m.answers[o].Load() }

// From counts an answer for the revision that it was made from.
func (m *Measures) From(r routing.Revision) {
	now := m.current.Load()
	if now == nil || now.revision != r {
		now = m.turn(r)
	}
	now.answers.Add(1)
}

// turn begins the count of a revision, or takes up the one that it has.
func (m *Measures) turn(r routing.Revision) *revision {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.kept {
		if k.revision == r {
			m.current.Store(k)
			return k
		}
	}
	next := &revision{revision: r}
	m.kept = append(m.kept, next)
	if len(m.kept) > keptRevisions {
		m.kept = m.kept[1:]
	}
	m.current.Store(next)
	return next
}

var _ prometheus.Collector = (*Measures)(nil)

// Describe sends nothing: what there is to collect depends on the revisions.
func (m *Measures) Describe(chan<- *prometheus.Desc) {}

// Collect sends the counts of answers, their latency and the table's age.
func (m *Measures) Collect(out chan<- prometheus.Metric) {
	label := prometheus.Labels{"edge": m.edge}
	answers := prometheus.NewDesc("dualtone_edge_answers_total", "Answers by result.", []string{"result"}, label)
	for o := range outcomes {
		out <- prometheus.MustNewConstMetric(answers, prometheus.CounterValue, float64(m.answers[o].Load()), o.String())
	}
	by := prometheus.NewDesc("dualtone_edge_revision_answers_total", "Decisions by the table's revision, the last few of them.", []string{"revision"}, label)
	m.mu.Lock()
	for _, k := range m.kept {
		out <- prometheus.MustNewConstMetric(by, prometheus.CounterValue, float64(k.answers.Load()), strconv.FormatInt(int64(k.revision), 10))
	}
	m.mu.Unlock()
	out <- m.latency(label)
	gauge := func(name, help string, value float64) {
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, nil, label), prometheus.GaugeValue, value)
	}
	gauge("dualtone_edge_revision", "Revision of the table that answers are made from; 0 for none.", float64(m.decider.Revision()))
	gauge("dualtone_edge_table_age_seconds", "How long ago the table was last known to be the active one.", m.decider.Age(time.Now()).Seconds())
}

func (m *Measures) latency(label prometheus.Labels) prometheus.Metric {
	desc := prometheus.NewDesc("dualtone_edge_answer_seconds", "From a request's arrival to its answer.", nil, label)
	cumulative := map[float64]uint64{}
	var n uint64
	for i, bound := range bounds() {
		n += m.durations[i].Load()
		cumulative[bound.Seconds()] = n
	}
	n += m.durations[buckets].Load()
	return prometheus.MustNewConstHistogram(desc, n, time.Duration(m.sum.Load()).Seconds(), cumulative)
}
