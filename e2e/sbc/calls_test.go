package sbc_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/internal/realsbc"
)

// How the SBC finds where a call goes, as its kit notes it on the call.
const (
	asked     = "dualtone"
	fallback  = "fallback"
	emergency = "emergency"
)

// burst is some calls that are made evenly.
type burst struct {
	numbers []string
	count   int
	rate    int
	hold    time.Duration
	// callers are taken in turn; none is a new caller for each call.
	callers []string
	// patient callers wait longer than the others.
	patient bool
}

func (w *world) burst(b burst) realsbc.Calls {
	w.calls++
	c := realsbc.Calls{
		Dir: w.dir, Name: fmt.Sprintf("caller-%d", w.calls), From: w.caller, To: w.at.sbc, Callers: b.callers,
		Rate: b.rate, Count: b.count, Hold: b.hold,
	}
	if b.patient {
		c.Patience = patience
	}
	for i := range b.count {
		c.Numbers = append(c.Numbers, b.numbers[i%len(b.numbers)])
		if len(b.callers) == 0 {
			w.callers++
			c.Callers = append(c.Callers, fmt.Sprintf("+1646%07d", w.callers))
		}
	}
	if len(b.callers) == 0 {
		c.Callers = c.Callers[len(c.Callers)-b.count:]
	}
	return c
}

// call makes the calls and waits for their end.
func (w *world) call(t *testing.T, b burst) []realsbc.Call {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	calls, err := w.burst(b).Place(ctx)
	must(t, err)
	if len(calls) != b.count {
		t.Fatalf("%d of %d calls were made", len(calls), b.count)
	}
	return calls
}

// wants are the platforms and the sources that may answer each number.
type wants map[string]struct{ platforms, sources string }

// check holds calls to what is wanted of each; every one must be answered and end in
// order.
func check(t *testing.T, what string, calls []realsbc.Call, want wants) {
	t.Helper()
	for _, c := range calls {
		w := want[c.Number]
		if c.Lost() || c.Cut() || c.Refused > 0 || !one(w.platforms, c.Platform) || !one(w.sources, c.Source) {
			t.Errorf("%s: call %d to %s: answered by %q, found by %q, refused with %d, lost %v, cut %v; want %s by %s",
				what, c.Place, c.Number, c.Platform, c.Source, c.Refused, c.Lost(), c.Cut(), w.platforms, w.sources)
		}
	}
}

// one reports whether a word is one of several with bars between them.
func one(of, word string) bool { return slices.Contains(strings.Split(of, "|"), word) }

func count(calls []realsbc.Call, source string) int {
	n := 0
	for _, c := range calls {
		if c.Source == source {
			n++
		}
	}
	return n
}

// awaitAsked calls a number until the SBC asks dualtone for it: its breaker is open for
// some seconds after a failure.
func (w *world) awaitAsked(t *testing.T, number string) {
	t.Helper()
	w.await(t, "the SBC asks dualtone again", func() bool {
		return count(w.call(t, burst{numbers: []string{number}, count: 1, rate: 1}), asked) == 1
	})
}

// everybody is one number of each kind whose platform is certain, and who may answer
// it, found by some source.
func everybody(source string) (numbers []string, want wants) {
	return []string{"+15551230001", "+15551230002", "+15551230004", "911"}, wants{
		"+15551230001": {"old", source}, "+15551230002": {"new", source}, "+15551230004": {"new", source}, "911": {"old", emergency},
	}
}
