package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/dualtone/dualtone/access"
)

// Console is where people's browsers and programs find dualtone.
type Console struct {
	// Listen is 127.0.0.1:8700, or any free port where that is taken, if it is empty.
	Listen string `mapstructure:"listen"`
	// URL is how browsers reach it, https://dualtone.example.test; empty for the
	// address that it listens on.
	URL string `mapstructure:"url"`
	TLS TLS    `mapstructure:"tls"`
	// Proxies are networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
	Proxies   []string `mapstructure:"proxies"`
	MaxBodyMB int      `mapstructure:"max_body_mb"`
	// MaxUploadMB is how large a file of call records may be, which is read as it comes.
	MaxUploadMB    int `mapstructure:"max_upload_mb"`
	MaxConnections int `mapstructure:"max_connections"`
	// PerAddress is how many of them one address may have, which is that of a whole
	// office behind its router; half of them if it is 0. Trusted proxies have no limit.
	PerAddress int            `mapstructure:"max_connections_per_address"`
	Session    ConsoleSession `mapstructure:"session"`
	Rate       ConsoleRate    `mapstructure:"rate"`
	OIDC       OIDC           `mapstructure:"oidc"`
	// Metrics is where Prometheus finds the figures; empty for nowhere.
	Metrics string `mapstructure:"metrics"`
}

// ConsoleSession is how long somebody stays signed in.
type ConsoleSession struct {
	Idle  time.Duration `mapstructure:"idle"`
	Lasts time.Duration `mapstructure:"lasts"`
}

// ConsoleRate is how much one caller may ask.
type ConsoleRate struct {
	PerSecond float64 `mapstructure:"per_second"`
	Burst     int     `mapstructure:"burst"`
	// SignIns is how many attempts a minute may fail for one account; from one address,
	// which may be that of a whole office, ten times as many.
	SignIns int `mapstructure:"sign_ins_per_minute"`
}

// OIDC is the identity provider with which people sign in; without an issuer they
// have passwords of dualtone's own.
type OIDC struct {
	Issuer       string   `mapstructure:"issuer"`
	ClientID     string   `mapstructure:"client_id"`
	ClientSecret Secret   `mapstructure:"client_secret"`
	Scopes       []string `mapstructure:"scopes"`
	NameClaim    string   `mapstructure:"name_claim"`
	GroupsClaim  string   `mapstructure:"groups_claim"`
	// Roles are those of each group, by the group's name.
	Roles map[string][]string `mapstructure:"roles"`
}

// Secure reports whether browsers reach the console over TLS.
func (c *Console) Secure() bool { return c.TLS.Cert != "" || strings.HasPrefix(c.URL, "https://") }

// TrustedProxies are the networks that proxies names.
func (c *Console) TrustedProxies() ([]netip.Prefix, error) {
	all := make([]netip.Prefix, len(c.Proxies))
	for i, text := range c.Proxies {
		p, err := EdgePeer{Network: text}.Prefix()
		if err != nil {
			return nil, fmt.Errorf("console.proxies: %q: %w", text, err)
		}
		all[i] = p
	}
	return all, nil
}

func (l *loader) checkConsole() {
	c := &l.config.Console
	for key, address := range sorted(map[string]string{"console.listen": c.Listen, "console.metrics": c.Metrics}) {
		if _, port, err := net.SplitHostPort(address); address != "" && (err != nil || port == "") {
			l.at(key, fmt.Sprintf("%q is not host:port", address), "")
		}
	}
	if u, err := url.Parse(c.URL); c.URL != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "") {
		l.at("console.url", fmt.Sprintf("%q is not where browsers find it", c.URL), "write it as https://dualtone.example.test")
	}
	if (c.TLS.Cert == "") != (c.TLS.KeyFile == "") {
		l.at("console.tls", "a certificate and its key go together", "give cert and key_file, or neither")
	}
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && !c.Secure() && !loopback(host) {
		l.at("console.listen", "passwords and sessions would go over the network unencrypted",
			"give console.tls, or put a proxy with TLS before it and name it in console.url, or listen on 127.0.0.1")
	}
	if _, err := c.TrustedProxies(); err != nil {
		l.at("console.proxies", err.Error(), "write them as 10.0.0.0/8")
	}
	l.between("console.max_body_mb", c.MaxBodyMB, 1, 1024)
	l.between("console.max_upload_mb", c.MaxUploadMB, 1, 100_000)
	l.between("console.max_connections", c.MaxConnections, 16, 100_000)
	l.between("console.max_connections_per_address", c.PerAddress, 0, c.MaxConnections)
	l.between("console.rate.burst", c.Rate.Burst, 1, 100_000)
	l.between("console.rate.sign_ins_per_minute", c.Rate.SignIns, 1, 1000)
	if c.Rate.PerSecond <= 0 {
		l.at("console.rate.per_second", "nobody could ask anything", "leave it out for 50")
	}
	if c.Session.Idle < time.Minute || c.Session.Lasts < c.Session.Idle || c.Session.Lasts > 30*24*time.Hour {
		l.at("console.session", fmt.Sprintf("idle %s and lasts %s do not fit", c.Session.Idle, c.Session.Lasts), "idle is at least 1m, lasts at least as long and at most 720h")
	}
	l.checkOIDC(&c.OIDC)
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

func (l *loader) checkOIDC(o *OIDC) {
	if o.Issuer == "" {
		return
	}
	if u, err := url.Parse(o.Issuer); err != nil || u.Host == "" || u.Scheme != "https" && !loopback(u.Hostname()) {
		l.at("console.oidc.issuer", fmt.Sprintf("%q is no issuer that can be trusted", o.Issuer), "write it as https://login.example.test/tenant")
	}
	for key, value := range sorted(map[string]string{"client_id": o.ClientID, "name_claim": o.NameClaim, "groups_claim": o.GroupsClaim}) {
		if value == "" {
			l.at("console.oidc."+key, "empty", "")
		}
	}
	if l.config.Console.URL == "" {
		l.at("console.url", "the identity provider has to send people back to it", "write it as https://dualtone.example.test")
	}
	if len(o.Roles) == 0 {
		l.at("console.oidc.roles", "no group holds a role, so nobody could do anything", "write roles: {cutover-desk: [operator]}")
	}
	l.checkRoles("console.oidc.roles", o.Roles)
}

// checkRoles looks at the roles of groups or of people.
func (l *loader) checkRoles(key string, given map[string][]string) {
	var known []string
	for _, r := range access.Roles() {
		known = append(known, string(r))
	}
	for name, roles := range sorted(given) {
		for _, r := range roles {
			l.oneOf(key+"."+name, r, known...)
		}
	}
}
