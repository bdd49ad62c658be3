package e2e_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/internal/certtest"
)

// mailroom is a mail server that keeps the subjects of what it took, by their
// Message-ID.
type mailroom struct {
	mu    sync.Mutex
	taken map[string][]string
}

func (m *mailroom) NewSession(*smtp.Conn) (smtp.Session, error) { return &handover{mailroom: m}, nil }

type handover struct {
	*mailroom

	known bool
}

func (*handover) AuthMechanisms() []string { return []string{sasl.Plain} }

func (d *handover) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, secret string) error {
		if user != "dualtone" || secret != password {
			return smtp.ErrAuthFailed
		}
		d.known = true
		return nil
	}), nil
}

func (d *handover) Mail(string, *smtp.MailOptions) error {
	if !d.known {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (*handover) Rcpt(string, *smtp.RcptOptions) error { return nil }

func (d *handover) Data(r io.Reader) error {
	letter, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	id := letter.Header.Get("Message-Id")
	d.taken[id] = append(d.taken[id], letter.Header.Get("Subject"))
	return nil
}

func (*handover) Reset() {}

func (*handover) Logout() error { return nil }

// subjects are those that were taken, and how many mails came twice.
func (m *mailroom) subjects() (all string, twice int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for _, same := range m.taken {
		b.WriteString(same[0] + "\n")
		twice += len(same) - 1
	}
	return b.String(), twice
}

// openMailroom opens a mail server that takes mail over an encrypted way alone,
// and returns its address.
func openMailroom(t *testing.T, by *certtest.Authority) (*mailroom, string) {
	t.Helper()
	m := &mailroom{taken: map[string][]string{}}
	server := smtp.NewServer(m)
	server.Domain = "mail.example.test"
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{by.Server(t)}, MinVersion: tls.VersionTLS12})
	must(t, err)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return m, listener.Addr().String()
}

// hook is a program that hears of events. It is away at the first attempt of each.
type hook struct {
	*httptest.Server

	mu    sync.Mutex
	tried map[string]int
	heard map[string]int
	told  []rollout.Event
	wrong []string
}

func openHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{tried: map[string]int{}, heard: map[string]int{}}
	h.Server = httptest.NewServer(http.HandlerFunc(h.take))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	sum := hmac.New(sha256.New, []byte(password))
	sum.Write(body)
	if want := "sha256=" + hex.EncodeToString(sum.Sum(nil)); err != nil || r.Header.Get("X-Dualtone-Signature") != want {
		h.wrong = append(h.wrong, fmt.Sprintf("%s: signature %q, want %q, %v", body, r.Header.Get("X-Dualtone-Signature"), want, err))
	}
	key := r.Header.Get("Idempotency-Key")
	if h.tried[key]++; h.tried[key] == 1 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var e rollout.Event
	if err := json.Unmarshal(body, &e); err != nil {
		h.wrong = append(h.wrong, err.Error())
	}
	h.heard[key]++
	h.told = append(h.told, e)
}

// hears reports whether an event of a kind was told of a stage.
func (h *hook) hears(kind rollout.EventKind, stage string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.told {
		if e.Kind == kind && e.Stage == stage {
			return true
		}
	}
	return false
}

// delivers waits until something was heard of, and everything that happened was
// delivered.
func (s *site) delivers(t *testing.T, heard func() bool) {
	t.Helper()
	within(t, 2*time.Minute, "all news is delivered", func() bool {
		var due struct{ Items []struct{ State string } }
		if a := s.ask(t, &due, "notify", "list", "--plan", "acme", "--limit", "1000"); a.code != exitOK {
			t.Fatal(a)
		}
		waiting := slices.ContainsFunc(due.Items, func(d struct{ State string }) bool { return d.State != "delivered" })
		return !waiting && heard()
	})
}

