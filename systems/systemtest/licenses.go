package systemtest

import (
	"context"
	"testing"

	"github.com/dualtone/dualtone"
)

func licenses(t *testing.T, h Harness) {
	t.Helper()
	h.test(t, "counts each kind of seat once", func(t *testing.T) {
		s := h.open(t)
		seen := map[string]bool{}
		for _, l := range s.licenses(t) {
			if l.Name == "" || seen[l.Name] || l.Used < 0 || l.Total < 0 {
				t.Errorf("license %+v", l)
			}
			seen[l.Name] = true
		}
		if len(seen) == 0 {
			t.Error("no kind of seat")
		}
	})
}

func (s *session) licenses(t *testing.T) []dualtone.License {
	t.Helper()
	all, err := s.Licenses.Licenses(context.WithoutCancel(t.Context()))
	if s.listen(err) != nil {
		t.Fatal(err)
	}
	return all
}
