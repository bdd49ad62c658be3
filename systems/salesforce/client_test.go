package salesforce_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dualtone/dualtone"
	"github.com/dualtone/dualtone/systems/salesforce"
)

func TestAJWTIsSignedForTheUserAndShortLived(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var form map[string][]string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		form = r.PostForm
		w.WriteHeader(http.StatusBadRequest)
		// A host that repeats what it was given must not make us repeat it.
		refusal := map[string]string{"error": "invalid_grant", "error_description": "user hasn't approved this consumer " + form["assertion"][0]}
		if err := json.NewEncoder(w).Encode(refusal); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for kind, der := range map[string][]byte{"RSA PRIVATE KEY": x509.MarshalPKCS1PrivateKey(key), "PRIVATE KEY": pkcs8} {
		crm, err := open(t, salesforce.Config{
			LoginURL: server.URL, Audience: "https://test.salesforce.com", ConsumerKey: "key", Username: "robot@acme.test",
			PrivateKey: string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})),
		}, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		_, err = crm.Health.Check(t.Context())
		assertion := form["assertion"][0]
		if dualtone.Kind(err) != "denied" || strings.Contains(err.Error(), assertion) || !strings.Contains(err.Error(), "approved") {
			t.Errorf("got %v, want denied in the vendor's words without the assertion", err)
		}
		head, signature, _ := cutLast(assertion)
		digest := sha256.Sum256([]byte(head))
		raw, err := base64.RawURLEncoding.DecodeString(signature)
		if err != nil || rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], raw) != nil {
			t.Errorf("signature does not verify: %v", err)
		}
		_, payload, _ := strings.Cut(head, ".")
		raw, err = base64.RawURLEncoding.DecodeString(payload)
		if err != nil {
			t.Fatal(err)
		}
		var claims struct {
			Iss, Sub, Aud string
			Exp           int64
		}
		if err := json.Unmarshal(raw, &claims); err != nil {
			t.Fatal(err)
		}
		if claims.Iss != "key" || claims.Sub != "robot@acme.test" || claims.Aud != "https://test.salesforce.com" ||
			claims.Exp <= now.Unix() || claims.Exp > now.Add(3*time.Minute).Unix() {
			t.Errorf("claims %+v", claims)
		}
	}
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '.')
	return s[:i], s[i+1:], true
}

func TestAConfigurationThatCannotWorkIsRefusedWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	good := salesforce.Config{MyDomain: "acme.my.salesforce.com", ConsumerKey: "key", ConsumerSecret: "s3cret"}
	for name, spoil := range map[string]func(*salesforce.Config){
		"no host":               func(c *salesforce.Config) { c.MyDomain = "" },
		"no TLS":                func(c *salesforce.Config) { c.MyDomain = "http://acme.my.salesforce.com" },
		"no credentials":        func(c *salesforce.Config) { c.ConsumerSecret = "" },
		"two credentials":       func(c *salesforce.Config) { c.PrivateKey = "s3cret" },
		"no consumer key":       func(c *salesforce.Config) { c.ConsumerKey = "" },
		"key is no key":         func(c *salesforce.Config) { c.ConsumerSecret, c.PrivateKey, c.Username = "", "s3cret", "u" },
		"key without user":      func(c *salesforce.Config) { c.ConsumerSecret, c.PrivateKey = "", "s3cret" },
		"version":               func(c *salesforce.Config) { c.APIVersion = "v62.0/../x" },
		"share":                 func(c *salesforce.Config) { c.APIShare = 1.5 },
		"organization":          func(c *salesforce.Config) { c.Organization = "acme" },
		"license of no managed": func(c *salesforce.Config) { c.Licenses = map[string]string{"X": "Y"} },
	} {
		c := good
		spoil(&c)
		if _, err := open(t, c, time.Now); dualtone.Kind(err) != "invalid" || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v, want invalid", name, err)
		}
	}
	if _, err := open(t, good, time.Now); err != nil {
		t.Errorf("a good one: %v", err)
	}
}

