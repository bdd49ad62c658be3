package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/internal/wire"
)

func client(t *testing.T) *wire.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &wire.Client{System: "crm", Transport: transport}
}

// hangUp reads the request and breaks the connection after writing text.
func hangUp(t *testing.T, text string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("hijack: %v", err)
			return
		}
		_, _ = io.WriteString(conn, text)
		_ = conn.Close()
	}))
	t.Cleanup(server.Close)
	return server
}

func TestAWriteThatNeverLeftIsUnavailableNotUnknown(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = client(t).Do(t.Context(), wire.Request{Method: http.MethodPatch, URL: "http://" + address + "/user"})
	if got := dualtone.Kind(err); got != "unavailable" {
		t.Fatalf("kind = %s (%v), want unavailable", got, err)
	}
}

func TestALostAnswerLeavesOnlyAWriteInDoubt(t *testing.T) {
	t.Parallel()
	whole := "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{\"id\r\n"
	for name, text := range map[string]string{
		"no answer": "", "half a header": "HTTP/1.1 20", "half a body": whole + "[{", "half the chunks": chunked,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := hangUp(t, text)
			for want, request := range map[string]wire.Request{
				"unknown":     {Method: http.MethodPost, URL: server.URL, Body: []byte("{}")},
				"unavailable": {Method: http.MethodPost, URL: server.URL, Body: []byte("{}"), Reads: true},
			} {
				_, err := client(t).Do(t.Context(), request)
				if got := dualtone.Kind(err); got != want {
					t.Errorf("kind = %s (%v), want %s", got, err, want)
				}
			}
		})
	}
}

func TestACanceledReadIsCanceledAndACanceledWriteUnknown(t *testing.T) {
	t.Parallel()
	arrived := make(chan context.CancelFunc, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		(<-arrived)()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	for method, want := range map[string]string{http.MethodGet: "canceled", http.MethodPatch: "unknown"} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		arrived <- cancel
		_, err := client(t).Do(ctx, wire.Request{Method: method, URL: server.URL})
		if got := dualtone.Kind(err); got != want {
			t.Errorf("%s: kind = %s (%v), want %s", method, got, err, want)
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want it to be canceled too", method, err)
		}
	}
}

func TestAnAnswerLargerThanAllowedIsRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 101))
	}))
	t.Cleanup(server.Close)
	c := client(t)
	c.MaxBody = 100
	_, err := c.Do(t.Context(), wire.Request{Method: http.MethodGet, URL: server.URL})
	if dualtone.Kind(err) != "unavailable" {
		t.Fatalf("got %v, want unavailable", err)
	}
	c.MaxBody = 101
	if _, err := c.Do(t.Context(), wire.Request{Method: http.MethodGet, URL: server.URL}); err != nil {
		t.Fatalf("an answer just as large as allowed: %v", err)
	}
}

