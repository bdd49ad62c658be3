package salesforce

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/dualtone/dualtone"
)

// Config is what the configuration says of one org. Secrets are resolved.
type Config struct {
	// MyDomain is the org's own host, such as https://acme.my.salesforce.com.
	MyDomain string `mapstructure:"my_domain"`
	// LoginURL is where to sign in; my_domain when empty. Client credentials
	// work on My Domain alone.
	LoginURL string `mapstructure:"login_url"`
	// Audience is the aud of the JWT; the host of the sign-in when empty. A
	// sandbox that signs in at My Domain may want https://test.salesforce.com.
	Audience string `mapstructure:"audience"`
	// ConsumerKey is the app's; with it either the consumer secret (client
	// credentials) or the private key and the user name (JWT bearer).
	ConsumerKey    string `mapstructure:"consumer_key"`
	ConsumerSecret string `mapstructure:"consumer_secret"`
	PrivateKey     string `mapstructure:"private_key"`
	Username       string `mapstructure:"username"`
	// APIVersion is such as v62.0.
	APIVersion string `mapstructure:"api_version"`
	// PermissionSets are the API names of those that dualtone gives and takes.
	PermissionSets []string `mapstructure:"permission_sets"`
	// Licenses are the developer names of the permission set licenses that
	// managed permission sets need, by the name of the permission set.
	Licenses map[string]string `mapstructure:"permission_set_licenses"`
	// APIShare is the part of the org's daily API requests, everybody's
	// together, above which this connector sends no more; 0.8 when zero.
	APIShare float64 `mapstructure:"api_share"`
	// Organization is the id of the org that may be written to, Sandbox whether
	// that is a sandbox. Without an organization all writes are refused.
	Organization string `mapstructure:"organization"`
	Sandbox      bool   `mapstructure:"sandbox"`
	// NoVoiceCalls says that the org has no Service Cloud Voice, so that it knows
	// no VoiceCall.
	NoVoiceCalls bool `mapstructure:"no_voice_calls"`
}

var versionShape = regexp.MustCompile(`^v[0-9]{2,3}\.0$`)

// check fills in what was left out and returns how to sign in.
func (c *Config) check() (grant, error) {
	if c.APIVersion == "" {
		c.APIVersion = "v62.0"
	}
	if !strings.HasPrefix(c.APIVersion, "v") {
		c.APIVersion = "v" + c.APIVersion
	}
	if !versionShape.MatchString(c.APIVersion) {
		return grant{}, fmt.Errorf("api_version %q: want such as v62.0: %w", c.APIVersion, dualtone.ErrInvalid)
	}
	if c.APIShare == 0 {
		c.APIShare = 0.8
	}
	if c.APIShare < 0 || c.APIShare > 1 {
		return grant{}, fmt.Errorf("api_share %v: want 0 to 1: %w", c.APIShare, dualtone.ErrInvalid)
	}
	if c.Organization != "" && !isID(c.Organization, "00D") {
		return grant{}, fmt.Errorf("organization %q: want an organization id, 00D...: %w", c.Organization, dualtone.ErrInvalid)
	}
	c.PermissionSets = slices.Compact(slices.Sorted(slices.Values(c.PermissionSets)))
	for set := range c.Licenses {
		if !slices.Contains(c.PermissionSets, set) {
			return grant{}, fmt.Errorf("permission_set_licenses: %q is not among permission_sets: %w", set, dualtone.ErrInvalid)
		}
	}
	return c.grant()
}

func (c *Config) grant() (grant, error) {
	login := c.LoginURL
	if login == "" {
		login = c.MyDomain
	}
	host, err := origin(login)
	if err != nil {
		return grant{}, fmt.Errorf("my_domain or login_url: %w", err)
	}
	g := grant{login: host, audience: c.Audience, key: c.ConsumerKey, secret: c.ConsumerSecret, username: c.Username}
	if g.audience == "" {
		g.audience = host
	}
	if (c.ConsumerSecret == "") == (c.PrivateKey == "") || c.ConsumerKey == "" {
		return grant{}, fmt.Errorf("want consumer_key with either consumer_secret or private_key: %w", dualtone.ErrInvalid)
	}
	if c.PrivateKey == "" {
		return g, nil
	}
	if c.Username == "" {
		return grant{}, fmt.Errorf("private_key wants a username: %w", dualtone.ErrInvalid)
	}
	g.private, err = parseKey(c.PrivateKey)
	return g, err
}

// origin reads a host or URL and returns its scheme and host. Credentials travel
// over TLS, but for a machine's own loopback.
func origin(text string) (string, error) {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("want a host: %w", dualtone.ErrInvalid)
	}
	loopback := u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost"
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
		return "", fmt.Errorf("%s: want https: %w", u.Host, dualtone.ErrInvalid)
	}
	return u.Scheme + "://" + u.Host, nil
}

// parseKey reads an RSA key in PKCS #1 or #8. Its errors do not repeat the key.
func parseKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, fmt.Errorf("private_key: not PEM: %w", dualtone.ErrInvalid)
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("private_key: neither PKCS #1 nor #8: %w", dualtone.ErrInvalid)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("private_key: want RSA: %w", dualtone.ErrInvalid)
	}
	return key, nil
}
