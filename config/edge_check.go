package config

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dualtone/dualtone/internal/placed"
)

// checkEdge looks at an edge that is begun; none at all is fine.
func (l *loader) checkEdge() {
	e := &l.config.Edge
	if !e.Set() {
		return
	}
	l.checkListeners(e)
	l.checkEncryption(e)
	l.checkPlace("edge.old", e.Old)
	l.checkPlace("edge.new", e.New)
	for name, p := range sorted(e.Trunks) {
		l.checkPlace("edge.trunks."+name, p)
	}
	if len(e.Peers) == 0 {
		l.at("edge.peers", "nobody may ask", "name the SBCs, such as {network: 192.0.2.10, ingress: carrier, country: GB}")
	}
	seen := map[netip.Prefix]bool{}
	for i, p := range e.Peers {
		l.checkPeer(fmt.Sprintf("edge.peers[%d]", i), p, seen)
	}
	for i, c := range e.Countries {
		l.country(fmt.Sprintf("edge.countries[%d]", i), c)
	}
	for name, at := range sorted(e.Locations) {
		l.checkLocation("edge.locations."+name, at)
	}
	l.checkLocation("edge.unplaced", e.Unplaced)
	if j := e.Journal; j != "database" && j != "none" && !strings.ContainsAny(j, `/\.`) {
		l.at("edge.journal", fmt.Sprintf("%q is neither database, none nor a path", j), placed.Meant(j, []string{"database", "none"}))
	}
	l.between("edge.sample", e.Sample, 0, 100)
	if e.ENUM.Listen != "" {
		l.checkENUM(e.ENUM)
	}
	if e.CURRI.Listen != "" {
		l.checkCURRI(e.CURRI)
	}
}

func (l *loader) checkListeners(e *Edge) {
	for key, address := range sorted(map[string]string{
		"edge.sip.udp": e.SIP.UDP, "edge.sip.tcp": e.SIP.TCP, "edge.sip.tls": e.SIP.TLS, "edge.http.listen": e.HTTP.Listen,
		"edge.enum.listen": e.ENUM.Listen, "edge.curri.listen": e.CURRI.Listen, "edge.metrics": e.Metrics,
	}) {
		if address == "" {
			continue
		}
		if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
			l.at(key, fmt.Sprintf("%q is not host:port", address), "")
		}
	}
	l.between("edge.sip.sockets", e.SIP.Sockets, 0, 64)
	for key, limit := range sorted(map[string]int{
		"edge.sip.max_per_second": e.SIP.MaxPerSecond, "edge.http.max_per_second": e.HTTP.MaxPerSecond,
		"edge.enum.max_per_second": e.ENUM.MaxPerSecond, "edge.curri.max_per_second": e.CURRI.MaxPerSecond,
	}) {
		l.between(key, limit, 0, 10_000_000)
	}
	l.between("edge.max_connections", e.MaxConnections, 2, 1_000_000)
	if e.SIP.RetryAfter < time.Second || e.SIP.RetryAfter > time.Hour {
		l.at("edge.sip.retry_after", fmt.Sprintf("%s is not between 1s and 1h", e.SIP.RetryAfter), "")
	}
}

func (l *loader) checkEncryption(e *Edge) {
	if (e.TLS.Cert == "") != (e.TLS.KeyFile == "") {
		l.at("edge.tls", "a certificate and its key go together", "give cert and key_file, or neither")
	}
	for key, on := range sorted(map[string]bool{
		"edge.sip.tls": e.SIP.TLS != "", "edge.http.tls": e.HTTP.TLS, "edge.curri.tls": e.CURRI.TLS,
	}) {
		if on && e.TLS.Cert == "" {
			l.at(key, "no certificate", "give edge.tls.cert and edge.tls.key_file")
		}
	}
}

var placeShape = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)

