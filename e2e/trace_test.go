package e2e_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	trace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector takes spans as a collector of OpenTelemetry does.
type collector struct {
	*httptest.Server

	mu    sync.Mutex
	spans map[string][]string // what was done, by trace
	texts []string            // every attribute of every span
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{spans: map[string][]string{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			in, _ = gzip.NewReader(in)
		}
		text, _ := io.ReadAll(in)
		var got trace.ExportTraceServiceRequest
		if proto.Unmarshal(text, &got) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.take(&got)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) take(got *trace.ExportTraceServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range got.GetResourceSpans() {
		for _, s := range r.GetScopeSpans() {
			for _, span := range s.GetSpans() {
				id := hex.EncodeToString(span.GetTraceId())
				c.spans[id] = append(c.spans[id], span.GetName())
				for _, a := range span.GetAttributes() {
					c.texts = append(c.texts, a.GetKey()+"="+a.GetValue().String())
				}
			}
		}
	}
}

// of are the names of a trace's spans.
func (c *collector) of(id string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans[id])
}

// watched stands before a system and notes the traces of which requests are part.
type watched struct {
	mu     sync.Mutex
	traces []string
}

func (w *watched) before(t *testing.T, address string) string {
	t.Helper()
	to, err := url.Parse(address)
	must(t, err)
	behind := httputil.NewSingleHostReverseProxy(to)
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.traces = append(w.traces, r.Header.Get("Traceparent"))
		w.mu.Unlock()
		behind.ServeHTTP(out, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func (w *watched) saw(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.traces, func(header string) bool { return strings.HasPrefix(header, "00-"+id+"-") })
}

// numbers are whole phone numbers.
var numbers = regexp.MustCompile(`\+[1-9]\d{6,14}`)

func TestOneRequestIsOneTraceFromTheAPIToThePhoneSystem(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1, usual())
	spans, system := newCollector(t), &watched{}
	text, err := os.ReadFile(s.config)
	must(t, err)
	with := strings.ReplaceAll(string(text), "endpoint: "+s.connect.URL(), "endpoint: "+system.before(t, s.connect.URL()))
	must(t, os.WriteFile(s.config, []byte(with+"telemetry: {otlp: "+spans.URL+"}\n"), 0o600)) //nolint:gosec // The test's own file.
	s.open(t)
	var made struct {
		Secret string `json:"secret"`
	}
	s.good(t, "account", "create", "robot", "--service", "--roles", "operator")
	s.ask(t, &made, "token", "create", "trace", "--owner", "robot", "--roles", "operator")
	at, err := url.Parse(s.console(t))
	must(t, err)
	<-s.startWorker(t).ready

	const id = "0af7651916cd43dd8448eb211c80319c" // that of the specification's example
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+at.Host+"/api/v1/users/E1001/switch", bytes.NewBufferString(`{"to":"new","reason":"pilot"}`))
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+made.Secret)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Traceparent", "00-"+id+"-b7ad6b7169203331-01")
	got, err := (&http.Client{}).Do(r)
	must(t, err)
	_ = got.Body.Close()
	if got.StatusCode != http.StatusAccepted {
		t.Fatalf("the request: %s", got.Status)
	}
	want := []string{"POST /api/v1/users/{user}/switch", "StartWorkflow:SwitchUser", "RunWorkflow:SwitchUser", "RunActivity:", "POST cloud", "query SELECT ", "query WITH "}
	missing := func() string {
		found := spans.of(id)
		for _, name := range want {
			if !slices.ContainsFunc(found, func(n string) bool { return strings.HasPrefix(n, name) }) {
				return fmt.Sprintf("no span %s among %q", name, found)
			}
		}
		if !system.saw(id) {
			return "no request to the phone system is part of the trace"
		}
		return ""
	}
	ctx, cancel := context.WithTimeout(t.Context(), commandPatience)
	defer cancel()
	for missing() != "" {
		select {
		case <-ctx.Done():
			t.Fatal(missing())
		case <-time.After(200 * time.Millisecond): // spans come in parts
		}
	}
	spans.mu.Lock()
	defer spans.mu.Unlock()
	for _, a := range spans.texts {
		if strings.Contains(a, "E1001/switch") || strings.Contains(a, made.Secret) {
			t.Errorf("a span tells who is switched, or by which secret: %s", a)
		}
		if numbers.MatchString(a) {
			t.Errorf("a span tells a number: %s", a)
		}
	}
}
