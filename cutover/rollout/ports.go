package rollout

import (
	"context"
	"time"

	"github.com/dualtone/dualtone"
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
	Opening(ctx context.Context, plan, hash, stage string, sites []string, at time.Time) (Opening, error)
	// OpenFor says whether one of the people may be switched at a moment.
	OpenFor(ctx context.Context, plan, hash, stage string, who dualtone.Person, at time.Time) (bool, error)
}

// Proofs knows of ways back that were gone.
type Proofs interface {
	// WayBack returns how the last way back of anybody since a time ended.
	// ErrNotFound when none did.
	WayBack(ctx context.Context, since time.Time) (Proof, error)
}

// Proof is a way back that somebody went.
type Proof struct {
	Person dualtone.PersonID `json:"person"`
	// Restored says that everything was as before.
	Restored bool      `json:"restored"`
	At       time.Time `json:"at"`
	Detail   string    `json:"detail,omitempty"`
}
