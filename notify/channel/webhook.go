package channel

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/cutover/rollout"
	"github.com/dualtone/dualtone/internal/wire"
)

// Hook is where events are posted to as JSON.
type Hook struct {
	kind   string
	url    string
	secret []byte
	client wire.Client
	body   func(rollout.Event) any
}

// Slack posts to an incoming webhook of Slack, or of a chat that takes the same
// (Mattermost, Rocket.Chat, Zulip).
func Slack(name, address string, transport http.RoundTripper) (*Hook, error) {
	return hook("slack", name, address, transport, func(e rollout.Event) any { return slackMessage(e) })
}

// Teams posts an adaptive card to a Microsoft Teams workflow.
func Teams(name, address string, transport http.RoundTripper) (*Hook, error) {
	return hook("teams", name, address, transport, func(e rollout.Event) any { return teamsMessage(e) })
}

// Webhook posts the event itself to a program of one's own. With a secret the
// header X-Dualtone-Signature holds "sha256=" and the HMAC of the body.
func Webhook(name, address, secret string, transport http.RoundTripper) (*Hook, error) {
	h, err := hook("webhook", name, address, transport, func(e rollout.Event) any { return posted{Key: e.Key(), Event: e} })
	if err == nil {
		h.secret = []byte(secret)
		h.client.Secrets.Add(secret)
	}
	return h, err
}

// posted is an event as programs get it.
type posted struct {
	Key string `json:"key"`
	rollout.Event
}

// hookPatience is how long a chat may take to answer.
const hookPatience = 15 * time.Second

// hook makes a hook. Its address is a secret: whoever knows it may post there.
func hook(kind, name, address string, transport http.RoundTripper, body func(rollout.Event) any) (*Hook, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("channel %s: its url is no address: %w", name, dualtone.ErrInvalid)
	}
	if local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"; u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return nil, fmt.Errorf("channel %s: its url begins with %s, and only https keeps it secret: %w", name, u.Scheme, dualtone.ErrInvalid)
	}
	return &Hook{kind: kind, url: address, body: body, client: wire.Client{
		System: "channel " + name, Transport: transport, Timeout: hookPatience, MaxBody: 1 << 20,
		Secrets: wire.NewSecrets(address, u.RequestURI(), u.Path),
	}}, nil
}

// Kind is slack, teams or webhook.
func (h *Hook) Kind() string { return h.kind }

// Compose writes the body.
func (h *Hook) Compose(e rollout.Event) (string, error) {
	text, err := json.MarshalIndent(h.body(e), "", "  ")
	return string(text), err
}

// Carry posts the event.
func (h *Hook) Carry(ctx context.Context, e rollout.Event) error {
	text, err := json.Marshal(h.body(e))
	if err != nil {
		return fmt.Errorf("%s: %w: %w", h.client.System, err, dualtone.ErrInvalid)
	}
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set("Idempotency-Key", e.Key())
	if len(h.secret) > 0 {
		mac := hmac.New(sha256.New, h.secret)
		mac.Write(text)
		header.Set("X-Dualtone-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	answer, err := h.client.Do(ctx, wire.Request{Method: http.MethodPost, URL: h.url, Header: header, Body: text})
	if err != nil {
		return err
	}
	return wire.StatusError(h.client.System, answer, time.Now())
}
