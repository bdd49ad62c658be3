package console_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
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

// issuer is an identity provider that says what it is told to say.
type issuer struct {
	*httptest.Server

	key       *rsa.PrivateKey
	challenge string // of whoever began to sign in last
	claims    map[string]any
	alg       string
	sign      func(text []byte) []byte
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{key: newKey(t)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		i.say(w, map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/auth", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
			"end_session_endpoint": i.URL + "/end", "id_token_signing_alg_values_supported": []string{"none", "HS256", "RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		i.say(w, map[string]any{"keys": []any{map[string]string{"kty": "RSA", "use": "sig", "e": "AQAB", "n": bits(i.key.N.Bytes())}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		proof := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		if bits(proof[:]) != i.challenge {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		i.say(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": i.token()})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	return key
}

func (*issuer) say(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func bits(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (i *issuer) token() string {
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return bits(b)
	}
	text := part(map[string]string{"alg": i.alg}) + "." + part(i.claims)
	return text + "." + bits(i.sign([]byte(text)))
}

// signedBy signs as RS256 does.
func signedBy(key *rsa.PrivateKey) func([]byte) []byte {
	return func(text []byte) []byte {
		sum := sha256.Sum256(text)
		b, _ := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		return b
	}
}

// begin has a browser begin to sign in, and the issuer ready to say that it is kim.
// It returns the way back.
func (i *issuer) begin(t *testing.T, s *site, c *http.Client) string {
	t.Helper()
	to, err := url.Parse(s.do(t, c, "GET", "/sign-in/provider", nil).header.Get("Location"))
	must(t, err)
	i.challenge, i.alg, i.sign = to.Query().Get("code_challenge"), "RS256", signedBy(i.key)
	i.claims = map[string]any{
		"iss": i.URL, "aud": "dualtone", "sub": "7", "email": "kim@example.test", "groups": []string{"desk"},
		"nonce": to.Query().Get("nonce"), "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
	}
	return "/sign-in/back?code=x&state=" + to.Query().Get("state")
}

// issued is a site whose people sign in with an issuer.
func issued(i *issuer) func(*console.Config) {
	return func(c *console.Config) {
		c.URL = "http://dualtone.invalid"
		c.OIDC = &console.OIDC{Issuer: i.URL, ClientID: "dualtone", NameClaim: "email", GroupsClaim: "groups", Roles: map[string][]access.Role{"desk": {access.Operator}}}
	}
}

// Each token differs in one thing from one that lets kim in.
func TestATokenThatIsNotMeantForThisSignInIsRefused(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	s := newSite(t, issued(i))
	s.account(t, "local@example.test", access.Admin)
	claim := func(name string, value any) func() { return func() { i.claims[name] = value } }
	stranger := newKey(t)
	for name, change := range map[string]func(){
		"alg none":                      func() { i.alg, i.sign = "none", func([]byte) []byte { return nil } },
		"signed by a stranger":          func() { i.sign = signedBy(stranger) },
		"signed with the public key":    func() { i.alg, i.sign = "HS256", sealedWith(i.key.N.Bytes()) },
		"changed after it was signed":   func() { i.sign = func([]byte) []byte { return signedBy(i.key)([]byte("another")) } },
		"for another client":            claim("aud", "payroll"),
		"by another issuer":             claim("iss", "https://evil.example"),
		"of another attempt":            claim("nonce", "another"),
		"of no attempt":                 claim("nonce", nil),
		"expired":                       claim("exp", time.Now().Add(-time.Hour).Unix()),
		"of an address nobody verified": claim("email_verified", false),
		"of an account of our own":      claim("email", "local@example.test"),
	} {
		c := browser(t)
		back := i.begin(t, s, c)
		change()
		if got := s.do(t, c, "GET", back, nil); got.code == http.StatusSeeOther {
			t.Errorf("%s: it is let in", name)
		}
		if got := s.do(t, c, "GET", "/plans", nil); got.code != http.StatusUnauthorized {
			t.Errorf("%s: a session has begun: %s", name, got.status)
		}
	}
	c := browser(t)
	if got := s.do(t, c, "GET", i.begin(t, s, c), nil); got.code != http.StatusSeeOther {
		t.Errorf("a token in which nothing is wrong: %s", got.status)
	}
}

func sealedWith(secret []byte) func([]byte) []byte {
	return func(text []byte) []byte {
		h := hmac.New(sha256.New, secret)
		_, _ = h.Write(text)
		return h.Sum(nil)
	}
}

func TestAWayBackFromTheProviderIsForOnceAndNotForLong(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	var late atomic.Int64
	s := newSite(t, issued(i), func(c *console.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(late.Load())) }
	})
	c := browser(t)
	back := i.begin(t, s, c)
	if got := s.do(t, c, "GET", back, nil); got.code != http.StatusSeeOther {
		t.Fatalf("the first time: %s", got.status)
	}
	if got := s.do(t, c, "GET", back, nil); got.code != http.StatusUnauthorized {
		t.Errorf("the second time: %s", got.status)
	}
	back = i.begin(t, s, c)
	late.Store(int64(11 * time.Minute))
	if got := s.do(t, c, "GET", back, nil); got.code != http.StatusUnauthorized {
		t.Errorf("after 11 minutes: %s", got.status)
	}
}

