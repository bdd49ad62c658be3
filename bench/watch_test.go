package main

import (
	"slices"
	"testing"
	"time"
)

// Questions go every 10 ms and are answered after 1 ms; a processor is away from the 95th to the
// 100th millisecond, and what has come meanwhile is worked off until the 120th.
func TestAnswersOfAProcessorThatWasAwayAreLeftOut(t *testing.T) {
	t.Parallel()
	at := func(ms int) int64 { return int64(ms) * int64(time.Millisecond) }
	h := heard{patience: time.Second}
	for ms := 5; ms < 200; ms += 10 {
		h.note(right, at(ms), time.Duration(ms)*time.Microsecond)
	}
	// Long under way before, and still when it was away.
	h.note(right, at(50), 46*time.Millisecond)
	for _, missed := range [][]away{
		{{at(95), at(100)}},
		{{at(99), at(101)}, {at(95), at(98)}},  // the second time before all was worked off
		{{at(98), at(100)}, {at(95), at(100)}}, // of both processors
	} {
		calm := h.undisturbed(missed)
		want := slices.DeleteFunc(slices.Clone(h.took), func(d time.Duration) bool {
			return d > 90*time.Microsecond && d <= 120*time.Microsecond || d > time.Millisecond
		})
		if !slices.Equal(calm, want) {
			t.Errorf("got  %v\nwant %v", calm, want)
		}
	}
	if calm := h.undisturbed(nil); len(calm) != len(h.took) {
		t.Errorf("%d of %d answers were undisturbed when nothing was amiss", len(calm), len(h.took))
	}
}
