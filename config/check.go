package config

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone/internal/placed"
)

// at reports a problem of a key where the key stands, or where the nearest key
// above it stands.
func (l *loader) at(key, text, hint string) {
	at := place{source: l.config.file}
	for k := key; k != ""; {
		if p, ok := l.origin[k]; ok {
			at = p
			break
		}
		i := strings.LastIndexByte(k, '.')
		k = k[:max(i, 0)]
	}
	l.problems = append(l.problems, at.problem(key, text, hint))
}

func (l *loader) check(kinds Kinds) {
	c := &l.config
	l.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	l.oneOf("log.format", c.Log.Format, "text", "json")
	l.between("database.max_connections", c.Database.MaxConnections, 1, 1000)
	l.between("cohort.window", c.Cohort.Window, 1, 1000)
	l.between("cohort.run_length", c.Cohort.RunLength, 1, 2000)
	l.checkTemporal()
	l.checkPorts()
	for name, s := range sorted(c.Systems) {
		l.checkSystem(name, s, kinds)
	}
	for name, limit := range sorted(c.Limits) {
		l.checkLimit(name, limit)
	}
	l.checkMigration(kinds)
	l.checkRouting()
	l.checkEdge()
	l.checkCalls()
	l.checkConsole()
	l.checkRoles("actors", c.Actors)
	l.between("telemetry.sample", c.Telemetry.Sample, 0, 100)
	l.checkNotify()
}

func (l *loader) oneOf(key, value string, known ...string) {
	if !slices.Contains(known, value) {
		l.at(key, fmt.Sprintf("%q is unknown", value), placed.Meant(value, known))
	}
}

func (l *loader) between(key string, value, low, high int) {
	if value < low || value > high {
		l.at(key, fmt.Sprintf("%d is not between %d and %d", value, low, high), "")
	}
}

func (l *loader) checkTemporal() {
	t := l.config.Temporal
	if t.Address != "" {
		if _, port, err := net.SplitHostPort(t.Address); err != nil || port == "" {
			l.at("temporal.address", fmt.Sprintf("%q is not host:port", t.Address), "")
		}
	}
	if t.Namespace == "" {
		l.at("temporal.namespace", "empty", "leave it out for the namespace dualtone")
	}
	if t.Deployment == "" || strings.ContainsAny(t.Deployment, ".:") {
		// Temporal writes it before the build with one of these between them.
		l.at("temporal.deployment", fmt.Sprintf("%q is empty or holds a dot or a colon", t.Deployment), "leave it out for the deployment dualtone")
	}
	if (t.TLS.Cert == "") != (t.TLS.KeyFile == "") {
		l.at("temporal.tls", "a certificate and its key go together", "give cert and key_file, or neither")
	}
}

func (l *loader) checkPorts() {
	d := l.config.Devstack
	seen := map[int]string{}
	for _, p := range []struct {
		key  string
		port int
	}{
		{"devstack.postgres_port", d.PostgresPort},
		{"devstack.temporal_port", d.TemporalPort},
		{"devstack.ui_port", d.UIPort},
	} {
		l.between(p.key, p.port, 0, 65535)
		if other := seen[p.port]; other != "" && p.port != 0 {
			l.at(p.key, fmt.Sprintf("port %d is taken by %s", p.port, other), "")
		}
		seen[p.port] = p.key
	}
}

var systemName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func (l *loader) checkSystem(name string, s *System, kinds Kinds) {
	key := placed.Join("systems", name)
	if !systemName.MatchString(name) {
		l.at(key, fmt.Sprintf("%q is no name of a system", name), "use up to 63 lower-case letters, digits and dashes")
	}
	if s.Kind == "" {
		if l.origin[key+".kind"] == (place{}) {
			l.at(key, "no kind", "known are "+strings.Join(kinds.names(), ", "))
		}
		return
	}
	if _, ok := kinds.find(s.Kind); !ok {
		l.at(key+".kind", fmt.Sprintf("no connector %q", s.Kind), placed.Meant(s.Kind, kinds.names()))
	}
}

