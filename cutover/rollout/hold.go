package rollout

import (
	"fmt"
	"time"
)

// Hold stops everything that goes forward, and nothing that goes back. It
// stands beside the state and does not change it.
type Hold struct {
	ID   string `json:"id"`
	Plan string `json:"plan"`
	// Stage is the stage that is held; empty for the whole plan.
	Stage  string `json:"stage,omitempty"`
	Owner  string `json:"owner"`
	Role   Role   `json:"role"`
	Reason string `json:"reason"`
	// Placed and Expires bound it; one without an end waits for its release.
	Placed  time.Time `json:"placed"`
	Expires time.Time `json:"expires,omitzero"`
	// Abort is what is to become of those in flight where the owner asks for the plan
	// to be aborted, which it is once somebody else agrees; empty where they do not ask.
	Abort InFlight `json:"abort,omitempty"`

	Released   time.Time `json:"released,omitzero"`
	ReleasedBy string    `json:"released_by,omitempty"`
	// Why it was released.
	Why string `json:"why,omitempty"`
}

// OpenAt reports whether the hold is in force.
func (h Hold) OpenAt(now time.Time) bool {
	return h.Released.IsZero() && (h.Expires.IsZero() || now.Before(h.Expires))
}

// Covers reports whether the hold is about a stage; the empty stage is the plan
// itself, which only holds of the whole plan are about.
func (h Hold) Covers(stage string) bool { return h.Stage == "" || h.Stage == stage }

// String says who holds what and why.
func (h Hold) String() string {
	what := "the plan"
	if h.Stage != "" {
		what = "stage " + h.Stage
	}
	until := "until it is released"
	if !h.Expires.IsZero() {
		until = "until " + h.Expires.UTC().Format(time.RFC3339)
	}
	text := fmt.Sprintf("%s holds %s %s: %s", h.Owner, what, until, h.Reason)
	if h.Abort != "" {
		text += "; and asks for it to be aborted, to which somebody else must agree"
	}
	return text
}

// Held returns the first hold in force over a stage, or over the plan itself
// where the stage is empty.
func Held(holds []Hold, stage string, now time.Time) (Hold, bool) {
	for _, h := range holds {
		if h.OpenAt(now) && h.Covers(stage) {
			return h, true
		}
	}
	return Hold{}, false
}

// HeldUntil is when the next hold in force over a stage ends by itself; zero
// where none does.
func HeldUntil(holds []Hold, stage string, now time.Time) time.Time {
	var first time.Time
	for _, h := range holds {
		if h.OpenAt(now) && h.Covers(stage) && !h.Expires.IsZero() && (first.IsZero() || h.Expires.Before(first)) {
			first = h.Expires
		}
	}
	return first
}
