package systemtest

import (
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/sim"
)

// CRMHarness is a CRM's connector and the means to set up an org for it.
type CRMHarness struct {
	Spec systems.Spec
	// Start sets up an org. Every test calls it for itself; what it starts it
	// stops with t.Cleanup.
	Start func(t *testing.T, setup CRMSetup) *CRMBench
}

// CRMSetup is what a test wants of an org.
type CRMSetup struct {
	// Users is how many agents there are.
	Users int
	// Page is how many records one answer may hold; 0 for as many as usual.
	Page int
}

// CRMBench is one running org and what may be done to it.
type CRMBench struct {
	// Settings opens the connector; Wrong does so with wrong credentials.
	Settings, Wrong systems.Decode
	// Secrets must never be seen in an error or a log.
	Secrets []string
	// Now is the org's time; nil for the machine's.
	Now func() time.Time

	// Users are the agents, all with the first of Phones. Unknown is an id
	// of the right form that nobody has.
	Users   []dualtone.UserID
	Unknown dualtone.UserID
	// Others is how many users the org lists beside the agents.
	Others int
	// Phones are three or more that a user can have. They differ in call
	// center, auto-login and permission sets.
	Phones []dualtone.Softphone
	// CallCenter is the internal name of one of the org's call centers.
	CallCenter string

	// Faults plans failures of the org.
	Faults *sim.Faults
	Peer   CRMPeer
}

// CRMPeer looks at the org and changes it without the connector.
type CRMPeer struct {
	Softphone func(t testing.TB, user dualtone.UserID) dualtone.Softphone
	Put       func(t testing.TB, user dualtone.UserID, to dualtone.Softphone)
	// Log records a call as a softphone does and returns the record's id.
	Log func(t testing.TB, call dualtone.LoggedCall) string
	// Writes counts the changes that the connector has made so far.
	Writes func(t testing.TB) int
	// Expire ends all sessions that were given out.
	Expire func(t testing.TB)
	// Refresh makes the org another one at the same address.
	Refresh func(t testing.TB)
}

// RunCRM proves the connector of a CRM.
func RunCRM(t *testing.T, h CRMHarness) {
	t.Helper()
	for _, part := range []struct {
		name  string
		tests []crmTest
	}{
		{"health", crmHealth()},
		{"directory", crmDirectory()},
		{"softphones", crmSoftphones()},
		{"failures", crmFailures()},
		{"guard", crmGuard()},
		{"call centers", crmCallCenters()},
		{"call log", crmCallLog()},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			for _, test := range part.tests {
				t.Run(test.promise, func(t *testing.T) {
					t.Parallel()
					test.prove(t, h)
				})
			}
		})
	}
}

// crmTest is one promise and its proof.
type crmTest struct {
	promise string
	prove   func(t *testing.T, h CRMHarness)
}
