package channel_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/internal/mail"
	"github.com/dualtone/dualtone/notify/channel"
)

func failure() rollout.Event {
	e, _ := rollout.EventOf(rollout.Transition{
		Plan: "emea", Stage: "wave-1", From: rollout.Soaking, To: rollout.Failed, Verb: rollout.Fail, Actor: "system", Role: rollout.System,
		Reason: "gate abandon-rate is 9%, <!channel> up from 4% by more than 2pp", Hash: strings.Repeat("ab", 32), At: time.Date(2027, 3, 2, 21, 4, 0, 0, time.UTC),
	})
	return e
}

// posted is what a chat was sent.
type posted struct {
	header http.Header
	body   []byte
}

// chat is a server that keeps what is posted and answers with a status.
func chat(t *testing.T, status int) (address string, got *posted) {
	t.Helper()
	got = &posted{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.header = r.Header
		got.body, _ = io.ReadAll(r.Body)
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/services/T000/B000/sesame", got
}

func TestAChatGetsWhatHappenedWhyAndWhatToDo(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(string, string, http.RoundTripper) (*channel.Hook, error){"slack": channel.Slack, "teams": channel.Teams} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, got := chat(t, http.StatusOK)
			h, err := open(name, address, http.DefaultTransport)
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Carry(t.Context(), failure()); err != nil {
				t.Fatal(err)
			}
			if !json.Valid(got.body) || got.header.Get("Content-Type") != "application/json" || got.header.Get("Idempotency-Key") != failure().Key() {
				t.Errorf("posted %v %s", got.header, got.body)
			}
			for _, want := range []string{"stage wave-1 of plan emea", "gate abandon-rate is 9%", "2027-03-02T21:04:00Z", "dualtone plan rollback emea --stage wave-1", "system"} {
				if !strings.Contains(string(got.body), want) {
					t.Errorf("%q is not in %s", want, got.body)
				}
			}
			if name == "slack" && strings.Contains(strings.ReplaceAll(string(got.body), `\u003c`, "<"), "<!channel>") {
				t.Error("what somebody wrote calls everybody")
			}
		})
	}
}

func TestAProgramGetsTheEventSigned(t *testing.T) {
	t.Parallel()
	address, got := chat(t, http.StatusAccepted)
	h, err := channel.Webhook("pager", address, "a-secret-of-ours", http.DefaultTransport)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Carry(t.Context(), failure()); err != nil {
		t.Fatal(err)
	}
	var body struct {
		Key    string            `json:"key"`
		Kind   rollout.EventKind `json:"kind"`
		Plan   string            `json:"plan"`
		Urgent bool              `json:"urgent"`
	}
	if err := json.Unmarshal(got.body, &body); err != nil || body.Key != failure().Key() || body.Kind != rollout.GateFailed || body.Plan != "emea" || !body.Urgent {
		t.Errorf("posted %s, %v", got.body, err)
	}
	mac := hmac.New(sha256.New, []byte("a-secret-of-ours"))
	mac.Write(got.body)
	if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); got.header.Get("X-Dualtone-Signature") != want {
		t.Errorf("signature %q, want %q", got.header.Get("X-Dualtone-Signature"), want)
	}
}

func TestAFailureSaysItsKindAndNotTheAddress(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{
		http.StatusForbidden: dualtone.ErrDenied, http.StatusNotFound: dualtone.ErrNotFound, http.StatusTooManyRequests: dualtone.ErrUnavailable,
		http.StatusBadRequest: dualtone.ErrInvalid, http.StatusInternalServerError: dualtone.ErrUnknown,
	} {
		address, _ := chat(t, status)
		h, err := channel.Slack("desk", address, http.DefaultTransport)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Carry(t.Context(), failure()); !errors.Is(err, want) || !strings.Contains(err.Error(), "channel desk") || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%d: %v, want %v", status, err, want)
		}
	}
	h, err := channel.Slack("desk", "http://127.0.0.1:1/services/sesame", http.DefaultTransport)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Carry(t.Context(), failure()); !errors.Is(err, dualtone.ErrUnavailable) || strings.Contains(err.Error(), "sesame") {
		t.Errorf("nobody there: %v", err)
	}
	for _, address := range []string{"http://chat.example.test/hook", "chat", ""} {
		if _, err := channel.Slack("desk", address, nil); !errors.Is(err, dualtone.ErrInvalid) {
			t.Errorf("%q is taken for a way that keeps a secret: %v", address, err)
		}
	}
}

func TestAMailSaysItInItsSubject(t *testing.T) {
	t.Parallel()
	m := &channel.Mail{Server: mail.Server{}, To: []string{"ops@example.test"}}
	text, err := m.Compose(failure())
	want := `To: ops@example.test
Subject: stage wave-1 of plan emea is failed: a check failed

stage wave-1 of plan emea is failed: a check failed

Why: gate abandon-rate is 9%, <!channel> up from 4% by more than 2pp
Who: system (system)
When: 2027-03-02T21:04:00Z
Version: abababababab

Next:
  dualtone plan retry emea --stage wave-1
  dualtone plan rollback emea --stage wave-1 --reason WHY
`
	if err != nil || text != want {
		t.Errorf("mail, %v:\n%s\nwant:\n%s", err, text, want)
	}
}

func TestAHoldSaysWhatItCostsADay(t *testing.T) {
	t.Parallel()
	hold := rollout.EventOfHold(rollout.Hold{ID: "h1", Plan: "emea", Owner: "kim", Role: rollout.System, Reason: "storm", Placed: time.Date(2027, 3, 2, 21, 4, 0, 0, time.UTC)})
	hold.Day = &rollout.DayCost{Waste: "435.48", Cash: "0.00", Currency: "GBP", Text: "each day costs 435.48 GBP in waste and 0.00 GBP in cash"}
	text, err := (&channel.Mail{To: []string{"ops@example.test"}}).Compose(hold)
	if err != nil || !strings.Contains(text, "\nWhy: storm\nCosts: each day costs 435.48 GBP in waste and 0.00 GBP in cash\nWho: kim (system)\n") {
		t.Errorf("mail, %v:\n%s", err, text)
	}
	for name, open := range map[string]func(string, string, http.RoundTripper) (*channel.Hook, error){"slack": channel.Slack, "teams": channel.Teams} {
		h, err := open(name, "https://chat.example.test/hook", nil)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := h.Compose(hold); err != nil || !strings.Contains(text, "each day costs 435.48 GBP in waste") {
			t.Errorf("%s, %v: %s", name, err, text)
		}
	}
	h, err := channel.Webhook("pager", "https://pager.example.test/hook", "a-secret-of-ours", nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err = h.Compose(hold)
	var body struct {
		Day rollout.DayCost `json:"day"`
	}
	if err = errors.Join(err, json.Unmarshal([]byte(text), &body)); err != nil || body.Day != *hold.Day {
		t.Errorf("webhook, %v: %s", err, text)
	}
}