func TestRefusalsAreNamedForWhatTheyMean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		want   string
	}{
		{400, denied("MALFORMED_QUERY", "unexpected token"), "invalid"},
		{400, denied("INVALID_FIELD", "No such column 'X'"), "invalid"},
		{400, denied("INVALID_QUERY_LOCATOR", "expired"), "unavailable"},
		{400, denied("UNABLE_TO_LOCK_ROW", "busy"), "unavailable"},
		{403, denied("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), "throttled"},
		{403, denied("API_DISABLED_FOR_ORG", "no"), "denied"},
		{403, "", "denied"},
		{404, denied("NOT_FOUND", "The requested resource does not exist"), "not_found"},
		{500, denied("UNKNOWN_EXCEPTION", "ErrorId 1"), "unavailable"},
		{502, "<html>Bad gateway</html>", "unavailable"},
		{503, denied("SERVER_UNAVAILABLE", "maintenance"), "unavailable"},
		{503, "", "unavailable"},
		{200, "", "unavailable"},
		{200, "{", "unavailable"},
		{200, "{}", "unavailable"},
		{200, `{"totalSize":1,"done":true,"records":[]}`, "unavailable"},
		{200, `{"totalSize":2,"done":false,"records":[` + acme + `]}`, "unavailable"},
		{200, `{"totalSize":2,"done":false,"nextRecordsUrl":"https://evil.test/x","records":[` + acme + `]}`, "invalid"},
		{200, `{"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v60.0/query/01g-1","records":[]}`, "unavailable"},
		{200, `{"totalSize":1,"done":true,"records":[7]}`, "unavailable"},
	} {
		s := play(t, step{want: "GET " + data + "/query", status: c.status, body: c.body})
		_, err := s.open(s.config(), time.Now).Health.Check(t.Context())
		if got := dualtone.Kind(err); got != c.want {
			t.Errorf("%d %s: got %q (%v), want %q", c.status, c.body, got, err, c.want)
		}
	}
}

func TestARefusalRepeatsTheVendorsWordsWithoutSecrets(t *testing.T) {
	t.Parallel()
	s := play(t, step{want: "GET " + data + "/query", status: 400, body: denied("INVALID_FIELD", "at 00D!tokenx and client-secret "+strings.Repeat("long ", 200))})
	_, err := s.open(s.config(), time.Now).Health.Check(t.Context())
	if text := err.Error(); !strings.Contains(text, "INVALID_FIELD") || strings.Contains(text, "tokenx") || strings.Contains(text, "client-secret") || len(text) > 500 {
		t.Errorf("got %v", err)
	}
}

func TestTheOrgsDailyRequestsAreNotUsedUp(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	full := http.Header{"Sforce-Limit-Info": {"api-usage=800/1000"}}
	s := play(t,
		step{want: "GET " + data + "/query", header: full, body: rows(acme)},
		step{want: "GET " + data + "/query", header: http.Header{"Sforce-Limit-Info": {"api-usage=10/1000"}}, body: rows(acme)},
		step{want: "GET " + data + "/query", body: rows(acme)},
	)
	crm := s.open(s.config(), func() time.Time { return now })
	status, err := crm.Health.Check(t.Context())
	if err != nil || !strings.Contains(status.Detail, "800 of 1000") || status.Identity != orgID+"/production" {
		t.Fatalf("got %+v, %v", status, err)
	}
	if _, err := crm.Health.Check(t.Context()); dualtone.Kind(err) != "throttled" {
		t.Fatalf("above the share: got %v, want throttled", err)
	}
	now = now.Add(10 * time.Minute)
	for range 2 {
		if _, err := crm.Health.Check(t.Context()); err != nil {
			t.Fatalf("later: %v", err)
		}
	}
}

func TestAListFollowsItsPages(t *testing.T) {
	t.Parallel()
	user := func(id string) string {
		return `{"Id":"` + id + `","Username":"u","Phone":"+41 (44) 555-01.23","IsActive":true}`
	}
	s := play(t,
		step{want: "GET " + data + "/query", body: `{"totalSize":2,"done":false,"nextRecordsUrl":"` + data + `/query/01gxx-2000","records":[` + user(userA) + `]}`},
		step{want: "GET " + data + "/query/01gxx-2000", body: `{"totalSize":2,"done":true,"records":[` + user(userB) + `]}`},
	)
	short := play(t, step{want: "GET " + data + "/query", body: `{"totalSize":2,"done":true,"records":[` + user(userA) + `]}`})
	var last error
	for _, err := range short.open(short.config(), time.Now).Directory.Users(t.Context()) {
		last = err
	}
	if dualtone.Kind(last) != "unavailable" {
		t.Errorf("one of two users: got %v, want unavailable", last)
	}
	var ids []dualtone.UserID
	for u, err := range s.open(s.config(), time.Now).Directory.Users(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, u.ID)
		if u.Numbers[0] != "+41445550123" {
			t.Errorf("number %s, want it without punctuation", u.Numbers[0])
		}
	}
	if len(ids) != 2 || ids[0] != userA || ids[1] != userB {
		t.Errorf("got %v", ids)
	}
}