func TestSigningOutEndsTheSessionAtTheProviderToo(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	s := newSite(t, issued(i))
	c := browser(t)
	s.do(t, c, "GET", i.begin(t, s, c), nil)
	// Not by sending the form on, which browsers refuse.
	out := s.do(t, c, "POST", "/sign-out", nil)
	to, err := url.Parse(strings.TrimPrefix(out.header.Get("Refresh"), "0; url="))
	if err != nil || out.code != http.StatusOK {
		t.Fatalf("signing out: %s, %v", out.status, err)
	}
	want := url.Values{"client_id": {"dualtone"}, "id_token_hint": {i.token()}, "post_logout_redirect_uri": {"http://dualtone.invalid/sign-in"}}
	if !strings.HasPrefix(to.String(), i.URL+"/end?") || !maps.EqualFunc(to.Query(), want, func(a, b []string) bool { return strings.Join(a, " ") == strings.Join(b, " ") }) {
		t.Errorf("signing out leads to %s", to)
	}
	if got := s.do(t, c, "GET", "/plans", nil); got.code != http.StatusUnauthorized {
		t.Errorf("signed out: %s", got.status)
	}
}

func TestThePersonWhomTheProviderKnowsIsOutOnceTheirAccountIsDisabled(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	s := newSite(t, issued(i))
	c := browser(t)
	s.do(t, c, "GET", i.begin(t, s, c), nil)
	held, err := s.accounts.Account(t.Context(), "kim@example.test")
	must(t, err)
	held.Disabled = true
	must(t, s.accounts.ChangeAccount(audit.Because(t.Context(), audit.Cause{Actor: "test"}), held))
	if got := s.do(t, c, "GET", i.begin(t, s, c), nil); got.code != http.StatusUnauthorized {
		t.Errorf("signing in again: %s", got.status)
	}
}

func TestTheAdministratorsPasswordIsOffOnceAProviderIsThere(t *testing.T) {
	t.Parallel()
	alone := newSite(t)
	alone.account(t, "admin", access.Admin)
	c := alone.signedIn(t, "admin")
	with := siteOn(t, alone.database, issued(newIssuer(t)))
	// A cookie is for a host, and its port does not count.
	if got := with.do(t, c, "GET", "/plans", nil); got.code != http.StatusUnauthorized {
		t.Errorf("a session from before: %s", got.status)
	}
	if got := with.do(t, browser(t), "POST", "/sign-in", url.Values{"name": {"admin"}, "password": {secret}}); got.code != http.StatusForbidden {
		t.Errorf("the password: %s", got.status)
	}
}

func TestWhoeverBeginsToSignInTooOftenIsToldToWait(t *testing.T) {
	t.Parallel()
	s := newSite(t, issued(newIssuer(t)), still, func(c *console.Config) { c.PerSecond, c.Burst = 0.001, 1 })
	first, second := s.do(t, browser(t), "GET", "/sign-in/provider", nil), s.do(t, browser(t), "GET", "/sign-in/provider", nil)
	if first.code != http.StatusSeeOther || second.code != http.StatusTooManyRequests {
		t.Errorf("two attempts: %s, %s", first.status, second.status)
	}
}
