package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/plan"
)

// Canary is a round trip that people made by hand with one thing, such as a
// number that was ported and ported back: it proves the way back of its class.
type Canary struct {
	ID    string        `json:"id"`
	Class plan.Reversal `json:"class"`
	// Subject is what went out and came back.
	Subject string `json:"subject"`
	// Restored says that everything was as before.
	Restored bool      `json:"restored"`
	Evidence string    `json:"evidence"`
	At       time.Time `json:"at"`
	Actor    string    `json:"actor"`
	// ConfirmedBy is who else has looked; before that it proves nothing.
	ConfirmedBy string    `json:"confirmed_by,omitempty"`
	ConfirmedAt time.Time `json:"confirmed_at,omitzero"`
}

// Check refuses a canary that can prove nothing.
func (c Canary) Check() error {
	refuse := func(why string) error {
		return fmt.Errorf("canary %s refused: %s: %w", c.ID, why, dualtone.ErrInvalid)
	}
	switch {
	case c.Class == plan.ReversalMinutes:
		return refuse("the way back of users is proved by a user who is moved and taken back, see dualtone switch")
	case c.Class != plan.ReversalDays:
		return refuse(fmt.Sprintf("class %q has no way back to prove; there is %s", c.Class, plan.ReversalDays))
	case c.ID == "" || c.Subject == "":
		return refuse("it does not say what went out and came back")
	case c.Evidence == "":
		return refuse("it needs evidence")
	case c.Actor == "":
		return refuse("it does not say who did it")
	default:
		return nil
	}
}

// Record keeps a canary. The same one again changes nothing; ErrConflict for another one
// of its id. With dryRun nothing is kept.
func (c Canary) Record(ctx context.Context, all Canaries, dryRun bool) error {
	if err := c.Check(); err != nil {
		return err
	}
	held, err := all.Canary(ctx, c.ID)
	switch {
	case err == nil && (held.Class != c.Class || held.Subject != c.Subject || held.Evidence != c.Evidence || held.Restored != c.Restored):
		return fmt.Errorf("canary %s: it is of %s, recorded by %s; choose another id: %w", c.ID, held.Subject, held.Actor, dualtone.ErrConflict)
	case err != nil && !errors.Is(err, dualtone.ErrNotFound):
		return err
	case err == nil || dryRun:
		return nil
	default:
		return all.KeepCanary(ctx, c)
	}
}

// Confirm is the canary after somebody else has looked.
func (c Canary) Confirm(actor string, now time.Time) (Canary, error) {
	switch {
	case c.ConfirmedBy != "":
		return c, fmt.Errorf("canary %s: %s has confirmed it already: %w", c.ID, c.ConfirmedBy, dualtone.ErrConflict)
	case actor == "" || actor == c.Actor:
		return c, fmt.Errorf("canary %s: %s cannot confirm their own work: %w", c.ID, c.Actor, dualtone.ErrDenied)
	}
	c.ConfirmedBy, c.ConfirmedAt = actor, now
	return c, nil
}

// Canaries keeps round trips that were made by hand.
type Canaries interface {
	// KeepCanary stores one; one that is held already changes nothing.
	KeepCanary(ctx context.Context, c Canary) error
	// ConfirmCanary stores that somebody else has looked. ErrNotFound for an unknown
	// one, ErrConflict when it is confirmed already.
	ConfirmCanary(ctx context.Context, c Canary) error
	// Canary returns ErrNotFound for an unknown one.
	Canary(ctx context.Context, id string) (Canary, error)
	// Canaries returns them, newest first.
	Canaries(ctx context.Context, q CanaryQuery) ([]Canary, error)
}

// CanaryQuery selects canaries; empty fields select all.
type CanaryQuery struct {
	Class  plan.Reversal
	Before time.Time
	Limit  int
}
