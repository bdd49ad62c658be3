package cutover_test

import (
	"slices"
	"testing"

	"github.com/dualtone/dualtone/cutover"
)

func TestASwitchNeverComesBackToAStateItLeft(t *testing.T) {
	t.Parallel()
	all := cutover.States()
	for i, s := range all {
		for j, to := range all {
			if s.Leads(to) && j <= i {
				t.Errorf("%s leads back to %s", s, to)
			}
			if s.Leads(to) && s.Final() {
				t.Errorf("%s is final and leads to %s", s, to)
			}
		}
	}
	for _, c := range []struct {
		from, to cutover.State
		want     bool
	}{
		{cutover.Captured, cutover.OnNew, true},
		{cutover.Verifying, cutover.Restored, true},
		{cutover.Deferring, cutover.Drained, false},
		{cutover.OnNew, cutover.Compensating, false},
		{cutover.Drained, cutover.Unknown, true},
	} {
		if got := c.from.Leads(c.to); got != c.want {
			t.Errorf("%s leads to %s: %v, want %v", c.from, c.to, got, c.want)
		}
	}
	if slices.Contains(all, "") {
		t.Error("an empty state")
	}
}
