package systemtest

import (
	"testing"

	"github.com/dualtone/dualtone"
)

func presence(t *testing.T, h Harness) {
	t.Helper()
	h.test(t, "who has no call is signed in and not busy", func(t *testing.T) {
		s := h.open(t)
		p := s.look(t)
		if !p.SignedIn || p.Busy() {
			t.Errorf("presence %+v", p)
		}
	})
	h.test(t, "an unknown user is not found", func(t *testing.T) {
		s := h.open(t)
		notFound(t, s.listen(only(s.Presence.Presence(t.Context(), s.Unknown))))
	})
	h.test(t, "a ringing phone, a talk and its end are seen", callSeen(h))
	h.test(t, "somebody else's call is not the user's", func(t *testing.T) {
		s := h.open(t)
		if s.Peer.Ring == nil {
			t.Skip("nobody can call on this system")
		}
		call := s.Peer.Ring(t, s.Colleague)
		defer call.HangUp(t)
		if p := s.look(t); p.Busy() {
			t.Errorf("presence %+v while a colleague's phone rings", p)
		}
	})
	h.test(t, "who is signed out is not signed in", func(t *testing.T) {
		s := h.open(t)
		if s.Peer.SignOut == nil {
			t.Skip("nobody can be signed out on this system from outside")
		}
		s.Peer.SignOut(t, s.User)
		eventually(t, "the user is signed out", func() bool { return !s.look(t).SignedIn })
	})
}

func callSeen(h Harness) func(t *testing.T) {
	return func(t *testing.T) {
		s := h.open(t)
		if s.Peer.Ring == nil {
			t.Skip("nobody can call on this system")
		}
		call := s.Peer.Ring(t, s.User)
		eventually(t, "the phone rings", func() bool { return s.does(t, dualtone.Ringing) })
		call.Answer(t)
		eventually(t, "the user talks", func() bool { return s.does(t, dualtone.Talking) })
		p := s.look(t)
		if len(p.Calls) != 1 || p.Calls[0].ID == "" {
			t.Errorf("one call is %+v", p.Calls)
		}
		call.HangUp(t)
		eventually(t, "the user is free", func() bool { return !s.look(t).Busy() })
	}
}

func (s *session) look(t *testing.T) dualtone.Presence {
	t.Helper()
	p, err := s.Presence.Presence(t.Context(), s.User)
	if s.listen(err) != nil {
		t.Fatalf("presence: %v", err)
	}
	return p
}

func (s *session) does(t *testing.T, a dualtone.Activity) bool {
	t.Helper()
	p := s.look(t)
	return len(p.Calls) > 0 && p.Calls[0].Activity == a
}
