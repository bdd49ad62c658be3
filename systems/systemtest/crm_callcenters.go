package systemtest

import (
	"errors"
	"slices"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/sim"
)

func crmCallCenters() []crmTest {
	return []crmTest{
		{"call centers are listed with the ids that softphones name", crmListed},
		{"an unknown definition is not found", crmNoDefinition},
		{"a definition that was deployed is read back, new or changed", crmDeployed},
		{"a definition without a usable name is invalid", crmBadName},
		{"a deployment that fails anywhere says so and is done by the next try", crmBreakDeploy},
	}
}

func crmDefinition(internal string) systems.CallCenterDefinition {
	return systems.CallCenterDefinition{
		Internal: internal, Name: "Made for a test", AdapterURL: "https://made.example.com/adapter",
		Sections: []systems.CallCenterSection{{
			Name: "reqGeneralInfo", Label: "General Information",
			Items: []systems.CallCenterItem{
				{Name: "reqAdapterUrl", Label: "CTI Adapter URL", Value: "https://made.example.com/adapter"},
				{Name: "reqSoftphoneHeight", Label: "Softphone Height", Value: "4"},
				{Name: "reqSalesforceCompatibilityMode", Label: "Compatibility", Value: "Lightning"},
			},
		}},
	}
}

// deploys deploys twice, of which the second changes nothing, and reads back.
func (s *crmSession) deploys(t *testing.T, d systems.CallCenterDefinition) {
	t.Helper()
	if err := s.CallCenters.Deploy(t.Context(), d); s.heard(err) != nil {
		t.Fatalf("deploy: %v", err)
	}
	writes := s.Peer.Writes(t)
	if err := s.CallCenters.Deploy(t.Context(), d); s.heard(err) != nil {
		t.Fatalf("deploy again: %v", err)
	}
	if got := s.Peer.Writes(t); got != writes {
		t.Errorf("%d more changes for what already was", got-writes)
	}
	s.reads(t, d)
}

func (s *crmSession) reads(t *testing.T, want systems.CallCenterDefinition) {
	t.Helper()
	got, err := s.CallCenters.Definition(t.Context(), want.Internal)
	if s.heard(err) != nil {
		t.Fatalf("definition: %v", err)
	}
	same := got.Name == want.Name && got.AdapterURL == want.AdapterURL && len(got.Sections) == len(want.Sections)
	for i := 0; same && i < len(want.Sections); i++ {
		same = got.Sections[i].Name == want.Sections[i].Name && slices.Equal(got.Sections[i].Items, want.Sections[i].Items)
	}
	if !same {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func crmListed(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1})
	listed, err := crmAll(s.CallCenters.CallCenters(t.Context()))
	if s.heard(err) != nil {
		t.Fatal(err)
	}
	for _, p := range s.Phones {
		if p.CallCenter != "" && !slices.ContainsFunc(listed, func(c dualtone.CallCenter) bool { return c.ID == p.CallCenter }) {
			t.Errorf("%s is not among %+v", p.CallCenter, listed)
		}
	}
	if !slices.ContainsFunc(listed, func(c dualtone.CallCenter) bool { return c.Internal == s.CallCenter && c.Name != "" }) {
		t.Errorf("%s is not among %+v", s.CallCenter, listed)
	}
}

func crmNoDefinition(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1})
	for _, name := range []string{"NoSuch", "", "<no>&such</no>"} {
		if _, err := s.CallCenters.Definition(t.Context(), name); !errors.Is(s.heard(err), dualtone.ErrNotFound) {
			t.Errorf("definition %q: got %v, want not found", name, err)
		}
	}
}

func crmDeployed(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1})
	made := crmDefinition("Made")
	s.deploys(t, made)
	made.Name = `Made & "changed"`
	made.AdapterURL = "https://changed.example.com/adapter?a=1&b=2"
	made.Sections[0].Items[0].Value = made.AdapterURL
	s.deploys(t, made)
	was, err := s.CallCenters.Definition(t.Context(), s.CallCenter)
	if s.heard(err) != nil {
		t.Fatal(err)
	}
	s.deploys(t, was)
}

func crmBadName(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1})
	for _, internal := range []string{"", "1st", "two words", "<x/>"} {
		d := crmDefinition("x")
		d.Internal = internal
		if err := s.CallCenters.Deploy(t.Context(), d); !errors.Is(s.heard(err), dualtone.ErrInvalid) {
			t.Errorf("deploy %q: got %v, want invalid", internal, err)
		}
	}
}

func crmBreakDeploy(t *testing.T, h CRMHarness) {
	t.Helper()
	for _, kind := range append(crmBroken(), sim.Expired) {
		s := h.open(t, CRMSetup{Users: 1})
		made := crmDefinition("Made")
		s.sweep(t, kind, func() {
			made.Sections[0].Items[1].Value += "0"
			err := s.CallCenters.Deploy(t.Context(), made)
			s.Faults.Clear()
			if s.heard(err) == nil {
				s.reads(t, made)
			}
			if err != nil && (dualtone.Lasting(err) || kind == sim.Expired) {
				t.Errorf("got %v, want an error that passes", err)
			}
			s.deploys(t, made)
		})
	}
}
