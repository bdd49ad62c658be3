package systemtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/sim"
)

func crmFailures() []crmTest {
	return []crmTest{
		{"a throttled request says how long to wait, as told", crmEachAsk(func(t *testing.T, s *crmSession, a crmAsk) {
			t.Helper()
			s.Faults.Inject(sim.Fault{Kind: sim.Throttled, RetryAfter: 7 * time.Second})
			told, ok := errors.AsType[*dualtone.ThrottledError](a.ask(t.Context()))
			if !ok || told.After != 7*time.Second || told.System != "crm" {
				t.Errorf("%s: got %v, want crm throttled for 7s", a.name, told)
			}
		})},
		{"an ended session is renewed once", crmEachAsk(crmRenewed)},
		{"a session that always ends is no endless loop", crmEachAsk(func(t *testing.T, s *crmSession, a crmAsk) {
			t.Helper()
			before := len(s.Faults.Struck())
			s.Faults.Inject(sim.Fault{Kind: sim.Expired, Count: -1})
			if err := a.ask(t.Context()); err == nil {
				t.Errorf("%s: got an answer without a session", a.name)
			}
			if n := len(s.Faults.Struck()) - before; n > 4 {
				t.Errorf("%s: asked %d times in vain", a.name, n)
			}
		})},
		{"an answer that breaks off is an error, and the next one is good", crmEachAsk(crmBrokenAsk)},
		{"a slow org is left when the deadline passes", crmEachAsk(func(t *testing.T, s *crmSession, a crmAsk) {
			t.Helper()
			s.Faults.Inject(sim.Fault{Kind: sim.Slow, Delay: time.Hour})
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := a.ask(ctx); dualtone.Kind(err) != "unavailable" {
				t.Errorf("%s: got %v, want unavailable", a.name, err)
			}
		})},
		{"a write that fails anywhere says so and is carried on by the next try", crmBreakWrites},
		{"a write whose session ends anywhere is carried on", crmSessionWrites},
		{"a write to an org that has gone quiet is unknown, and done by the next try", crmQuiet},
	}
}

// crmEachAsk runs one check for every question.
func crmEachAsk(check func(*testing.T, *crmSession, crmAsk)) func(*testing.T, CRMHarness) {
	return func(t *testing.T, h CRMHarness) {
		t.Helper()
		s := h.open(t, CRMSetup{Users: 3})
		for _, a := range s.asks() {
			s.warm(t)
			check(t, s, a)
			s.Faults.Clear()
		}
	}
}

// crmBreakWrites lets each request of a change fail in each way. Whatever comes
// of it, nobody has a call center without the permission sets that belong to it.
func crmBreakWrites(t *testing.T, h CRMHarness) {
	t.Helper()
	for _, kind := range crmBroken() {
		s := h.open(t, CRMSetup{Users: 2})
		from, to := s.Phones[0], s.Phones[1]
		s.sweep(t, kind, func() {
			s.breakWrite(t, []systems.SoftphoneChange{
				{User: s.Users[0], From: from, To: to}, {User: s.Users[1], From: from, To: to},
			})
			from, to = to, from
		})
	}
}

// breakWrite makes changes of which a request fails, and then makes them again.
func (s *crmSession) breakWrite(t *testing.T, changes []systems.SoftphoneChange) {
	t.Helper()
	for i, err := range s.CRM.Softphones.SetSoftphones(t.Context(), changes) {
		c := changes[i]
		have := s.Peer.Softphone(t, c.User)
		if s.heard(err) == nil && !have.Equal(c.To) {
			t.Errorf("done, they said, and %s has %+v; want %+v", c.User, have, c.To)
		}
		if err != nil && dualtone.Lasting(err) {
			t.Errorf("got %v, want an error that passes", err)
		}
		if !crmWithin(have, c.From, c.To) {
			t.Errorf("%s is left with %+v", c.User, have)
		}
	}
	s.Faults.Clear()
	for i, err := range s.CRM.Softphones.SetSoftphones(t.Context(), changes) {
		if s.heard(err) != nil {
			t.Errorf("the next try: %v", err)
		}
		s.has(t, changes[i].User, changes[i].To)
	}
}

func crmRenewed(t *testing.T, s *crmSession, a crmAsk) {
	t.Helper()
	before := s.requests.Load()
	if err := a.ask(t.Context()); err != nil {
		t.Fatal(err)
	}
	usual := s.requests.Load() - before
	s.Peer.Expire(t)
	before = s.requests.Load()
	if err := a.ask(t.Context()); err != nil {
		t.Errorf("%s: got %v, want the session renewed", a.name, err)
	}
	if more := s.requests.Load() - before - usual; more != 2 {
		t.Errorf("%s: %d requests more than usual, want the refused one and one sign-in", a.name, more)
	}
}

func crmBrokenAsk(t *testing.T, s *crmSession, a crmAsk) {
	t.Helper()
	for _, kind := range crmBroken() {
		// A transport may ask again by itself what was never answered.
		s.Faults.Inject(sim.Fault{Kind: kind, Count: -1})
		if err := a.ask(t.Context()); err == nil || dualtone.Lasting(err) || errors.Is(err, dualtone.ErrUnknown) {
			t.Errorf("%s %s: got %v, want an error that passes", a.name, kind, err)
		}
		s.Faults.Clear()
		if err := a.ask(t.Context()); err != nil {
			t.Errorf("%s after %s: %v", a.name, kind, err)
		}
	}
}

func crmSessionWrites(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1})
	from, to := s.Phones[0], s.Phones[1]
	s.sweep(t, sim.Expired, func() {
		if err := s.set(t.Context(), s.Users[0], from, to); err != nil {
			t.Errorf("got %v, want the session renewed", err)
		}
		s.has(t, s.Users[0], to)
		from, to = to, from
	})
}

func crmQuiet(t *testing.T, h CRMHarness) {
	t.Helper()
	s := h.open(t, CRMSetup{Users: 1})
	s.warm(t)
	// The read before passes, and from the first write on nothing is answered.
	s.Faults.Inject(sim.Fault{Kind: sim.AnswerLost, Skip: 1, Count: -1})
	from, to := dualtone.Softphone{CallCenter: s.Phones[0].CallCenter, PermissionSets: s.Phones[0].PermissionSets}, s.Phones[0]
	to.AutoLogin = !to.AutoLogin
	from.AutoLogin = s.Phones[0].AutoLogin
	if err := s.set(t.Context(), s.Users[0], from, to); !errors.Is(err, dualtone.ErrUnknown) {
		t.Errorf("got %v, want the outcome unknown", err)
	}
	s.Faults.Clear()
	if err := s.set(t.Context(), s.Users[0], from, to); err != nil {
		t.Errorf("the next try: %v", err)
	}
	s.has(t, s.Users[0], to)
}
