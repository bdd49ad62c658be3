package stitch_test

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/dualtone/dualtone/calllog"
	"github.com/dualtone/dualtone/calllog/stitch"
)

// memory is a log that forgets when the test ends. What a leg belongs to is kept
// twice over, as calls and as changes, so that the one can be held against the
// other.
type memory struct {
	traces  []calllog.Trace // by start
	marked  map[time.Time]bool
	calls   map[calllog.CallID]calllog.Call
	open    map[calllog.LegID]calllog.Ambiguity
	rulings []calllog.Ruling
	clocks  map[time.Time][]calllog.Clock
	changes []calllog.Change
	put     int
}

func newMemory() *memory {
	return &memory{
		marked: map[time.Time]bool{}, calls: map[calllog.CallID]calllog.Call{},
		open: map[calllog.LegID]calllog.Ambiguity{}, clocks: map[time.Time][]calllog.Clock{},
	}
}

// write keeps legs, each instead of its earlier version.
func (m *memory) write(legs ...calllog.Trace) {
	newer := map[calllog.LegID]calllog.Trace{}
	for _, l := range legs {
		newer[l.LegID] = l
		m.mark(l.Started)
	}
	m.traces = slices.DeleteFunc(m.traces, func(t calllog.Trace) bool {
		_, superseded := newer[t.LegID]
		if superseded {
			m.mark(t.Started)
		}
		return superseded
	})
	for _, l := range newer {
		m.traces = append(m.traces, l)
	}
	slices.SortFunc(m.traces, func(a, b calllog.Trace) int {
		return cmp.Or(a.Started.Compare(b.Started), a.LegID.Compare(b.LegID))
	})
}

func (m *memory) mark(at time.Time) {
	for _, day := range calllog.StitchDays(at) {
		m.marked[day] = true
	}
}

func (m *memory) rule(r calllog.Ruling) {
	m.rulings = append(m.rulings, r)
	m.mark(r.Started)
}

func (m *memory) Unstitched(_ context.Context, since time.Time) ([]time.Time, error) {
	var days []time.Time
	for day := range m.marked {
		if !day.Before(since) {
			days = append(days, day)
		}
	}
	slices.SortFunc(days, time.Time.Compare)
	return days, nil
}

func (m *memory) Stitch(ctx context.Context, day time.Time, decide func(context.Context, calllog.Evidence) (calllog.Decision, error)) error {
	d, err := decide(ctx, m)
	if err != nil {
		return err
	}
	delete(m.marked, day)
	for _, id := range d.Drop {
		delete(m.calls, id)
	}
	for _, c := range d.Put {
		m.calls[c.ID] = c
		m.put++
	}
	for _, leg := range d.Closed {
		if m.open[leg.LegID].Started.Equal(leg.Started) {
			delete(m.open, leg.LegID)
		}
	}
	for _, a := range d.Open {
		m.open[a.Leg] = a
	}
	m.clocks[day] = d.Clocks
	m.changes = append(m.changes, d.Changes...)
	return nil
}

func (m *memory) Traces(_ context.Context, from, to time.Time) ([]calllog.Trace, error) {
	var all []calllog.Trace
	for _, t := range m.traces {
		if t.Started.Before(to) && (!t.Started.Before(from) || t.Ended.After(from) && t.Started.After(from.Add(-12*time.Hour))) {
			all = append(all, t)
		}
	}
	return all, nil
}

func (m *memory) Decided(_ context.Context, from, to time.Time) (calllog.Decided, error) {
	var d calllog.Decided
	in := func(t time.Time) bool { return !t.Before(from) && t.Before(to) }
	for _, c := range m.sorted() {
		if slices.ContainsFunc(c.Members, func(m calllog.Member) bool { return in(m.Started) }) {
			d.Calls = append(d.Calls, c)
		}
	}
	for _, a := range m.open {
		if in(a.Started) {
			d.Ambiguous = append(d.Ambiguous, a)
		}
	}
	for _, r := range m.rulings {
		if in(r.Started) {
			d.Rulings = append(d.Rulings, r)
		}
	}
	return d, nil
}

func (m *memory) Clocks(_ context.Context, from, to time.Time) ([]calllog.Clock, error) {
	var all []calllog.Clock
	for day, c := range m.clocks {
		if !day.Before(from) && day.Before(to) {
			all = append(all, c...)
		}
	}
	return all, nil
}

// sorted are the calls by their start.
func (m *memory) sorted() []calllog.Call {
	all := make([]calllog.Call, 0, len(m.calls))
	for _, c := range m.calls {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b calllog.Call) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

func (m *memory) ambiguous() []calllog.Ambiguity {
	all := make([]calllog.Ambiguity, 0, len(m.open))
	for _, a := range m.open {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b calllog.Ambiguity) int {
		return cmp.Or(a.Started.Compare(b.Started), a.Leg.Compare(b.Leg))
	})
	return all
}

var _ calllog.Stitches = (*memory)(nil)

// run stitches until nothing is left to do.
func (m *memory) run(ctx context.Context) error {
	_, err := stitch.Run(ctx, m, time.Time{}, nil)
	return err
}
