package systemtest

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

func crmSoftphones() []crmTest {
	return []crmTest{
		{"a softphone that was set is read back, there and back again", crmRoundTrip},
		{"setting twice changes once", crmTwice},
		{"what somebody else set is a conflict and stays", crmConflict},
		{"an unknown user is not found", crmUnknown},
		{"a change that can never be is refused before anything is written", crmNever},
		{"each of many changes is answered by itself", crmMany},
		{"many are read with few requests", crmSurvey},
		{"a hundred may ask and change at once", crmAtOnce},
	}
}

// crmMany moves 201 users, of whom one is somebody else's by now and one is unknown.
func crmMany(t *testing.T, h CRMHarness) {
	t.Helper()
	const n, taken, unknown = 201, 7, 200
	s := h.open(t, CRMSetup{Users: n})
	s.Peer.Put(t, s.Users[taken], s.Phones[2])
	changes := make([]systems.SoftphoneChange, n)
	for i := range changes {
		changes[i] = systems.SoftphoneChange{User: s.Users[i], From: s.Phones[0], To: s.Phones[1]}
	}
	changes[unknown].User = s.Unknown
	s.warm(t)
	before := s.requests.Load()
	errs := s.CRM.Softphones.SetSoftphones(t.Context(), changes)
	if len(errs) != n {
		t.Fatalf("%d answers, want %d", len(errs), n)
	}
	if asked := s.requests.Load() - before; asked > n/4 {
		t.Errorf("%d requests for %d users, want many users in each", asked, n)
	}
	for i, err := range errs {
		want, softphone := "", s.Phones[1]
		switch i {
		case taken:
			want, softphone = "conflict", s.Phones[2]
		case unknown:
			want, softphone = "not_found", s.Phones[0]
		}
		if got := dualtone.Kind(s.heard(err)); got != want {
			t.Errorf("change %d: got %q (%v), want %q", i, got, err, want)
		}
		if got := s.Peer.Softphone(t, s.Users[i]); !got.Equal(softphone) {
			t.Errorf("user %d has %+v, want %+v", i, got, softphone)
		}
	}
	if errs := s.CRM.Softphones.SetSoftphones(t.Context(), nil); len(errs) != 0 {
		t.Errorf("no changes are answered with %v", errs)
	}
}

func crmRoundTrip(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 2})
	have := s.Phones[0]
	s.has(t, s.Users[0], have)
	for _, to := range append(slices.Clone(s.Phones[1:]), dualtone.Softphone{}, s.Phones[0]) {
		if err := s.set(t.Context(), s.Users[0], have, to); err != nil {
			t.Fatalf("to %+v: %v", to, err)
		}
		s.has(t, s.Users[0], to)
		s.has(t, s.Users[1], s.Phones[0])
		have = to
	}
}

func crmTwice(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1})
	for range 2 {
		if err := s.set(t.Context(), s.Users[0], s.Phones[0], s.Phones[1]); err != nil {
			t.Fatal(err)
		}
	}
	writes := s.Peer.Writes(t)
	if err := s.set(t.Context(), s.Users[0], s.Phones[0], s.Phones[1]); err != nil {
		t.Fatal(err)
	}
	if got := s.Peer.Writes(t); got != writes {
		t.Errorf("%d more changes for what already was", got-writes)
	}
	s.has(t, s.Users[0], s.Phones[1])
}

func crmConflict(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1})
	s.Peer.Put(t, s.Users[0], s.Phones[2])
	writes := s.Peer.Writes(t)
	if err := s.set(t.Context(), s.Users[0], s.Phones[0], s.Phones[1]); !errors.Is(err, dualtone.ErrConflict) {
		t.Errorf("got %v, want conflict", err)
	}
	if got := s.Peer.Writes(t); got != writes {
		t.Errorf("%d changes in spite of the conflict", got-writes)
	}
	s.has(t, s.Users[0], s.Phones[2])
}

func crmUnknown(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1})
	for _, id := range []dualtone.UserID{s.Unknown, "", "nobody", "' OR Name != '"} {
		if _, err := s.CRM.Softphones.Softphone(t.Context(), id); !errors.Is(s.heard(err), dualtone.ErrNotFound) {
			t.Errorf("softphone of %q: got %v, want not found", id, err)
		}
		if err := s.set(t.Context(), id, s.Phones[0], s.Phones[1]); !errors.Is(err, dualtone.ErrNotFound) {
			t.Errorf("change of %q: got %v, want not found", id, err)
		}
	}
}

func crmNever(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1})
	for _, to := range []dualtone.Softphone{
		{CallCenter: "no such call center"},
		{CallCenter: s.Phones[1].CallCenter, PermissionSets: []string{"No_Such_Set"}},
	} {
		if err := s.set(t.Context(), s.Users[0], s.Phones[0], to); !dualtone.Lasting(err) {
			t.Errorf("to %+v: got %v, want it refused for good", to, err)
		}
	}
	s.has(t, s.Users[0], s.Phones[0])
}

func crmAtOnce(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 20})
	asks := s.asks()
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			if err := asks[i%len(asks)].ask(t.Context()); err != nil {
				t.Errorf("%s: %v", asks[i%len(asks)].name, err)
			}
		})
	}
	for _, user := range s.Users {
		wg.Go(func() {
			if err := s.set(t.Context(), user, s.Phones[0], s.Phones[1]); err != nil {
				t.Errorf("%s: %v", user, err)
			}
		})
	}
	wg.Wait()
	for _, user := range s.Users {
		s.has(t, user, s.Phones[1])
	}
}
