package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/calllog"
)

// Said is what somebody said of a difference that no rule explains.
type Said struct {
	Actor  string    `json:"actor"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Word is what somebody says of the difference between two records of a day, one of
// which is missing where only the other log has it.
type Word struct {
	Said

	Day   time.Time     `json:"day"`
	Phone calllog.LegID `json:"phone,omitzero"`
	CRM   string        `json:"crm,omitempty"`
	// Withdraw takes back what was said, so that the difference is open again.
	Withdraw bool `json:"withdraw,omitempty"`
	// Dry says what would become of the difference, and keeps nothing.
	Dry bool `json:"-"`
}

// Check refuses a word of nobody, about nothing or without a reason.
func (w Word) Check() error {
	switch {
	case w.Phone == (calllog.LegID{}) && w.CRM == "":
		return fmt.Errorf("say which difference: by its leg, its record in the CRM, or both: %w", dualtone.ErrInvalid)
	case w.Actor == "" || strings.TrimSpace(w.Reason) == "":
		return fmt.Errorf("who says so and why must be told: %w", dualtone.ErrInvalid)
	}
	return nil
}

// Words keeps what people say of differences.
type Words interface {
	// Say keeps a word and returns the difference as it is then. ErrNotFound where no
	// comparison of the day found such a one; ErrConflict where nothing is to be
	// explained, or where nothing was said that could be taken back.
	Say(ctx context.Context, w Word) (Item, error)
}

// Key is the same for the same difference, whichever comparison finds it. It says
// nothing of what differs.
func (i *Item) Key() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{i.Phone.System, i.Phone.Record, i.CRM, string(i.Verdict), i.What}, "\n")))
	return hex.EncodeToString(sum[:])
}

// Take is the difference after somebody said something of it.
func (i *Item) Take(w Word) (Item, error) {
	after := *i
	switch {
	case w.Withdraw && i.Said == nil:
		return after, fmt.Errorf("nothing was said of it: %w", dualtone.ErrConflict)
	case w.Withdraw:
		after.Said = nil
	case !i.Open():
		return after, fmt.Errorf("it is not open: %w", dualtone.ErrConflict)
	default:
		after.Said = &w.Said
	}
	return after, nil
}

// Explain counts differences as explained that were open when the day was compared.
func (r *Reconciled) Explain(items []Item) {
	for i := range items {
		user, side := r.Users[items[i].User], r.Sides[items[i].Side]
		for _, t := range []*Tally{&user, &side} {
			t.Open--
			t.Explained++
		}
		r.Users[items[i].User], r.Sides[items[i].Side] = user, side
	}
	r.weigh()
}
