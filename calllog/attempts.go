package calllog

import (
	"context"
	"iter"
	"time"

	"github.com/dualtone/dualtone"
)

// Attempts are the calls that reached the company's border, as whoever stands
// there counted them: the routing plane, an SBC, a carrier.
type Attempts interface {
	// Attempts lists those that came from one time to before another, in no
	// order. An attempt that was asked about several times is there as often,
	// under one ID.
	Attempts(ctx context.Context, from, to time.Time) iter.Seq2[Attempt, error]
}

// Attempt is one call at the border.
type Attempt struct {
	// ID is the border's own: of the SIP dialog, of the carrier's record.
	ID     string          `json:"id"`
	At     time.Time       `json:"at"`
	Caller string          `json:"caller,omitempty"`
	Number dualtone.Number `json:"number,omitempty"` // as it was looked up
	Called string          `json:"called,omitempty"`
	// Refused says why the border turned it away; empty if it was let in.
	Refused string `json:"refused,omitempty"`
	// Keys are what legs of the call may hold as well.
	Keys []Key `json:"keys,omitempty"`
}
