package salesforcesim

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone/systems/sim"
)

// start is when the tests' clocks begin.
var start = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

// world is an org with people, a server in front of it, and a client.
type world struct {
	t      *testing.T
	clock  *sim.ManualTime
	org    *Org
	server *Server
	people Populated
	token  string
	key    *rsa.PrivateKey
}

func newWorld(t *testing.T, users int, options Options) *world {
	t.Helper()
	return newWorldOf(t, OrgOptions{ExternalIDs: []CustomField{{"Task", "Ext__c"}}}, Population{Users: users, Licenses: 3}, options)
}

func newWorldOf(t *testing.T, kind OrgOptions, people Population, options Options) *world {
	t.Helper()
	clock := sim.NewManualTime(start)
	kind.Clock = clock
	org, err := NewOrg(kind)
	if err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: clock, org: org, key: key, people: org.Populate(people)}
	options.Apps = append(options.Apps, App{
		ConsumerKey: "key", ConsumerSecret: "secret", RunAs: "admin@example.com", PublicKey: &key.PublicKey,
	}, App{
		ConsumerKey: "plain", ConsumerSecret: "secret", RunAs: "agent0001@example.com", PublicKey: &key.PublicKey, Approved: []string{"nobody@example.com"},
	})
	if w.server, err = Start(org, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.server.Close(); err != nil {
			t.Error(err)
		}
	})
	w.token = w.tokenOf("key")
	return w
}

func (w *world) tokenOf(app string) string {
	w.t.Helper()
	a := w.form("/services/oauth2/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {app}, "client_secret": {"secret"},
	})
	token, _ := a.object()["access_token"].(string)
	if token == "" {
		w.t.Fatalf("no token: %s", a.text)
	}
	return token
}

func (w *world) assertion(claims map[string]any) string {
	w.t.Helper()
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			w.t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	body := part(map[string]any{"alg": "RS256"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(body))
	signature, err := rsa.SignPKCS1v15(rand.Reader, w.key, crypto.SHA256, sum[:])
	if err != nil {
		w.t.Fatal(err)
	}
	return body + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// got is an answer as a client sees it.
type got struct {
	t      *testing.T
	status int
	header http.Header
	text   string
	err    error
}

func (w *world) send(method, path string, header map[string]string, body string) got {
	w.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, w.server.URL()+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for key, value := range header {
		req.Header.Set(key, value)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return got{t: w.t, err: err}
	}
	var text bytes.Buffer
	_, err = io.Copy(&text, resp.Body)
	if closed := resp.Body.Close(); err == nil {
		err = closed
	}
	return got{t: w.t, status: resp.StatusCode, header: resp.Header, text: text.String(), err: err}
}

func (w *world) form(path string, values url.Values) got {
	w.t.Helper()
	return w.send(http.MethodPost, path, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, values.Encode())
}

// call sends a REST request with the administrator's token.
func (w *world) call(method, path string, body any) got {
	w.t.Helper()
	return w.callWith(w.token, method, path, body)
}

func (w *world) callWith(token, method, path string, body any) got {
	w.t.Helper()
	text := ""
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		text = string(raw)
	}
	return w.send(method, "/services/data/v62.0"+path, map[string]string{
		"Authorization": "Bearer " + token, "Content-Type": "application/json",
	}, text)
}

// soql asks and returns the records.
func (w *world) soql(query string) []map[string]any {
	w.t.Helper()
	a := w.ask(query)
	if a.status != http.StatusOK {
		w.t.Fatalf("%s: %d %s", query, a.status, a.text)
	}
	var page struct {
		Records []map[string]any `json:"records"`
	}
	a.into(&page)
	return page.Records
}

func (w *world) ask(query string) got {
	w.t.Helper()
	return w.call(http.MethodGet, "/query?q="+url.QueryEscape(query), nil)
}

func (g got) into(v any) {
	g.t.Helper()
	if err := json.Unmarshal([]byte(g.text), v); err != nil {
		g.t.Fatalf("%d %q: %v", g.status, g.text, err)
	}
}

func (g got) object() map[string]any {
	g.t.Helper()
	v := map[string]any{}
	g.into(&v)
	return v
}

func (g got) list() []map[string]any {
	g.t.Helper()
	var v []map[string]any
	g.into(&v)
	return v
}

// want checks the status and the error code.
func (g got) want(status int, code string) {
	g.t.Helper()
	if g.err != nil {
		g.t.Fatal(g.err)
	}
	if g.status != status || !strings.Contains(g.text, code) {
		g.t.Fatalf("got %d %s, want %d %s", g.status, g.text, status, code)
	}
}

// codes lists what became of each record of a collection: ok or the error.
func (g got) codes() string {
	g.t.Helper()
	var codes []string
	for _, one := range g.list() {
		if one["success"] == true {
			codes = append(codes, "ok")
			continue
		}
		failures, _ := one["errors"].([]any)
		first, _ := failures[0].(map[string]any)
		codes = append(codes, fmt.Sprint(first["statusCode"]))
	}
	return strings.Join(codes, " ")
}
