package systemtest

import (
	"context"
	"errors"
	"testing"

	"github.com/dualtone/dualtone"
)

func forwarding(t *testing.T, h Harness) {
	t.Helper()
	setting[dualtone.Forward]{
		get: func(ctx context.Context, s *session) (dualtone.Forward, error) {
			return s.Forwarding.Forward(ctx, s.User)
		},
		set: func(ctx context.Context, s *session, from, to dualtone.Forward) error {
			return s.Forwarding.SetForward(ctx, s.User, from, to)
		},
		equal:  dualtone.Forward.Equal,
		states: func(b *Bench) []dualtone.Forward { return b.Forwards },
	}.prove(t, h)
	h.test(t, "an unknown user is not found", func(t *testing.T) {
		s := h.open(t)
		notFound(t, s.listen(only(s.Forwarding.Forward(t.Context(), s.Unknown))))
		notFound(t, s.listen(s.Forwarding.SetForward(t.Context(), s.Unknown, dualtone.Forward{}, s.Forwards[0])))
	})
	h.test(t, "the system itself then sends the calls there", forwardSeen(h))
	h.test(t, "a forward made by hand is kept", forwardByHand(h))
}

func forwardSeen(h Harness) func(t *testing.T) {
	return func(t *testing.T) {
		s := h.open(t)
		if s.Peer.Forward == nil {
			t.Skip("this system's forwards cannot be seen from outside")
		}
		was, err := s.Forwarding.Forward(t.Context(), s.User)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Forwarding.SetForward(t.Context(), s.User, was, s.Forwards[0]); err != nil {
			t.Fatal(err)
		}
		if got := s.Peer.Forward(t, s.User); got != s.Forwards[0].To {
			t.Errorf("calls go to %q, want %q", got, s.Forwards[0].To)
		}
		if err := s.Forwarding.SetForward(t.Context(), s.User, s.Forwards[0], was); err != nil {
			t.Fatal(err)
		}
		if got := s.Peer.Forward(t, s.User); got != was.To {
			t.Errorf("calls go to %q after the way back, want %q", got, was.To)
		}
	}
}

func forwardByHand(h Harness) func(t *testing.T) {
	return func(t *testing.T) {
		s := h.open(t)
		if s.Peer.Divert == nil || s.Peer.Forward == nil {
			t.Skip("this system's forwards cannot be changed from outside")
		}
		was, err := s.Forwarding.Forward(t.Context(), s.User)
		if err != nil {
			t.Fatal(err)
		}
		s.Peer.Divert(t, s.User, s.Forwards[1].To)
		defer s.Peer.Divert(t, s.User, was.To)
		if err := s.Forwarding.SetForward(t.Context(), s.User, was, s.Forwards[0]); !errors.Is(err, dualtone.ErrConflict) {
			t.Errorf("got %v, want a conflict", err)
		}
		if got := s.Peer.Forward(t, s.User); got != s.Forwards[1].To {
			t.Errorf("calls go to %q, want %q as somebody set it", got, s.Forwards[1].To)
		}
	}
}
