package console_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/console"
)

func TestAForgedCookieIsNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "kim", access.Viewer)
	kim := s.signedIn(t, "kim")
	at, err := url.Parse(s.URL)
	must(t, err)
	for _, forged := range []string{"x", strings.Repeat("A", 43), kim.Jar.Cookies(at)[0].Value + "A", `' OR '1'='1`} {
		if got := s.do(t, browser(t), "GET", "/plans", nil, "Cookie", "dualtone="+url.QueryEscape(forged)); got.code != http.StatusUnauthorized {
			t.Errorf("%q: %s", forged, got.status)
		}
	}
	// What the database holds is a hash, so whoever reads it cannot sign in with it.
	cookie := kim.Jar.Cookies(at)[0]
	if !cookie.HttpOnly && cookie.Value == "" {
		t.Error("no cookie")
	}
}

func TestASessionThatWasPlantedIsWorthNothingAfterSigningIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "kim", access.Viewer)
	c := s.signedIn(t, "kim")
	at, err := url.Parse(s.URL)
	must(t, err)
	before := c.Jar.Cookies(at)[0].Value
	s.do(t, c, "POST", "/sign-in", url.Values{"name": {"kim"}, "password": {secret}})
	if after := c.Jar.Cookies(at)[0].Value; after == before {
		t.Error("the session keeps its name over a sign-in")
	}
	if got := s.do(t, browser(t), "GET", "/plans", nil, "Cookie", "dualtone="+before); got.code != http.StatusUnauthorized {
		t.Errorf("the session before: %s", got.status)
	}
}

func TestADisabledAccountIsOutAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "kim", access.Viewer)
	c := s.signedIn(t, "kim")
	held, err := s.accounts.Account(t.Context(), "kim")
	must(t, err)
	held.Disabled = true
	must(t, s.accounts.ChangeAccount(audit.Because(t.Context(), audit.Cause{Actor: "test"}), held))
	if got := s.do(t, c, "GET", "/plans", nil); got.code != http.StatusUnauthorized {
		t.Errorf("its session: %s", got.status)
	}
}

func TestAnotherSitesPostIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "pat", access.Planner)
	c := s.signedIn(t, "pat")
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
		if got := s.do(t, c, "POST", "/plans", url.Values{"reason": {"x"}}, header...); got.code != http.StatusForbidden {
			t.Errorf("%v: %s", header, got.status)
		}
	}
	if got := s.do(t, c, "POST", "/plans", url.Values{"reason": {"x"}}, "Sec-Fetch-Site", "same-origin"); got.code != http.StatusOK {
		t.Errorf("its own: %s", got.status)
	}
}

func TestATokenThatIsNoneLetsNobodyIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := audit.Because(t.Context(), audit.Cause{Actor: "test"})
	must(t, s.accounts.KeepAccount(ctx, access.Account{Name: "robot", Kind: access.Service, Source: access.Local, Roles: []access.Role{access.Viewer}, Created: time.Now(), By: "test"}))
	issue := func(made time.Time, lasts time.Duration) (access.Token, string) {
		office := access.Office{Accounts: s.accounts, Tokens: s.accounts, Grants: s.accounts, Now: func() time.Time { return made }}
		token, given, err := office.Issue(ctx, access.Actor{Name: "robot"}, access.Order{Name: "t", Roles: []access.Role{access.Viewer}, Expires: made.Add(lasts)})
		must(t, err)
		return token, given
	}
	now := time.Now()
	token, good := issue(now, time.Hour)
	_, expired := issue(now.Add(-2*time.Hour), time.Hour)
	try := func(given string) int {
		return s.do(t, browser(t), "GET", "/plans", nil, "Authorization", given).code
	}
	if got := try("Bearer " + good); got != http.StatusOK {
		t.Fatalf("a good token: %d", got)
	}
	if held, err := s.accounts.Token(t.Context(), token.ID); err != nil || held.LastUsed.IsZero() {
		t.Errorf("last used: %v, %v", held.LastUsed, err)
	}
	must(t, s.accounts.Revoke(ctx, token.ID, now))
	for name, given := range map[string]string{ //nolint:gosec // None of them lets anybody in.
		"revoked": "Bearer " + good, "expired": "Bearer " + expired, "changed": "Bearer " + good[:len(good)-1] + "0", "unknown": "Bearer dt_nobody_AAAA",
		"no secret": "Bearer dt_" + token.ID, "empty": "Bearer ", "a password": "Basic a2ltOng=",
		"alg none": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
	} {
		if got := try(given); got != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, got)
		}
	}
}

