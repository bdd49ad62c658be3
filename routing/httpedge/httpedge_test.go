package httpedge

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dualtone/dualtone/routing/edge"
	"github.com/dualtone/dualtone/routing/edge/edgetest"
)

// start serves on a port of its own and returns its address and how to stop it.
func start(t *testing.T, s *Server, address string) (base string, stop func()) {
	t.Helper()
	ln, err := edge.ListenTCP(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- edge.ServeHTTP(ctx, ln, s.Handler(), slog.New(slog.DiscardHandler)) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return "http://" + ln.Addr().String(), stop
}

type reply struct {
	status int
	kind   string
	body   string
	header http.Header
}

func ask(t *testing.T, client *http.Client, request *http.Request) reply {
	t.Helper()
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header.Get("Content-Type"), string(body), response.Header}
}

func get(t *testing.T, address string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return ask(t, &http.Client{Timeout: 10 * time.Second}, request)
}

func TestKamailioGetsTheDocumentOfItsModule(t *testing.T) {
	t.Parallel()
	base, _ := start(t, &Server{Core: edgetest.Core(t, Name, true), Access: edgetest.Local(t)}, "127.0.0.1:0")
	got := get(t, base+"/rtjson?to="+url.QueryEscape("+15551230004")+"&from=%2B15557770000&callid=a")
	want := `{"version":"1.0","routing":"serial","routes":[` +
		`{"uri":"sip:+15551230004@pbx.example.test:5060;transport=udp","headers":{},"fr_timer":2000,"fr_inv_timer":30000},` +
		`{"uri":"sip:+15551230004@cloud.example.test","headers":{"extra":"X-Route-Version: 7\r\n"},"fr_timer":2000,"fr_inv_timer":30000}]}` + "\n"
	if got.status != 200 || got.kind != "application/json" || got.header.Get("X-Dualtone-Revision") != "7" {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff(want, got.body); diff != "" {
		t.Error(diff)
	}
	if got := get(t, base+"/rtjson?to=%2B15551230003"); !strings.Contains(got.body, `"routing":"parallel"`) {
		t.Errorf("got %s", got.body)
	}
}

func TestAudioCodesGetsOneWord(t *testing.T) {
	t.Parallel()
	base, _ := start(t, &Server{Core: edgetest.Core(t, Name, true), Access: edgetest.Local(t)}, "127.0.0.1:0")
	for number, want := range map[string]string{
		"+15551230001": "old", "+15551230002": "new", "+15551230003": "both", "+15551230004": "old,new", "911": "old",
	} {
		if got := get(t, base+"/word?to="+url.QueryEscape(number)); got.body != want || !strings.HasPrefix(got.kind, "text/plain") {
			t.Errorf("%s: got %+v, want %s", number, got, want)
		}
	}
}

func TestThePlusSignOfANumberNeedNotBeEscaped(t *testing.T) {
	t.Parallel()
	base, _ := start(t, &Server{Core: edgetest.Core(t, Name, true), Access: edgetest.Local(t)}, "127.0.0.1:0")
	if got := get(t, base+"/word?to=+15551230002&from=+15557770000"); got.body != "new" {
		t.Errorf("got %+v", got)
	}
}

func TestEverythingElseGetsTheWholeDecision(t *testing.T) {
	t.Parallel()
	base, _ := start(t, &Server{Core: edgetest.Core(t, Name, true), Access: edgetest.Local(t)}, "127.0.0.1:0")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/route", strings.NewReader(`{"to":"+15551230002","ingress":"old"}`))
	if err != nil {
		t.Fatal(err)
	}
	got := ask(t, &http.Client{}, request)
	var d struct {
		Result   string `json:"result"`
		Revision int    `json:"revision"`
		Rule     string `json:"rule"`
		Targets  []struct {
			Side string `json:"side"`
			URI  string `json:"uri"`
		} `json:"targets"`
	}
	if err := json.Unmarshal([]byte(got.body), &d); err != nil {
		t.Fatalf("%v: %s", err, got.body)
	}
	if d.Result != "routed" || d.Revision != 7 || d.Rule != "+15551230002" || len(d.Targets) != 1 || d.Targets[0].URI != "sip:+15551230002@cloud.example.test" {
		t.Errorf("got %+v from %s", d, got.body)
	}
}

func TestErrorsAreProblems(t *testing.T) {
	t.Parallel()
	base, _ := start(t, &Server{Core: edgetest.Core(t, Name, true), Access: edgetest.Local(t), Token: edge.Token{}}, "127.0.0.1:0")
	empty, _ := start(t, &Server{Core: edgetest.Core(t, Name, false), Access: edgetest.Local(t), RetryAfter: 5 * time.Second}, "127.0.0.1:0")
	secret, _ := start(t, &Server{Core: edgetest.Core(t, Name, true), Access: edgetest.Local(t), Token: edge.NewToken("letmein")}, "127.0.0.1:0")
	nobody, err := edge.NewAccess(nil)
	if err != nil {
		t.Fatal(err)
	}
	closed, _ := start(t, &Server{Core: edgetest.Core(t, Name, true), Access: nobody}, "127.0.0.1:0")
	for address, want := range map[string]int{
		base + "/route?to=%2B15559999999": 404, base + "/route": 400, base + "/route?to=1&ingress=moon": 400, base + "/route?to=%zz": 400,
		base + "/elsewhere": 404, empty + "/route?to=%2B15551230001": 503, empty + "/ready": 503,
		secret + "/route?to=%2B15551230001": 401, closed + "/route?to=%2B15551230001": 403, closed + "/ready": 403,
	} {
		got := get(t, address)
		var p edge.Problem
		if err := json.Unmarshal([]byte(got.body), &p); err != nil || got.kind != "application/problem+json" || got.status != want || p.Status != want || p.Title == "" {
			t.Errorf("%s: got %+v", address, got)
		}
		if want == 503 && got.header.Get("Retry-After") != "5" {
			t.Errorf("%s: no Retry-After", address)
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, secret+"/word?to=%2B15551230001", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer letmein")
	if got := ask(t, &http.Client{}, request); got.body != "old" {
		t.Errorf("with the token: %+v", got)
	}
}

func TestAnEmptyTableStillDecidesCallsForHelp(t *testing.T) {
	t.Parallel()
	base, _ := start(t, &Server{Core: edgetest.Core(t, Name, false), Access: edgetest.Local(t)}, "127.0.0.1:0")
	if got := get(t, base+"/word?to=911"); got.body != "old" {
		t.Errorf("got %+v", got)
	}
}

func TestLookUpsBeyondTheLimitAreSentAwayUnlessTheyAreForHelp(t *testing.T) {
	t.Parallel()
	s := &Server{Core: edgetest.Core(t, Name, true), Access: edgetest.Local(t), RetryAfter: 3 * time.Second}
	s.Core.Limit.PerSecond = 2
	s.Core.Now = func() time.Time { return time.Unix(50, 0) }
	base, _ := start(t, s, "127.0.0.1:0")
	for i, want := range []int{200, 200, 503, 503} {
		got := get(t, base+"/word?to=+15551230001")
		if got.status != want || want == 503 && got.header.Get("Retry-After") != "3" {
			t.Errorf("look-up %d of a second: got %+v, want %d", i, got, want)
		}
	}
	if got := get(t, base+"/word?to=911"); got.body != "old" {
		t.Errorf("a call for help: %+v", got)
	}
}

func TestNoRequestIsLostWhileOneProcessTakesOverFromAnother(t *testing.T) {
	t.Parallel()
	first, stopFirst := start(t, &Server{Core: edgetest.Core(t, Name, true), Access: edgetest.Local(t)}, "127.0.0.1:0")
	address := strings.TrimPrefix(first, "http://")
	begun := make(chan struct{}, 4)
	stopped := make(chan struct{})
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			// POST, since a client never sends one again by itself.
			client := &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
			defer client.CloseIdleConnections()
			after := 0
			for i := 0; after < 50; i++ {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, first+"/word", strings.NewReader(fmt.Sprintf(`{"to":"+15551230001","callid":"%d"}`, i)))
				if err != nil {
					t.Error(err)
					return
				}
				response, err := client.Do(request)
				if err != nil {
					t.Errorf("request %d: %v", i, err)
					return
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				if i == 20 {
					begun <- struct{}{}
				}
				select {
				case <-stopped:
					after++
				default:
				}
			}
		})
	}
	for range 4 {
		<-begun
	}
	start(t, &Server{Core: edgetest.Core(t, Name, true), Access: edgetest.Local(t)}, address)
	stopFirst()
	close(stopped)
	callers.Wait()
}

