package systemtest

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dualtone/dualtone/systems"
)

// session is one opened connector on one bench.
type session struct {
	*Bench
	*systems.Platform

	requests *atomic.Int64
	heard    *heard
}

// heard keeps all that the connector said, to look for secrets in it.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// open sets up a system and opens the connector on it.
func (h Harness) open(t *testing.T) *session {
	t.Helper()
	return h.on(t, h.Start(t))
}

// on opens the connector, once more if need be, on a running system.
func (h Harness) on(t *testing.T, b *Bench) *session {
	t.Helper()
	s, err := h.try(t, b, b.Settings)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return s
}

func (h Harness) try(t *testing.T, b *Bench, settings systems.Decode) (*session, error) {
	t.Helper()
	s := &session{Bench: b, requests: &atomic.Int64{}, heard: &heard{}}
	p, err := h.Spec.OpenPlatform(t.Context(), "pbx", settings, s.deps())
	_ = s.listen(err)
	s.Platform = p
	t.Cleanup(func() {
		if p != nil {
			if err := p.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
		for _, secret := range b.Secrets {
			if said := s.heard.String(); strings.Contains(said, secret) {
				t.Error("a secret is in an error or a log")
			}
		}
	})
	return s, err
}

func (s *session) deps() systems.Deps {
	now := s.Now
	if now == nil {
		now = time.Now
	}
	return systems.Deps{
		Log:       slog.New(slog.NewTextHandler(s.heard, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Transport: http.DefaultTransport,
		Pace: func(ctx context.Context, _ string) error {
			s.requests.Add(1)
			return ctx.Err()
		},
		Now: now,
	}
}

// listen remembers what an error says.
func (s *session) listen(err error) error {
	if err != nil {
		_, _ = s.heard.Write([]byte(err.Error() + "\n"))
	}
	return err
}

// read is one way to ask the system something.
type read struct {
	name string
	ask  func(ctx context.Context) error
}

// reads lists one question for each capability that the platform has.
func (s *session) reads() []read {
	all := []struct {
		c   systems.Capability
		ask func(ctx context.Context) error
	}{
		{systems.CanDirectory, func(ctx context.Context) error { return ended(s.Directory.Users(ctx)) }},
		{systems.CanProvisioning, func(ctx context.Context) error { return only(s.Provisioning.Seat(ctx, s.User)) }},
		{systems.CanForwarding, func(ctx context.Context) error { return only(s.Forwarding.Forward(ctx, s.User)) }},
		{systems.CanNumbers, func(ctx context.Context) error { return ended(s.Platform.Numbers.Numbers(ctx)) }},
		{systems.CanQueues, func(ctx context.Context) error { return only(s.Queues.Offering(ctx, s.User)) }},
		{systems.CanPresence, func(ctx context.Context) error { return only(s.Presence.Presence(ctx, s.User)) }},
		{systems.CanLicenses, func(ctx context.Context) error { return only(s.Licenses.Licenses(ctx)) }},
	}
	found := []read{{"health", func(ctx context.Context) error { return s.listen(only(s.Health.Check(ctx))) }}}
	for _, r := range all {
		if s.Has(r.c) {
			found = append(found, read{string(r.c), func(ctx context.Context) error { return s.listen(r.ask(ctx)) }})
		}
	}
	if s.Platform.Survey != nil {
		found = append(found, read{"survey", func(ctx context.Context) error {
			return s.listen(ahead(systems.OneLook(ctx), s.Platform.Survey, s.User))
		}})
	}
	return found
}

// warm signs the connector in, so that the next request is the one asked for.
func (s *session) warm(t *testing.T) {
	t.Helper()
	if err := s.listen(only(s.Health.Check(t.Context()))); err != nil {
		t.Fatalf("check: %v", err)
	}
}

func only[V any](_ V, err error) error { return err }

// eventually asks until it is so or the test has waited long enough.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-timeout:
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}