// unsigned is a provider that says who it is without a signature.
func unsigned(t *testing.T, nonce *string) *httptest.Server {
	t.Helper()
	var at *httptest.Server
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": at.URL, "authorization_endpoint": at.URL + "/auth", "token_endpoint": at.URL + "/token", "jwks_uri": at.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"none", "RS256"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"keys":[]}`) })
	mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		claims := map[string]any{
			"iss": at.URL, "aud": "dualtone", "sub": "kim", "email": "kim@example.test", "groups": []string{"desk"}, "nonce": *nonce,
			"exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"access_token": "x", "token_type": "Bearer", "id_token": part(map[string]string{"alg": "none"}) + "." + part(claims) + ".",
		})
	})
	at = httptest.NewServer(mux)
	t.Cleanup(at.Close)
	return at
}

func TestATokenWithoutASignatureIsRefused(t *testing.T) {
	t.Parallel()
	var nonce string
	at := unsigned(t, &nonce)
	s := newSite(t, func(c *console.Config) {
		c.URL = "http://dualtone.invalid"
		c.OIDC = &console.OIDC{Issuer: at.URL, ClientID: "dualtone", NameClaim: "email", GroupsClaim: "groups", Roles: map[string][]access.Role{"desk": {access.Operator}}}
	})
	c := browser(t)
	to, err := url.Parse(s.do(t, c, "GET", "/sign-in/provider", nil).header.Get("Location"))
	must(t, err)
	nonce = to.Query().Get("nonce")
	if got := s.do(t, c, "GET", "/sign-in/back?code=x&state="+to.Query().Get("state"), nil); got.code != http.StatusUnauthorized {
		t.Errorf("alg none: %s", got.status)
	}
}

func TestAttemptsToSignInAreSlowedDown(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *console.Config) { c.SignIns = 2 })
	s.account(t, "kim", access.Viewer)
	var last answer
	for range 3 {
		last = s.do(t, browser(t), "POST", "/sign-in", url.Values{"name": {"kim"}, "password": {"wrong"}})
	}
	if last.code != http.StatusTooManyRequests || last.header.Get("Retry-After") == "" {
		t.Errorf("the third attempt: %s", last.status)
	}
}

func TestWhereSomebodyGoesAfterSigningInIsOnThisServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "kim", access.Viewer)
	for next, want := range map[string]string{
		"/plans?x=1": "/plans?x=1", "https://evil.example/": "/", "//evil.example": "/", `/\evil.example`: "/", "javascript:alert(1)": "/", "": "/",
	} {
		got := s.do(t, browser(t), "POST", "/sign-in", url.Values{"name": {"kim"}, "password": {secret}, "next": {next}})
		if got.header.Get("Location") != want {
			t.Errorf("next %q: %s", next, got.header.Get("Location"))
		}
	}
}

// endless is a body without an end that tells how much of it was taken.
type endless struct{ taken atomic.Int64 }

func (e *endless) Read(b []byte) (int, error) {
	e.taken.Add(int64(len(b)))
	return len(b), nil
}

func TestAGigabyteIsRefusedWithoutReadingIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.account(t, "pat", access.Planner)
	c := s.signedIn(t, "pat")
	const gigabyte = 1 << 30
	for name, length := range map[string]int64{"that says its length": gigabyte, "that does not": -1} {
		var sent endless
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/plans", io.LimitReader(&sent, gigabyte))
		must(t, err)
		r.ContentLength = length
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		got, err := c.Do(r)
		if err == nil {
			_ = got.Body.Close()
			if got.StatusCode < http.StatusBadRequest {
				t.Errorf("a body %s: %s", name, got.Status)
			}
		}
		const some = 64 << 20 // the sockets' buffers take a part
		if taken := sent.taken.Load(); taken > some {
			t.Errorf("a body %s: %d bytes were taken", name, taken)
		}
	}
}

func TestSlowConnectionsAreEndedAndKeepNobodyOut(t *testing.T) {
	t.Parallel()
	// The benchmark does it with 10,000 of which 4096 are let in.
	const most, many = 400, 1000
	s := newSite(t, func(c *console.Config) { c.MaxConnections = most })
	var listen net.ListenConfig
	ln, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.console.Serve(ctx, ln) }()
	var dial net.Dialer
	var slow []net.Conn
	for range many {
		conn, err := dial.DialContext(t.Context(), "tcp", ln.Addr().String())
		must(t, err)
		_, _ = fmt.Fprint(conn, "GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ") // and never ends
		slow = append(slow, conn)
	}
	// The slow ones fill every place, and make room for whoever asks.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+ln.Addr().String()+"/livez", http.NoBody)
	must(t, err)
	got, err := http.DefaultTransport.RoundTrip(r)
	must(t, err)
	_ = got.Body.Close()
	if got.StatusCode != http.StatusOK {
		t.Errorf("behind slow connections: %s", got.Status)
	}
	for _, conn := range slow {
		_ = conn.Close()
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("the server: %v", err)
	}
}
