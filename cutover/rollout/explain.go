package rollout

import (
	"context"
	"fmt"
	"time"

	"github.com/dualtone/dualtone"
)

// Explained is a person's word on a difference that a comparison of both systems
// found: why it is no loss, and until when that is to be taken for granted. It is
// about the difference as it was: once either side says something else, it is
// another one.
type Explained struct {
	Serial int64  `json:"serial,omitempty"`
	Plan   string `json:"plan"`
	Stage  string `json:"stage"`
	// Gate compares, such as reconcile/user_state; Key, Old and New are the
	// difference.
	Gate string `json:"gate"`
	Key  string `json:"key"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`

	Actor  string    `json:"actor"`
	Role   Role      `json:"role"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	// Until is when it must be looked at again; zero takes an earlier word back.
	Until time.Time `json:"until,omitzero"`
}

// Explanations keeps what people said of differences, for ever.
type Explanations interface {
	// Explain stores a word on a difference; the latest counts.
	Explain(ctx context.Context, e Explained) error
	// Explanations returns what was said of a plan's differences, oldest first.
	Explanations(ctx context.Context, plan string) ([]Explained, error)
}

// longestExplained bounds how long a difference may go without being looked at.
const longestExplained = 92 * 24 * time.Hour

// Check refuses a word that nobody can go by.
func (e *Explained) Check() error {
	switch {
	case e.Actor == "":
		return fmt.Errorf("explanation of %q: who says so: %w", e.Key, dualtone.ErrInvalid)
	case e.Reason == "":
		return fmt.Errorf("explanation of %q: it needs a reason: %w", e.Key, dualtone.ErrInvalid)
	case !e.Until.IsZero() && !e.Until.After(e.At):
		return fmt.Errorf("explanation of %q: it would end at %s, before it begins: %w", e.Key, moment(e.Until), dualtone.ErrInvalid)
	case e.Until.Sub(e.At) > longestExplained:
		return fmt.Errorf("explanation of %q: it may hold for up to %d days: %w", e.Key, int(longestExplained.Hours()/24), dualtone.ErrInvalid)
	default:
		return nil
	}
}

// String is the explanation as the difference carries it from then on.
func (e *Explained) String() string {
	return fmt.Sprintf("explained by %s (%s) on %s until %s: %s", e.Actor, orNobody(e.Role), moment(e.At), moment(e.Until), e.Reason)
}

// explains reports whether a word is about a difference.
func (e *Explained) explains(stage, gate string, d Difference) bool {
	return e.Stage == stage && e.Gate == gate && e.Key == d.Key && e.Old == d.Old && e.New == d.New
}

// Explain gives each difference that nothing explains the word of a person that is
// in force at a moment, and returns how many it gave one to.
func Explain(r *Reading, said []Explained, at time.Time) int {
	n := 0
	for i := range r.Differences {
		d := &r.Differences[i]
		if d.Explanation != "" {
			continue
		}
		var last *Explained
		for j := range said {
			if said[j].explains(r.Stage, r.Gate, *d) && !said[j].At.After(at) {
				last = &said[j]
			}
		}
		if last != nil && at.Before(last.Until) {
			d.Explanation = last.String()
			n++
		}
	}
	return n
}
