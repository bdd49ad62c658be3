package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dualtone/dualtone"
)

// Interval is the time that a row of a report is about.
type Interval string

// The intervals.
const (
	Whole    Interval = ""
	Day      Interval = "day"
	HalfHour Interval = "half_hour"
)

// Facet is what sums are kept by beside time and system. Each leg is in each
// facet once, under an empty key where it has no queue, site or agent.
type Facet int

// The facets. Their numbers are stored.
const (
	ByQueue Facet = 1
	BySite  Facet = 2
	ByAgent Facet = 3
)

// String names the facet as reports do.
func (f Facet) String() string {
	switch f {
	case ByQueue:
		return "queue"
	case BySite:
		return "site"
	case ByAgent:
		return "agent"
	default:
		return ""
	}
}

// Rollups are the sums that reports are made of.
type Rollups interface {
	// Sums returns what is summed up by interval, system and key, in no order, as
	// it was known at a time. ErrNotFound when so early a moment cannot be told
	// apart any more.
	Sums(ctx context.Context, ask Ask) (Answer, error)
}

// Ask says which sums are wanted.
type Ask struct {
	// Times are the starts of consecutive intervals and the end of the last, all
	// on quarter hours.
	Times []time.Time
	Facet Facet
	// Keys select queues, sites or agents; none for all.
	Keys []string
	// KnownAt is the time whose knowledge is asked for; zero for now.
	KnownAt time.Time
}

// Answer is what Rollups hold.
type Answer struct {
	// KnownAt is the time of the latest write that the sums hold. The same is
	// answered when it is asked for again at any time later.
	KnownAt time.Time
	Sums    []Sum
}

// Sum is what one system did in one interval.
type Sum struct {
	Interval int // of Ask.Times
	System   string
	Key      string
	Figures  *Figures // whose reader does not change them
	// Once says that they correct both sides together for calls that crossed
	// systems, see func Once, and are nothing that the system did.
	Once bool
}

// Query is what a report is asked.
type Query struct {
	// From and To are the first and the last day, in Zone.
	From, To Date
	Zone     *time.Location
	Interval Interval
	// Facet groups rows by queue, site or agent; 0 does not.
	Facet Facet
	// Only selects one queue, site or agent of the facet, by its name after Rename.
	Only string
	// Also are the other names by which systems call what Only selects.
	Also []string
	// Service is the wait within which an answer is in time, Short that up to
	// which an abandoned call is a short one; each is one of Edges, Short may be
	// 0 for none.
	Service, Short time.Duration
	KnownAt        time.Time
	// Sides says on which side each system is.
	Sides map[string]dualtone.Side
	// Rename, if given, makes one key of what the systems call by several: a
	// person's accounts, a queue's names.
	Rename func(system, key string) string
}

// Traffic is the figures of both systems side by side.
type Traffic struct {
	From     Date     `json:"from"`
	To       Date     `json:"to"`
	Zone     string   `json:"zone"`
	Interval Interval `json:"interval,omitempty"`
	By       string   `json:"by,omitempty"`
	Only     string   `json:"only,omitempty"`
	// Service and Short are in seconds.
	Service int `json:"service_seconds"`
	Short   int `json:"short_seconds"`
	// KnownAt is what to ask for to see the same again.
	KnownAt time.Time `json:"known_at"`
	Rows    []Row     `json:"rows"`
	Total   Row       `json:"total"`
	// Notes say what a reader must know of the figures.
	Notes []string `json:"notes,omitempty"`
	// Corrections are what became known of the period after it was closed.
	Corrections *Corrections `json:"corrections,omitempty"`
}

// Row is one interval and key.
type Row struct {
	Start time.Time `json:"start,omitzero"`
	Key   string    `json:"key,omitempty"`
	Old   Line      `json:"old"`
	New   Line      `json:"new"`
	// Both counts legs of either side, and of systems that are on neither; a call
	// that crossed systems once, as its customer experienced it.
	Both Line `json:"both"`
}

// sides are the sums of a row. Nearly always each is one that the rollups hold,
// and is not copied: a report has tens of thousands, of 400 bytes each.
type sides struct{ old, new, other sideSum }

type sideSum struct {
	*Figures

	own bool // and may be added to
}

func (s *sideSum) add(f *Figures) {
	switch {
	case s.Figures == nil:
		s.Figures = f
	case s.own:
		s.Add(f)
	default:
		sum := *s.Figures
		sum.Add(f)
		s.Figures, s.own = &sum, true
	}
}

func (s *sides) add(side dualtone.Side, f *Figures) {
	switch side {
	case dualtone.Old:
		s.old.add(f)
	case dualtone.New:
		s.new.add(f)
	default:
		s.other.add(f)
	}
}

// both is everything, put into scratch where it is of several; nil for nothing.
func (s *sides) both(scratch *Figures) *Figures {
	var sum *Figures
	for _, side := range []sideSum{s.old, s.new, s.other} {
		switch {
		case side.Figures == nil:
		case sum == nil:
			sum = side.Figures
		case sum == scratch:
			sum.Add(side.Figures)
		default:
			*scratch = *sum
			scratch.Add(side.Figures)
			sum = scratch
		}
	}
	return sum
}

