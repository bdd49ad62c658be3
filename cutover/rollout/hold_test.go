package rollout_test

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone/cutover/rollout"
)

func TestTheNextHoldToEndByItselfIsTheEarliestInForce(t *testing.T) {
	t.Parallel()
	hold := func(stage string, ends time.Duration) rollout.Hold {
		h := rollout.Hold{Plan: "emea", Stage: stage, Owner: "olga", Placed: noon()}
		if ends != 0 {
			h.Expires = noon().Add(ends)
		}
		return h
	}
	released := hold("pilot", time.Minute)
	released.Released = noon()
	for what, c := range map[string]struct {
		holds []rollout.Hold
		want  time.Duration
	}{
		"none":                  {nil, 0},
		"without an end":        {[]rollout.Hold{hold("", 0)}, 0},
		"the earlier first":     {[]rollout.Hold{hold("", time.Hour), hold("pilot", 2*time.Hour)}, time.Hour},
		"the later first":       {[]rollout.Hold{hold("pilot", 2*time.Hour), hold("", time.Hour)}, time.Hour},
		"another stage's":       {[]rollout.Hold{hold("wave-1", time.Hour), hold("pilot", 2*time.Hour)}, 2 * time.Hour},
		"one that is over":      {[]rollout.Hold{hold("pilot", -time.Hour)}, 0},
		"one that was released": {[]rollout.Hold{released, hold("pilot", time.Hour)}, time.Hour},
	} {
		var want time.Time
		if c.want != 0 {
			want = noon().Add(c.want)
		}
		if got := rollout.HeldUntil(c.holds, "pilot", noon()); !got.Equal(want) {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
}

// A hold that ends at a moment is over at it.
func TestAHoldIsOverAtItsEnd(t *testing.T) {
	t.Parallel()
	h := rollout.Hold{Placed: noon(), Expires: noon().Add(time.Hour)}
	if !h.OpenAt(h.Expires.Add(-time.Nanosecond)) || h.OpenAt(h.Expires) {
		t.Error("it ends sooner or later than it says")
	}
}
