package e2e_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
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

func TestOneRequestIsOneTraceFromTheClickToThePhoneSystems(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2, usual())
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

	// A program's request goes on with the trace that it is part of.
	const theirs = "0af7651916cd43dd8448eb211c80319c" // that of the specification's example
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+at.Host+"/api/v1/users/E1001/switch", bytes.NewBufferString(`{"to":"new","reason":"pilot"}`))
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+made.Secret)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Traceparent", "00-"+theirs+"-b7ad6b7169203331-01")
	got, err := (&http.Client{}).Do(r)
	must(t, err)
	_ = got.Body.Close()
	if got.StatusCode != http.StatusAccepted {
		t.Fatalf("the request: %s", got.Status)
	}
	const order = "POST /api/v1/users/{user}/switch"
	spans.reach(t, order, theirs, system)

	// A click in the console begins one.
	const click = "POST /users/{user}/switch"
	signedIn(t, at)("/users/E1002/switch", url.Values{"to": {"new"}, "reason": {"pilot"}})
	spans.reach(t, click, "", system)
	spans.mu.Lock()
	defer spans.mu.Unlock()
	for _, a := range spans.texts {
		if strings.Contains(a, "E1001/switch") || strings.Contains(a, "E1002/switch") || strings.Contains(a, made.Secret) {
			t.Errorf("a span tells who is switched, or by which secret: %s", a)
		}
		if numbers.MatchString(a) {
			t.Errorf("a span tells a number: %s", a)
		}
	}
}

// reach waits until a trace goes from an order through workflow, activities and
// database to every system that a switch writes to. Without an id it is the trace that
// the order began.
func (c *collector) reach(t *testing.T, order, id string, cloud *watched) {
	t.Helper()
	want := []string{
		order, "StartWorkflow:SwitchUser", "RunWorkflow:SwitchUser", "RunActivity:", "query SELECT ", "query WITH ",
		"POST cloud", "POST crm", "DBPut pbx",
	}
	missing := func() string {
		trace := id
		if trace == "" {
			trace = c.begunBy(order)
		}
		found := c.of(trace)
		for _, name := range want {
			if !slices.ContainsFunc(found, func(n string) bool { return strings.HasPrefix(n, name) }) {
				return fmt.Sprintf("no span %s among %q", name, found)
			}
		}
		if !cloud.saw(trace) {
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
}

// begunBy is the trace in which something was done.
func (c *collector) begunBy(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, names := range c.spans {
		if slices.Contains(names, name) {
			return id
		}
	}
	return ""
}

// signedIn sets the first password as a browser does, and posts forms from then on.
func signedIn(t *testing.T, setup *url.URL) (post func(path string, form url.Values)) {
	t.Helper()
	cookies, err := cookiejar.New(nil)
	must(t, err)
	browser := &http.Client{Jar: cookies}
	post = func(path string, form url.Values) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+setup.Host+path, strings.NewReader(form.Encode()))
		must(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "text/html")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		got, err := browser.Do(r)
		must(t, err)
		_ = got.Body.Close()
		if got.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", path, got.Status)
		}
	}
	post("/setup", url.Values{"code": {setup.Query().Get("code")}, "password": {"a sentence as a password"}})
	return post
}
