package systemtest

import (
	"errors"
	"testing"

	"github.com/dualtone/dualtone"
)

func health(t *testing.T, h Harness) {
	t.Helper()
	h.test(t, "tells one system from another, the same each time", func(t *testing.T) {
		s := h.open(t)
		first, err := s.Health.Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		second, err := h.on(t, s.Bench).Health.Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if first.Identity == "" || first.Identity != second.Identity {
			t.Errorf("identity %q, then %q", first.Identity, second.Identity)
		}
	})
	h.test(t, "wrong credentials are denied", func(t *testing.T) {
		b := h.Start(t)
		s, err := h.try(t, b, b.Wrong)
		if err == nil {
			_, err = s.Health.Check(t.Context())
		}
		if !errors.Is(s.listen(err), dualtone.ErrDenied) {
			t.Errorf("got %v, want it denied", err)
		}
	})
}