func FuzzQuestions(f *testing.F) {
	f.Add("to=%2B15551230001&from=1", `{"to":"+15551230001"}`)
	f.Add("to=911&ingress=old", `{"to":"911","diverted":["+1"]}`)
	f.Fuzz(func(t *testing.T, query, body string) {
		s := &Server{Core: edgetest.Core(t, Name, true), Access: edgetest.Local(t)}
		for _, path := range []string{"/route", "/rtjson", "/word"} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				w := &recorder{header: http.Header{}}
				r := &http.Request{Method: method, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{}, RemoteAddr: "127.0.0.1:9", Body: io.NopCloser(strings.NewReader(body))}
				s.Handler().ServeHTTP(w, r)
				if w.status == 0 || w.status == 200 && w.header.Get("X-Dualtone-Revision") == "" {
					t.Errorf("%s %s: %d without a revision", method, path, w.status)
				}
				if w.status == 200 && !tellsOnly(path, w.body.Bytes()) {
					t.Errorf("%s %s: %q", method, path, w.body.Bytes())
				}
			}
		}
	})
}

// tellsOnly reports whether an answer of a path is well-formed and names no target
// that nobody gave.
func tellsOnly(path string, body []byte) bool {
	if path == "/word" {
		return slices.Contains([]string{"old", "new", "old,new", "new,old", "both"}, string(body))
	}
	var told struct {
		Routes, Targets []struct {
			URI string `json:"uri"`
		}
	}
	if json.Unmarshal(body, &told) != nil || len(told.Routes)+len(told.Targets) == 0 {
		return false
	}
	for _, target := range append(told.Routes, told.Targets...) {
		if _, at, _ := strings.Cut(target.URI, "@"); at != "pbx.example.test:5060;transport=udp" && at != "cloud.example.test" {
			return false
		}
	}
	return true
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }
func (w *recorder) WriteHeader(s int)   { w.status = s }
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = 200
	}
	return w.body.Write(b)
}
