package console_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oauth2-proxy/mockoidc"

	"github.com/dualtone/dualtone/access"
	"github.com/dualtone/dualtone/audit"
	"github.com/dualtone/dualtone/console"
)

// company is an identity provider on a socket, written by others.
func company(t *testing.T) *mockoidc.MockOIDC {
	t.Helper()
	m, err := mockoidc.Run()
	must(t, err)
	t.Cleanup(func() { _ = m.Shutdown() })
	return m
}

func newCompanySite(t *testing.T, m *mockoidc.MockOIDC) *site {
	t.Helper()
	s := newSite(t, func(c *console.Config) {
		c.URL = "http://dualtone.invalid"
		c.OIDC = &console.OIDC{
			Issuer: m.Issuer(), ClientID: m.ClientID, ClientSecret: m.ClientSecret, Scopes: []string{"openid", "email", "profile", "groups"},
			NameClaim: "email", GroupsClaim: "groups", Roles: map[string][]access.Role{"desk": {access.Operator}, "board": {access.CutoverApprover}},
		}
	})
	return s
}

func person(email string, groups ...string) *mockoidc.MockUser {
	return &mockoidc.MockUser{Subject: "s-" + email, Email: email, EmailVerified: true, Groups: groups}
}

// atProvider follows a browser to the provider and returns the way back.
func (s *site) atProvider(t *testing.T, c *http.Client, m *mockoidc.MockOIDC, who *mockoidc.MockUser) *url.URL {
	t.Helper()
	m.QueueUser(who)
	to := s.do(t, c, "GET", "/sign-in/provider?next=/plans", nil)
	if to.code != http.StatusSeeOther || !strings.Contains(to.header.Get("Location"), "code_challenge_method=S256") {
		t.Fatalf("to the provider: %s %s", to.status, to.header.Get("Location"))
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to.header.Get("Location"), http.NoBody)
	must(t, err)
	there, err := c.Do(r)
	must(t, err)
	defer func() { _ = there.Body.Close() }()
	back, err := url.Parse(there.Header.Get("Location"))
	must(t, err)
	if back.Query().Get("code") == "" {
		b, _ := io.ReadAll(there.Body)
		t.Fatalf("at the provider: %s %s", there.Status, b)
	}
	return back
}

func TestPeopleSignInWithTheirCompanyAndHoldTheRolesOfTheirGroups(t *testing.T) {
	t.Parallel()
	m := company(t)
	s := newCompanySite(t, m)
	c := browser(t)
	back := s.atProvider(t, c, m, person("kim@example.test", "desk", "canteen"))
	in := s.do(t, c, "GET", back.RequestURI(), nil)
	if in.code != http.StatusSeeOther || in.header.Get("Location") != "/plans" {
		t.Fatalf("back: %s to %q: %s", in.status, in.header.Get("Location"), in.text)
	}
	if got := s.do(t, c, "GET", "/plans", nil).text; got != "plans for kim@example.test" {
		t.Errorf("signed in: %q", got)
	}
	a, err := s.accounts.Account(t.Context(), "kim@example.test")
	if err != nil || len(a.Roles) != 1 || a.Roles[0] != access.Operator {
		t.Errorf("the account: %+v, %v", a, err)
	}
	// The groups of the next sign-in count from then on.
	s.do(t, c, "GET", s.atProvider(t, c, m, person("kim@example.test", "board")).RequestURI(), nil)
	if a, err = s.accounts.Account(t.Context(), "kim@example.test"); err != nil || len(a.Roles) != 1 || a.Roles[0] != access.CutoverApprover {
		t.Errorf("the account with other groups: %+v, %v", a, err)
	}
	if again := s.do(t, browser(t), "POST", "/sign-in", url.Values{"name": {"admin"}, "password": {secret}}); again.code != http.StatusForbidden {
		t.Errorf("a password is asked for beside the provider: %s", again.status)
	}
}

func TestASignInThatIsNotThisBrowsersOwnIsRefused(t *testing.T) {
	t.Parallel()
	m := company(t)
	s := newCompanySite(t, m)
	for name, way := range map[string]func(c *http.Client, back *url.URL) (*http.Client, *url.URL){
		"another browser's": func(_ *http.Client, back *url.URL) (*http.Client, *url.URL) { return browser(t), back },
		"another state": func(c *http.Client, back *url.URL) (*http.Client, *url.URL) {
			q := back.Query()
			q.Set("state", "forged")
			back.RawQuery = q.Encode()
			return c, back
		},
		"another code": func(c *http.Client, back *url.URL) (*http.Client, *url.URL) {
			q := back.Query()
			q.Set("code", "forged")
			back.RawQuery = q.Encode()
			return c, back
		},
		"the second time": func(c *http.Client, back *url.URL) (*http.Client, *url.URL) {
			if first := s.do(t, c, "GET", back.RequestURI(), nil); first.code != http.StatusSeeOther {
				t.Errorf("the first time: %s", first.status)
			}
			return c, back
		},
	} {
		c := browser(t)
		c, back := way(c, s.atProvider(t, c, m, person("pat@example.test", "desk")))
		if got := s.do(t, c, "GET", back.RequestURI(), nil); got.code != http.StatusUnauthorized {
			t.Errorf("%s: %s", name, got.status)
		}
	}
	entries, err := s.audit.Entries(t.Context(), audit.Query{Action: "session.begin", Outcomes: []audit.Outcome{audit.Denied}})
	if err != nil || len(entries) != 4 {
		t.Errorf("the audit holds %d refused attempts, %v; want 4", len(entries), err)
	}
}

func TestTheCodeOfAnotherSignInIsRefused(t *testing.T) {
	t.Parallel()
	m := company(t)
	s := newCompanySite(t, m)
	c := browser(t)
	stolen := s.atProvider(t, c, m, person("kim@example.test", "desk"))
	mine := s.atProvider(t, c, m, person("kim@example.test", "desk"))
	q := mine.Query()
	q.Set("code", stolen.Query().Get("code"))
	mine.RawQuery = q.Encode()
	if got := s.do(t, c, "GET", mine.RequestURI(), nil); got.code != http.StatusUnauthorized {
		t.Errorf("the code of another attempt: %s", got.status)
	}
}
