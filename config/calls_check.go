package config

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"time"

	"github.com/dualtone/dualtone/calllog/format"
	"github.com/dualtone/dualtone/internal/placed"
)

func (l *loader) checkCalls() {
	c := &l.config.Calls
	for name, s := range sorted(c.Systems) {
		l.checkCallSystem(placed.Join("calls.systems", name), s)
	}
	seen := map[string]bool{}
	for i, f := range c.Folders {
		key := fmt.Sprintf("calls.folders[%d]", i)
		if f.Path == "" {
			l.at(key+".path", "not set", "name the folder")
		} else if seen[f.Path] {
			l.at(key+".path", f.Path+" stands twice", "")
		}
		seen[f.Path] = true
		l.checkCallSource(key, f.System)
		if f.Then != "" {
			l.oneOf(key+".then", f.Then, "move", "leave")
		}
		if f.Still < 0 {
			l.at(key+".still", "less than nothing", "")
		}
	}
	for i, s := range c.Listeners {
		l.checkCallListener(fmt.Sprintf("calls.listeners[%d]", i), s, seen)
	}
	l.between("calls.spool.max_mb", c.Spool.MaxMB, 1, 1<<20)
	if c.Every < 0 || c.Every > 0 && c.Every < time.Second {
		l.at("calls.every", fmt.Sprintf("%s is not a second or more", c.Every), "0 does not ask the connectors")
	}
}

func (l *loader) checkCallSystem(key string, s CallSystem) {
	var names []string
	for _, f := range format.All() {
		names = append(names, f.Name)
	}
	if s.Format != "" {
		l.oneOf(key+".format", s.Format, names...)
	}
	if s.Format == "csv" && s.Mapping == "" {
		l.at(key+".format", "csv without a mapping", "name the mapping file")
	}
	if s.Zone != "" {
		if _, err := time.LoadLocation(s.Zone); err != nil {
			l.at(key+".zone", fmt.Sprintf("no zone %q", s.Zone), "write it as Europe/London")
		}
	}
	l.country(key+".country", s.Country)
	for trunk, country := range sorted(s.Trunks) {
		l.country(key+".trunks."+trunk, country)
	}
	if _, err := regexp.Compile(s.People); err != nil {
		l.at(key+".people", err.Error(), "")
	}
	for column, kind := range sorted(s.Keys) {
		l.oneOf(key+".keys."+column, kind, format.KeyKinds()...)
	}
	for site, networks := range sorted(s.Sites) {
		for _, n := range networks {
			if _, err := parseNetwork(n); err != nil {
				l.at(key+".sites."+site, fmt.Sprintf("%q is no address or network", n), "write it as 192.0.2.0/24")
			}
		}
	}
}

// checkCallSource wants a system that is known here or has a connector.
func (l *loader) checkCallSource(key, system string) {
	c := &l.config
	if system == "" {
		l.at(key+".system", "not set", "name the system whose records these are")
		return
	}
	_, mapped := c.Calls.Systems[system]
	_, connected := c.Systems[system]
	if !mapped && !connected {
		l.at(key+".system", fmt.Sprintf("no system %q", system), placed.Meant(system, slices.Concat(keys(c.Calls.Systems), keys(c.Systems))))
	}
}

func (l *loader) checkCallListener(key string, s CallListener, seen map[string]bool) {
	if _, port, err := net.SplitHostPort(s.Listen); err != nil || port == "" {
		l.at(key+".listen", fmt.Sprintf("%q is not host:port", s.Listen), "")
	} else if seen[s.Listen] {
		l.at(key+".listen", s.Listen+" stands twice", "")
	}
	seen[s.Listen] = true
	l.checkCallSource(key, s.System)
	for i, p := range s.Peers {
		if _, err := parseNetwork(p); err != nil {
			l.at(fmt.Sprintf("%s.peers[%d]", key, i), fmt.Sprintf("%q is no address or network", p), "write it as 192.0.2.10 or 192.0.2.0/24")
		}
	}
	if mapped := l.config.Calls.Systems[s.System]; mapped.Format == "" && mapped.Mapping == "" && s.System != "" {
		l.at(key+".system", s.System+" has no format, which a stream needs", "set calls.systems."+s.System+".format")
	}
}

// checkMappings reads the files that say how others are read.
func (l *loader) checkMappings(secrets *Secrets) {
	for name, s := range sorted(l.config.Calls.Systems) {
		if s.Mapping == "" {
			continue
		}
		text, err := secrets.File(s.Mapping)
		if err != nil {
			l.at("calls.systems."+name+".mapping", err.Error(), "")
			continue
		}
		_, found := parseMapping(s.Mapping, text)
		l.problems = append(l.problems, found...)
	}
}
