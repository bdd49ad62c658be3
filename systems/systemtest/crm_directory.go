package systemtest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/dualtone/dualtone"
)

func crmHealth() []crmTest {
	return []crmTest{
		{"a check names the org and sends each request in its turn", crmCheck},
		{"wrong credentials are denied, whatever is asked", crmWrong},
		{"the requests of a day are told, by everybody's", crmUsage},
	}
}

func crmDirectory() []crmTest {
	return []crmTest{
		{"all users are listed once, however many pages they fill", crmPages},
		{"a user read alone is as listed, and an unknown one not found", crmUserAlone},
		{"a list that breaks off ends with an error and is never a short one", crmListBroken},
		{"a canceled context and a reader who stops end the list", crmListStopped},
	}
}

func crmPages(t *testing.T, h CRMHarness) {
	t.Helper()
	const page = 4
	for _, n := range []int{0, 1, page - 1, page, page + 1, 2*page + 1} {
		s := h.open(t, CRMSetup{Users: n, Page: page})
		listed, err := crmAll(s.Directory.Users(t.Context()))
		if s.heard(err) != nil {
			t.Fatalf("%d users: %v", n, err)
		}
		seen := map[dualtone.UserID]int{}
		for _, u := range listed {
			seen[u.ID]++
		}
		if len(listed) != n+s.Others || len(seen) != len(listed) {
			t.Errorf("listed %d, of them %d different; want %d", len(listed), len(seen), n+s.Others)
		}
		for _, id := range s.Users {
			if seen[id] != 1 {
				t.Errorf("%s is listed %d times", id, seen[id])
			}
		}
	}
}

func crmCheck(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1})
	status, err := s.Health.Check(t.Context())
	if s.heard(err) != nil || status.Identity == "" {
		t.Fatalf("got %+v, %v; want an identity", status, err)
	}
	if s.Name != "crm" || s.Kind != h.Spec.Kind {
		t.Errorf("called %q of kind %q, want crm of kind %q", s.Name, s.Kind, h.Spec.Kind)
	}
	for _, a := range s.asks() {
		before := s.requests.Load()
		if err := a.ask(t.Context()); err != nil {
			t.Errorf("%s: %v", a.name, err)
		}
		if s.requests.Load() == before {
			t.Errorf("%s did not wait for its turn", a.name)
		}
	}
}

// crmUsage is for CRMs that tell how much of their day is used up.
func crmUsage(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1})
	if s.Usage == nil {
		return
	}
	first, err := s.Usage.Requests(t.Context())
	if s.heard(err) != nil || first.Allowed <= 0 || first.Used < 0 || first.Used > first.Allowed || first.At.IsZero() {
		t.Fatalf("got %+v, %v", first, err)
	}
	if _, err := s.Directory.User(t.Context(), s.Users[0]); s.heard(err) != nil {
		t.Fatal(err)
	}
	if then, err := s.Usage.Requests(t.Context()); s.heard(err) != nil || then.Used <= first.Used || then.Allowed != first.Allowed {
		t.Errorf("after a request %+v, %v; before %+v", then, err, first)
	}
}

func crmWrong(t *testing.T, h CRMHarness) {
	t.Helper()
	b := h.Start(t, CRMSetup{Users: 1})
	s := h.connect(t, b, b.Wrong)
	for _, a := range s.asks() {
		if err := a.ask(t.Context()); !errors.Is(err, dualtone.ErrDenied) {
			t.Errorf("%s: got %v, want denied", a.name, err)
		}
	}
	if err := s.set(t.Context(), s.Users[0], s.Phones[0], s.Phones[1]); !errors.Is(err, dualtone.ErrDenied) {
		t.Errorf("a write: got %v, want denied", err)
	}
}

func crmUserAlone(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 3})
	listed, err := crmAll(s.Directory.Users(t.Context()))
	if s.heard(err) != nil {
		t.Fatal(err)
	}
	for _, want := range listed {
		got, err := s.Directory.User(t.Context(), want.ID)
		if s.heard(err) != nil || got.ID != want.ID || got.Login != want.Login || !slices.Equal(got.Numbers, want.Numbers) {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	for _, id := range []dualtone.UserID{s.Unknown, "", "nobody", "' OR Name != '"} {
		if _, err := s.Directory.User(t.Context(), id); !errors.Is(s.heard(err), dualtone.ErrNotFound) {
			t.Errorf("user %q: got %v, want not found", id, err)
		}
	}
}

func crmListBroken(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 8, Page: 3})
	for _, kind := range crmBroken() {
		s.sweep(t, kind, func() {
			listed, err := crmAll(s.Directory.Users(t.Context()))
			if s.heard(err) == nil && len(listed) != 8+s.Others {
				t.Errorf("got %d users and no error", len(listed))
			}
			if err != nil && dualtone.Lasting(err) {
				t.Errorf("got %v, want an error that passes", err)
			}
		})
	}
}

func crmListStopped(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 8, Page: 3})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	n := 0
	for _, err := range s.Directory.Users(ctx) {
		n++
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) || n > 4 {
		t.Errorf("%d users, then %v; want canceled after a page", n, last)
	}
	before := s.requests.Load()
	for range s.Directory.Users(t.Context()) { //nolint:errcheck // Nobody looks at what is left unread.
		break
	}
	if asked := s.requests.Load() - before; asked > 1 {
		t.Errorf("%d requests for one user, want 1", asked)
	}
}
