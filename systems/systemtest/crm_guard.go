package systemtest

import (
	"errors"
	"testing"

	"github.com/dualtone/dualtone"
)

func crmGuard() []crmTest {
	return []crmTest{
		{"an org that was replaced is read and not written", crmReplaced},
		{"an org that was replaced before anything was asked of it is not written", crmReplacedBefore},
	}
}

// refuses fails the test unless a change is denied and nothing is changed.
func (s *crmSession) refuses(t *testing.T) {
	t.Helper()
	have := s.Peer.Softphone(t, s.Users[0])
	writes := s.Peer.Writes(t)
	if err := s.set(t.Context(), s.Users[0], have, s.Phones[1]); !errors.Is(err, dualtone.ErrDenied) {
		t.Errorf("set: got %v, want denied", err)
	}
	if got := s.Peer.Writes(t); got != writes {
		t.Errorf("%d changes to an org that is not ours", got-writes)
	}
	if got := s.Peer.Softphone(t, s.Users[0]); !got.Equal(have) {
		t.Errorf("got %+v, want %+v as before", got, have)
	}
}

func crmReplaced(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1})
	before, err := s.Health.Check(t.Context())
	if s.heard(err) != nil {
		t.Fatal(err)
	}
	definition, err := s.CallCenters.Definition(t.Context(), s.CallCenter)
	if s.heard(err) != nil {
		t.Fatal(err)
	}
	s.Peer.Refresh(t)
	s.refuses(t)
	definition.Name += " again"
	if err := s.CallCenters.Deploy(t.Context(), definition); !errors.Is(s.heard(err), dualtone.ErrDenied) {
		t.Errorf("deploy: got %v, want denied", err)
	}
	after, err := s.Health.Check(t.Context())
	if s.heard(err) != nil || after.Identity == before.Identity || after.Identity == "" {
		t.Errorf("identity %q became %q, %v; want another", before.Identity, after.Identity, err)
	}
}

func crmReplacedBefore(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1})
	s.warm(t)
	s.Peer.Refresh(t)
	// The connector never asked anything of the org that there now is.
	fresh := h.connect(t, s.CRMBench, s.Settings)
	fresh.refuses(t)
}
