// Package systems holds the ports through which dualtone reaches a phone system
// or a CRM. A connector in systems/<name> fills them; systems/systemtest says
// what filling them means.
package systems

import (
	"context"
	"fmt"
	"iter"

	"github.com/dualtone/dualtone"
)

// Platform is one connected phone system. Health is always there. Any other
// capability may be nil, and Lacks then says why.
type Platform struct {
	Name string
	Kind string

	Health       Health
	Directory    Directory
	Provisioning Provisioning
	Forwarding   Forwarding
	Numbers      Numbers
	Queues       Queues
	Presence     Presence
	Records      Records
	Licenses     Licenses

	// Survey reads many users at once; nil where they can only be read one by one.
	Survey Survey
	// Lacks gives the reason for each capability that is nil.
	Lacks map[Capability]string
	// Closer lets go of the platform's connections; nil if it holds none.
	Closer func() error
}

// Status is what a system says of itself when it is asked whether it works.
type Status struct {
	Version string `json:"version,omitempty"`
	// Identity is what tells this system from another of its kind, such as an
	// organization id. It is stored at registration, and writes are refused
	// once it differs.
	Identity string `json:"identity,omitempty"`
	Detail   string `json:"detail,omitempty"`
}

// Health tells whether a system can be reached with our credentials.
type Health interface {
	// Check returns ErrDenied for wrong credentials, ErrUnavailable when the
	// system does not answer.
	Check(ctx context.Context) (Status, error)
}

// Directory lists the users of a system.
type Directory interface {
	// Users lists all, page by page. An error ends the sequence; what came
	// before it is not the whole list.
	Users(ctx context.Context) iter.Seq2[dualtone.User, error]
	// User returns ErrNotFound for an unknown user.
	User(ctx context.Context, user dualtone.UserID) (dualtone.User, error)
}

// Every Set below is compare-and-set and safe twice: it does nothing when the
// value is already to, and returns ErrConflict when it is no longer from. A lost
// answer is ErrUnknown unless the connector could read back what became of it.

// Provisioning reads and sets a user's seat.
type Provisioning interface {
	Seat(ctx context.Context, user dualtone.UserID) (dualtone.Seat, error)
	SetSeat(ctx context.Context, user dualtone.UserID, from, to dualtone.Seat) error
}

// Forwarding reads and sets where all calls of a user are sent.
type Forwarding interface {
	Forward(ctx context.Context, user dualtone.UserID) (dualtone.Forward, error)
	SetForward(ctx context.Context, user dualtone.UserID, from, to dualtone.Forward) error
}

// Numbers lists the system's numbers and points them elsewhere.
type Numbers interface {
	Numbers(ctx context.Context) iter.Seq2[dualtone.Assignment, error]
	// Assign points the number from one target to another.
	Assign(ctx context.Context, number dualtone.Number, from, to string) error
}

// Queues lists queues and sets which of them offer a user calls.
type Queues interface {
	Queues(ctx context.Context) iter.Seq2[dualtone.Queue, error]
	Offering(ctx context.Context, user dualtone.UserID) (dualtone.Offering, error)
	// Offer says which offering would give the user exactly these queues: the
	// fitting profile, the system's own defaults for penalty and device. It
	// changes nothing. ErrInvalid when the system cannot offer just these.
	Offer(ctx context.Context, user dualtone.UserID, queues []dualtone.QueueID) (dualtone.Offering, error)
	// SetOffering makes the user's memberships those of to, pauses included.
	// It never leaves a queue's other members changed. Agents pause themselves
	// all day, so a value that differs from from in its pauses alone is no
	// conflict.
	SetOffering(ctx context.Context, user dualtone.UserID, from, to dualtone.Offering) error
}

// Presence tells what a user's phone does right now.
type Presence interface {
	Presence(ctx context.Context, user dualtone.UserID) (dualtone.Presence, error)
}

// Records reads call detail records, oldest first.
type Records interface {
	// Records resumes after a cursor. It may repeat a record under the same ID
	// and never leaves one out.
	Records(ctx context.Context, after dualtone.Cursor) iter.Seq2[dualtone.Record, error]
}

// Licenses counts the seats that the system sells.
type Licenses interface {
	Licenses(ctx context.Context) ([]dualtone.License, error)
}

// Need returns ErrUnsupported with the reason for the first capability that the
// platform lacks.
func (p *Platform) Need(caps ...Capability) error {
	for _, c := range caps {
		if !p.Has(c) {
			return fmt.Errorf("%s has no %s (%s): %w", p.Name, c, p.Lacks[c], dualtone.ErrUnsupported)
		}
	}
	return nil
}

// Validate refuses a platform whose capabilities and reasons contradict each other.
func (p *Platform) Validate() error {
	if p.Name == "" || p.Kind == "" || p.Health == nil {
		return fmt.Errorf("platform %q: name, kind and health are always there: %w", p.Name, dualtone.ErrInvalid)
	}
	for _, c := range Capabilities() {
		if reason := p.Lacks[c]; p.Has(c) == (reason != "") {
			return fmt.Errorf("platform %q: %s must either be there or be lacking for a reason: %w", p.Name, c, dualtone.ErrInvalid)
		}
	}
	return nil
}

// Close lets go of the platform's connections.
func (p *Platform) Close() error {
	if p.Closer == nil {
		return nil
	}
	return p.Closer()
}