func TestEveryRequestWaitsForThePace(t *testing.T) {
	t.Parallel()
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests++ }))
	t.Cleanup(server.Close)
	c := client(t)
	var asked []string
	refusal := errors.New("closing")
	c.Pace = func(_ context.Context, system string) error {
		asked = append(asked, system)
		if len(asked) > 1 {
			return refusal
		}
		return nil
	}
	if _, err := c.Do(t.Context(), wire.Request{Method: http.MethodGet, URL: server.URL}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), wire.Request{Method: http.MethodGet, URL: server.URL}); !errors.Is(err, refusal) {
		t.Fatalf("got %v, want the pace's refusal", err)
	}
	if len(asked) != 2 || requests != 1 || asked[0] != "crm" {
		t.Fatalf("asked %v, sent %d; want twice crm and 1", asked, requests)
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(server.Close)
	answer, err := client(t).Do(t.Context(), wire.Request{Method: http.MethodGet, URL: server.URL})
	if err != nil || answer.Status != http.StatusTemporaryRedirect {
		t.Fatalf("got %d, %v; want the redirect itself", answer.Status, err)
	}
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestNoSecretShowsInAnErrorOrALog(t *testing.T) {
	t.Parallel()
	secret := "00Dxx!" + "secret/token"
	var log bytes.Buffer
	c := client(t)
	c.Secrets = wire.NewSecrets(secret, "")
	c.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: c.Secrets.Attr}))
	c.Transport = failing{errors.New("refused " + secret + " at /x?token=00Dxx%21secret%2Ftoken")}
	_, err := c.Do(t.Context(), wire.Request{Method: http.MethodPost, URL: "http://crm.test/00Dxx%21secret%2Ftoken?key=" + "other"})
	c.Log.Info("told", slog.Any("err", errors.New(secret)), slog.String("s", secret))
	for _, text := range []string{err.Error(), log.String()} {
		if strings.Contains(text, "secret/token") || strings.Contains(text, "secret%2F") || strings.Contains(text, "key=") {
			t.Errorf("a secret shows in %s", text)
		}
	}
	if dualtone.Kind(err) != "unknown" {
		t.Errorf("kind = %s, want unknown: the transport did not say that nothing left", dualtone.Kind(err))
	}
	c.Transport = failing{&net.OpError{Op: "dial", Err: errors.New("no route")}}
	if _, err := c.Do(t.Context(), wire.Request{Method: http.MethodPost, URL: "http://crm.test/"}); dualtone.Kind(err) != "unavailable" {
		t.Errorf("got %v, want unavailable: there never was a connection", err)
	}
	if _, err := c.Do(t.Context(), wire.Request{Method: "GET", URL: "http://crm.test/%zz?key=1"}); dualtone.Kind(err) != "invalid" || strings.Contains(err.Error(), "key") {
		t.Errorf("got %v, want invalid without the URL", err)
	}
}

func TestRetryAfterIsReadInBothForms(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"30": 30 * time.Second, " 0.5 ": 500 * time.Millisecond, "0": 0, "99999999999999": 24 * time.Hour,
		"Sun, 22 Nov 2026 12:01:30 GMT": 90 * time.Second, "Sun, 22 Nov 2026 11:00:00 GMT": 0,
		"": -1, "-3": -1, "soon": -1, "NaN": -1,
	} {
		got, told := wire.RetryAfter(http.Header{"Retry-After": {value}}, now)
		if !told {
			got = -1
		}
		if got != want {
			t.Errorf("%q = %s, want %s", value, got, want)
		}
	}
}

func TestAStatusIsNamedForWhatItMeans(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		reads  bool
		want   string
	}{
		{200, false, ""},
		{204, false, ""},
		{302, true, "invalid"},
		{400, true, "invalid"},
		{401, true, "denied"},
		{403, true, "denied"},
		{404, true, "not_found"},
		{405, true, "unsupported"},
		{409, false, "conflict"},
		{412, false, "conflict"},
		{429, false, "throttled"},
		{500, true, "unavailable"},
		{500, false, "unknown"},
		{502, false, "unknown"},
		{503, false, "unavailable"},
		{504, false, "unknown"},
	} {
		err := wire.StatusError("crm", wire.Answer{Status: c.status, Reads: c.reads}, time.Time{})
		if got := dualtone.Kind(err); got != c.want {
			t.Errorf("%d = %s, want %s", c.status, got, c.want)
		}
	}
	busy := wire.Answer{Status: 503, Header: http.Header{"Retry-After": {"7"}}}
	throttled, ok := errors.AsType[*dualtone.ThrottledError](wire.StatusError("crm", busy, time.Time{}))
	if !ok || throttled.After != 7*time.Second {
		t.Errorf("a 503 that names a time = %v, want throttled for 7s", throttled)
	}
	var into []int
	if err := (wire.Answer{Body: []byte("[1,"), Reads: true}).JSON(&into); dualtone.Kind(err) != "unavailable" {
		t.Errorf("half an answer = %v, want unavailable", err)
	}
}
