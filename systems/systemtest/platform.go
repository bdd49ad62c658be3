package systemtest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
)

func platform(t *testing.T, h Harness) {
	t.Helper()
	h.test(t, "is valid and says what it is", func(t *testing.T) {
		s := h.open(t)
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
		if s.Name != "pbx" || s.Kind != h.Spec.Kind {
			t.Errorf("is %q of kind %q", s.Name, s.Kind)
		}
	})
	h.test(t, "lacks what the docs say it lacks", func(t *testing.T) {
		s := h.open(t)
		if diff := cmp.Diff(h.Spec.Lacks, s.Lacks, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("lacks (-spec +platform):\n%s", diff)
		}
	})
	h.test(t, "refuses settings that name no system", func(t *testing.T) {
		p, err := h.Spec.OpenPlatform(t.Context(), "pbx", func(any) error { return nil }, h.openDeps())
		if err == nil {
			_ = p.Close()
			t.Fatal("opened without any settings")
		}
		if !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("got %v, want it invalid", err)
		}
	})
}

func (Harness) openDeps() systems.Deps {
	return (&session{Bench: &Bench{}, heard: &heard{}}).deps()
}

// lacks checks that a missing capability says why and is refused out loud.
func lacks(t *testing.T, h Harness, c systems.Capability) {
	t.Helper()
	h.test(t, "is lacking for a reason, and refused with it", func(t *testing.T) {
		s := h.open(t)
		t.Logf("%s has no %s: %s", h.Spec.Kind, c, s.Lacks[c])
		if s.Lacks[c] == "" {
			t.Error("no reason")
		}
		if err := s.Need(c); !errors.Is(err, dualtone.ErrUnsupported) {
			t.Errorf("need: %v, want it unsupported", err)
		}
	})
}