func (l *loader) checkPlace(key string, p EdgePlace) {
	if p.Host == "" {
		l.at(key, "no host", "name where the SBC sends the calls of this side")
		return
	}
	if _, err := netip.ParseAddr(p.Host); err != nil && !placeShape.MatchString(p.Host) {
		l.at(key+".host", fmt.Sprintf("%q is no host", p.Host), "the port has a setting of its own")
	}
	l.between(key+".port", p.Port, 0, 65535)
	if p.Transport != "" {
		l.oneOf(key+".transport", p.Transport, "udp", "tcp", "tls")
	}
	l.placeholders(key+".user", p.User, "{number}", "{digits}")
	for name, value := range sorted(p.Headers) {
		l.placeholders(key+".headers."+name, value, "{number}", "{digits}", "{revision}", "{rule}", "{side}")
	}
}

func (l *loader) placeholders(key, text string, known ...string) {
	for _, p := range placeholder.FindAllString(text, -1) {
		if !slices.Contains(known, p) {
			l.at(key, p+" stands for nothing", placed.Meant(p, known))
		}
	}
}

func (l *loader) checkPeer(key string, p EdgePeer, seen map[netip.Prefix]bool) {
	network, err := p.Prefix()
	switch {
	case err != nil:
		l.at(key+".network", fmt.Sprintf("%q is no address or network", p.Network), "write it as 192.0.2.10 or 192.0.2.0/24")
	case network != network.Masked():
		l.at(key+".network", p.Network+" has bits beyond its mask", "write "+network.Masked().String())
	case seen[network]:
		l.at(key+".network", p.Network+" stands twice", "")
	default:
		seen[network] = true
	}
	l.oneOf(key+".ingress", p.Ingress, "carrier", "old", "new", "internal")
	l.country(key+".country", p.Country)
	if _, ok := l.config.Edge.Locations[p.Location]; p.Location != "" && !ok {
		l.at(key+".location", fmt.Sprintf("no location %q", p.Location), placed.Meant(p.Location, keys(l.config.Edge.Locations)))
	}
}

// Prefix is the peer's network; an address alone is a network of one.
func (p EdgePeer) Prefix() (netip.Prefix, error) {
	if !strings.Contains(p.Network, "/") {
		address, err := netip.ParseAddr(p.Network)
		if err != nil {
			return netip.Prefix{}, fmt.Errorf("network: %w", err)
		}
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(p.Network)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("network: %w", err)
	}
	return network, nil
}

func (l *loader) country(key, code string) {
	if code != "" && !regionShape.MatchString(code) {
		l.at(key, fmt.Sprintf("%q is no country", code), "use two capital letters, such as GB")
	}
}

func (l *loader) checkLocation(key string, at EdgeLocation) {
	l.country(key+".country", at.Country)
	if at.Side != "" {
		l.oneOf(key+".side", at.Side, "old", "new")
	}
	if _, ok := l.config.Edge.Trunks[at.Trunk]; at.Trunk != "" && !ok {
		l.at(key+".trunk", fmt.Sprintf("no trunk %q", at.Trunk), placed.Meant(at.Trunk, keys(l.config.Edge.Trunks)))
	}
}

func (l *loader) checkENUM(e EdgeENUM) {
	const longest = 5 * time.Second
	if e.Zone == "" {
		l.at("edge.enum.zone", "not set", "name the zone below which the numbers are, such as e164.example.com")
	}
	if len(e.NameServers) == 0 {
		l.at("edge.enum.name_servers", "not set", "name this host as the DNS knows it")
	}
	if e.TTL < 0 || e.TTL > longest || e.TTL%time.Second != 0 {
		l.at("edge.enum.ttl", fmt.Sprintf("%s is not between 0s and 5s in whole seconds", e.TTL), "a flip is seen that much later")
	}
}

func (l *loader) checkCURRI(c EdgeCURRI) {
	l.oneOf("edge.curri.side", c.Side, "old", "new")
	l.placeholders("edge.curri.divert", c.Divert, "{number}", "{digits}")
	if !strings.Contains(c.Divert, "{number}") && !strings.Contains(c.Divert, "{digits}") {
		l.at("edge.curri.divert", fmt.Sprintf("%q does not say who is called", c.Divert), `write it as "8{digits}"`)
	}
}
