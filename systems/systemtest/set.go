package systemtest

import (
	"context"
	"errors"
	"testing"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/sim"
)

// setting is one thing of a user's that can be read and set.
type setting[V any] struct {
	get   func(ctx context.Context, s *session) (V, error)
	set   func(ctx context.Context, s *session, from, to V) error
	equal func(a, b V) bool
	// alike reports whether two values differ in nothing that makes a conflict;
	// nil for equal.
	alike func(a, b V) bool
	// states gives two or more values beside the present one.
	states func(b *Bench) []V
}

// bound is a setting on an open session, with the value that it had.
type bound[V any] struct {
	setting[V]
	*session

	was    V
	states []V
}

// prove checks what holds for everything that can be set.
func (v setting[V]) prove(t *testing.T, h Harness) {
	t.Helper()
	h.test(t, "what is set is read back, and so is the way back", func(t *testing.T) {
		s := v.open(t, h)
		for _, state := range s.states {
			s.change(t, s.was, state)
			s.is(t, state)
			s.change(t, state, s.was)
			s.is(t, s.was)
		}
	})
	h.test(t, "from any state to any other", func(t *testing.T) {
		s := v.open(t, h)
		now := s.was
		for _, state := range append(s.states, s.states[0], s.was) {
			s.change(t, now, state)
			s.is(t, state)
			now = state
		}
	})
	h.test(t, "twice is once", func(t *testing.T) {
		s := v.open(t, h)
		s.change(t, s.was, s.states[0])
		s.change(t, s.was, s.states[0])
		s.is(t, s.states[0])
	})
	h.test(t, "to what it is already is nothing", func(t *testing.T) {
		s := v.open(t, h)
		s.change(t, s.states[0], s.was)
		s.is(t, s.was)
	})
	h.test(t, "somebody else's change is not overwritten", func(t *testing.T) {
		s := v.open(t, h)
		other := bound[V]{setting: v, session: h.on(t, s.Bench), was: s.was, states: s.states}
		theirs, ours := s.rivals(t)
		other.change(t, s.was, theirs)
		if err := s.listen(v.set(t.Context(), s.session, s.was, ours)); !errors.Is(err, dualtone.ErrConflict) {
			t.Errorf("got %v, want a conflict", err)
		}
		s.is(t, theirs)
	})
	for _, kind := range []sim.FaultKind{sim.AnswerLost, sim.CutShort, sim.Refused, sim.Failed, sim.Throttled, sim.Expired} {
		h.test(t, "a write that is "+string(kind)+" is never told wrongly, and a second one ends well", v.faulty(h, kind))
	}
}

func (v setting[V]) open(t *testing.T, h Harness) *bound[V] {
	t.Helper()
	s := h.open(t)
	b := &bound[V]{setting: v, session: s, states: v.states(s.Bench)}
	if len(b.states) < 2 {
		t.Fatal("the harness names fewer than two states to try")
	}
	b.was = b.now(t)
	if h.Shared {
		t.Cleanup(func() { b.putBack(t) })
	}
	return b
}

// rivals returns a state in which somebody else has put the user and one in
// which we want to: each differs from the other and from what was.
func (b *bound[V]) rivals(t *testing.T) (theirs, ours V) {
	t.Helper()
	alike := b.alike
	if alike == nil {
		alike = b.equal
	}
	for _, theirs := range b.states {
		for _, ours := range b.states {
			if !alike(theirs, b.was) && !alike(ours, b.was) && !alike(theirs, ours) {
				return theirs, ours
			}
		}
	}
	t.Fatal("the harness names no two states that would be a conflict")
	return theirs, ours
}

func (b *bound[V]) putBack(t *testing.T) {
	ctx := context.WithoutCancel(t.Context())
	now, err := b.get(ctx, b.session)
	if err == nil {
		err = b.set(ctx, b.session, now, b.was)
	}
	if err != nil {
		t.Errorf("put back: %v", err)
	}
}

func (b *bound[V]) now(t *testing.T) V {
	t.Helper()
	now, err := b.get(t.Context(), b.session)
	if b.listen(err) != nil {
		t.Fatalf("read: %v", err)
	}
	return now
}

func (b *bound[V]) is(t *testing.T, want V) {
	t.Helper()
	if now := b.now(t); !b.equal(now, want) {
		t.Errorf("is %+v, want %+v", now, want)
	}
}

func (b *bound[V]) change(t *testing.T, from, to V) {
	t.Helper()
	if err := b.listen(b.set(t.Context(), b.session, from, to)); err != nil {
		t.Fatalf("set %+v: %v", to, err)
	}
}

// faulty breaks each request of a write in turn. Done means done, an error
// other than ErrUnknown means nothing was changed, and the same write again
// ends well.
func (v setting[V]) faulty(h Harness, kind sim.FaultKind) func(t *testing.T) {
	return func(t *testing.T) {
		s := v.open(t, h)
		for _, to := range s.states {
			s.sweep(t, kind, func() {
				err := s.listen(v.set(t.Context(), s.session, s.was, to))
				s.Faults.Clear()
				now := s.now(t)
				switch {
				case err == nil && !s.equal(now, to):
					t.Errorf("told done, is %+v, want %+v", now, to)
				case err != nil && !errors.Is(err, dualtone.ErrUnknown) && !s.equal(now, s.was):
					t.Errorf("told %v (%s), but it is changed: %+v", err, dualtone.Kind(err), now)
				}
				s.change(t, s.was, to)
				s.is(t, to)
				s.change(t, to, s.was)
				s.is(t, s.was)
			})
		}
	}
}
