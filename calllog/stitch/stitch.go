// Package stitch decides which legs are one call.
//
// Legs are tied together in three steps, each stronger than what follows: by the
// system's own key of the call, by keys that both systems hold, and by who
// forwarded whom, numbers and times. The last needs to know how far the systems'
// clocks are apart, which the first two tell. A leg that fits two calls equally
// well stays by itself and is listed: a wrong join is worse than an open one.
//
// What is decided depends on the legs alone, never on the order in which they
// came. A day can be decided by itself from its own legs and a few hours around
// them.
package stitch

import (
	"slices"
	"time"

	"github.com/dualtone/dualtone/calllog"
)

const (
	// longest is how long a leg may last; one that seems to last longer has a
	// wrong end.
	longest = 8 * time.Hour
	// reach is how far apart the lives of legs with the same key may be.
	reach = time.Hour
	// mostLegs and mostCalls are how many legs may hold one call's own key, and
	// how many calls of one system a key from outside, within reach of each
	// other. What is held by more says nothing.
	mostLegs  = 200
	mostCalls = 6
)

// Result is what was decided.
type Result struct {
	// Calls are those of several legs, by their start.
	Calls []calllog.Call
	// Ambiguous are the legs whose origin is open, by their start.
	Ambiguous []calllog.Ambiguity
	Clocks    []calllog.Clock
}

// All decides over legs of any length of time at once. The legs are put into
// order in place.
func All(traces []calllog.Trace, rulings []calllog.Ruling) Result {
	s := newStitching(traces)
	s.tie(rulings)
	var times clocks
	for from, to := s.days(); !from.After(to); from = from.AddDate(0, 0, 1) {
		times = append(times, s.measure(from)...)
	}
	s.trace(times)
	calls := s.calls()
	return Result{Calls: calls, Ambiguous: s.ambiguous(), Clocks: times}
}

// stitching is a set of legs on the way to being calls.
type stitching struct {
	traces []calllog.Trace
	legs   []leg
	// systems are those that the legs are of, by their number.
	systems []string
	groups  []group // legs with the same key of their own system
	sets    sets
	edges   []edge
	// worthless holds what was found out about keys that too many share.
	worthless map[calllog.Key]string
	// ruled are the groups of which a person said where they came from, and apart
	// those of them that came from nowhere and went nowhere.
	ruled, apart map[int32]bool
	children     []child
}

// edge ties two legs together.
type edge struct {
	a, b       int32
	method     calllog.Method
	confidence int
	key        calllog.Key
	evidence   evidence
	ruling     *calllog.Ruling
}

func newStitching(traces []calllog.Trace) *stitching {
	order(traces)
	s := &stitching{
		traces: traces, legs: make([]leg, len(traces)), sets: newSets(len(traces)),
		worthless: map[calllog.Key]string{}, ruled: map[int32]bool{}, apart: map[int32]bool{},
	}
	for i := range traces {
		s.legs[i] = look(&traces[i])
		s.legs[i].system = s.systemOf(traces[i].System)
	}
	return s
}

// systemOf is the number of a system. There are few.
func (s *stitching) systemOf(name string) int32 {
	n := slices.Index(s.systems, name)
	if n < 0 {
		n = len(s.systems)
		s.systems = append(s.systems, name)
	}
	return int32(n) //nolint:gosec // a few
}

// tie does what needs no clock: the calls' own keys, the keys of both systems
// and what people said.
func (s *stitching) tie(rulings []calllog.Ruling) {
	s.group()
	s.rule(rulings)
	s.keys()
	s.envelop()
}

func (s *stitching) days() (from, to time.Time) {
	if len(s.traces) == 0 {
		return time.Unix(1, 0), time.Unix(0, 0)
	}
	return calllog.Day(s.traces[0].Started), calllog.Day(s.traces[len(s.traces)-1].Started)
}

func (s *stitching) add(e edge) {
	s.edges = append(s.edges, e)
	s.sets.union(e.a, e.b)
}