// newsPlan has a stage whose gate has no data, and takes that for a failure.
const newsPlan = `apiVersion: dualtone/v1
kind: CutoverPlan
metadata: {name: acme, owner: ada}
spec:
  systems: {old: pbx, new: cloud, crm: crm}
  timezone: Europe/London
  calendars: {windows: {always: {from: "00:00", to: "24:00"}}}
  gates:
    precheck: [{check: before_image_complete, on_fail: skip_user}, {check: restore_rehearsed, max_age: 14d, on_fail: block_stage}]
    health: [{name: answered-rate, threshold: {min: 90%}, window: stage, min_samples: 1, on_no_data: fail, on_fail: hold}]
  limits: {concurrency: 4}
  approvals:
    plan: {need: 1, roles: [cutover-approver], not_author: true, valid_for: 7d, binds: [plan_hash, cohort_hash]}
    stage_default: {need: 1, roles: [operations-lead], not_author: true, valid_for: 12h, binds: [plan_hash, cohort_hash, evidence_hash]}
  rollback: {window: 14d}
  stages:
    - id: pilot
      kind: pilot
      cohort: {where: 'id == "E1001"'}
      windows: [always]
      soak: 2s
      gates: [precheck, health]
`

// What happens to a plan reaches a mail server and a program, through the workers:
// that an approval is needed, that somebody holds it, that a gate failed, and each
// change of state. A program that was away at first is told again, and nobody
// hears of anything twice, also not when a worker is killed and another goes on.
func TestNewsOfAPlanReachPeopleAndProgramsOnce(t *testing.T) {
	t.Parallel()
	authority := certtest.New(t)
	letters, at := openMailroom(t, authority)
	program := openHook(t)
	s := newSite(t, 2, usual())
	ca := s.file(t, "ca.pem", string(authority.PEM()))
	settings, err := os.ReadFile(s.config)
	must(t, err)
	s.env = append(s.env, "E2E_HOOK="+program.URL)
	settings = fmt.Appendf(settings, `notify:
  mail: {server: %q, encryption: tls, ca: %s, user: dualtone, password: env:E2E_PASSWORD, from: "dualtone <dualtone@example.test>"}
  channels:
    desk: {kind: mail, to: [desk@example.test]}
    program: {kind: webhook, url: env:E2E_HOOK, secret: env:E2E_PASSWORD}
`, at, ca)
	must(t, os.WriteFile(s.config, settings, 0o600)) //nolint:gosec // the test's own file
	s.open(t)
	first := s.work(t)
	s.good(t, "switch", "E1002", "--to", "new", "--reason", "canary")
	s.good(t, "switch", "E1002", "--to", "old", "--reason", "canary")

	s.as(t, "ada", "submit", s.file(t, "plan.yaml", newsPlan))
	s.as(t, "eve", "approve", "acme")
	s.as(t, "oscar", "start", "acme")
	s.planReaches(t, "pilot", rollout.AwaitingApproval)
	s.delivers(t, func() bool { return program.hears(rollout.ApprovalNeeded, "pilot") })
	first.kill() // with nothing in hand: what it had would be left to it for some minutes
	s.work(t)
	s.as(t, "ivy", "hold", "acme")
	s.as(t, "ivy", "release", "acme")
	s.as(t, "lea", "approve", "acme", "--stage", "pilot", "--role", "operations-lead")
	s.planReaches(t, "pilot", rollout.Failed)

	s.delivers(t, func() bool { return program.hears(rollout.GateFailed, "pilot") })
	for _, kind := range []rollout.EventKind{rollout.HoldPlaced, rollout.HoldReleased, rollout.ApprovalGiven, rollout.StateChanged} {
		if !program.hears(kind, "") && !program.hears(kind, "pilot") {
			t.Errorf("the program did not hear that it is %s: %+v", kind, program.told)
		}
	}
	program.mu.Lock()
	for key, n := range program.heard {
		if n != 1 || program.tried[key] != 2 {
			t.Errorf("the program was told %d times of %s, tried %d times; want once, at the second attempt", n, key, program.tried[key])
		}
	}
	for _, wrong := range program.wrong {
		t.Error(wrong)
	}
	told := len(program.heard)
	program.mu.Unlock()
	subjects, twice := letters.subjects()
	if n := strings.Count(subjects, "\n"); n != told || twice != 0 {
		t.Errorf("%d mails and %d of them twice, the program heard of %d things:\n%s", n, twice, told, subjects)
	}
	for _, want := range []string{"acme", "approv", "held"} {
		if !strings.Contains(subjects, want) {
			t.Errorf("no mail tells of %q:\n%s", want, subjects)
		}
	}
}
