package systemtest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/systems/sim"
)

// listing is one list that a platform gives, page by page.
type listing[V any] struct {
	all func(ctx context.Context, s *session) iter.Seq2[V, error]
	key func(v V) string
	// grows says that the list may become longer while it is looked at.
	grows bool
	// fill makes the list long enough to have something to lose.
	fill func(t *testing.T, s *session)
}

// drain reads a list to its end. Nothing may follow an error.
func drain[V any](seq iter.Seq2[V, error]) ([]V, error) {
	var all []V
	var failed error
	for v, err := range seq {
		if failed != nil {
			return all, errors.Join(failed, errors.New("the list went on after an error"))
		}
		if err != nil {
			failed = err
			continue
		}
		all = append(all, v)
	}
	return all, failed
}

func ended[V any](seq iter.Seq2[V, error]) error { return only(drain(seq)) }

func (l listing[V]) keys(t *testing.T, s *session) []string {
	t.Helper()
	all, err := drain(l.all(t.Context(), s))
	if s.listen(err) != nil {
		t.Fatalf("list: %v", err)
	}
	return l.keysOf(all)
}

func (l listing[V]) keysOf(all []V) []string {
	keys := make([]string, 0, len(all))
	for _, v := range all {
		keys = append(keys, l.key(v))
	}
	slices.Sort(keys)
	return keys
}

// prove checks what holds for every list.
func (l listing[V]) prove(t *testing.T, h Harness) {
	t.Helper()
	h.test(t, "lists everything once", func(t *testing.T) {
		keys := l.keys(t, l.open(t, h))
		if len(slices.Compact(slices.Clone(keys))) != len(keys) {
			t.Errorf("listed twice: %v", keys)
		}
	})
	h.test(t, "a canceled context ends the list with an error", func(t *testing.T) {
		s := l.open(t, h)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got, err := drain(l.all(ctx, s)); err == nil {
			t.Errorf("got %d items and no error", len(got))
		}
	})
	h.test(t, "canceling on the way never passes for the end", l.canceled(h))
	h.test(t, "who stops reading early may ask again", func(t *testing.T) {
		s := l.open(t, h)
		want := l.keys(t, s)
		for _, err := range l.all(t.Context(), s) {
			_ = s.listen(err)
			break
		}
		l.same(t, want, l.keys(t, s))
	})
	for _, kind := range []sim.FaultKind{sim.CutShort, sim.AnswerLost, sim.Refused, sim.Failed} {
		h.test(t, "an answer that is "+string(kind)+" is an error, never a short list", l.faulty(h, kind))
	}
}

func (l listing[V]) open(t *testing.T, h Harness) *session {
	t.Helper()
	s := h.open(t)
	if l.fill != nil {
		l.fill(t, s)
	}
	return s
}

func (l listing[V]) canceled(h Harness) func(t *testing.T) {
	return func(t *testing.T) {
		s := l.open(t, h)
		want := l.keys(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var got []V
		var failed error
		for v, err := range l.all(ctx, s) {
			cancel()
			if err != nil {
				failed = err
				break
			}
			got = append(got, v)
		}
		if failed == nil && len(got) < len(want) {
			t.Errorf("got %d of %d items and no error", len(got), len(want))
		}
	}
}

// same compares two whole lists.
func (l listing[V]) same(t *testing.T, want, got []string) {
	t.Helper()
	if l.grows {
		missing(t, want, got)
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("no error, but not the list (-want +got):\n%s", diff)
	}
}

// faulty breaks each request of the list in turn.
func (l listing[V]) faulty(h Harness, kind sim.FaultKind) func(t *testing.T) {
	return func(t *testing.T) {
		s := l.open(t, h)
		want := l.keys(t, s)
		s.sweep(t, kind, func() {
			all, err := drain(l.all(t.Context(), s))
			if s.listen(err) != nil {
				return
			}
			l.same(t, want, l.keysOf(all))
		})
	}
}
