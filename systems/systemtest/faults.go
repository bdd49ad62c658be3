package systemtest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/sim"
)

// can ends a test whose fault the system has no way to show.
func (s *session) can(t *testing.T, kind sim.FaultKind) {
	t.Helper()
	if s.Faults == nil {
		t.Skip("this system cannot be made to fail")
	}
	if reason := s.Cannot[kind]; reason != "" {
		t.Skipf("%s: %s", kind, reason)
	}
}

// sweep does the same again and again, and each time the fault strikes one
// request later, until all requests of it have failed once.
func (s *session) sweep(t *testing.T, kind sim.FaultKind, do func()) {
	t.Helper()
	s.can(t, kind)
	s.warm(t)
	sweep(t, s.Faults, kind, do)
}

// sweep is the sweep of any system.
func sweep(t *testing.T, faults *sim.Faults, kind sim.FaultKind, do func()) {
	t.Helper()
	const far = 60
	for skip := range far {
		before := len(faults.Struck())
		faults.Inject(sim.Fault{Kind: kind, Skip: skip, RetryAfter: time.Second})
		do()
		faults.Clear()
		if t.Failed() {
			t.Fatalf("with request %d %s", skip+1, kind)
		}
		if len(faults.Struck()) == before {
			return
		}
	}
	t.Fatalf("more than %d requests for one thing", far)
}

func faults(t *testing.T, h Harness) {
	t.Helper()
	h.test(t, "a throttled request says how long to wait, as told", h.eachRead(throttled))
	h.test(t, "an expired session is renewed once", h.eachRead(renewed))
	h.test(t, "a session that cannot be renewed is no endless loop", h.eachRead(notRenewed))
	h.test(t, "a lost answer to a question is no answer", h.eachRead(lostRead))
	h.test(t, "a slow system is left when the deadline passes", h.eachRead(slow))
	h.test(t, "after a failure the next request works", h.eachRead(recovers))
	h.test(t, "nothing is asked of the system out of turn", func(t *testing.T) {
		s := h.open(t)
		for _, r := range s.reads() {
			before := s.requests.Load()
			if err := r.ask(t.Context()); err != nil {
				t.Errorf("%s: %v", r.name, err)
			}
			if s.requests.Load() == before {
				t.Errorf("%s did not wait for its turn", r.name)
			}
		}
	})
	h.test(t, "a hundred may ask at once", func(t *testing.T) {
		s := h.open(t)
		reads := s.reads()
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				r := reads[i%len(reads)]
				if err := r.ask(t.Context()); err != nil {
					t.Errorf("%s: %v", r.name, err)
				}
			})
		}
		wg.Wait()
	})
}

// eachRead runs one check for every question that the platform answers, each
// on a session that is signed in.
func (h Harness) eachRead(check func(*testing.T, *session, read)) func(*testing.T) {
	return func(t *testing.T) {
		s := h.open(t)
		for _, r := range s.reads() {
			s.warm(t)
			t.Run(r.name, func(t *testing.T) { check(t, s, r) })
			if s.Faults != nil {
				s.Faults.Clear()
			}
		}
	}
}

func throttled(t *testing.T, s *session, r read) {
	s.can(t, sim.Throttled)
	s.Faults.Inject(sim.Fault{Kind: sim.Throttled, RetryAfter: 7 * time.Second})
	err := r.ask(t.Context())
	told, ok := errors.AsType[*dualtone.ThrottledError](err)
	if !ok || told.After != 7*time.Second {
		t.Errorf("got %v, want a ThrottledError after 7s", err)
	}
}

func renewed(t *testing.T, s *session, r read) {
	s.can(t, sim.Expired)
	s.Faults.Inject(sim.Fault{Kind: sim.Expired})
	if err := r.ask(t.Context()); err != nil {
		t.Errorf("got %v, want the session renewed", err)
	}
}

func notRenewed(t *testing.T, s *session, r read) {
	s.can(t, sim.Expired)
	before := len(s.Faults.Struck())
	s.Faults.Inject(sim.Fault{Kind: sim.Expired, Count: -1})
	if err := r.ask(t.Context()); err == nil {
		t.Error("got an answer from a system that refuses every session")
	}
	if n := len(s.Faults.Struck()) - before; n > 4 {
		t.Errorf("asked %d times in vain", n)
	}
}

func lostRead(t *testing.T, s *session, r read) {
	s.can(t, sim.AnswerLost)
	s.Faults.Inject(sim.Fault{Kind: sim.AnswerLost, Count: -1})
	if err := r.ask(t.Context()); err == nil || errors.Is(err, dualtone.ErrUnknown) || dualtone.Lasting(err) {
		t.Errorf("got %v (%s), want the system unavailable", err, dualtone.Kind(err))
	}
}

func slow(t *testing.T, s *session, r read) {
	s.can(t, sim.Slow)
	s.Faults.Inject(sim.Fault{Kind: sim.Slow, Delay: time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := r.ask(ctx)
	if kind := dualtone.Kind(err); kind != "unavailable" {
		t.Errorf("got %v (%s), want it unavailable", err, kind)
	}
}

func recovers(t *testing.T, s *session, r read) {
	for _, kind := range []sim.FaultKind{sim.Refused, sim.CutShort, sim.AnswerLost, sim.Failed} {
		if s.Faults == nil || s.Cannot[kind] != "" {
			continue
		}
		s.Faults.Inject(sim.Fault{Kind: kind})
		_ = r.ask(t.Context())
		s.Faults.Clear()
		if err := r.ask(t.Context()); err != nil {
			t.Errorf("after %s: %v", kind, err)
		}
	}
}
