package rollout

import (
	"context"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Measures measures what gates decide by. A figure that cannot be had is a
// reading that says what is missing, and no error; an error is tried again.
type Measures interface {
	Measure(ctx context.Context, m Measure) (Reading, error)
}

// Calendars answers when the people of a stage may be switched.
type Calendars interface {
	// Opening says whether somebody at one of the sites may be switched at a
	// moment, and else when next. Blackouts always win.
	// What is granted opens closed windows as well.
	Opening(ctx context.Context, name, hash, stage string, sites []string, at time.Time, granted ...plan.Grant) (Opening, error)
	// OpenFor says whether one of the people may be switched at a moment.
	OpenFor(ctx context.Context, name, hash, stage string, who dualtone.Person, at time.Time, granted ...plan.Grant) (bool, error)
}

// Proofs knows of ways back that were gone.
type Proofs interface {
	// WayBack returns how the last way back of a class since a time ended: that of
	// anybody who was switched for minutes, that of a canary which somebody else
	// has confirmed for the others. ErrNotFound when none did.
	WayBack(ctx context.Context, class plan.Reversal, since time.Time) (Proof, error)
}

// Proof is a way back that was gone.
type Proof struct {
	Subject string `json:"subject"`
	// Restored says that everything was as before.
	Restored bool      `json:"restored"`
	At       time.Time `json:"at"`
	Detail   string    `json:"detail,omitempty"`
}
