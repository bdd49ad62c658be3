package rehearsal

import (
	"context"
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Kept is a rehearsal as it is kept, with what it was played against.
type Kept struct {
	Made   time.Time `json:"made"`
	Actor  string    `json:"actor"`
	Model  Model     `json:"model"`
	Report Report    `json:"report"`
}

// Measured is what past switches took.
type Measured struct {
	// Switches is how many reached the new side, on which Steps rest.
	Switches int   `json:"switches"`
	Steps    Steps `json:"steps"`
	// Tried counts all that ended, Failed those that were taken back.
	Tried  int `json:"tried"`
	Failed int `json:"failed"`
	// Back is how many ways back TakeBack rests on.
	Back int `json:"back"`
}

// ErrNone is that of a plan which was not rehearsed as it is now. That of a plan
// which is not there is ErrNotFound alone.
var ErrNone = fmt.Errorf("not rehearsed as it is now: %w", dualtone.ErrNotFound)

// Store keeps rehearsals and knows what past switches took.
type Store interface {
	// Keep stores a rehearsal for ever.
	Keep(ctx context.Context, k Kept) error
	// Latest returns the newest rehearsal of a plan; ErrNotFound when it has none.
	Latest(ctx context.Context, hash plan.Hash) (Kept, error)
	// Measured looks at the switches that began since a time.
	Measured(ctx context.Context, since time.Time) (Measured, error)
	// Tried returns the attempts to switch a plan's users to the new side that
	// began since a time, in no order.
	Tried(ctx context.Context, plan string, since time.Time) ([]Tried, error)
}