func (l *loader) checkLimit(name string, limit Limit) {
	key := placed.Join("limits", name)
	if _, ok := l.config.Systems[name]; !ok {
		l.at(key, "no such system", placed.Meant(name, keys(l.config.Systems)))
	}
	if limit.PerSecond < 0 {
		l.at(key+".per_second", "less than nothing", "leave it out for no limit")
	}
	if limit.Burst < 0 {
		l.at(key+".burst", "less than nothing", "")
	}
	if limit.Burst > 0 && limit.PerSecond == 0 {
		l.at(key+".burst", "a burst of no rate", "give per_second as well")
	}
	if limit.Concurrent < 0 {
		l.at(key+".concurrent", "less than nothing", "leave it out for no limit")
	}
	if limit.PerDay < 0 {
		l.at(key+".per_day", "less than nothing", "leave it out for no limit")
	}
}

func (l *loader) checkSecrets(secrets *Secrets) {
	c := &l.config
	references := map[string]confidential{
		"database.url":         &c.Database.URL,
		"temporal.api_key":     &c.Temporal.APIKey,
		"edge.http.token":      &c.Edge.HTTP.Token,
		"notify.mail.password": &c.Notify.Mail.Password,

		"console.oidc.client_secret": &c.Console.OIDC.ClientSecret,
	}
	for name, channel := range c.Notify.Channels {
		references[placed.Join("notify.channels", name)+".url"] = &channel.URL
		references[placed.Join("notify.channels", name)+".secret"] = &channel.Secret
	}
	for key, s := range sorted(references) {
		if _, err := s.Resolve(secrets); err != nil {
			l.at(key, err.Error(), "")
		}
	}
	for key, name := range sorted(map[string]string{
		"temporal.tls.ca":       c.Temporal.TLS.CA,
		"temporal.tls.cert":     c.Temporal.TLS.Cert,
		"temporal.tls.key_file": c.Temporal.TLS.KeyFile,
		"edge.tls.ca":           c.Edge.TLS.CA,
		"edge.tls.cert":         c.Edge.TLS.Cert,
		"edge.tls.key_file":     c.Edge.TLS.KeyFile,
		"console.tls.cert":      c.Console.TLS.Cert,
		"console.tls.key_file":  c.Console.TLS.KeyFile,
		"notify.mail.ca":        c.Notify.Mail.CA,
	}) {
		if name == "" {
			continue
		}
		if _, err := secrets.File(name); err != nil {
			l.at(key, err.Error(), "")
		}
	}
}

func (l *loader) checkSystems(kinds Kinds, secrets *Secrets) {
	for _, s := range sorted(l.config.Systems) {
		if spec, ok := kinds.find(s.Kind); ok {
			l.problems = append(l.problems, s.check(spec, secrets)...)
		}
	}
}

func (l *loader) checkRouting() {
	r := l.config.Routing
	l.between("routing.keep_decisions", r.KeepDecisions, 1, 3650)
	if r.Confirm < 0 || r.Confirm > time.Minute {
		l.at("routing.confirm", fmt.Sprintf("%s is not between 0s and 1m", r.Confirm), "a switch waits for so long at most")
	}
	l.oneOf("routing.verify.transport", r.Verify.Transport, "udp", "tcp")
	if r.Verify.SBC != "" {
		if _, port, err := net.SplitHostPort(r.Verify.SBC); err != nil || port == "" {
			l.at("routing.verify.sbc", fmt.Sprintf("%q is not host:port", r.Verify.SBC), "")
		}
	}
	for key, mark := range sorted(map[string]string{"routing.verify.old": r.Verify.Old, "routing.verify.new": r.Verify.New}) {
		if name, value, ok := strings.Cut(mark, ":"); mark != "" && (!ok || name == "" || strings.TrimSpace(value) == "") {
			l.at(key, fmt.Sprintf("%q is no header", mark), `write it as "Server: Asterisk"`)
		}
	}
}
