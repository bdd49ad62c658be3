package systemtest

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/dualtone/dualtone"
)

func numbers(t *testing.T, h Harness) {
	t.Helper()
	listing[dualtone.Assignment]{
		all: func(ctx context.Context, s *session) iter.Seq2[dualtone.Assignment, error] {
			return s.Platform.Numbers.Numbers(ctx)
		},
		key: func(a dualtone.Assignment) string { return string(a.Number) },
	}.prove(t, h)
	setting[string]{
		get: target,
		set: func(ctx context.Context, s *session, from, to string) error {
			return s.Platform.Numbers.Assign(ctx, s.Number, from, to)
		},
		equal:  func(a, b string) bool { return a == b },
		states: func(b *Bench) []string { return b.Targets },
	}.prove(t, h)
	h.test(t, "an unknown number is not found", func(t *testing.T) {
		s := h.open(t)
		notFound(t, s.listen(s.Platform.Numbers.Assign(t.Context(), "+19995550199", "", s.Targets[0])))
	})
}

func target(ctx context.Context, s *session) (string, error) {
	all, err := drain(s.Platform.Numbers.Numbers(ctx))
	if err != nil {
		return "", err
	}
	for _, a := range all {
		if a.Number == s.Number {
			return a.Target, nil
		}
	}
	return "", fmt.Errorf("number %s: %w", s.Number, dualtone.ErrNotFound)
}