// Make makes the report. ErrInvalid for a query that cannot be answered.
func Make(ctx context.Context, rollups Rollups, q Query) (Traffic, error) {
	if err := q.check(); err != nil {
		return Traffic{}, err
	}
	times, err := q.boundaries()
	if err != nil {
		return Traffic{}, err
	}
	ask := Ask{Times: times, Facet: cmp.Or(q.Facet, ByQueue), KnownAt: q.KnownAt}
	if q.Only != "" {
		ask.Keys = append([]string{q.Only}, q.Also...)
	}
	answer, err := rollups.Sums(ctx, ask)
	if err != nil {
		return Traffic{}, fmt.Errorf("traffic report: %w", err)
	}
	if len(q.Also) > 0 {
		// What one system calls so may be something else on the other.
		answer.Sums = slices.DeleteFunc(answer.Sums, func(s Sum) bool { return q.named(&s) != q.Only })
	}
	return q.traffic(times, answer), nil
}

func (q *Query) check() error {
	switch {
	case q.Zone == nil:
		return fmt.Errorf("report: no time zone: %w", dualtone.ErrInvalid)
	case q.To.Before(q.From):
		return fmt.Errorf("report: from %s is after to %s: %w", q.From, q.To, dualtone.ErrInvalid)
	case q.Only != "" && q.Facet == 0:
		return fmt.Errorf("report: only %q, but of what? Group by queue, site or agent: %w", q.Only, dualtone.ErrInvalid)
	}
	edges := Edges()
	if !slices.Contains(edges[:], q.Service) {
		return fmt.Errorf("service level within %s: sums are kept for %v: %w", q.Service, edges, dualtone.ErrInvalid)
	}
	if q.Short != 0 && !slices.Contains(edges[:], q.Short) {
		return fmt.Errorf("short abandons within %s: sums are kept for 0s and %v: %w", q.Short, edges, dualtone.ErrInvalid)
	}
	return nil
}

func (q *Query) traffic(times []time.Time, answer Answer) Traffic {
	t := Traffic{
		From: q.From, To: q.To, Zone: q.Zone.String(), Interval: q.Interval, By: q.Facet.String(), Only: q.Only,
		Service: int(q.Service.Seconds()), Short: int(q.Short.Seconds()), KnownAt: answer.KnownAt,
	}
	grid := q.grid(times, answer.Sums)
	var total sides
	var strangers []string
	var side dualtone.Side
	var column int
	for i := range answer.Sums {
		s := &answer.Sums[i]
		if i == 0 || !s.alike(&answer.Sums[i-1]) {
			var known bool
			side, known = q.Sides[s.System]
			switch {
			case s.Once:
				side = "" // of neither, and so of both alone
			case !known && !slices.Contains(strangers, s.System):
				strangers = append(strangers, s.System)
			}
			column = grid.index[q.named(s)]
		}
		grid.at(column, s.Interval).add(side, s.Figures)
		total.add(side, s.Figures)
	}
	t.Rows = make([]Row, len(grid.cells))
	var r rates
	n := 0
	for i := range grid.cells {
		row := &t.Rows[n] // in its place: a report has thousands, of 600 bytes each
		if !q.fill(row, &grid.cells[i], &r) {
			continue
		}
		n++
		row.Key = grid.keys[i%len(grid.keys)]
		if q.Interval != Whole {
			row.Start = times[i/len(grid.keys)]
		}
	}
	t.Rows = t.Rows[:n]
	q.fill(&t.Total, &total, &r)
	slices.Sort(strangers)
	for _, name := range strangers {
		t.Notes = append(t.Notes, fmt.Sprintf("system %s is on neither side: its calls are in both only", name))
	}
	return t
}

// grid holds the rows of a report in their order: for each interval, each key.
type grid struct {
	query *Query
	keys  []string
	index map[string]int
	cells []sides
}

func (q *Query) grid(times []time.Time, sums []Sum) *grid {
	g := &grid{query: q, index: map[string]int{}}
	for i := range sums {
		if i > 0 && sums[i].alike(&sums[i-1]) {
			continue
		}
		key := q.named(&sums[i])
		if _, met := g.index[key]; !met {
			g.index[key] = 0
			g.keys = append(g.keys, key)
		}
	}
	slices.Sort(g.keys)
	for i, key := range g.keys {
		g.index[key] = i
	}
	intervals := 1
	if q.Interval != Whole {
		intervals = len(times) - 1
	}
	g.cells = make([]sides, intervals*len(g.keys))
	return g
}

// named is what the row of a sum is called.
func (q *Query) named(s *Sum) string {
	switch {
	case q.Facet == 0:
		return ""
	case q.Rename != nil:
		return q.Rename(s.System, s.Key)
	default:
		return s.Key
	}
}

// at is the row of a key's interval.
func (g *grid) at(key, interval int) *sides {
	if g.query.Interval != Whole {
		key += interval * len(g.keys)
	}
	return &g.cells[key]
}

// alike reports whether two sums are of one system and key. Most that follow each
// other are.
func (s *Sum) alike(other *Sum) bool {
	return s.Key == other.Key && s.System == other.System && s.Once == other.Once
}

// fill fills an empty row and reports whether there is anything in it.
func (q *Query) fill(r *Row, s *sides, rates *rates) bool {
	var scratch Figures
	both := s.both(&scratch)
	if both == nil || *both == (Figures{}) {
		return false
	}
	q.line(&r.Old, s.old.Figures, rates)
	q.line(&r.New, s.new.Figures, rates)
	switch both { // where one side did everything, both is the same
	case s.old.Figures:
		r.Both = r.Old
	case s.new.Figures:
		r.Both = r.New
	default:
		q.line(&r.Both, both, rates)
	}
	return true
}
