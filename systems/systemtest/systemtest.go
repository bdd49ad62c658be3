// Package systemtest is the definition of "this connector works": one suite for
// every phone system, run over a simulator or over the real thing.
//
// A connector's test fills a Harness and calls Run. What the platform has is
// proven; what it lacks must be lacking for a reason and be refused out loud.
package systemtest

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/sim"
)

// Harness is a connector and the means to set up a system for it.
type Harness struct {
	Spec systems.Spec
	// Start sets up a system and says who is on it. Every test calls it for
	// itself and stops what it started with t.Cleanup.
	Start func(t *testing.T) *Bench
	// Shared says that Start hands out the same system each time, as a real one
	// is: tests then run one after another and put back what they change.
	Shared bool
}

// Bench is one running system, the people on it, and what may be done to them.
type Bench struct {
	// Settings opens the connector with all that it can be given; Wrong the
	// same with wrong credentials. See Settings for how to make one.
	Settings, Wrong systems.Decode
	// Secrets must never be seen in an error or a log; the wrong ones are among
	// them, or contain one.
	Secrets []string
	// Now is the system's time; nil for the machine's.
	Now func() time.Time

	// User is signed in, in no call, not forwarded, and a member of Queue
	// together with Colleague. Unknown is an id of the right form that nobody has.
	User, Colleague, Unknown dualtone.UserID
	Queue                    dualtone.QueueID

	// Forwards, Seats and Offerings are states into which the user can be put:
	// two or more each, different from one another and from the present one.
	Forwards  []dualtone.Forward
	Seats     []dualtone.Seat
	Offerings []dualtone.Offering
	// Number is one of the system's, and Targets are two or more that it can be
	// pointed to beside the present one.
	Number  dualtone.Number
	Targets []string

	// Page is how many items the system gives in one answer; 0 where it gives all.
	Page int

	// Faults plans failures of the system; nil where it cannot be made to fail.
	Faults *sim.Faults
	// Cannot gives the reason for each fault that the protocol has no words for.
	Cannot map[sim.FaultKind]string

	Peer Peer
}

// Peer looks at the system and changes it without the connector: through the
// simulated world, or through an administrator's own connection. A nil function
// is one that the system offers no way to.
type Peer struct {
	// Forward returns where the user's calls are sent, Divert sends them there.
	Forward func(t testing.TB, user dualtone.UserID) string
	Divert  func(t testing.TB, user dualtone.UserID, to string)
	// Members lists a queue's members.
	Members func(t testing.TB, queue dualtone.QueueID) []sim.Member
	// Ring makes the user's phone ring with a call.
	Ring func(t testing.TB, user dualtone.UserID) Call
	// SignOut leaves the user without a device that would ring.
	SignOut func(t testing.TB, user dualtone.UserID)
	// People leaves exactly n people on the system.
	People func(t testing.TB, n int)
	// Finish lets one call from each of the numbers reach the user, be answered
	// and end.
	Finish func(t testing.TB, user dualtone.UserID, from []string)
}

// Call is one call that a Peer made.
type Call struct {
	// Answer picks it up; HangUp ends it in whatever state it is.
	Answer, HangUp func(t testing.TB)
}

// Run proves the connector.
func Run(t *testing.T, h Harness) {
	t.Helper()
	parts := []struct {
		name  string
		needs systems.Capability
		prove func(*testing.T, Harness)
	}{
		{"platform", "", platform},
		{"health", "", health},
		{"directory", systems.CanDirectory, directory},
		{"provisioning", systems.CanProvisioning, provisioning},
		{"forwarding", systems.CanForwarding, forwarding},
		{"numbers", systems.CanNumbers, numbers},
		{"queues", systems.CanQueues, queues},
		{"presence", systems.CanPresence, presence},
		{"records", systems.CanRecords, records},
		{"licenses", systems.CanLicenses, licenses},
		{"surveys", "", surveys},
		{"faults", "", faults},
	}
	for _, p := range parts {
		h.test(t, p.name, func(t *testing.T) {
			if reason := h.Spec.Lacks[p.needs]; reason != "" {
				lacks(t, h, p.needs)
				return
			}
			p.prove(t, h)
		})
	}
}

// Settings hands a connector its own settings as the configuration would.
func Settings[T any](settings T) systems.Decode {
	return func(into any) error {
		to, ok := into.(*T)
		if !ok {
			return dualtone.ErrInvalid
		}
		*to = settings
		return nil
	}
}

// test runs a subtest, beside the others where each has its own system.
func (h Harness) test(t *testing.T, promise string, f func(t *testing.T)) {
	t.Helper()
	t.Run(promise, func(t *testing.T) {
		if !h.Shared {
			t.Parallel()
		}
		f(t)
	})
}
