package systemtest

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems"
	"github.com/dualtone/dualtone/systems/sim"
)

// crmSession is one opened connector on one org.
type crmSession struct {
	*CRMBench
	*systems.CRM

	requests *atomic.Int64
	said     *crmSaid
}

// crmSaid keeps all that the connector said, to look for secrets in it.
type crmSaid struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *crmSaid) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *crmSaid) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (h CRMHarness) open(t *testing.T, setup CRMSetup) *crmSession {
	t.Helper()
	b := h.Start(t, setup)
	return h.connect(t, b, b.Settings)
}

func (h CRMHarness) connect(t *testing.T, b *CRMBench, settings systems.Decode) *crmSession {
	t.Helper()
	s := &crmSession{CRMBench: b, requests: &atomic.Int64{}, said: &crmSaid{}}
	deps := systems.Deps{
		Log:       slog.New(slog.NewTextHandler(s.said, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Transport: http.DefaultTransport,
		Now:       b.Now,
		Pace: func(ctx context.Context, system string) error {
			if system != "crm" {
				t.Errorf("waited for the turn of %q, want crm", system)
			}
			s.requests.Add(1)
			return ctx.Err()
		},
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	crm, err := h.Spec.OpenCRM(t.Context(), "crm", settings, deps)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	s.CRM = crm
	t.Cleanup(func() {
		if err := crm.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		for _, secret := range b.Secrets {
			if strings.Contains(s.said.String(), secret) {
				t.Error("a secret is in an error or a log")
			}
		}
	})
	return s
}

// heard remembers what an error says.
func (s *crmSession) heard(err error) error {
	if err != nil {
		_, _ = s.said.Write([]byte(err.Error() + "\n"))
	}
	return err
}

// warm signs in, so that the next request is the one that was asked for.
func (s *crmSession) warm(t *testing.T) {
	t.Helper()
	if _, err := s.Health.Check(t.Context()); s.heard(err) != nil {
		t.Fatalf("check: %v", err)
	}
}

// set changes one user.
func (s *crmSession) set(ctx context.Context, user dualtone.UserID, from, to dualtone.Softphone) error {
	errs := s.CRM.Softphones.SetSoftphones(ctx, []systems.SoftphoneChange{{User: user, From: from, To: to}})
	if len(errs) != 1 {
		return errors.New("one change was not answered with one error")
	}
	return s.heard(errs[0])
}

// has fails the test unless the user has the softphone, whoever is asked.
func (s *crmSession) has(t *testing.T, user dualtone.UserID, want dualtone.Softphone) {
	t.Helper()
	if got := s.Peer.Softphone(t, user); !got.Equal(want) {
		t.Errorf("%s has %+v, want %+v", user, got, want)
	}
	got, err := s.CRM.Softphones.Softphone(t.Context(), user)
	if s.heard(err) != nil || !got.Equal(want) {
		t.Errorf("%s reads as %+v, %v; want %+v", user, got, err, want)
	}
}

// crmAsk is one way to ask the org something.
type crmAsk struct {
	name string
	ask  func(ctx context.Context) error
}

func (s *crmSession) asks() []crmAsk {
	all := []crmAsk{
		{"health", func(ctx context.Context) error { _, err := s.Health.Check(ctx); return err }},
		{"users", func(ctx context.Context) error { _, err := crmAll(s.Directory.Users(ctx)); return err }},
		{"user", func(ctx context.Context) error { _, err := s.Directory.User(ctx, s.Users[0]); return err }},
		{"softphone", func(ctx context.Context) error { _, err := s.CRM.Softphones.Softphone(ctx, s.Users[0]); return err }},
		{"call centers", func(ctx context.Context) error { _, err := crmAll(s.CallCenters.CallCenters(ctx)); return err }},
		{"call log", func(ctx context.Context) error {
			at := s.loggedAt()
			_, err := crmAll(s.CallLog.Calls(ctx, at.Add(-time.Hour), at))
			return err
		}},
		{"definition", func(ctx context.Context) error {
			_, err := s.CallCenters.Definition(ctx, s.CallCenter)
			return err
		}},
	}
	for i, a := range all {
		all[i].ask = func(ctx context.Context) error { return s.heard(a.ask(ctx)) }
	}
	return all
}

// sweep does the same again and again, and each time the fault strikes one
// request later, until the fault strikes none.
func (s *crmSession) sweep(t *testing.T, kind sim.FaultKind, do func()) {
	t.Helper()
	s.warm(t)
	sweep(t, s.Faults, kind, do)
}

// crmAll reads a whole list.
func crmAll[T any](list iter.Seq2[T, error]) ([]T, error) {
	var found []T
	for item, err := range list {
		if err != nil {
			return found, err
		}
		found = append(found, item)
	}
	return found, nil
}

// crmBroken are the faults after which nobody has an answer.
func crmBroken() []sim.FaultKind {
	return []sim.FaultKind{sim.Refused, sim.CutShort, sim.AnswerLost, sim.Failed, sim.Throttled}
}

// crmWithin reports whether a call center comes with the permission sets that
// one of the softphones has beside it.
func crmWithin(have dualtone.Softphone, whole ...dualtone.Softphone) bool {
	for _, w := range whole {
		if have.CallCenter == w.CallCenter && !slices.ContainsFunc(w.PermissionSets, func(set string) bool {
			return !slices.Contains(have.PermissionSets, set)
		}) {
			return true
		}
	}
	return false
}
